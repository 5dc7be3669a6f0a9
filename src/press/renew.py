"""A record from a script and what its cells gave, in this run or in an earlier one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from press.blog import Blog
from press.downloads import requirements
from press.key import code_of
from press.notebook import notebook
from press.outcome import NOTHING, Outcome
from press.record import SCHEMA, CellRecord, Provenance, Record, made_file
from press.results import outcomes_of, results_of
from press.script import Cell, Script
from press.state import Reading, read

Item = TypeVar("Item")
Coded = TypeVar("Coded", Cell, CellRecord)


@dataclass(frozen=True)
class Renewed:
    record: Record
    files: Mapping[str, bytes]
    """The contents of the files that belong to the record."""
    seconds: float = 0.0
    """How long we really ran."""


def relabel(blog: Blog, slug: str, path: Path, old: Record) -> Renewed:
    """Make the record anew from what is known: only names, comments, tags or layout changed."""
    reading = read(blog, path, old)
    seconds = spread(reading.script, known(old.cells, old.provenance.cell_seconds), 0.0)
    outcomes = spread(reading.script, known(old.cells, outcomes_of(blog, old)), NOTHING)
    return renewed(
        slug,
        reading,
        outcomes,
        old.products,
        card=(blog.root / old.card.file).read_bytes() if old.card else None,
        ledger=old.ledger,
        provenance=replace(old.provenance, cell_seconds=tuple(seconds)),
    )


def known(cells: Sequence[Coded], items: Sequence[Item]) -> list[Item]:
    """The items that belong to the cells with code."""
    return [item for cell, item in zip(cells, items, strict=True) if code_of(cell.source)]


def spread(script: Script, items: Sequence[Item], nothing: Item) -> list[Item]:
    """What the cells with code gave, and nothing for those without."""
    given = iter(items)
    return [next(given) if code_of(cell.source) else nothing for cell in script.cells]


def renewed(
    slug: str,
    reading: Reading,
    outcomes: Sequence[Outcome],
    products: set[str],
    *,
    card: bytes | None,
    ledger: tuple[Mapping[str, object], ...],
    provenance: Provenance,
) -> Renewed:
    results = results_of(slug, reading.script, outcomes)
    book = notebook(reading.script, outcomes)
    book_file = made_file(f"downloads/{slug}", ".ipynb", book)
    pins = requirements(slug, provenance)
    pins_file = made_file(f"downloads/{slug}", ".txt", pins)
    card_file = made_file(f"img/{slug}/card", ".png", card) if card else None
    record = Record(
        schema=SCHEMA,
        script=reading.script.path,
        keys=reading.keys,
        inputs={**reading.inputs.digests(), **dict.fromkeys(sorted(products))},
        cells=results.cells,
        figures=results.figures,
        tables=results.tables,
        values=results.values,
        claims=results.claims,
        models=results.models,
        data=results.data,
        notebook=book_file,
        requirements=pins_file,
        card=card_file,
        ledger=ledger,
        provenance=provenance,
    )
    files = {**results.files, book_file.file: book, pins_file.file: pins}
    return Renewed(record, {**files, card_file.file: card} if card_file and card else files)
