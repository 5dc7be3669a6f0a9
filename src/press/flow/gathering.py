"""What a run gave, put together with what is known of the script and the machine."""

import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from press import __version__
from press.blog import Blog
from press.flow.mode import Mode
from press.machine.processor import cpu, threads, traits
from press.machine.versions import versions_of
from press.record.card import card
from press.record.freshness import Reading
from press.record.make import Findings, spread
from press.record.record import Provenance, Record, Source
from press.run.loop import Run
from press.run.outcome import NOTHING, Outcome
from press.script.cells import Script
from press.script.inputs import data_of, imported, inputs_of, seed_of
from press.script.keys import keys_of


def gathered(
    blog: Blog, before: Reading, done: Run, old: Record | None, mode: Mode = Mode.BUILD
) -> Findings:
    outcomes = spread(before.script, done.outcomes, NOTHING)
    products = _products(blog, before, old)
    inputs = inputs_of(blog, before.script, products)
    keys = keys_of(blog, before.script, inputs)
    return Findings(
        reading=replace(before, inputs=inputs, keys=keys),
        outcomes=outcomes,
        products=products,
        card=_card(outcomes),
        ledger=old.ledger if old else (),
        provenance=_provenance(before.script, done, mode),
        seconds=done.seconds,
    )


def _card(outcomes: Sequence[Outcome]) -> bytes | None:
    """The first figure stands for the post."""
    bitmaps = [figure.bitmap for outcome in outcomes for figure in outcome.figures]
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


def _provenance(script: Script, done: Run, mode: Mode) -> Provenance:
    stand_in = mode is Mode.REHEARSAL
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
        data=tuple(
            Source(data.title, "stand-in" if stand_in else data.digest, data.credit)
            for data in data_of(script)
        ),
        seconds=round(done.seconds + done.saved, 1),
        cell_seconds=tuple(round(took, 2) for took in spread(script, done.cell_seconds, 0.0)),
        traits=traits(),
        rehearsal=stand_in,
    )
