"""Old results beside new ones: what moved, by how much, and whether the published numbers hold."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import Any, TypeVar

from press.record.record import FigureRecord, Provenance, Record, TableRecord
from press.run.outcome import Number, Value
from press.run.outputs import NUMBER, number_in
from press.voice.terminal import table as aligned

Kind = TypeVar("Kind")
SAME, WITHIN, MOVED, GONE = "same", "within tolerance", "moved", "gone"
ABSENT = "—"

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
    found = [
        *_both(_value, "value", old.values, new.values, tolerances),
        *_both(_table, "table", old.tables, new.tables, tolerances),
        *_texts(old, new),
        *_both(_figure, "figure", old.figures, new.figures, tolerances),
    ]
    return [item for item in found if item.verdict != SAME]


def _both(
    compared: Callable[[str, Kind, Kind, Mapping[str, float]], Iterable[Drift]],
    kind: str,
    old: Mapping[str, Kind],
    new: Mapping[str, Kind],
    tolerances: Mapping[str, float],
) -> Iterator[Drift]:
    """What is there before and after, compared; what came or went has moved."""
    for name in {**old, **new}:
        if name in old and name in new:
            yield from compared(name, old[name], new[name], tolerances)
        else:
            there = [
                getattr(side.get(name), "text", f"a {kind}" if name in side else "")
                for side in (old, new)
            ]
            yield Drift(_named(kind, name), there[0] or ABSENT, there[1] or ABSENT, "", MOVED)


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


def _value(name: str, old: Value, new: Value, tolerances: Mapping[str, float]) -> Iterator[Drift]:
    tolerance = tolerances.get(name, _tolerance(old, new))
    pairs = (old.text, old.number), (new.text, new.number)
    yield _compared(_named("value", name), *pairs, tolerance)


def _tolerance(old: Value, new: Value) -> Number | None:
    """What the script asks for; of two means of runs, each with a spread of its own, the larger."""
    if old.runs and new.runs and old.tolerance is not None and new.tolerance is not None:
        return max(old.tolerance, new.tolerance)
    return new.tolerance


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


def _table(
    name: str, old: TableRecord, new: TableRecord, tolerances: Mapping[str, float]
) -> Iterator[Drift]:
    was, now = (f"{len(side.rows)} rows of {', '.join(side.columns)}" for side in (old, new))
    if was != now:
        yield Drift(_named("table", name), was, now, "", MOVED)
        return
    for i, j in product(range(len(old.rows)), range(len(old.columns))):
        column = old.columns[j]
        yield _compared(
            f"{_named('table', name)}, row {i + 1}, {column or f'column {j + 1}'}",
            (old.rows[i][j], old.numbers[i][j]),
            (new.rows[i][j], new.numbers[i][j]),
            tolerances.get(f"{name}/{column}"),
        )


def _figure(
    name: str, old: FigureRecord, new: FigureRecord, _: Mapping[str, float]
) -> Iterator[Drift]:
    if old.sha256 != new.sha256:
        # A figure has no tolerance of its own: it is drawn from numbers that are judged.
        yield Drift(_named("figure", name), old.sha256[:8], new.sha256[:8], "drawn anew", WITHIN)


def _texts(old: Record, new: Record) -> Iterator[Drift]:
    for before, now in zip(old.cells, new.cells, strict=False):
        if now.values:
            continue  # its text is its values, which are judged as such
        yield _text(f"output of cell {now.name!r}", before.output, now.output)
        yield _text(f"warnings of cell {now.name!r}", before.warnings, now.warnings)


def _text(what: str, old: str, new: str) -> Drift:
    """Two texts whose words are the same are judged by their numbers."""
    if old == new:
        return Drift(what, "", "", "", SAME)
    lines = zip(old.split("\n"), new.split("\n"), strict=False)
    longer = ("", f"{new.count(chr(10)) - old.count(chr(10)):+d} lines")
    line = next((pair for pair in lines if pair[0] != pair[1]), longer)
    if _words(old) != _words(new):
        return Drift(what, *line, "", MOVED)
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    verdicts = {_compared(what, (a, number_in(a)), (b, number_in(b))).verdict for a, b in pairs}
    return Drift(what, *line, "", MOVED if MOVED in verdicts else WITHIN)


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", NUMBER.sub("#", text))


def ledger_entry(old: Record, drifts: list[Drift]) -> list[dict[str, Any]]:
    """What the ledger keeps of a record whose values changed: them, and where they came from.

    A value that reads as before has not changed, whatever its hidden digits; nor has one that only
    gained a spread.
    """
    told = {
        item.what: GONE if item.new == ABSENT else item.verdict
        for item in drifts
        if _read(item.old) != _read(item.new)
    }
    verdicts = {name: told[what] for name in old.values if (what := _named("value", name)) in told}
    if not verdicts:
        return []
    origin = old.provenance
    return [
        {
            "date": origin.date,
            "compute": old.keys.compute,
            "python": origin.python,
            "packages": dict(origin.packages),
            "cpu": origin.cpu,
            "threads": origin.threads,
            "values": {name: old.values[name].text for name in verdicts},
            "verdicts": verdicts,
        }
    ]


def _read(text: str) -> str:
    return text.partition(" ±")[0]


def _named(kind: str, name: str) -> str:
    return f"{kind} {name!r}"


def table(drifts: list[Drift]) -> str:
    """The drifts as a table: what, old → new, difference, verdict."""
    rows = [
        (item.what, f"{_short(item.old)} → {_short(item.new)}", item.difference, item.verdict)
        for item in drifts
    ]
    return aligned(rows)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
