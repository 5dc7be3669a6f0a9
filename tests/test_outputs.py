"""Outputs become results, without what differs from run to run."""

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from press.kernel.protocol import TABLE, VALUES
from press.run.outcome import Unfit, Value
from press.run.outputs import clean, number_in, outcome_of


def pixels(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("\x1b[1mbold\x1b[0m", "bold"),
        ("10%\r50%\rdone", "done"),
        ("abcdef\rxy", "xycdef"),
        ("1/2\x08\x08\x082/2", "2/2"),
        ("hello\r\n", "hello"),
        (
            "469/469 - 3s - 6ms/step - accuracy: 0.9256 - loss: 0.2577",
            "469/469 - accuracy: 0.9256 - loss: 0.2577",
        ),
        (
            "\x1b[1m469/469\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m "
            "\x1b[1m3s\x1b[0m 6ms/step - accuracy: 0.9 - loss: 0.3",
            "469/469 - accuracy: 0.9 - loss: 0.3",
        ),
        ("313/313 ━━━━━━━━━━━━━━━━━━━━ 0s 812us/step", "313/313"),
        ("<object at 0x7f12ab34>", "<object at 0x…>"),
        ("/tmp/ipykernel_12/345.py:3: UserWarning: careful", "cell: UserWarning: careful"),
        (
            "before\nWARNING:tensorflow:5 out of the last 19 calls to <function f at 0x7f> trigger"
            "ed tf.function retracing. Tracing is expensive.\nafter",
            "before\nafter",
        ),
        (
            "/tmp/ipykernel_12/34.py:5: RuntimeWarning: overflow\n  z = w @ x  # (1, n)\nafter",
            "cell: RuntimeWarning: overflow\nafter",
        ),
        ("CPU times: user 3 ms\nWall time: 4 ms", "CPU times: …\nWall time: …"),
        ("100%|██████████| 10/10 [00:01<00:00,  7.1it/s]\nafter", "after"),
        ("2026-11-21 01:02:03.456: I tensorflow/core/x.cc:1] hello\nkept", "kept"),
        (
            "I0000 00:00:1795232306.698428   10685 port.cc:153] oneDNN operations are on.\nkept",
            "kept",
        ),
        ("/home/me/blog/code/x.py", "code/x.py"),
        ("/a/venv/lib/python3.11/site-packages/x/y.py:3: W", "site-packages/x/y.py:3: W"),
        ("Date:   Wed, 25 Nov 2026   R:  1", "Date:                  …   R:  1"),
        ("Time:   10:48:51   R:  1", "Time:          …   R:  1"),
        ("the loss is 0.25 at 0x", "the loss is 0.25 at 0x"),
        ("took 3s - or 4s", "took 3s - or 4s"),
    ],
)
def test_noise_is_removed_and_results_are_kept(raw: str, kept: str) -> None:
    assert clean(raw, {"/home/me/blog/": ""}) == kept


@given(st.text())
def test_cleaning_is_done_once_and_for_all(text: str) -> None:
    once = clean(text, {})

    assert clean(once, {}) == once
    once.encode()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("97.83%", 97.83),
        ("97.83 %", 97.83),
        ("407,050", 407050),
        ("97,8 %", 97.8),
        ("0,25", 0.25),
        ("0,123", 0.123),
        ("\u22120,975 %", -0.975),
        ("1234,567", 1234.567),
        ("10,123", 10123),
        ("1,234,567", 1234567),
        ("-0.25", -0.25),
        ("\u22120.25", -0.25),
        ("1.5e-3", 0.0015),
        ("97.8% ± 0.1", 97.8),
        ("1.2 points", 1.2),
        ("12 px", 12),
        ("5", 5),
        ("yes", None),
        ("", None),
        ("3 of 10", None),
        ("2026-11-20", None),
        ("(3, 3)", None),
    ],
)
def test_a_number_is_read_back_from_its_text(text: str, number: float | None) -> None:
    assert number_in(text) == number
    assert type(number_in(text)) is type(number)


@given(st.integers())
def test_every_whole_number_is_read_back(number: int) -> None:
    assert number_in(f"{number:,}") == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back(number: float) -> None:
    assert number_in(repr(number)) == number


def test_printed_text_warnings_and_results_are_told_apart() -> None:
    outcome = outcome_of(
        [
            {"output_type": "stream", "name": "stdout", "text": "one\n"},
            {"output_type": "stream", "name": "stderr", "text": "careful\n"},
            {"output_type": "stream", "name": "stdout", "text": "two\n"},
            {"output_type": "execute_result", "data": {"text/plain": "3"}},
        ],
        {},
    )

    assert (outcome.output, outcome.warnings) == ("one\ntwo\n3", "careful")


def test_a_table_is_no_text_and_keeps_its_numbers() -> None:
    table = {
        "columns": ["", "test", "note"],
        "index": 1,
        "texts": [["dense", "97.8%", "good"], ["conv", "–", "1"]],
        "raw": [[None, None, None], [None, None, 1]],
    }
    data = {"text/plain": "   test\n0  97.8", TABLE: table}
    outcome = outcome_of([{"output_type": "execute_result", "data": data}], {})

    assert outcome.output == ""
    assert outcome.tables[0].numeric == (False, True, False)
    assert outcome.tables[0].numbers == ((None, 97.8, None), (None, None, 1))


def test_dicts_give_values_and_say_what_cannot_be_one() -> None:
    values = [
        ["a", {"text": "97.8%", "number": None, "tolerance": 0.5}],
        ["b", {"problem": "is nan"}],
    ]
    data = {"text/plain": "{…}", VALUES: values}
    outcome = outcome_of([{"output_type": "execute_result", "data": data}], {})

    assert outcome.values == {"a": Value("97.8%", 97.8, 0.5), "b": Unfit("is nan")}


@pytest.mark.parametrize(
    "data",
    [
        {"image/png": "bm90aGluZw=="},
        {"image/png": base64.b64encode(pixels(50, 50)[:60]).decode()},
        {"image/svg+xml": "<svg/>"},
        {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'></svg>"},
        {"image/svg+xml": "no picture"},
    ],
)
def test_what_is_no_picture_is_told_and_breaks_nothing(data: dict[str, str]) -> None:
    outcome = outcome_of([{"data": data, "output_type": "display_data"}], {})

    assert outcome.figures == ()
    assert outcome.unquotable == ("a picture that cannot be read, or has no size",)


def test_a_picture_without_a_size_has_that_of_its_box() -> None:
    drawn = '<svg viewBox="0 -5 40.2 30" width="100%" stroke-width="2"><path d="M 0 0"/></svg>'
    (figure,) = outcome_of([{"data": {"image/svg+xml": drawn}}], {}).figures

    assert (figure.width, figure.height) == (40, 30)


def test_a_bitmap_stays_a_bitmap() -> None:
    data = {"image/png": base64.b64encode(pixels(3, 2)).decode(), "text/plain": "<Image>"}
    outcome = outcome_of([{"output_type": "display_data", "data": data}], {})

    assert outcome.output == ""
    picture = outcome.figures[0]
    assert (picture.suffix, picture.width, picture.height) == (".png", 3, 2)


def test_long_lines_take_no_longer_than_they_are_long() -> None:
    """Each of these once took minutes, or would have."""
    for line in ("/" * 100_000, "x/y" * 50_000, "ab/cd+" * 30_000):
        assert clean(line, {}) == line
    assert clean("a" * 60_000 + "\x08" * 60_000 + "b", {}) == "b"


def test_a_link_of_a_terminal_is_its_words() -> None:
    assert (
        clean("\x1b]8;;https://a.example\x1b\\words\x1b]8;;\x1b\\ and\x07", {}) == "words and\x07"
    )


@pytest.mark.parametrize("text", ["3e89127", "-1e400", "1e999 points"])
def test_a_number_that_is_none_stays_a_text(text: str) -> None:
    assert number_in(text) is None
