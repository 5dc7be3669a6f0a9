"""The outputs of an executed cell → what it left behind, without what differs from run to run."""

import base64
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from press.kernel.protocol import CLAIMS, DATA, HELD, MODEL, TABLE, VALUES
from press.run import figure
from press.run.claims import in_words
from press.run.outcome import (
    Data,
    Figure,
    Model,
    Number,
    Outcome,
    Sprite,
    Table,
    Unfit,
    Value,
)

Kind = TypeVar("Kind")

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
NUMBER = re.compile(r"[-+\u2212]?\d[\d,\u202f\u00a0]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
DECIMAL_COMMA = re.compile(r"([-+\u2212]?(?:0|\d{4,}|\d+(?!,\d{3}$))),(\d+)")
"""One that cannot stand between thousands."""

BITMAPS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif"}
LIVE = {
    "application/vnd.plotly": "a Plotly figure",
    "application/vnd.vega": "an Altair chart",
    "application/vnd.bokeh": "a Bokeh plot",
    "application/vnd.jupyter.widget": "a widget",
    "application/javascript": "JavaScript",
    "audio/": "sound",
    "video/": "a film",
}
"""How the types of outputs begin that need scripts or players, and what they are."""

# (what changes from run to run for no reason, what stands in its place)
NOISE = [
    (re.compile(r" ━+ \d+(?:\.\d+)?[a-zµ]+(?: \d+(?:\.\d+)?[a-zµ]+/step)?(?= - |\n|$)"), ""),
    (re.compile(r" - \d+(?:\.\d+)?(?:us|ms|s) - \d+(?:\.\d+)?(?:us|ms|s)/step(?= - |\n|$)"), ""),
    (re.compile(r"\bat 0x[0-9a-fA-F]+"), "at 0x…"),
    (re.compile(r"/\S{0,300}?/ipykernel_\d+/\d+\.py:\d+"), "cell"),
    (re.compile(r"(?<!\S)\S*/site-packages/"), "site-packages/"),
    # As statsmodels heads its summaries.
    (re.compile(r"(?m)^(Date: +)\w{3}, \d\d \w{3} \d{4}"), rf"\1{'…':>16}"),
    (re.compile(r"(?m)^(Time: +)\d\d:\d\d:\d\d"), rf"\1{'…':>8}"),
    # A resumed kernel does not know the lines of the cells that it did not run.
    (re.compile(r"(?m)^(cell: \w+: .*)\n  \S.*$"), r"\1"),
    (re.compile(r"(?m)^(CPU times|Wall time): .*$"), r"\1: …"),
    (re.compile(r"(?m)^.*\bper loop \(mean ± .*$"), "… per loop"),
    (re.compile(r"(?m)^.*%\|.*\|\s.*\[\d\d:\d\d.*\]\n?"), ""),
    (re.compile(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWEF] .*\n?"), ""),
    (re.compile(r"(?m)^[IWEF]\d{4} \d\d:\d\d:\d+\.\d+ .*\n?"), ""),
    (re.compile(r"(?m)^WARNING: All log messages before absl::InitializeLog.*\n?"), ""),
    # It depends on how often TensorFlow was called before, and so on where a run has begun.
    (re.compile(r"(?m)^WARNING:tensorflow:\d+ out of the last \d+ calls .*\n?"), ""),
    (re.compile(r"(?m)^Matplotlib is building the font cache.*\n?"), ""),
]


def outcome_of(outputs: Sequence[Mapping[str, Any]], places: Mapping[str, str]) -> Outcome:
    """Sort a cell's outputs; `places` are the paths of this machine and what to call them."""
    shown = [output for output in outputs if "data" in output]
    values = [output["data"][VALUES] for output in shown if VALUES in output["data"]]
    texts = [_text(output) for output in outputs if output.get("name") != "stderr"]
    pictures = [found for output in shown if (found := _picture(output["data"]))]
    warnings = [output["text"] for output in outputs if output.get("name") == "stderr"]
    return Outcome(
        output=clean("".join(texts), places),
        warnings=clean("".join(warnings), places),
        figures=tuple(found for found in pictures if isinstance(found, Figure)),
        tables=tuple(_table(o["data"][TABLE]) for o in shown if _is_table(o["data"])),
        values={name: _value(item) for name, item in values[-1]} if values else None,
        claims=tuple(in_words(found) for o in shown for found in o["data"].get(CLAIMS, ())),
        held=tuple(held for o in shown for held in o["data"].get(HELD, ())),
        model=_last(_model, MODEL, shown),
        data=_last(_data, DATA, shown),
        unquotable=(
            *(kind for output in shown if (kind := _unquotable(output["data"]))),
            *(found.problem for found in pictures if isinstance(found, Unfit)),
        ),
    )


def _last(
    read: Callable[[Mapping[str, Any]], Kind], mime: str, shown: Sequence[Mapping[str, Any]]
) -> Kind | Unfit | None:
    """What was shown last in this form."""
    found = [output["data"][mime] for output in shown if mime in output["data"]]
    if not found:
        return None
    return Unfit(found[-1]["problem"]) if "problem" in found[-1] else read(found[-1])


def _model(tree: Mapping[str, Any]) -> Model:
    return Model(base64.b64decode(tree["data"]), tree["parameters"])


def _data(tree: Mapping[str, Any]) -> Data:
    images = tree["images"] and dict(tree["images"])
    sprite = Sprite(base64.b64decode(images.pop("png")), **images) if images else None
    return Data(tree["content"], sprite)


def _text(output: Mapping[str, Any]) -> str:
    if "text" in output:
        return str(output["text"])
    data = output.get("data", {})
    drawn = any(mime.startswith("image/") for mime in data)
    hidden = _unquotable(data) and TABLE not in data
    if drawn or _is_table(data) or "text/plain" not in data or hidden:
        return ""
    mimes = ("text/markdown", "text/latex") if _has_no_text(data) else ()
    return f"{data[next((mime for mime in mimes if mime in data), 'text/plain')]}\n"


def _is_table(data: Mapping[str, Any]) -> bool:
    return "problem" not in data.get(TABLE, {"problem": ""})


def _has_no_text(data: Mapping[str, Any]) -> bool:
    return str(data.get("text/plain", "<IPython.core.")).startswith("<IPython.core.")


def _unquotable(data: Mapping[str, Any]) -> str:
    """What this is, if it is nothing that a page can show."""
    if TABLE in data:
        return str(data[TABLE].get("problem", ""))
    kinds = (words for mime in data for start, words in LIVE.items() if mime.startswith(start))
    return next(kinds, "HTML" if "text/html" in data and _has_no_text(data) else "")


def _picture(data: Mapping[str, Any]) -> Figure | Unfit | None:
    try:
        bitmap = base64.b64decode(data["image/png"]) if "image/png" in data else None
        if "image/svg+xml" in data:
            return replace(figure.from_svg(data["image/svg+xml"]), bitmap=bitmap)
        if mime := next((mime for mime in BITMAPS if mime in data), None):
            return figure.from_bitmap(base64.b64decode(data[mime]), BITMAPS[mime])
    except (ValueError, OSError, SyntaxError):  # all of them from what is no picture
        return Unfit("a picture that cannot be read, or has no size")
    return None


def clean(text: str, places: Mapping[str, str]) -> str:
    """The text as a terminal would leave it, without what changes from run to run."""
    text = ANSI.sub("", text.encode("utf-8", "replace").decode())
    text = _without_taken_back(text) if "\x08" in text else text
    text = "\n".join(_last_state(line) for line in text.split("\n"))
    for path, name in places.items():
        text = text.replace(path, name)
    for noise, rest in NOISE:
        text = noise.sub(rest, text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _without_taken_back(text: str) -> str:
    """Without what was taken back sign by sign; a line begins where it begins."""
    shown: list[str] = []
    for sign in text:
        if sign != "\x08":
            shown.append(sign)
        elif shown and shown[-1] != "\n":
            shown.pop()
    return "".join(shown)


def _last_state(line: str) -> str:
    """What stays of a line that was written over by carriage returns."""
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :] if part else shown
    return shown


def _table(tree: Mapping[str, Any]) -> Table:
    rows = tuple(tuple(row) for row in tree["texts"])
    numbers = tuple(
        tuple(number_in(text) if raw is None else raw for raw, text in zip(*both, strict=True))
        for both in zip(tree["raw"], rows, strict=True)
    )
    numeric = [
        column >= tree["index"]
        and _is_numeric([(row[column], n[column]) for row, n in zip(rows, numbers, strict=True)])
        for column in range(len(tree["columns"]))
    ]
    return Table(tuple(tree["columns"]), tree["index"], tuple(numeric), rows, numbers)


def _is_numeric(column: Sequence[tuple[str, Number | None]]) -> bool:
    """Whether a column holds numbers; gaps may stand between them."""
    gaps = {"", "-", "–", "—", "nan", "None"}
    filled = all(number is not None or text in gaps for text, number in column)
    return filled and any(number is not None for _, number in column)


def _value(item: Mapping[str, Any]) -> Value | Unfit:
    if "problem" in item:
        return Unfit(item["problem"])
    value = Value(**{**item, "each": tuple(item.get("each", ()))})
    return value if value.number is not None else replace(value, number=number_in(value.text))


def number_in(text: str) -> Number | None:
    """The number that a text begins with, if it says one: `97.83 %`, `407,050`, `1.2 ± 0.1`."""
    match = NUMBER.match(text.strip())
    if not match:
        return None
    rest = text.strip()[match.end() :].strip()
    if rest and not re.fullmatch(r"(%|[^\W\d]{1,12})?\s*(±.*)?", rest):
        return None
    comma = DECIMAL_COMMA.fullmatch(match[0])
    digits = f"{comma[1]}.{comma[2]}" if comma else match[0]
    digits = re.sub(r"[,\u202f\u00a0]", "", digits).replace("\u2212", "-")
    if not re.search(r"[.eE]", digits):
        return int(digits)
    return number if math.isfinite(number := float(digits)) else None
