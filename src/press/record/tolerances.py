"""Tolerances beside what other seeds gave: too tight, or so loose that they hold nothing."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from press.record.compared import tables_of, values_of
from press.record.drift import default_tolerance
from press.record.record import Record
from press.record.shaken import FIRM
from press.record.trial import Trial
from press.run.outcome import Number, Table
from press.run.outputs import NUMBER

TIGHT, LOOSE = "too tight", "holds nothing"
SPREADS = 4
"""A tolerance wider than so many standard deviations of the seeds holds nothing."""
ENOUGH = 5
"""Fewer seeds do not tell their spread well enough."""
DIGITS = 10
"""Nor does one wider than so many of the last digit, where seeds move it less; whole numbers that
no seed moves need none."""


@dataclass(frozen=True)
class Allowance:
    """How a tolerance fared."""

    what: str
    tolerance: float
    held: int
    of: int
    verdict: str


@dataclass(frozen=True)
class _Entry:
    """A published number, what it may drift by, and what other seeds gave for it."""

    text: str
    number: Number
    tolerance: float
    given: Sequence[Number]
    measured: bool = False
    """Whether the tolerance is the spread of the value's own runs."""

    @property
    def held(self) -> int:
        slack = self.tolerance + 1e-9 * abs(self.number)
        return sum(abs(number - self.number) <= slack for number in self.given)

    @property
    def loose(self) -> bool:
        if len(self.given) < ENOUGH:
            return False
        room = max(SPREADS * statistics.stdev(self.given), DIGITS * _last_digit(self.text))
        return self.tolerance > room and not self.measured


def allowances(
    record: Record, trials: Sequence[Trial], given: Mapping[str, float]
) -> list[Allowance]:
    entries = {f"value {name!r}": [entry] for name, entry in _values(record, trials, given)}
    entries |= dict(_columns(record, trials, given))
    return [_fared(what, many) for what, many in entries.items() if any(e.given for e in many)]


def _fared(what: str, entries: Sequence[_Entry]) -> Allowance:
    held, of = sum(entry.held for entry in entries), sum(len(entry.given) for entry in entries)
    verdict = TIGHT if held < FIRM * of else LOOSE if all(e.loose for e in entries) else ""
    return Allowance(what, max(entry.tolerance for entry in entries), held, of, verdict)


def _values(
    record: Record, trials: Sequence[Trial], given: Mapping[str, float]
) -> Iterator[tuple[str, _Entry]]:
    results = [values_of(record, trial) for trial in trials]
    for name, value in record.values.items():
        if value.number is None:
            continue
        others = [values[name] for values in results if name in values]
        # Each mean of runs has a spread of its own: of two, the larger counts.
        spreads = [other.tolerance or 0 for other in others if value.runs]
        asked = None if value.tolerance is None else max(value.tolerance, *spreads, 0)
        known = given.get(name, asked)
        tolerance = default_tolerance(value.text, value.number) if known is None else known
        numbers = [other.number for other in others if other.number is not None]
        yield name, _Entry(value.text, value.number, tolerance, numbers, bool(value.runs))


def _columns(
    record: Record, trials: Sequence[Trial], given: Mapping[str, float]
) -> Iterator[tuple[str, list[_Entry]]]:
    results = [tables_of(record, trial) for trial in trials]
    for name, table in record.tables.items():
        shape = table.columns, len(table.rows)
        others = [tables[name] for tables in results if name in tables]
        alike = [other for other in others if (other.columns, len(other.rows)) == shape]
        for j, column in list(enumerate(table.columns))[table.index :]:
            asked = given.get(f"{name}/{column}")
            if entries := list(_column(j, table, alike, asked)):
                yield f"table {name!r}, {column or f'column {j + 1}'}", entries


def _column(j: int, table: Table, others: Sequence[Table], asked: float | None) -> Iterator[_Entry]:
    for i, (row, numbers) in enumerate(zip(table.rows, table.numbers, strict=True)):
        if (number := numbers[j]) is not None:
            tolerance = default_tolerance(row[j], number) if asked is None else asked
            told = [other.numbers[i][j] for other in others]
            yield _Entry(row[j], number, tolerance, [item for item in told if item is not None])


def _last_digit(text: str) -> float:
    """What one more in the last digit of a number means; nothing for a whole number."""
    match = NUMBER.match(text.strip())
    number = match[0].lower() if match else ""
    mantissa, _, exponent = number.partition("e")
    digits = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - digits) if digits or exponent else 0.0
