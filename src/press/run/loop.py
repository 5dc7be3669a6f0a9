"""The cells of a script → what each left behind, run one after another in a kernel of their own."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from press.kernel.protocol import Found
from press.run.events import (
    CellEnds,
    CellPrints,
    CellStarts,
    ClaimFails,
    Listener,
    RunEnds,
    RunStarts,
    tell,
)
from press.run.failures import death, failed, left, took_too_long, unreadable
from press.run.outcome import Outcome
from press.run.outputs import outcome_of
from press.run.place import Place
from press.run.session import UNREADABLE, Session, started
from press.run.warm import Warm
from press.script.cells import Cell, Script
from press.voice.errors import PressError


@dataclass(frozen=True)
class Conditions:
    """What a run depends on besides the script."""

    place: Place
    time_limit: float
    data: Callable[[], object] = lambda: None
    """Sees to the data that a kernel at this place will find."""
    tolerant: bool = False
    """Whether a false claim is told, but does not end the run."""
    warm: Warm | None = None
    """A kernel that may stand ready."""


@dataclass(frozen=True)
class Run:
    outcomes: tuple[Outcome, ...]
    cell_seconds: tuple[float, ...]
    seconds: float
    saved: float
    """Seconds of work that an earlier run had done already."""
    known: int = 0
    """How many of the cells it had run."""
    kept: str = ""
    """When the snapshot of it was made."""
    found: Found = field(default_factory=Found)
    """What became of the blog's files."""


Begin = Callable[[Conditions, tuple[Listener, ...]], Awaitable[RunStarts]]


async def from_nothing(conditions: Conditions, _: tuple[Listener, ...]) -> RunStarts:
    return RunStarts(await new_session(conditions))


async def new_session(conditions: Conditions) -> Session:
    if conditions.warm and (ready := await conditions.warm.take(conditions.place)):
        try:
            conditions.data()
        except BaseException:
            await ready.stop()
            raise
        return ready
    return await started(conditions.place, conditions.time_limit, conditions.data)


async def run(
    script: Script,
    conditions: Conditions,
    listeners: tuple[Listener, ...] = (),
    begin: Begin = from_nothing,
) -> Run:
    begun = time.perf_counter()
    start = await begin(conditions, listeners)
    outcomes, seconds = [*start.outcomes], [*start.seconds]
    running = _Running(script, conditions, listeners, start.session)
    try:
        await tell(listeners, start)
        for number, cell in list(enumerate(script.cells))[len(outcomes) :]:
            ended = await running.through(number, cell)
            outcomes.append(ended.outcome)
            seconds.append(ended.seconds)
            await tell(listeners, ended)
        await tell(listeners, RunEnds())
    except PressError:
        if not start.session.is_stuck:
            await tell(listeners, RunEnds())
        raise
    finally:
        await start.session.stop()
    return Run(
        outcomes=tuple(outcomes),
        cell_seconds=tuple(seconds),
        seconds=time.perf_counter() - begun,
        saved=start.saved,
        known=len(start.outcomes),
        kept=start.kept,
    )


@dataclass(frozen=True)
class _Running:
    script: Script
    conditions: Conditions
    listeners: tuple[Listener, ...]
    session: Session

    async def through(self, number: int, cell: Cell) -> CellEnds:
        await tell(self.listeners, CellStarts(number, cell))
        begun = time.perf_counter()
        outputs = await self._execute(cell)
        seconds = time.perf_counter() - begun
        return CellEnds(seconds, outcome_of(outputs, _places(self.session)))

    async def _execute(self, cell: Cell) -> list[Any]:
        try:
            outputs = await self.session.run_cell(cell, self._hear)
        except CellExecutionError as failure:
            error = failed(failure, cell, self.script)
            if not (self.conditions.tolerant and "claim" in cell.tags):
                raise error from failure
            await tell(self.listeners, ClaimFails(error))
            return []
        except CellTimeoutError as failure:
            raise took_too_long(self.conditions.time_limit, cell, self.script) from failure
        except UNREADABLE as failure:
            raise unreadable(cell, self.script) from failure
        except DeadKernelError as failure:
            # nbclient gives this name to a cancelled run as well.
            task = asyncio.current_task()
            if task and task.cancelling():
                raise asyncio.CancelledError from failure
            raise death(self.session.cause_of_death(), cell, self.script) from failure
        if self.session.was_asked_to_exit:
            raise left(cell, self.script)
        return outputs

    def _hear(self, text: str) -> None:
        for listen in self.listeners:
            listen(CellPrints(text))


def _places(session: Session) -> dict[str, str]:
    """The folders of this machine that must not stand in a record."""
    blog = str(session.place.folder.parent)
    return {f"{blog}/": "", blog: ".", str(session.scratch): "scratch", str(Path.home()): "~"}
