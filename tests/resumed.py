"""Resume at every snapshot of real posts and compare: `python -m tests.resumed [SLUG...]`.

A statement without effect is put into the first cell behind the snapshot, and the rest of the
script must give what the post's record holds. It takes about half a run for every snapshot.
"""

import asyncio
import dataclasses
import sys

from press import dataset
from press.blog import Blog
from press.build import TIME_LIMIT
from press.key import code_of
from press.outcome import Outcome
from press.progress import Board
from press.rerun import data_of, place_of
from press.results import outcomes_of
from press.resume import kept
from press.run import Conditions, run
from press.script import Script
from press.state import read
from press.work import Work, gather

from .conftest import ROOT


def main(slugs: list[str]) -> int:
    blog = Blog(ROOT)
    wrong = [work for work in gather(blog, slugs).works if not asyncio.run(holds(blog, work))]
    return 1 if wrong else 0


async def holds(blog: Blog, work: Work) -> bool:
    assert work.record, f"{work.slug} has no results"
    reading = read(blog, work.script, work.record)
    cells = reading.script.cells
    published = [
        outcome
        for cell, outcome in zip(cells, outcomes_of(blog, work.record), strict=True)
        if code_of(cell.source)
    ]
    script = dataclasses.replace(
        reading.script, cells=tuple(cell for cell in cells if code_of(cell.source))
    )
    snapshots = kept(blog, script, reading.inputs, dataset.DIGEST)
    assert snapshots, "this user has no secret"
    data_of(blog, script, rehearsal=False)()
    good = True
    for start in sorted(snapshot.cells for snapshot, _ in snapshots.usable()):
        if start == len(script.cells):
            continue
        edited = with_pass(script, start)
        place = place_of(blog, script, snapshots, rehearsal=False)
        again = kept(blog, edited, reading.inputs, dataset.DIGEST)
        conditions = Conditions(place, TIME_LIMIT, False, kept=again, resume=True)
        with Board() as board, board.listener(work.slug, len(script.cells), []) as listen:
            done = await run(edited, conditions, listen)
        same = [shown(outcome) for outcome in done.outcomes] == published
        print(f"{work.slug}: from cell {start + 1}: {'the same' if same else 'OTHER'}", flush=True)
        good = good and same
    return good


def with_pass(script: Script, number: int) -> Script:
    cell = script.cells[number]
    edited = dataclasses.replace(cell, source=f"pass\n{cell.source}")
    cells = (*script.cells[:number], edited, *script.cells[number + 1 :])
    return dataclasses.replace(script, cells=cells)


def shown(outcome: Outcome) -> Outcome:
    """Without the bitmaps, which no record holds."""
    pictures = tuple(dataclasses.replace(picture, bitmap=None) for picture in outcome.pictures)
    return dataclasses.replace(outcome, pictures=pictures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
