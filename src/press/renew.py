"""Bring one post's results up to date: run its script, or relabel what an earlier run gave."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from press import __version__, dataset
from press.blog import Blog
from press.card import card
from press.key import code_of, imported, inputs_of, keys_of, seed_of, uses_mnist
from press.notebook import notebook
from press.outcome import Outcome
from press.progress import progress
from press.record import SCHEMA, Provenance, Record, made_file
from press.results import outcomes_of, results_of
from press.run import Conditions, Run, run, threads
from press.script import Script
from press.state import Reading, read, versions_of
from press.work import scratch_folder

Item = TypeVar("Item")
NOTHING = Outcome(output="", warnings="", pictures=(), tables=(), entries=None)


@dataclass(frozen=True)
class Renewed:
    record: Record
    files: Mapping[str, bytes]
    """The contents of the files that belong to the record."""


def rerun(
    blog: Blog,
    slug: str,
    path: Path,
    old: Record | None,
    *,
    time_limit: float,
    rehearsal: bool = False,
) -> Renewed:
    """Run the script from nothing and make its record, without writing either down."""
    before = read(blog, path, old)
    with scratch_folder(blog) as scratch:
        conditions = Conditions(
            folder=blog.code,
            mnist=_mnist(scratch, before.script, rehearsal),
            scratch=scratch,
            time_limit=time_limit,
            rehearsal=rehearsal,
        )
        expected = old.provenance.cell_seconds if old else ()
        with progress(slug, len(before.script.cells), expected) as listener:
            done = run(before.script, conditions, listener)
    products = _products(blog, before, old)
    inputs = inputs_of(blog, before.script, products)
    keys = keys_of(blog, before.script, inputs, dataset.DIGEST)
    return _renewed(
        slug,
        replace(before, inputs=inputs, keys=keys),
        done.outcomes,
        products,
        card=_card(done.outcomes),
        ledger=old.ledger if old else (),
        provenance=_provenance(before.script, done, rehearsal),
    )


def relabel(blog: Blog, slug: str, path: Path, old: Record) -> Renewed:
    """Make the record anew from what is known: only names, comments, tags or layout changed."""
    reading = read(blog, path, old)
    seconds = _carried(reading.script, old, old.provenance.cell_seconds, 0.0)
    outcomes = _carried(reading.script, old, outcomes_of(blog, old), NOTHING)
    return _renewed(
        slug,
        reading,
        outcomes,
        old.products,
        card=(blog.root / old.card.file).read_bytes() if old.card else None,
        ledger=old.ledger,
        provenance=replace(old.provenance, cell_seconds=tuple(seconds)),
    )


def _carried(script: Script, old: Record, items: Sequence[Item], nothing: Item) -> list[Item]:
    """What belongs to the old cells, given to the new ones; mere comments have nothing."""
    known = iter(
        [item for cell, item in zip(old.cells, items, strict=True) if code_of(cell.source)]
    )
    return [next(known) if code_of(cell.source) else nothing for cell in script.cells]


def _renewed(
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
        notebook=book_file,
        card=card_file,
        ledger=ledger,
        provenance=provenance,
    )
    files = {**results.files, book_file.file: book}
    return Renewed(record, {**files, card_file.file: card} if card_file and card else files)


def _card(outcomes: Sequence[Outcome]) -> bytes | None:
    """The first figure stands for the post."""
    bitmaps = [picture.bitmap for outcome in outcomes for picture in outcome.pictures]
    return next((card(bitmap) for bitmap in bitmaps if bitmap), None)


def _mnist(scratch: Path, script: Script, rehearsal: bool) -> Path | None:
    if not uses_mnist(script):
        return None
    return dataset.stand_in(scratch / "stand-in.npz") if rehearsal else dataset.mnist()


def _products(blog: Blog, before: Reading, old: Record | None) -> set[str]:
    """The files that the script names and that the run made or changed."""
    after = inputs_of(blog, before.script).files
    known = old.products if old else set()
    return {
        path
        for path, made in after.items()
        if path in known or before.inputs.files.get(path) != made
    }


def _provenance(script: Script, done: Run, rehearsal: bool) -> Provenance:
    data = dataset.DIGEST if uses_mnist(script) else None
    return Provenance(
        date=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        press=__version__,
        python=platform.python_version(),
        packages=versions_of(imported(script)),
        system=f"{platform.system()} {platform.machine()}",
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        threads=threads(),
        seed=seed_of(script),
        data=dataset.SAMPLE if rehearsal else data,
        seconds=round(done.seconds, 1),
        cell_seconds=tuple(round(seconds, 2) for seconds in done.cell_seconds),
    )


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
