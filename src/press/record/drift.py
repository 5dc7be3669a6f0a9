"""Old results beside new ones: what moved, by how much, and whether the published numbers hold."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from press.record.record import Provenance, Record, TableRecord
from press.run.outcome import Number, Value
from press.run.outputs import NUMBER, number_in

SAME, WITHIN, MOVED = "same", "within tolerance", "moved"

POINTS = 0.3
"""Percentage points: about the sampling error (95 %) of an accuracy of 98 % on 10,000 images."""
COUNT_SPREAD = 2.0
"""Counts vary by about their square root."""
RELATIVE = 0.05


@dataclass(frozen=True)
class Drift:
    what: str
    old: str
    new: str
    difference: str
    verdict: str


def drift(old: Record, new: Record, tolerances: Mapping[str, float]) -> list[Drift]:
    """Every result that is not word for word the same, in the order of the page."""
    return [
        item
        for item in (
            *_values(old.values, new.values, tolerances),
            *_tables(old.tables, new.tables, tolerances),
            *_texts(old, new),
            *_figures(old, new),
        )
        if item.verdict != SAME
    ]


def differences(old: Provenance, new: Provenance) -> list[str]:
    """In what two runs differ that can move a result."""
    pairs = {
        "Python": (_minor(old.python), _minor(new.python)),
        "system": (old.system, new.system),
        "processor": (old.cpu, new.cpu),
        "processor with": _apart(old.traits, new.traits),
        "threads": (str(old.threads), str(new.threads)),
        **{
            package: (old.packages.get(package, "none"), new.packages.get(package, "none"))
            for package in sorted({*old.packages, *new.packages})
        },
    }
    return [f"{name} {before} → {now}" for name, (before, now) in pairs.items() if before != now]


def _apart(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """What only one of two processors has, as far as both are known."""
    gone, come = (
        [item for item in old if item not in new],
        [item for item in new if item not in old],
    )
    known = bool(old and new)
    return (", ".join(gone) or "none", ", ".join(come) or "none") if known else ("", "")


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _values(
    old: Mapping[str, Value], new: Mapping[str, Value], tolerances: Mapping[str, float]
) -> Iterator[Drift]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, now = old.get(name), new.get(name)
        what = _named(name)
        if before is None or now is None:
            yield _appeared(what, before.text if before else "", now.text if now else "")
            continue
        tolerance = tolerances.get(name, _tolerance(before, now))
        yield _compared(what, (before.text, before.number), (now.text, now.number), tolerance)


def _tolerance(old: Value, new: Value) -> Number | None:
    """What the script asks for; of two means of runs, each with a spread of its own, the larger."""
    if old.runs and new.runs and old.tolerance is not None and new.tolerance is not None:
        return max(old.tolerance, new.tolerance)
    return new.tolerance


def _appeared(what: str, old: str, new: str) -> Drift:
    return Drift(what, old or "—", new or "—", "", MOVED)


def _compared(
    what: str,
    old: tuple[str, Number | None],
    new: tuple[str, Number | None],
    tolerance: Number | None = None,
) -> Drift:
    (old_text, old_number), (new_text, new_number) = old, new
    if old_text == new_text and old_number == new_number:
        return Drift(what, old_text, new_text, "", SAME)
    if old_number is None or new_number is None:
        return Drift(what, old_text, new_text, "", MOVED)
    allowed = default_tolerance(old_text, old_number) if tolerance is None else tolerance
    distance = new_number - old_number
    holds = abs(distance) <= allowed + 1e-9 * abs(old_number)
    return Drift(
        what, old_text, new_text, f"{distance:+.3g} of ±{allowed:.3g}", WITHIN if holds else MOVED
    )


def default_tolerance(text: str, number: Number) -> float:
    """How far a number may drift if its author has not said: by what it seems to be."""
    if "%" in text or "point" in text:
        return POINTS
    if isinstance(number, int):
        return COUNT_SPREAD * sqrt(abs(number))
    return RELATIVE * abs(number)


def _tables(
    old: Mapping[str, TableRecord],
    new: Mapping[str, TableRecord],
    tolerances: Mapping[str, float],
) -> Iterator[Drift]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, now = old.get(name), new.get(name)
        what = f"table {name!r}"
        if before is None or now is None:
            yield _appeared(what, "a table" if before else "", "a table" if now else "")
        elif (before.columns, len(before.rows)) != (now.columns, len(now.rows)):
            yield Drift(what, _shape(before), _shape(now), "", MOVED)
        else:
            allowed = [tolerances.get(f"{name}/{column}") for column in before.columns]
            yield from _entries(what, before, now, allowed)


def _shape(table: TableRecord) -> str:
    return f"{len(table.rows)} rows of {', '.join(table.columns)}"


def _entries(
    what: str, old: TableRecord, new: TableRecord, tolerances: Sequence[float | None]
) -> Iterator[Drift]:
    for i, (old_row, new_row) in enumerate(zip(old.rows, new.rows, strict=True)):
        for j, column in enumerate(old.columns):
            yield _compared(
                f"{what}, row {i + 1}, {column or f'column {j + 1}'}",
                (old_row[j], old.numbers[i][j]),
                (new_row[j], new.numbers[i][j]),
                tolerances[j],
            )


def _texts(old: Record, new: Record) -> Iterator[Drift]:
    for before, now in zip(old.cells, new.cells, strict=False):
        if now.values:
            continue  # its text is its values, which are judged as such
        label = repr(now.name) if now.name else f"at line {now.line}"
        yield _text(f"output of cell {label}", before.output, now.output)
        yield _text(f"warnings of cell {label}", before.warnings, now.warnings)


def _text(what: str, old: str, new: str) -> Drift:
    """Two texts whose words are the same are judged by their numbers."""
    if old == new:
        return Drift(what, "", "", "", SAME)
    line = next(
        (
            pair
            for pair in zip(old.split("\n"), new.split("\n"), strict=False)
            if pair[0] != pair[1]
        ),
        ("", f"{new.count(chr(10)) - old.count(chr(10)):+d} lines"),
    )
    if _words(old) != _words(new):
        return Drift(what, *line, "", MOVED)
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    verdicts = {_compared(what, (a, number_in(a)), (b, number_in(b))).verdict for a, b in pairs}
    return Drift(what, *line, "", MOVED if MOVED in verdicts else WITHIN)


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", NUMBER.sub("#", text))


def _figures(old: Record, new: Record) -> Iterator[Drift]:
    for name in [*old.figures, *(name for name in new.figures if name not in old.figures)]:
        before, now = old.figures.get(name), new.figures.get(name)
        what = f"figure {name!r}"
        if before is None or now is None:
            yield _appeared(what, "a figure" if before else "", "a figure" if now else "")
        elif before.sha256 != now.sha256:
            # A figure has no tolerance of its own: it is drawn from numbers that are judged.
            yield Drift(what, before.sha256[:8], now.sha256[:8], "drawn anew", WITHIN)


def ledger_entry(old: Record, drifts: list[Drift]) -> list[dict[str, Any]]:
    """What the ledger keeps of a record whose values moved: them, and where they came from."""
    verdicts = {item.what: item.verdict for item in drifts}
    values = {name: value.text for name, value in old.values.items() if _named(name) in verdicts}
    if not values:
        return []
    origin = old.provenance
    return [
        {
            "date": origin.date,
            "python": origin.python,
            "packages": dict(origin.packages),
            "cpu": origin.cpu,
            "threads": origin.threads,
            "values": values,
            "verdicts": {name: verdicts[_named(name)] for name in values},
        }
    ]


def _named(value: str) -> str:
    return f"value {value!r}"


def table(drifts: list[Drift]) -> str:
    """The drifts as a table: what, old → new, difference, verdict."""
    rows = [
        (item.what, f"{_short(item.old)} → {_short(item.new)}", item.difference, item.verdict)
        for item in drifts
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    return "\n".join(
        "  "
        + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
