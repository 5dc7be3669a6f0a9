"""What a run tells while it goes on."""

import pytest

from press.run.events import CellEnds, CellPrints, CellStarts, ClaimFails, Event
from press.run.outcome import NOTHING
from press.run.progress import Board
from press.script.cells import Cell
from press.voice.errors import PressError
from press.voice.terminal import duration

TRAIN = Cell("train", (), "model.fit(x, y)", 5)


def told(capsys: pytest.CaptureFixture[str], expected: tuple[float, ...], *events: Event) -> str:
    with Board() as board, board.listener("post", 3, expected) as listen:
        for event in events:
            listen(event)
    return capsys.readouterr().err


def test_a_quick_run_says_only_that_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        told(capsys, (), CellStarts(0, TRAIN), CellEnds(0.2, NOTHING)) == "post: running 3 cells\n"
    )


def test_a_long_run_says_what_to_expect_where_it_is_and_how_it_learns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    epoch = "Epoch 2/5\n469/469 - 3s - 6ms/step - accuracy: 0.97 - loss: 0.09\n"

    assert told(
        capsys, (1, 70, 1), CellStarts(1, TRAIN), CellPrints(epoch), CellEnds(65, NOTHING)
    ) == (
        "post: running 3 cells, about 1 min 12 s going by the last run\n"
        "  post [2/3] train: Epoch 2/5 469/469 - accuracy: 0.97 - loss: 0.09\n"
        "  post [2/3] train: 1 min 5 s\n"
    )


def test_other_output_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    events = (CellStarts(0, TRAIN), CellPrints("accuracy of the best network, in words\n"))

    assert told(capsys, (), *events) == "post: running 3 cells\n"


def test_a_false_claim_in_a_rehearsal_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    failure = ClaimFails(PressError("code/post.py:9", "the claim does not hold", "mend it"))

    assert "code/post.py:9: the claim does not hold; mend it (told only" in told(
        capsys, (), failure
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (41.2, "41 s"), (60, "1 min"), (125.4, "2 min 5 s")],
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words
