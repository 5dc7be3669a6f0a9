"""What a run gave, put together with what is known of the script and the machine."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace

from press import __version__
from press.blog import Blog
from press.files import from_yaml
from press.flow.mode import Mode
from press.kernel.protocol import Found
from press.machine.clock import now
from press.machine.processor import cpu, threads, traits
from press.machine.versions import name_of, versions_of
from press.record.card import card
from press.record.freshness import Reading
from press.record.make import Findings, spread
from press.record.record import Provenance, Record, Resumed, Source
from press.run.loop import Run
from press.run.outcome import NOTHING, Outcome
from press.script.inputs import data_of, imported, inputs_of, seed_of, written_since
from press.script.keys import keys_of
from press.script.seeds import own_seed
from press.voice.errors import PressError

PAPER = "#fdfcf9"
"""Of a card, where the blog names no colours."""


def gathered(
    blog: Blog, before: Reading, done: Run, old: Record | None, mode: Mode = Mode.BUILD
) -> Findings:
    outcomes = spread(before.script, done.outcomes, NOTHING)
    products = _products(blog, before, done.found, old)
    inputs = inputs_of(blog, before.script, products, before.inputs.packages, done.found.read)
    keys = keys_of(blog, before.script, inputs)
    _check_unwritten(blog, {**before.inputs.stamps, **done.found.read})
    return Findings(
        reading=replace(before, inputs=inputs, keys=keys),
        outcomes=outcomes,
        products=products,
        card=_card(blog, outcomes),
        ledger=old.ledger if old else (),
        provenance=_provenance(before, done, mode),
        seconds=done.seconds,
    )


def _card(blog: Blog, outcomes: Sequence[Outcome]) -> bytes | None:
    """The first figure stands for the post, on the paper of its page."""
    bitmaps = [figure.bitmap for outcome in outcomes for figure in outcome.figures]
    colours = from_yaml(blog.text(blog.colours)) if blog.colours.is_file() else {}
    paper, *_ = colours.get("paper", [PAPER])
    return next((card(bitmap, paper) for bitmap in bitmaps if bitmap), None)


def _check_unwritten(blog: Blog, stamps: Mapping[str, str]) -> None:
    """What a run has read is not known, if it was written meanwhile."""
    for path in written_since(blog.root, stamps):
        problem = "was written while the script ran, so that nobody knows what it read"
        remedy = "run ./press build again; if the script itself writes it, remove it before"
        if not (blog.root / path).exists():
            problem = "is gone since the script has read it"
            remedy = "put it back, and have the script leave what it reads"
        raise PressError(f"{path}:1", problem, remedy)


def _products(blog: Blog, before: Reading, found: Found, old: Record | None) -> set[str]:
    """The files that the run has made: heard to be written, or named, and not there before.

    What it read in `code/` and has not met there was there when its first cell began.
    """
    after = inputs_of(blog, before.script)
    earlier = old.products if old else set()
    there = before.inputs.files.keys() | {path for path in found.read if path.startswith("code/")}
    made = {path for path in after.files if path in earlier or path not in there}
    heard = {path for path in found.written if (blog.root / path).is_file()}
    made |= earlier & found.read.keys()  # what a run keeps for the next one
    return made | (heard - before.inputs.digests().keys() - after.modules.keys())


def _provenance(reading: Reading, done: Run, mode: Mode) -> Provenance:
    script = reading.script
    stand_in, own = mode is Mode.REHEARSAL, own_seed(script)
    return Provenance(
        date=now(),
        press=__version__,
        python=platform.python_version(),
        packages=versions_of(imported(script), map(name_of, reading.inputs.packages)),
        system=f"{platform.system()} {platform.machine()}",
        cpu=cpu(),
        cores=os.cpu_count() or 1,
        threads=threads(),
        seed=seed_of(script) if own is None else own,
        data=tuple(
            Source(data.title, "stand-in" if stand_in else data.digest, data.credit)
            for data in data_of(script)
        ),
        seconds=round(done.seconds + done.saved, 1),
        cell_seconds=tuple(round(took, 2) for took in spread(script, done.cell_seconds, 0.0)),
        traits=traits(),
        rehearsal=stand_in,
        resumed=Resumed(done.known, done.kept) if done.known else None,
    )
