"""Several posts side by side: how many, and none of them left behind."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from press.machine.processor import threads

Item = TypeVar("Item")


def usual_jobs() -> int:
    """As many runs as the machine has cores for; what one run gets never depends on it."""
    return max(1, (os.cpu_count() or 1) // threads())


async def side_by_side(
    work: Callable[[Item], Awaitable[None]], items: Iterable[Item], jobs: int | None
) -> None:
    """Work on all items, so many at a time; whatever stops us ends all that has begun."""
    free = asyncio.Semaphore(jobs or usual_jobs())

    async def one(item: Item) -> None:
        async with free:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(one(item))
    except BaseExceptionGroup as failures:
        # The first has ended the others: it is what went wrong.
        raise failures.exceptions[0] from failures
