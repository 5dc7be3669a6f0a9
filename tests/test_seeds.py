"""Scripts under other seeds: what is replaced, and what is told of claims, values and ranges."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from press.blog import Blog
from press.flow.leaning import leaning
from press.flow.posts import gather
from press.record.record import TableRecord
from press.record.tolerances import allowances
from press.record.trial import Left, Trial
from press.run.outcome import Table
from press.script.cells import Cell, Script
from press.script.seeds import fresh_seeds, own_seed, reseeded

from .conftest import Press, Told, add_post
from .examples import record


def script(*sources: str) -> Script:
    return Script("code/post.py", "", tuple(Cell(None, (), source, 1) for source in sources))


@pytest.mark.parametrize(
    ("source", "moved"),
    [
        ("seed = 42", "seed = 1234"),
        ("epochs, é = 3, 4; seed = 42  # its own", "epochs, é = 3, 4; seed = 1234  # its own"),
        ("seeds = [42, 43,\n         44]", "seeds = [1234, 1235,\n         1236]"),
        ("seeds = (42, 50)", "seeds = (1234, 1242)"),
        ("seeds = range(42, 47)", "seeds = range(1234, 1239)"),
        (
            "seed = 42\nseeds = range(seed, seed + 5)",
            "seed = 1234\nseeds = range(seed, seed + 5)",
        ),
        ("seed = 42\nseeds = [seed, seed + 1]", "seed = 1234\nseeds = [seed, seed + 1]"),
        ("seed = 42\nseeds = [42, 43]", "seed = 1234\nseeds = [1234, 1235]"),
    ],
)
def test_all_seeds_of_a_script_move_together(source: str, moved: str) -> None:
    before = script("x = 42", source, "def draw(seed=42):\n    seed = 42\n    return seed")
    after = reseeded(before, 1234)

    assert own_seed(before) == 42
    assert [cell.source for cell in after.cells] == [
        before.cells[0].source,
        moved,
        before.cells[2].source,
    ]


@pytest.mark.parametrize("source", ["seed = pick()", "seed = True", "rng.seed(42)", "seed = '42'"])
def test_some_scripts_set_no_seed(source: str) -> None:
    assert own_seed(script(source)) is None


def test_the_fresh_seeds_are_always_the_same_and_never_the_scripts_own() -> None:
    assert fresh_seeds(script("seed = 42"), 4) == [1234, 2345, 3456, 4567]
    assert fresh_seeds(script("seed = 2345"), 3) == [1234, 3456, 4567]
    assert fresh_seeds(script("seeds = [2024, 7]"), 2) == [2345, 3456], "a seed below nought"
    assert fresh_seeds(script("seed = 42"), 2, first=7) == [7, 1118]


SCRIPT = """\
# %% setup
import random

# %% experiment
seed = 42
seeds = [seed, seed + 1, seed + 2]

# %% draws
draws = [random.Random(s).gauss(0.9, 0.01) for s in seeds]
last = seed % 10

# %% results tags=["values"]
{
    "last": {"value": last, "tolerance": 0},
    "draw": {"runs": draws, "format": ".2%"},
    "pixels": {"value": 784, "tolerance": 9},
    "winner": "odd" if seed % 2 else "even",
    "first": {"value": round(draws[0], 5), "tolerance": 5},
}

# %% checks tags=["claim"]
assert seed < 100  # this run
assert last != 5
assert all(0.8 < draw < 1 for draw in draws), "far off"


def check(s):
    assert s % 10 != 8


for s in seeds:
    check(s)
assert {42: 1, 1234: 2, 3456: 3}[seed] > 0
"""


@pytest.fixture
def shaken(blog: Blog, press: Press) -> Callable[..., Told]:
    """Runs of a script under other seeds, after its own."""

    def call(script: str, *words: str) -> Told:
        add_post(blog, "post", script)
        told = press("build")
        assert told.code == 0, told.err
        return press("verify", "--seeds", "3", *words)

    return call


def test_each_claim_value_and_range_is_told(shaken: Callable[..., Told]) -> None:
    told = shaken(SCRIPT, "--json")
    (post,) = json.loads(told.out)
    claims = [(claim["held"], claim["of"], claim["false"]) for claim in post["claims"]]

    assert post["seeds"] == [1234, 2345, 3456]
    assert claims == [
        (0, 3, [1234, 2345, 3456]),
        (2, 3, [2345]),
        (3, 3, []),
        (2, 3, [3456]),
        (2, 3, [2345]),
    ]
    values = post["values"]
    assert values["last"]["numbers"] == [4, 5, 6]
    assert (values["last"]["lowest"], values["last"]["highest"]) == ("4", "6")
    assert (values["last"]["mean"], values["last"]["sd"], values["last"]["same"]) == (5, 1, 0)
    assert (values["last"]["here"], values["last"]["dots"]) == (0, [50, 75, 100])
    assert (values["pixels"]["same"], values["pixels"]["dots"]) == (3, [])
    assert (values["winner"]["same"], values["winner"]["of"]) == (2, 3)
    ranges = post["ranges"]["draw"]
    assert ranges["of"] == 9
    assert ranges["held"] >= 7
    fared = {item["what"]: item["verdict"] for item in post["tolerances"]}
    assert fared == {
        "value 'last'": "too tight",
        "value 'draw'": "",
        "value 'pixels'": "",
        "value 'first'": "",
    }


def test_claims_that_hold_too_seldom_are_errors_unless_they_are_of_this_run(
    shaken: Callable[..., Told], press: Press
) -> None:
    told = shaken(SCRIPT)

    assert press("verify", "--keep").err == (
        "--keep: says what is kept of other seeds; say how many: --seeds 12\n"
    )
    assert told.code == 1
    wrong = [line for line in told.err.splitlines() if "the claim holds" in line]
    assert wrong == [
        f"code/post.py:{line}: the claim holds for 2 of 3 seeds; "
        "weaken it, or write `# this run` behind it and say so in the text"
        for line in (23, 28, 33)
    ]
    assert "  1 of 5 claims held for every seed\n" in told.out
    assert "    0 of 3 (of this run alone), line 22: assert seed < 100\n" in told.out
    assert "      false for 1234, 2345, 3456\n" in told.out


def test_a_cell_that_raises_is_told_and_what_came_before_it_counts(
    shaken: Callable[..., Told],
) -> None:
    script = SCRIPT.replace("# %% results", "# %% inverse\n1 / (seed - 2345)\n\n# %% results")
    told = shaken(script)

    assert told.code == 1
    assert (
        "code/post.py:13: cell 'inverse' raised ZeroDivisionError: division by zero "
        "under seed 2345; have the script stand other seeds\n"
    ) in told.err
    assert "    1 of 2, line 31: assert s % 10 != 8\n      false for 3456\n" in told.out
    assert "Traceback" not in told.err


def test_a_claim_cell_that_raises_between_its_claims_holds_none_of_them(
    shaken: Callable[..., Told],
) -> None:
    script = SCRIPT.replace("\n\ndef check", "\n\n1 / (seed - 2345)\n\n\ndef check")
    told = shaken(script, "--json")
    (post,) = json.loads(told.out)

    assert [claim["false"] for claim in post["claims"]][2:] == [[2345], [2345, 3456], [2345]]
    assert post["raised"] == [
        {
            "seed": 2345,
            "place": "code/post.py:27",
            "problem": "cell 'checks' raised ZeroDivisionError: division by zero",
        }
    ]


def test_a_check_that_a_later_cell_calls_is_told_where_it_stands(
    shaken: Callable[..., Told],
) -> None:
    later = '\n# %% later\ncheck(seed)\n\n# %% more tags=["claim"]\ncheck(seed)\nassert True\n'
    told = shaken(SCRIPT + later, "--json")
    (post,) = json.loads(told.out)

    assert [claim["held"] for claim in post["claims"]] == [0, 2, 3, 2, 2, 3]
    assert post["raised"] == []


def test_a_script_without_a_seed_says_so(shaken: Callable[..., Told]) -> None:
    told = shaken("# %% a\n1\n")

    assert (told.code, told.out) == (0, "")
    assert "post: sets no seed; write `seed = 42` in a cell" in told.err


COUNTING = """\
# %% experiment
seed = 42

# %% count
from pathlib import Path

import psutil

home = Path.home()
with (home / "ran").open("a") as file:
    _ = file.write(f"{seed}\\n")
if seed == 3456 and (home / "stop").exists():
    psutil.Process().parent().parent().kill()  # its mother's: press
"""


def test_it_goes_on_where_it_was_cut(
    blog: Blog, press: Press, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    add_post(blog, "post", COUNTING)
    assert press("build").code == 0
    before = {path: path.read_bytes() for path in blog.root.rglob("*") if path.is_file()}
    (tmp_path / "stop").touch()
    words = ["verify", "--seeds", "4", "--jobs", "1"]
    command = [sys.executable, "-P", "-m", "press", "--blog", str(blog.root), *words]

    cut = subprocess.run(command, capture_output=True, text=True)
    seen = (tmp_path / "ran").read_text().split()
    (tmp_path / "stop").unlink()
    resumed = press(*words)
    again = press(*words)

    assert (cut.returncode, seen) == (-signal.SIGKILL, ["42", "1234", "2345", "3456"]), cut.stderr
    assert (tmp_path / "ran").read_text().split()[4:] == ["3456", "4567"]
    assert "2 of 4 runs are known from before\n" in resumed.err
    assert "4 of 4 runs are known from before\n" in again.err
    assert (resumed.code, again.code) == (0, 0)
    assert resumed.out == again.out
    after = {path: path.read_bytes() for path in blog.root.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before
    kept = [path.relative_to(blog.root).as_posix() for path in sorted(after.keys() - before.keys())]
    assert kept == [f".press/seeds/post/{seed}.json" for seed in (1234, 2345, 3456, 4567)]


def test_what_is_kept_stands_on_the_page_until_the_code_changes(themed: Blog, press: Press) -> None:
    body = (
        'It ends in\n{% include value.html of="last" %},\nit is {% include value.html of="draw" %}.'
    )
    add_post(themed, "post", SCRIPT, body)
    assert press("build").code == 0
    page = next((themed.root / "_site").rglob("post/index.html"))
    assert "seeds</i>" not in page.read_text()

    assert press("verify", "--seeds", "3", "--keep").code == 1
    kept = themed.seeds("post").read_bytes()
    assert press("verify", "--seeds", "3", "--keep").code == 1
    told = press("build")

    assert themed.seeds("post").read_bytes() == kept
    assert told.code == 0, told.err
    warning = "code/post.py:23: the claim holds for 2 of 3 seeds, and on it lean "
    assert f"{warning}_posts/2026-11-20-post.md:6; weaken it" in told.err
    assert "code/post.py:22" not in told.err, "it is marked as this run's"
    text = page.read_text()
    assert text.count("<i>held for 2 of 3 seeds</i>") == 3
    assert text.count("(of this run) <i>held for 0 of 3 seeds</i>") == 1
    assert 'data-fell="last"' in text
    assert 'd="M58 7h0M83 7h0M108 7h0"' in text
    assert "1 of 5, for 3" in (themed.root / "_site" / "ledger" / "index.html").read_text()
    assert "1 of 5 claims held for all of 3 other seeds" in press("status").out

    script = themed.code / "post.py"
    script.write_text(script.read_text().replace('"odd"', '"uneven"'))
    assert "what 3 other seeds gave is of older code" in press("status").out
    told = press("build")
    again = "is of older code; run: ./press verify --seeds 3 --keep post"
    assert f"_data/seeds/post.json:1: {again}" in told.err
    assert "seeds</i>" not in page.read_text()


def test_comments_names_and_prose_leave_what_is_kept_as_it_is(blog: Blog, press: Press) -> None:
    add_post(blog, "post", SCRIPT)
    assert press("build").code == 0
    press("verify", "--seeds", "2", "--keep")
    script = blog.code / "post.py"
    text = script.read_text().replace("assert last != 5", "# ends\nassert   last != 5  # this run")
    script.write_text(text.replace("# %% draws", "# %% drawn"))

    told = press("build")

    assert "names and comments brought up to date" in told.err
    assert "of older code" not in told.err
    assert "the claim holds for 1 of 2" in told.err
    assert "last != 5" not in told.err
    assert "2 of 2 runs are known from before" in press("verify", "--seeds", "2").err


def test_what_is_kept_of_a_script_that_is_gone_is_an_error(blog: Blog, press: Press) -> None:
    blog.seeds("gone").parent.mkdir()
    blog.seeds("gone").write_text("{}")

    assert "_data/seeds/gone.json:1: there is no script code/gone.py" in press("build").err


def tried(seed: int, rows: tuple[tuple[str, float], ...]) -> Trial:
    texts, numbers = zip(*(((text,), (number,)) for text, number in rows), strict=True)
    table = Table(("test",), 0, (True,), texts, numbers)
    return Trial("", seed, "", 1.0, "", {}, (Left(None, (table,), (), ()),), ())


@pytest.mark.parametrize(
    ("given", "asked", "verdict"),
    [
        ("97.9 97.7 97.8 97.8 97.8", {}, ""),
        ("97.9 97.2 97.8 97.8 97.8", {}, "too tight"),
        ("97.9 97.2 97.8 97.8 97.8", {"scores/test": 1}, ""),
        ("97.9 97.7 97.8 97.8 97.8", {"scores/test": 1.1}, "holds nothing"),
        ("97.9 97.7 97.8 97.8", {"scores/test": 1.1}, ""),
        ("97.8 97.8 97.8 97.8 97.8", {"scores/test": 0.9}, ""),
        ("97.8 97.8 97.8 97.8 97.8", {"scores/test": 1.1}, "holds nothing"),
    ],
)
def test_the_tolerance_of_a_column_is_judged_by_all_its_entries(
    given: str, asked: dict[str, float], verdict: str
) -> None:
    published = record()
    (cell, *_), shape = published.cells, (("test",), 0, (True,))
    published = replace(
        published,
        cells=(replace(cell, tables=("scores",)),),
        tables={"scores": TableRecord(*shape, (("97.8%",),), ((97.8,),), "curve")},
        values={},
    )
    numbers = [float(number) for number in given.split()]
    trials = [tried(seed, ((f"{number}%", number),)) for seed, number in enumerate(numbers)]

    (fared,) = allowances(published, trials, asked)

    assert (fared.what, fared.of) == ("table 'scores', test", len(trials))
    assert fared.verdict == verdict


LEANING = """\
# %% setup
import numpy as np
rate = 0.1

# %% train
losses, other = np.array([3.0, 2.0]), np.array([1.0])
slope = losses[0] - losses[1]
unquoted = [1, 2]

# %% check tags=["claim"]
steep = slope / rate
assert steep > 5

# %% results tags=["values"]
fall = 2 * slope
{"fall": fall, "other": other[0], "rate": rate, "first": losses[0]}

# %% scores
import pandas as pd
pd.DataFrame({"other": other, "some": unquoted[:1]})

# %% another-check tags=["claim"]
assert np.diff(losses).size == 1
assert len(unquoted) == 2
"""


def test_sentences_lean_on_a_claim_if_they_quote_what_it_is_about(
    themed: Blog, press: Press
) -> None:
    quotes = "\n".join(
        f'{{% include value.html of="{name}" %}}' for name in ("other", "fall", "rate", "first")
    )
    quotes += '\n{% include table.html name="scores" caption="Scores." %}'
    add_post(themed, "post", LEANING, quotes)
    assert press("build").code == 0
    (work,) = gather(themed).works
    assert work.record

    lines = [leaning(work.post, work.record, claim) for claim in work.record.claims]
    assert lines == [[6], [8], [9]]
