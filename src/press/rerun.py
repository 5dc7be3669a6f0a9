"""Run one post's script, from the start or from a snapshot, and make its record."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from press import __version__, dataset
from press.blog import Blog
from press.card import card
from press.inside import MNIST_FILE
from press.kernel import Place
from press.key import imported, inputs_of, keys_of, seed_of, uses_mnist
from press.machine import cpu, threads
from press.outcome import NOTHING, Outcome
from press.progress import Board
from press.record import Provenance, Record
from press.renew import Renewed, known, renewed, spread
from press.resume import Kept, kept
from press.run import Conditions, Run, run
from press.script import Script
from press.spare import Spare
from press.state import Reading, read, versions_of
from press.vault import FOLDER

STAND_IN = "stand-in.npz"


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
    work = replace(before.script, cells=tuple(known(before.script.cells, before.script.cells)))
    data = dataset.DIGEST if uses_mnist(before.script) else None
    snapshots = kept(blog, work, before.inputs, data) if keep else None
    conditions = Conditions(
        place=place_of(blog, before.script, snapshots, rehearsal),
        data=data_of(blog, before.script, rehearsal),
        time_limit=time_limit,
        rehearsal=rehearsal,
        kept=snapshots,
        resume=resume,
        spare=spare,
    )
    expected = known(old.cells, old.provenance.cell_seconds) if old else []
    with board.listener(slug, len(work.cells), expected) as listener:
        done = await run(work, conditions, listener)
    outcomes = spread(before.script, done.outcomes, NOTHING)
    products = _products(blog, before, old)
    inputs = inputs_of(blog, before.script, products)
    keys = keys_of(blog, before.script, inputs, dataset.DIGEST)
    made = renewed(
        slug,
        replace(before, inputs=inputs, keys=keys),
        outcomes,
        products,
        card=_card(outcomes),
        ledger=old.ledger if old else (),
        provenance=_provenance(before.script, done, rehearsal),
    )
    return replace(made, seconds=done.seconds)


async def make_ready(blog: Blog, path: Path, spare: Spare) -> None:
    """Have a kernel stand ready for a run of this script."""
    reading = read(blog, path, None)
    data = dataset.DIGEST if uses_mnist(reading.script) else None
    snapshots = kept(blog, reading.script, reading.inputs, data)
    own = {Path(path).stem for path in reading.inputs.modules}
    place = place_of(blog, reading.script, snapshots, rehearsal=False)
    await spare.prepare(place, imported(reading.script) - own)


def place_of(blog: Blog, script: Script, snapshots: Kept | None, rehearsal: bool) -> Place:
    mnist = blog.local / STAND_IN if rehearsal else dataset.mnist_file()
    settings = {MNIST_FILE: str(mnist)} if uses_mnist(script) else {}
    settings |= {FOLDER: str(snapshots.parts)} if snapshots else {}
    return Place(blog.code, blog.local, settings)


def data_of(blog: Blog, script: Script, rehearsal: bool) -> Callable[[], object]:
    """What sees to it that the place holds the data it names, and that they are the right ones."""
    if not uses_mnist(script):
        return lambda: None
    return partial(dataset.stand_in, blog.local / STAND_IN) if rehearsal else dataset.mnist


def _card(outcomes: Sequence[Outcome]) -> bytes | None:
    """The first figure stands for the post."""
    bitmaps = [picture.bitmap for outcome in outcomes for picture in outcome.pictures]
    return next((card(bitmap) for bitmap in bitmaps if bitmap), None)


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
        cell_seconds=tuple(round(took, 2) for took in spread(script, done.cell_seconds, 0.0)),
    )
