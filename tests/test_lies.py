"""A resumed run shows what a whole one shows, or press says why it does not resume."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from .lies.__main__ import drawn
from .lies.glue import SLOW, Ran, Step, resume
from .lies.programs import Program, named
from .lies.search import FAULTS, End, Trials


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    with Trials(tmp_path_factory.mktemp("lies")) as trials:
        yield trials


@pytest.mark.parametrize("program", named("named"), ids=lambda program: program.told)
def test_what_once_was_wrong(trials: Trials, program: Program) -> None:
    verdict = trials.verdict(program)

    assert verdict.end in (End.RESUMED, End.REFUSED), verdict.words


@pytest.mark.parametrize("program", named("named_keras"), ids=lambda program: program.told)
def test_what_once_was_wrong_with_keras(trials: Trials, program: Program, thorough: bool) -> None:
    if not thorough and program.told != "an attribute of a model":
        pytest.skip("--thorough tries it")
    verdict = trials.verdict(program)

    assert verdict.end in (End.RESUMED, End.REFUSED), verdict.words


@pytest.mark.parametrize("seed", range(1))
def test_a_share_of_the_search(trials: Trials, seed: int, thorough: bool) -> None:
    """Thousands more are tried by `python -m tests.lies`."""
    found: Counter[End] = Counter()
    faults = []
    for number in range(150 if thorough else 20):
        program = drawn(f"suite {seed}", number, [])
        verdict = trials.verdict(program)
        found[verdict.end] += 1
        if verdict.end in FAULTS:
            faults.append(f"{program}\n\n{verdict.words}")

    assert not faults, "\n\n".join(faults)
    assert found[End.RESUMED], found
    assert found[End.UNFIT] <= 10, found


def test_a_lie_is_seen(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lie(*given: Any) -> Ran:
        ran = await resume(*given)
        return Ran(ran.begin, ("NameError: x",), ran.words)

    steps = (Step("x = 1"), Step("y = x", SLOW), Step("print(x)"))
    program = Program("", "numpy pandas matplotlib.pyplot", steps)
    assert trials.verdict(program).end is End.RESUMED
    monkeypatch.setattr("tests.lies.search.resume", lie)
    assert trials.verdict(program).end is End.FALSE_ERROR
