"""A record from a script and what its cells gave, in this run or in an earlier one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from press.blog import Blog
from press.record.downloads import requirements
from press.record.earlier import outcomes_of
from press.record.freshness import Reading
from press.record.record import SCHEMA, CellRecord, Filed, Provenance, Record, made_file
from press.record.results import results_of
from press.run.outcome import NOTHING, Outcome
from press.script.cells import Cell, Script
from press.script.keys import code_of

Item = TypeVar("Item")
Coded = TypeVar("Coded", Cell, CellRecord)


@dataclass(frozen=True)
class Findings:
    """All that a record is made from."""

    reading: Reading
    outcomes: Sequence[Outcome]
    products: set[str]
    card: bytes | None
    ledger: tuple[Mapping[str, object], ...]
    provenance: Provenance
    seconds: float | None = None
    """How long the run took, none if nothing was run."""


def earlier(blog: Blog, reading: Reading, old: Record) -> Findings:
    """What is known already, where only names, comments, tags or layout changed."""
    seconds = spread(reading.script, coded(old.cells, old.provenance.cell_seconds), 0.0)
    return Findings(
        reading=reading,
        outcomes=spread(reading.script, coded(old.cells, outcomes_of(blog, old)), NOTHING),
        products=old.products,
        card=(blog.root / old.card.file).read_bytes() if old.card else None,
        ledger=old.ledger,
        provenance=replace(old.provenance, cell_seconds=tuple(seconds)),
    )


def coded(cells: Sequence[Coded], items: Sequence[Item]) -> list[Item]:
    """The items that belong to the cells with code."""
    return [item for cell, item in zip(cells, items, strict=True) if code_of(cell.source)]


def spread(script: Script, items: Sequence[Item], nothing: Item) -> list[Item]:
    """What the cells with code gave, and nothing for those without."""
    given = iter(items)
    return [next(given) if code_of(cell.source) else nothing for cell in script.cells]


def make(slug: str, findings: Findings) -> Filed[Record]:
    reading, provenance = findings.reading, findings.provenance
    results = results_of(slug, reading.script, findings.outcomes)
    pins = requirements(slug, provenance)
    pins_file = made_file(f"downloads/{slug}", ".txt", pins)
    card_file = made_file(f"img/{slug}/card", ".png", findings.card) if findings.card else None
    record = Record(
        **vars(results.record),
        schema=SCHEMA,
        script=reading.script.path,
        keys=reading.keys,
        inputs={**reading.inputs.digests(), **dict.fromkeys(sorted(findings.products))},
        requirements=pins_file,
        card=card_file,
        ledger=findings.ledger,
        provenance=provenance,
    )
    files = {**results.files, pins_file.file: pins}
    files |= {card_file.file: findings.card} if card_file and findings.card else {}
    return Filed(record, files)
