"""A kernel that stands ready with its libraries loaded, so that the next run need not wait."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from nbclient.exceptions import DeadKernelError

from press.run.place import Place
from press.run.session import NotStarted, Session, started


@dataclass
class Warm:
    time_limit: float
    _coming: asyncio.Task[Session | None] | None = None
    _place: Place | None = None

    async def prepare(self, place: Place, libraries: Iterable[str]) -> None:
        """Begin to start a kernel for this place, unless one is there or on its way."""
        if self._coming and self._place == place and _may_be_good(self._coming):
            return
        await self.stop()
        self._place = place
        self._coming = asyncio.create_task(_ready(place, self.time_limit, sorted(libraries)))

    async def take(self, place: Place) -> Session | None:
        """The kernel, if it is one for this place and alive."""
        if not self._coming or self._place != place or self._coming.cancelled():
            return None
        # No other run, which may ask while this one waits, is given the same.
        coming, self._coming = self._coming, None
        try:
            kernel = await asyncio.shield(coming)
        except asyncio.CancelledError:  # whoever is called off leaves it to the next
            self._coming = coming
            raise
        if kernel and not await kernel.lives():
            await kernel.stop()
            return None
        return kernel

    async def stop(self) -> None:
        coming, self._coming = self._coming, None
        if not coming:
            return
        coming.cancel()
        kernel = (await asyncio.gather(coming, return_exceptions=True))[0]
        if isinstance(kernel, Session):
            await kernel.stop()


def _may_be_good(coming: asyncio.Task[Session | None]) -> bool:
    return not coming.done() or (not coming.cancelled() and coming.result() is not None)


async def _ready(place: Place, time_limit: float, libraries: Iterable[str]) -> Session | None:
    """A kernel that has loaded the libraries; none if one of them had something to say."""
    try:
        kernel = await started(place, time_limit)
    except NotStarted:
        return None
    try:
        if await kernel.loads_quietly(libraries):
            return kernel
    except DeadKernelError:
        pass
    except BaseException:
        await kernel.stop()
        raise
    await kernel.stop()
    return None
