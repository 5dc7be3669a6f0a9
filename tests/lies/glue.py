"""All that the search knows of how press keeps and resumes: what is taken, laid, and refused."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from press.flow.mode import TIME_LIMIT
from press.kernel.sealed import Vault, secret
from press.run import keeping, snapshots
from press.run.events import CellEnds, Event, FallsBack, RunEnds, RunStarts, tell
from press.run.keeping import Keeper
from press.run.loop import Conditions
from press.run.outcome import Outcome
from press.run.outputs import outcome_of
from press.run.place import Place
from press.run.replay import assigns_within, goes_back, needed
from press.run.snapshots import Kept
from press.script.cells import Cell, Script

from .kernels import Fails, Kernel, Zygote

ADDRESS = re.compile("0x[0-9a-f]{6,}")
SLOW = 1000.0
"""Seconds that a cell with a snapshot behind it is said to have taken."""


@dataclass(frozen=True)
class Step:
    """A cell of a program, and the seconds that it is said to take."""

    source: str
    seconds: float = 0.01


@dataclass(frozen=True)
class Ran:
    """What each cell showed from `begin` on, the last perhaps an error; and what press said."""

    begin: int
    shown: tuple[Outcome | str, ...]
    words: tuple[str, ...] = ()


@contextmanager
def at_any_cost() -> Iterator[None]:
    """A snapshot behind each slow cell, whatever it costs."""
    thrift = snapshots.Thrift(SLOW / 2, 1e-9, 1e9)
    with patch.multiple(snapshots, AT_FIRST=thrift, BEHIND=thrift):
        yield


async def run_whole(steps: Sequence[Step], zygote: Zygote, *, again: bool = False) -> Ran:
    """Without a snapshot, as `--refresh` and `verify` do it."""
    if not again:
        zygote.clean()
    start = RunStarts(_as_session(zygote.fork()))
    return await _follow(steps, start, ())


async def run_and_keep(steps: Sequence[Step], zygote: Zygote) -> Ran:
    """From nothing, with a snapshot behind each slow cell that can have one."""
    zygote.clean()
    zygote.forget()
    kept = _kept(steps, zygote)
    start = RunStarts(_as_session(zygote.fork()))
    keeper = Keeper(kept)
    ran = await _follow(steps, start, (keeper,))
    return replace(ran, words=(*keeper.refusals, *_why_not(kept, steps))[:1])


async def resume(steps: Sequence[Step], zygote: Zygote) -> Ran:
    """From the furthest snapshot that press goes on from, or from nothing."""
    words: list[str] = []

    def hear(event: Event) -> None:
        if isinstance(event, FallsBack):
            words.append(f"not laid: {event.reason}")

    async def new_session(_: object) -> Any:
        return zygote.fork()

    keeper = Keeper(_kept(steps, zygote))
    listeners = (hear, keeper)
    conditions = Conditions(Place(zygote.folder, zygote.local, {}), TIME_LIMIT)
    with patch.object(keeping, "new_session", new_session):
        start = await keeper.begin(conditions, listeners)
    return replace(await _follow(steps, start, listeners), words=tuple(words))


async def _follow(steps: Sequence[Step], start: RunStarts, listeners: Any) -> Ran:
    """As `loop.run` does it, but that an error is shown like anything else."""
    shown: list[Outcome | str] = []
    kernel: Any = start.session
    places = {str(kernel.place.folder): "code", str(kernel.scratch): "scratch"}
    try:
        await tell(listeners, start)
        for step in steps[len(start.outcomes) :]:
            try:
                found = outcome_of(await kernel.run(step.source), places)
            except Fails as failure:
                shown.append(ADDRESS.sub("0x…", str(failure)))
                break
            shown.append(found)
            await tell(listeners, CellEnds(step.seconds, found))
        await tell(listeners, RunEnds())
    finally:
        await kernel.stop()
    return Ran(len(start.outcomes), tuple(shown))


def _kept(steps: Sequence[Step], zygote: Zygote) -> Kept:
    known = secret()
    assert known, "this user has no secret"
    cells = tuple(Cell(None, (), step.source, 1) for step in steps)
    vault = Vault(zygote.kept / "parts", known)
    return Kept(zygote.kept, vault, Script("code/program.py", "", cells), [], zygote.folder.parent)


def _why_not(kept: Kept, steps: Sequence[Step]) -> tuple[str, ...]:
    """In words, if nothing of what was kept may be gone on from."""
    if any(True for _ in kept.usable()):
        return ()
    slow = max(number for number, step in enumerate(steps, 1) if step.seconds >= SLOW)
    before, after = kept._cells[:slow], kept._cells[slow:]
    if kept._never:
        return (kept._never,)
    snapshot = kept._read(kept._names[slow])
    if snapshot:
        if goes_back(before, after):
            return ("a later cell goes back to what no snapshot holds",)
        if snapshot.traced and assigns_within(before, after):
            return ("a later cell assigns an attribute, which a graph does not know of",)
        names = needed(before, after)
        lacks = set(snapshot.missing) & (names if names is not None else set(snapshot.missing))
        return (f"cannot be kept: {', '.join(sorted(lacks))}",)
    return ("not taken",)


def _as_session(kernel: Kernel) -> Any:
    """Press asks for its own kind, of which it uses no more than this one has."""
    return kernel
