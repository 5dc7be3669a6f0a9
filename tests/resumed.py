"""Resume real posts and compare with a whole run: `python -m tests.resumed [--sample] [SLUG...]`.

A statement without effect is put into a cell, and going on before it must give what the whole run
gave. As it is, this is done behind every snapshot that lies in .press, and compared with the post's
record: it takes about half a run for every snapshot. With `--sample` it is done for every cell, on
the first stand-in digits, with a snapshot behind each that can have one.
"""

import asyncio
import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from press.blog import Blog
from press.datasets.mnist import MNIST
from press.flow.mode import Mode
from press.flow.posts import Work, gather
from press.flow.running import STAND_IN, conditions_of
from press.kernel.sealed import Vault, secret
from press.record.earlier import outcomes_of
from press.record.freshness import read
from press.run import snapshots as resume
from press.run.keeping import Keeper
from press.run.loop import Begin, Conditions, from_nothing, run
from press.run.outcome import Outcome
from press.run.progress import Board
from press.run.snapshots import Kept, kept
from press.script.cells import Script
from press.script.keys import code_of

from .conftest import ROOT


def main(words: list[str]) -> int:
    blog = Blog(ROOT)
    slugs = [word for word in words if word != "--sample"]
    holds = on_sample if "--sample" in words else on_record
    wrong = [work for work in gather(blog, slugs).works if not asyncio.run(holds(blog, work))]
    return 1 if wrong else 0


async def on_record(blog: Blog, work: Work) -> bool:
    """From every snapshot there is: what the record says."""
    assert work.record, f"{work.slug} has no results"
    reading = read(blog, work.script, work.record)
    script = only_code(reading.script)
    cells = zip(reading.script.cells, outcomes_of(blog, work.record), strict=True)
    published = [outcome for cell, outcome in cells if code_of(cell.source)]
    snapshots = kept(blog, script, reading.inputs)
    assert snapshots, "this user has no secret"
    conditions = conditions_of(blog, script, Mode.BUILD, snapshots)
    good = True
    for start in sorted(snapshot.cells for snapshot, _ in snapshots.usable()):
        if start < len(script.cells):
            edited = with_pass(script, start)
            again = kept(blog, edited, reading.inputs)
            good &= await same(work.slug, edited, start, conditions, again, published)
    return good


async def on_sample(blog: Blog, work: Work) -> bool:
    """From every cell: what a run of the whole gives on the stand-in data."""
    known = secret()
    assert known, "this user has no secret"
    resume.AT_FIRST = resume.BEHIND = resume.Thrift(least=0.0, times=1e-9, share=1e9)
    script = only_code(read(blog, work.script, work.record).script)
    with tempfile.TemporaryDirectory(prefix="press-") as folder:
        vault = Vault(Path(folder, "parts"), known)
        snapshots = Kept(Path(folder), vault, script, [], blog.root)
        few_digits(blog)
        conditions = conditions_of(blog, script, Mode.REHEARSAL, snapshots)
        conditions = dataclasses.replace(conditions, data=lambda: None)
        whole = await outcomes(work.slug, script, conditions, Keeper(snapshots))
        good = True
        assert vault.folder.is_dir(), "no cell has a snapshot behind it"
        parts = {part.name for part in vault.folder.iterdir()}
        for start in reversed(range(1, len(script.cells))):  # the quickest first
            edited = with_pass(script, start)
            again = Kept(Path(folder), vault, edited, [], blog.root)
            good &= await same(work.slug, edited, start, conditions, again, whole)
            vault.keep_only(parts)
    return good


def few_digits(blog: Blog) -> None:
    """The stand-in data, cut short: each cell is followed by all the training behind it."""
    (path,) = MNIST.stand_in(blog.local / STAND_IN).values()
    with np.load(path) as arrays:
        parts = {name: array[:400] for name, array in arrays.items()}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **parts)


async def same(
    slug: str,
    script: Script,
    start: int,
    conditions: Conditions,
    again: Kept | None,
    expected: Sequence[Outcome],
) -> bool:
    assert again
    behind = max((snapshot.cells for snapshot, _ in again.usable()), default=0)
    if not behind:
        print(f"{slug}: cell {start + 1} edited, nothing known: a whole run", flush=True)
        return True
    keeper = Keeper(again)
    found = await outcomes(slug, script, conditions, keeper, keeper.begin)
    equal = list(found) == [shown(outcome) for outcome in expected]
    told = "the same" if equal else "OTHER"
    print(f"{slug}: cell {start + 1} edited, {behind} known: {told}", flush=True)
    return equal


async def outcomes(
    slug: str, script: Script, conditions: Conditions, keeper: Keeper, begin: Begin = from_nothing
) -> list[Outcome]:
    with Board() as board, board.listener(slug, len(script.cells), []) as listen:
        done = await run(script, conditions, (listen, keeper), begin)
    for reason, cells in keeper.refusals.items():
        print(f"{slug}: no snapshot from cell {cells} on: {reason}", flush=True)
    return [shown(outcome) for outcome in done.outcomes]


def only_code(script: Script) -> Script:
    cells = tuple(cell for cell in script.cells if code_of(cell.source))
    return dataclasses.replace(script, cells=cells)


def with_pass(script: Script, number: int) -> Script:
    cell = script.cells[number]
    edited = dataclasses.replace(cell, source=f"pass\n{cell.source}")
    cells = (*script.cells[:number], edited, *script.cells[number + 1 :])
    return dataclasses.replace(script, cells=cells)


def shown(outcome: Outcome) -> Outcome:
    """Without the bitmaps, which no record holds."""
    figures = tuple(dataclasses.replace(figure, bitmap=None) for figure in outcome.figures)
    return dataclasses.replace(outcome, figures=figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
