"""Runs under other seeds beside the record: how often claims held, and where values fell."""

import statistics
from collections.abc import Sequence

from press import __version__
from press.record.record import CellRecord, Record, ValueRecord
from press.record.shaken import Fall, Shaken, Share
from press.record.trial import Trial
from press.run.outcome import Table, Value
from press.run.outputs import number_in
from press.script.cells import Cell, claims_in
from press.script.keys import code_of

WIDTH = 100


def shaken(record: Record, trials: Sequence[Trial]) -> Shaken:
    falls = {
        name: _fall(value, _given(record, trials, name)) for name, value in record.values.items()
    }
    last = max(trials, key=lambda trial: trial.date)
    return Shaken(
        script=record.script,
        compute=record.keys.compute,
        press=__version__,
        date=last.date,
        python=last.python,
        packages=last.packages,
        seeds=tuple(trial.seed for trial in trials),
        raised=tuple(raised for trial in trials for raised in trial.raised),
        claims=tuple(_claims(record, trials)),
        values={name: fall for name, fall in falls.items() if fall.of},
        ranges={
            name: _range(value, _given(record, trials, name))
            for name, value in record.values.items()
            if value.expected
        },
    )


def values_of(record: Record, trial: Trial) -> dict[str, Value]:
    """The values of a trial, by the names and tags that the script has now."""
    pairs = zip(_coded(record), trial.cells, strict=False)
    tagged = [left for cell, left in pairs if "values" in cell.tags]
    return {name: value for left in tagged for name, value in (left.values or {}).items()}


def tables_of(record: Record, trial: Trial) -> dict[str, Table]:
    pairs = zip(_coded(record), trial.cells, strict=False)
    return {
        name: table
        for cell, left in pairs
        for name, table in zip(cell.tables, left.tables, strict=False)
    }


def _given(record: Record, trials: Sequence[Trial], name: str) -> list[Value]:
    found = (values_of(record, trial).get(name) for trial in trials)
    return [value for value in found if value]


def _claims(record: Record, trials: Sequence[Trial]) -> list[Share]:
    verdicts = [_verdicts(record, trial) for trial in trials]
    shares = []
    for claim, told in zip(record.claims, zip(*verdicts, strict=True), strict=True):
        false = tuple(trial.seed for trial, held in zip(trials, told, strict=True) if held is False)
        reached = sum(held is not None for held in told)
        shares.append(Share(claim.text, reached - len(false), reached, false))
    return shares


def _verdicts(record: Record, trial: Trial) -> list[bool | None]:
    """For each claim of the record, whether it held; none if the run did not come to it."""
    verdicts: list[bool | None] = []
    for number, cell in enumerate(_coded(record)):
        many = len(claims_in(_as_cell(cell)))
        if number >= len(trial.cells):
            verdicts += [None] * many
        else:
            # Where all that the cell left is lost, an error kept its claims from being judged.
            verdicts += trial.cells[number].held or [False] * many
    return verdicts


def _coded(record: Record) -> list[CellRecord]:
    """The cells that a run goes through."""
    return [cell for cell in record.cells if code_of(cell.source)]


def _as_cell(cell: CellRecord) -> Cell:
    return Cell(cell.name, cell.tags, cell.source, cell.line)


def _fall(published: ValueRecord, given: Sequence[Value]) -> Fall:
    same = sum(value.text == published.text for value in given)
    numbers = {value.number: value.text for value in given if value.number is not None}
    told = tuple(value.number for value in given if value.number is not None)
    if published.number is None or not told:
        return Fall(published.text, same, len(given))
    low, high = min(*told, published.number), max(*told, published.number)
    span = high - low
    return Fall(
        text=published.text,
        same=same,
        of=len(given),
        lowest=numbers[min(told)],
        highest=numbers[max(told)],
        mean=float(f"{statistics.fmean(told):.4g}"),
        sd=float(f"{statistics.stdev(told):.2g}") if len(told) > 1 else None,
        numbers=told,
        dots=tuple(round(WIDTH * (number - low) / span) for number in told) if span else (),
        here=round(WIDTH * (published.number - low) / span) if span else 0,
    )


def _range(published: ValueRecord, given: Sequence[Value]) -> Share:
    low, high = (number_in(end) or 0 for end in published.expected.split(" to "))
    runs = [number_in(text) for value in given for text in value.each]
    held = sum(low <= number <= high for number in runs if number is not None)
    return Share(published.expected, held, len(runs))
