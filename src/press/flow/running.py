"""One script run, from the start or from a snapshot, under the conditions of its blog."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from press.blog import Blog
from press.datasets.dataset import DataSet
from press.datasets.known import KNOWN
from press.flow.beside import Beside, Disturbed, Span
from press.flow.mode import TIME_LIMIT, Mode
from press.flow.posts import Work
from press.kernel.protocol import DATASETS, KEPT, Found
from press.record.freshness import Reading, read
from press.record.make import coded
from press.run.bitmap import OneBitmap
from press.run.events import Listener
from press.run.keeping import Keeper
from press.run.loop import Conditions, Run, from_nothing, run
from press.run.place import Place
from press.run.progress import Board
from press.run.snapshots import Kept, kept
from press.run.warm import Warm
from press.script.cells import Script
from press.script.inputs import data_of, imported, inputs_of, written_since
from press.voice.errors import PressError
from press.voice.terminal import say

STAND_IN = "stand-in"


@dataclass(frozen=True)
class Means:
    """What runs are given, and where they tell how they go."""

    board: Board
    time_limit: float = TIME_LIMIT
    warm: Warm | None = None
    beside: Beside = field(default_factory=Beside)


async def run_script(blog: Blog, work: Work, reading: Reading, mode: Mode, means: Means) -> Run:
    """Run the cells that hold code; Disturbed, if what they read was written by other runs."""
    old, script = work.record, reading.script
    script = replace(script, cells=tuple(coded(script.cells, script.cells)))
    snapshots = kept(blog, script, reading.inputs) if mode.keeps else None
    conditions = conditions_of(blog, script, mode, snapshots, means.time_limit)
    conditions = replace(conditions, warm=means.warm)
    expected = coded(old.cells, old.provenance.cell_seconds) if old else []
    keeper = Keeper(snapshots) if snapshots else None
    begin = keeper.begin if keeper and mode.resumes else from_nothing
    with (
        means.board.listener(work.slug, len(script.cells), expected) as progress,
        means.beside.span(work.slug) as span,
    ):
        listeners: tuple[Listener, ...] = (progress, OneBitmap(), *([keeper] if keeper else []))
        try:
            done = await run(script, conditions, listeners, begin)
        finally:
            if keeper and keeper.found:
                span.written = frozenset(keeper.found.written)
            for reason, cells in keeper.refusals.items() if keeper else ():
                label = script.cells[cells - 1].label
                say(f"{work.slug}: no snapshot from cell {label} on ({reason})")
    if keeper is None or snapshots is None:
        return done
    done = replace(done, found=_found(blog, script, keeper))
    if writers := await span.writers(_unsure(blog, work, reading, done.found, span)):
        snapshots.forget()
        raise Disturbed(writers, done.found.written)
    return done


def _unsure(blog: Blog, work: Work, reading: Reading, found: Found, span: Span) -> set[str]:
    """The files whose bytes a run may have read before or after somebody else has written them."""
    if not span.beside:
        return set()
    before = reading.inputs.stamps
    earlier = work.record.products if work.record else set()
    after = inputs_of(blog, reading.script, earlier).digests()
    new = after.keys() - before.keys() - {*found.written}
    return {*written_since(blog.root, {**before, **found.read}), *found.met, *new}


def _found(blog: Blog, script: Script, keeper: Keeper) -> Found:
    if keeper.found is None:
        problem = "its kernel did not say which files it has read"
        raise PressError(f"{script.path}:1", problem, "run ./press build again")
    # A kernel knows the folder that a link leads to, and not the blog with the link.
    return Found() if blog.code.is_symlink() else keeper.found


def conditions_of(
    blog: Blog, script: Script, mode: Mode, snapshots: Kept | None, time_limit: float = TIME_LIMIT
) -> Conditions:
    """Where a script runs, with which data."""
    stand_in = mode is Mode.REHEARSAL
    used = data_of(script)
    settings = {DATASETS: json.dumps(_files(blog, used, stand_in))}
    settings |= {KEPT: str(snapshots.parts)} if snapshots else {}
    return Conditions(
        place=Place(blog.code, blog.local, settings),
        time_limit=time_limit,
        data=_provider(blog, used, stand_in),
        tolerant=stand_in,
    )


def _files(blog: Blog, used: list[DataSet], stand_in: bool) -> dict[str, dict[str, str]]:
    """Of every data set that is known, its files; none of one that the script does not name."""
    chosen = {
        data.name: data.stand_in_files(blog.local / STAND_IN) if stand_in else data.files()
        for data in used
    }
    return {
        name: {file: str(path) for file, path in chosen.get(name, {}).items()} for name in KNOWN
    }


def _provider(blog: Blog, used: list[DataSet], stand_in: bool) -> Callable[[], None]:
    """What sees to it that the place holds the data it names, and that they are the right ones."""

    def provide() -> None:
        for data in used:
            if stand_in:
                data.stand_in(blog.local / STAND_IN)
            else:
                data.ready()

    return provide


async def make_ready(blog: Blog, work: Work, warm: Warm) -> None:
    """Have a kernel stand ready for a run of this script."""
    reading = read(blog, work.script, work.record, work.post.packages)
    snapshots = kept(blog, reading.script, reading.inputs)
    own = {Path(path).stem for path in reading.inputs.modules}
    place = conditions_of(blog, reading.script, Mode.BUILD, snapshots).place
    await warm.prepare(place, imported(reading.script) - own)
