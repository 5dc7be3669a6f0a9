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
from press.inside import MNIST_FILE
from press.kernel import Place
from press.key import code_of, imported, inputs_of, keys_of, seed_of, uses_mnist
from press.machine import cpu, threads
from press.notebook import notebook
from press.outcome import NOTHING, Outcome
from press.progress import Board
from press.record import SCHEMA, CellRecord, Provenance, Record, made_file
from press.results import outcomes_of, results_of
from press.resume import Kept, kept
from press.run import Conditions, Run, run
from press.script import Cell, Script
from press.snapshot import FOLDER
from press.spare import Spare
from press.state import Reading, read, versions_of

Item = TypeVar("Item")
Coded = TypeVar("Coded", Cell, CellRecord)


@dataclass(frozen=True)
class Renewed:
    record: Record
    files: Mapping[str, bytes]
    """The contents of the files that belong to the record."""
    seconds: float = 0.0
    """How long we really ran."""


async def rerun(
    blog: Blog,
    slug: str,
    path: Path,
    old: Record | None,
    board: Board,
    *,
    time_limit: float,
    rehearsal: bool = False,
    keep: bool = False,
    resume: bool = False,
    spare: Spare | None = None,
) -> Renewed:
    """Run the script and make its record, without writing either down.

    `keep` leaves snapshots for later runs, `resume` goes on from those of earlier ones.
    """
    before = read(blog, path, old)
    work = replace(before.script, cells=tuple(_known(before.script.cells, before.script.cells)))
    data = dataset.DIGEST if uses_mnist(before.script) else None
    snapshots = kept(blog, work, before.inputs, data) if keep else None
    conditions = Conditions(
        place=_place(blog, before.script, snapshots, rehearsal),
        time_limit=time_limit,
        rehearsal=rehearsal,
        kept=snapshots,
        resume=resume,
        spare=spare,
    )
    expected = _known(old.cells, old.provenance.cell_seconds) if old else []
    with board.listener(slug, len(work.cells), expected) as listener:
        done = await run(work, conditions, listener)
    outcomes = _spread(before.script, done.outcomes, NOTHING)
    products = _products(blog, before, old)
    inputs = inputs_of(blog, before.script, products)
    keys = keys_of(blog, before.script, inputs, dataset.DIGEST)
    renewed = _renewed(
        slug,
        replace(before, inputs=inputs, keys=keys),
        outcomes,
        products,
        card=_card(outcomes),
        ledger=old.ledger if old else (),
        provenance=_provenance(before.script, done, rehearsal),
    )
    return replace(renewed, seconds=done.seconds)


async def make_ready(blog: Blog, path: Path, spare: Spare) -> None:
    """Have a kernel stand ready for a run of this script."""
    reading = read(blog, path, None)
    data = dataset.DIGEST if uses_mnist(reading.script) else None
    snapshots = kept(blog, reading.script, reading.inputs, data)
    own = {Path(path).stem for path in reading.inputs.modules}
    place = _place(blog, reading.script, snapshots, rehearsal=False)
    await spare.prepare(place, imported(reading.script) - own)


def _place(blog: Blog, script: Script, snapshots: Kept | None, rehearsal: bool) -> Place:
    mnist = _mnist(blog, script, rehearsal)
    settings = {MNIST_FILE: str(mnist)} if mnist else {}
    settings |= {FOLDER: str(snapshots.parts)} if snapshots else {}
    return Place(blog.code, blog.local, settings)


def relabel(blog: Blog, slug: str, path: Path, old: Record) -> Renewed:
    """Make the record anew from what is known: only names, comments, tags or layout changed."""
    reading = read(blog, path, old)
    seconds = _spread(reading.script, _known(old.cells, old.provenance.cell_seconds), 0.0)
    outcomes = _spread(reading.script, _known(old.cells, outcomes_of(blog, old)), NOTHING)
    return _renewed(
        slug,
        reading,
        outcomes,
        old.products,
        card=(blog.root / old.card.file).read_bytes() if old.card else None,
        ledger=old.ledger,
        provenance=replace(old.provenance, cell_seconds=tuple(seconds)),
    )


def _known(cells: Sequence[Coded], items: Sequence[Item]) -> list[Item]:
    """The items that belong to the cells with code."""
    return [item for cell, item in zip(cells, items, strict=True) if code_of(cell.source)]


def _spread(script: Script, items: Sequence[Item], nothing: Item) -> list[Item]:
    """What the cells with code gave, and nothing for those without."""
    given = iter(items)
    return [next(given) if code_of(cell.source) else nothing for cell in script.cells]


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


def _mnist(blog: Blog, script: Script, rehearsal: bool) -> Path | None:
    if not uses_mnist(script):
        return None
    return dataset.stand_in(blog.local / "stand-in.npz") if rehearsal else dataset.mnist()


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
        cpu=cpu(),
        cores=os.cpu_count() or 1,
        threads=threads(),
        seed=seed_of(script),
        data=dataset.SAMPLE if rehearsal else data,
        seconds=round(done.seconds + done.saved, 1),
        cell_seconds=tuple(round(took, 2) for took in _spread(script, done.cell_seconds, 0.0)),
    )
