"""The caller's side: jobs go out to workers that fit, and what comes back is checked and taken."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from press.blog import Blog
from press.flow.offers import offers, take
from press.flow.posts import Work
from press.record.record import Record
from press.record.storage import read_record
from press.voice.errors import PressError
from press.voice.terminal import say
from press.workers.cluster import connected
from press.workers.job import Done, Job, done_in
from press.workers.luggage import Luggage
from press.workers.task import (
    OTHER_PRESS,
    TOPIC,
    difference,
    do,
    machine_named,
    making_of,
    own_digest,
    packages_of,
)

if TYPE_CHECKING:
    from distributed import Client

LOOK = 1.0
"""Seconds between two looks at whether anybody is still there."""
UNTOUCHED = 60.0
"""Seconds without a worker after which nobody is expected to come."""


@dataclass(frozen=True)
class Crew:
    """Workers that have this press and its packages."""

    client: "Client"
    addresses: tuple[str, ...]
    machines: Mapping[str, str]
    """By address, which machine it is."""
    say_what_they_are: bool
    press: str
    packages: Mapping[str, str]
    luggage: Luggage

    async def do(self, work: Work, words: Sequence[str], machine: str = "") -> Done:
        """One command on a copy of one post, by whichever worker is free; with all of the copy."""
        job = Job(tuple(words), self.luggage.of(work), self.press, self.packages)
        future = self.client.submit(do, job.packed(), pure=False, **self._fit(machine))
        try:
            done = done_in(await self._result(future))
            return replace(done, files={**job.files, **done.files})
        except ValueError as error:
            raise PressError(f"{work.post.path}:1", str(error), "run ./press again") from error
        except Exception as error:
            raise self._lost(work, error) from error
        finally:
            if not future.done():
                await self.client.cancel([future], force=True)

    def _fit(self, machine: str) -> dict[str, Any]:
        """Which workers may do it. Those that press started say so themselves, and so do those
        that take the place of lost ones; of others only what they said at the start is known.
        """
        if self.say_what_they_are:
            asked = {making_of(self.packages): 1}
            return {"resources": asked | ({machine_named(machine): 1} if machine else {})}
        return {"workers": [a for a in self.addresses if machine in ("", self.machines[a])]}

    async def _result(self, future: Any) -> bytes:
        waiting: asyncio.Future[bytes] = asyncio.ensure_future(future.result())
        alone = 0.0
        try:
            while not (await asyncio.wait({waiting}, timeout=LOOK))[0]:
                alone = 0.0 if await self._has_workers() else alone + LOOK
                if alone > UNTOUCHED:
                    raise ConnectionError("with the last worker")
            return waiting.result()
        finally:
            waiting.cancel()
            # Whatever else it has to say is not told a second time.
            await asyncio.gather(waiting, return_exceptions=True)

    async def _has_workers(self) -> bool:
        with suppress(OSError):
            if self.client.status in ("running", "connecting"):
                return bool(await self.client.nthreads())
        raise ConnectionError("with the scheduler")

    def _lost(self, work: Work, error: Exception) -> PressError:
        place = f"{work.post.path}:1"
        match type(error).__name__:
            case "KilledWorker":
                problem = "ended two workers that ran it, and is given up"
                return PressError(place, problem, "run it here, and look at its use of memory")
            case "ConnectionError":
                return PressError(place, f"was lost {error}", "start that again, and then ./press")
            case "CancelledError" | "FutureCancelledError" | "CommClosedError":
                problem = "was lost with the scheduler"
                return PressError(place, problem, "start that again, and then ./press")
        problem = f"was not run by any worker ({type(error).__name__}: {error})"
        return PressError(place, problem, "run ./press again")


@asynccontextmanager
async def crew(blog: Blog, where: str) -> AsyncIterator[Crew]:
    """Those workers that are what we are; of others, say why they are left out."""
    ask = Job((), {}, own_digest(), packages_of(blog.root))
    async with connected(blog, where) as client:
        await _somebody(client, where)
        found = await client.run(_introduced, ask.packed(), on_error="return")
        good: dict[str, str] = {}
        for address, answer in found.items():
            machine, other = answer if isinstance(answer, tuple) else ("", OTHER_PRESS)
            if other:
                say(f"{address}: is left out: {other}")
            else:
                good[address] = machine
        if not good:
            raise PressError(where, "has no worker that is as this press is", "see above")
        client.subscribe_topic(TOPIC, _tell)
        making = making_of(ask.packages)
        says = (await client.scheduler.identity())["workers"]
        known = all(making in says.get(address, {}).get("resources", ()) for address in good)
        yield Crew(client, tuple(good), good, known, ask.press, ask.packages, Luggage(blog))


def _tell(event: Any) -> None:
    """A line of progress; what is an error is told when the job is done."""
    line = str(event[1])
    if line.startswith("  "):
        say(line)


async def _somebody(client: "Client", where: str) -> None:
    try:
        await asyncio.wait_for(client.wait_for_workers(1), UNTOUCHED)
    except TimeoutError as error:
        remedy = f"start one: ./press worker {where}"
        raise PressError(where, "has no workers", remedy) from error


def _introduced(data: bytes) -> tuple[str, str]:
    """Of a worker, which machine it is, and in what it differs from the caller."""
    from press.machine.identity import machine_id
    from press.workers.job import job_in

    return machine_id(), difference(job_in(data))


class Relayed(PressError):
    """Errors as another press told them, word for word."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(place, text, "")
        self.args = (text,)


async def built(team: Crew, blog: Blog, work: Work, words: Sequence[str]) -> Record:
    """The record that a worker made of a post, taken over with its files."""
    done = await team.do(work, ["build", *words, "--shard", "1/1", work.slug])
    check(done, work)
    with tempfile.TemporaryDirectory(prefix="press-") as folder:
        there = unpacked(done, Path(folder))
        for offer in offers(blog, there, work, done.worker):
            take(blog, offer)
        record = read_record(blog, work.slug)
    if record is None:
        raise PressError(f"{work.post.path}:1", "came back without a record", "run ./press again")
    return record


def check(done: Done, work: Work) -> None:
    """Raise what its press told, if it did not end well."""
    if done.code is None:
        place = f"{work.post.path}:1"
        raise PressError(place, f"was refused by {done.worker}: {done.said}", "run ./press again")
    if done.code:
        own = re.compile(rf"  |{re.escape(work.slug)}(, seed \d+)?: |shard ")
        lines = [line for line in done.said.splitlines() if not own.match(line)]
        raise Relayed(f"{work.post.path}:1", "\n".join(lines) or done.said)


def unpacked(done: Done, folder: Path) -> Blog:
    """What came back, as a blog of its own to take records from."""
    for name, content in done.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise PressError(name, "came back from a worker and lies outside", "do not trust it")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Blog(folder)
