"""The cells of a script → what each left behind, run in a fresh kernel of its own."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import Any

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from press.collect import ANSI, outcome_of
from press.errors import PressError
from press.kernel import Kernel, Place, Refused, started
from press.outcome import Outcome
from press.resume import Kept, Snapshot, room
from press.script import Cell, Script
from press.spare import Spare

TAKE = "__import__('press.snapshot').snapshot.take({})"
SETTLE = "__import__('press.snapshot').snapshot.settle()"
LAY = "__import__('press.snapshot').snapshot.lay(*{!r})"
NO_BITMAPS = "__import__('press.inside').inside.draw_no_bitmaps()"
PATIENCE = 5.0
"""Seconds that the writing of a snapshot may take when all else is done."""


@dataclass(frozen=True)
class Resumes:
    """The first cells need not run: what they gave is known, and the kernel is behind them."""

    cells: int
    seconds: float


@dataclass(frozen=True)
class FallsBack:
    """A snapshot could not be laid over the kernel; an earlier one is tried, or the start."""

    reason: str


@dataclass(frozen=True)
class CellStarts:
    number: int
    cell: Cell


@dataclass(frozen=True)
class CellPrints:
    text: str


@dataclass(frozen=True)
class CellEnds:
    seconds: float


@dataclass(frozen=True)
class ClaimFails:
    error: PressError


Event = Resumes | FallsBack | CellStarts | CellPrints | CellEnds | ClaimFails
Listener = Callable[[Event], None]


@dataclass(frozen=True)
class Run:
    outcomes: tuple[Outcome, ...]
    cell_seconds: tuple[float, ...]
    seconds: float
    saved: float
    """Seconds of work that an earlier run had done already."""


@dataclass(frozen=True)
class Conditions:
    """What a run depends on besides the script."""

    place: Place
    time_limit: float
    rehearsal: bool
    """On stand-in data a false claim is told, but does not end the run."""
    data: Callable[[], object] = lambda: None
    """Sees to the data that a kernel at this place will find."""
    kept: Kept | None = None
    """Where snapshots go."""
    resume: bool = False
    """Whether to go on from a snapshot of an earlier run."""
    spare: Spare | None = None
    """A kernel that may stand ready."""


@dataclass
class _Done:
    """How far a run has come."""

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    known: int = 0
    """How many cells the last snapshot holds."""
    takings: list[float] = field(default_factory=list)
    """How many seconds it took to make each snapshot, or to lay one."""
    saved: float = 0.0
    """Seconds of work of an earlier run that this one goes on from."""
    drawn: bool = False
    """Whether there is a figure, and so a bitmap for the card."""

    def room(self, work: float) -> int:
        return room(work, sum(self.seconds), self.takings, resumed=self.saved > 0)


async def run(script: Script, conditions: Conditions, listen: Listener) -> Run:
    started = time.perf_counter()
    kernel, done = await _begun(conditions, listen)
    try:
        await _draw_once(kernel, done)
        for number, cell in list(enumerate(script.cells))[len(done.outcomes) :]:
            listen(CellStarts(number, cell))
            begun = time.perf_counter()
            outputs = await _execute(kernel, cell, script, conditions, listen)
            done.seconds.append(time.perf_counter() - begun)
            listen(CellEnds(done.seconds[-1]))
            done.outcomes.append(outcome_of(outputs, _places(kernel)))
            await _draw_once(kernel, done)
            await _keep(kernel, conditions, done)
        await _settle(kernel, done)
    except PressError:
        await _settle(kernel, done)
        raise
    finally:
        await kernel.stop()
    seconds = time.perf_counter() - started
    return Run(tuple(done.outcomes), tuple(done.seconds), seconds, done.saved)


async def _begun(conditions: Conditions, listen: Listener) -> tuple[Kernel, _Done]:
    """A kernel behind as many cells as are known already, or at the start."""
    if conditions.kept and conditions.resume:
        for snapshot, outcomes in conditions.kept.usable():
            kernel = await _started(conditions)
            try:
                taking = await _lay(kernel, conditions.kept, snapshot)
            except (Refused, DeadKernelError) as refusal:
                listen(FallsBack(str(refusal)))
            except BaseException:
                await kernel.stop()
                raise
            else:
                saved = conditions.kept.saves(snapshot.seconds, snapshot.written)
                listen(Resumes(snapshot.cells, saved))
                seconds = [*snapshot.seconds]
                return kernel, _Done([*outcomes], seconds, snapshot.cells, [taking], saved)
            await kernel.stop()
    return await _started(conditions), _Done()


async def _started(conditions: Conditions) -> Kernel:
    if conditions.spare and (ready := await conditions.spare.take(conditions.place)):
        conditions.data()
        return ready
    return await started(conditions.place, conditions.time_limit, conditions.data)


async def _lay(kernel: Kernel, kept: Kept, snapshot: Snapshot) -> float:
    """Lay a snapshot over a new kernel; in how many seconds."""
    for cell in kept.again(snapshot):
        await kernel.ask("None", after=cell.source)
    begun = time.perf_counter()
    await kernel.ask(LAY.format((snapshot.state, snapshot.arrays, snapshot.cells)))
    return time.perf_counter() - begun


async def _keep(kernel: Kernel, conditions: Conditions, done: _Done) -> None:
    """Take a snapshot if it saves more than it takes."""
    kept, worked = conditions.kept, sum(done.seconds[done.known :])
    if not kept or not done.room(worked) or not kept.may_follow(done.seconds):
        return
    most = done.room(kept.saves(done.seconds, known=done.known))
    if not most:
        return
    begun = time.perf_counter()
    try:
        taken = json.loads(await kernel.ask(TAKE.format(most)))
    except (Refused, DeadKernelError):
        return
    if taken:
        with suppress(OSError):  # a full disk costs the snapshot, not the run
            kept.add(taken, done.outcomes, done.seconds)
            done.known = len(done.outcomes)
    done.takings.append(time.perf_counter() - begun)


async def _settle(kernel: Kernel, done: _Done) -> None:
    """Let the last snapshot be written; a kernel that is stuck in a cell is not waited for."""
    if done.takings:
        with suppress(Refused, DeadKernelError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await kernel.ask(SETTLE)


async def _draw_once(kernel: Kernel, done: _Done) -> None:
    """The card wants a bitmap of the first figure; the others are not drawn a second time."""
    if done.drawn or not any(p.bitmap for outcome in done.outcomes for p in outcome.pictures):
        return
    done.drawn = True
    await kernel.ask(NO_BITMAPS)


def _places(kernel: Kernel) -> dict[str, str]:
    """The folders of this machine that must not stand in a record."""
    blog = str(kernel.place.folder.parent)
    return {f"{blog}/": "", blog: ".", str(kernel.scratch): "scratch", str(Path.home()): "~"}


async def _execute(
    kernel: Kernel,
    cell: Cell,
    script: Script,
    conditions: Conditions,
    listen: Listener,
) -> list[Any]:
    try:
        outputs = await kernel.run_cell(cell, lambda text: listen(CellPrints(text)))
    except CellExecutionError as failure:
        error = _failed(failure, cell, script)
        if not (conditions.rehearsal and "claim" in cell.tags):
            raise error from failure
        listen(ClaimFails(error))
        return []
    except CellTimeoutError as failure:
        raise PressError(
            f"{script.path}:{cell.line}",
            f"cell {cell.label} ran longer than {conditions.time_limit:g} s",
            "mend it, or allow more with --time-limit SECONDS",
        ) from failure
    except DeadKernelError as failure:
        # nbclient gives this name to a cancelled run as well.
        task = asyncio.current_task()
        if task and task.cancelling():
            raise asyncio.CancelledError from failure
        raise PressError(
            f"{script.path}:{cell.line}",
            f"the kernel died in cell {cell.label} ({kernel.cause_of_death()})",
            "mend the cell, or give it less to hold in memory",
        ) from failure
    if kernel.was_asked_to_exit:
        raise PressError(f"{script.path}:{cell.line}", *_exit(cell))
    return outputs


def _failed(failure: CellExecutionError, cell: Cell, script: Script) -> PressError:
    place = f"{script.path}:{_failing_line(failure, cell)}"
    if failure.ename == "SystemExit":
        return PressError(place, *_exit(cell))
    reason = shorten(" ".join(ANSI.sub("", failure.evalue).split()), 300, placeholder=" …")
    if failure.ename == "AssertionError" and "claim" in cell.tags:
        line = cell.source.split("\n")[_failing_line(failure, cell) - cell.line].strip()
        said = f" ({reason})" if reason and reason not in line else ""
        return PressError(
            place,
            f"the claim does not hold: {line}{said}",
            "correct the claim, or what it is about",
        )
    told = f"{failure.ename}: {reason}" if reason else failure.ename
    return PressError(place, f"cell {cell.label} raised {told}", "mend the cell")


def _exit(cell: Cell) -> tuple[str, str]:
    return f"cell {cell.label} calls exit", "remove the call"


def _failing_line(failure: CellExecutionError, cell: Cell) -> int:
    """The author's line of the error: the last one that the traceback gives for this cell."""
    traceback = ANSI.sub("", failure.traceback)
    frames = re.findall(r"Cell In\[(\d+)\], line (\d+)", traceback)
    current = max((int(count) for count, _ in frames), default=0)
    lines = [int(line) for count, line in frames if int(count) == current]
    return cell.line + min(lines[-1] if lines else 1, cell.source.count("\n") + 1) - 1
