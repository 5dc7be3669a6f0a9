"""Takes snapshots while a script runs, and begins a run behind one that an earlier run has left."""

import asyncio
import itertools
import time
from collections.abc import Awaitable
from contextlib import suppress

from nbclient.exceptions import DeadKernelError

from press.kernel.protocol import Found, NotTaken, Taken, execute, found, lay, settle, take
from press.run.events import CellEnds, Event, FallsBack, Listener, RunEnds, RunStarts, tell
from press.run.loop import Conditions, new_session
from press.run.outcome import Outcome
from press.run.session import Refused, Session
from press.run.snapshots import Kept, Snapshot, room

TRIES = 2
"""How many snapshots are tried: each that cannot be laid costs a kernel."""
PATIENCE = 5.0
"""Seconds that the writing of a snapshot may take when all else is done."""


class Keeper:
    """Listens to a run, and keeps of it what is worth its while."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._session: Session | None = None
        self._outcomes: list[Outcome] = []
        self._seconds: list[float] = []
        self._known = 0
        """How many cells the last snapshot holds."""
        self._takings: list[float] = []
        """How many seconds it took to make each snapshot, or to lay one."""
        self._resumed = False
        self.found: Found | None = None
        """What became of the blog's files in the run, once that is through."""
        self.refusals: dict[str, int] = {}
        """What was in the way of a snapshot, and behind how many cells it was so first."""

    def __call__(self, event: Event) -> Awaitable[None] | None:
        match event:
            case RunStarts():
                self._session = event.session
                self._outcomes, self._seconds = [*event.outcomes], [*event.seconds]
                self._known, self._resumed = len(event.outcomes), event.saved > 0
            case CellEnds():
                self._outcomes.append(event.outcome)
                self._seconds.append(event.seconds)
                return self._keep()
            case RunEnds():
                return self._settle()
        return None

    async def begin(self, conditions: Conditions, listeners: tuple[Listener, ...]) -> RunStarts:
        """Behind the furthest snapshot that can be laid, or at the start."""
        for snapshot, outcomes in itertools.islice(self._kept.usable(), TRIES):
            session = await new_session(conditions)
            try:
                async with asyncio.timeout(conditions.time_limit):
                    await self._lay(session, snapshot)
            except (Refused, DeadKernelError) as refusal:
                await tell(listeners, FallsBack(str(refusal)))
            except TimeoutError:
                await tell(listeners, FallsBack("it took longer than a cell may"))
            except BaseException:
                await session.stop()
                raise
            else:
                saved = self._kept.saves(snapshot.seconds, snapshot.written)
                return RunStarts(session, outcomes, snapshot.seconds, saved, snapshot.date)
            await session.stop()
        return RunStarts(await new_session(conditions))

    async def _lay(self, session: Session, snapshot: Snapshot) -> None:
        for cell in self._kept.again(snapshot):
            await session.ask(execute(cell.source))
        begun = time.perf_counter()
        await session.ask(lay(snapshot, self._kept.sources(snapshot)))
        self._takings = [time.perf_counter() - begun]

    async def _found(self, session: Session) -> Found:
        try:
            return await session.ask(found())
        except Refused:  # by a script that has put something else in the place of `__import__`
            return Found()

    def _room(self, work: float) -> int:
        return room(work, sum(self._seconds), self._takings, resumed=self._resumed)

    async def _keep(self) -> None:
        """Take a snapshot if it saves more than it takes."""
        assert self._session
        kept, worked = self._kept, sum(self._seconds[self._known :])
        if not self._room(worked) or self._hindered():
            return
        most = self._room(kept.saves(self._seconds, known=self._known))
        if not most:
            return
        begun = time.perf_counter()
        try:
            taken = await self._session.ask(take(most))
        except (Refused, DeadKernelError):
            return
        if isinstance(taken, NotTaken):
            self.refusals.setdefault(taken.reason, len(self._outcomes))
        elif taken and not self._hindered(taken):
            with suppress(OSError):  # a full disk costs the snapshot, not the run
                kept.add(taken, self._outcomes, self._seconds)
                self._known = len(self._outcomes)
        self._takings.append(time.perf_counter() - begun)

    def _hindered(self, taken: Taken | None = None) -> bool:
        reason = self._kept.hindrance(self._seconds, taken)
        if reason:
            self.refusals.setdefault(reason, len(self._outcomes))
        return bool(reason)

    async def _settle(self) -> None:
        """Let the last snapshot be written."""
        if self._session:
            with suppress(Refused, DeadKernelError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    self.found = await self._found(self._session)
                    if self._takings:
                        await self._session.ask(settle())
