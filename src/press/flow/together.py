"""Posts brought to their records by this machine, several side by side."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from press.blog import Blog
from press.flow.beside import Beside, Disturbed
from press.flow.packages import ready
from press.flow.plan import Plan
from press.flow.posts import Work
from press.record.freshness import CHANGED, judge
from press.voice.errors import PressError, noted
from press.voice.terminal import say

if TYPE_CHECKING:
    from press.run.warm import Warm

Failed = tuple[Work, PressError]
Run = Callable[[Work], Awaitable[None]]


async def follow_waiting(blog: Blog, plan: Plan, warm: "Warm | None" = None) -> None:
    """Bring each post to its record; an error leaves that post and its results as they were."""
    from press.run.place import begin_loading

    order = plan.order
    works = ready(blog, plan.waiting, plan.errors)
    if works:
        begin_loading(blog.code, blog.local, order.mode.keeps)
    from press.flow.running import Means
    from press.flow.way import follow
    from press.run.pool import side_by_side
    from press.run.progress import Board
    from press.run.snapshots import tidy

    disturbed: list[Work] = []
    failed: list[Failed] = []

    async def one(work: Work) -> None:
        with noted(plan.errors, f"{work.post.path}:1"):
            try:
                plan.records[work.slug] = await follow(blog, work, order.mode, means)
            except Disturbed as reason:
                for path, other in reason.writers.items():
                    say(f"{work.slug}: {other} wrote {path} at the same time; it runs again, alone")
                disturbed.append(replace(work, made=work.made | reason.written))
            except PressError as error:
                failed.append((work, error))

    with Board() as board:
        means = Means(board, order.time_limit, warm)
        await side_by_side(one, works, order.jobs)
        for work in disturbed:
            await one(work)
        await _once_more(failed, means.beside, one)
        await _outrun(blog, plan, means.beside, one)
    plan.errors += [error for _, error in failed]
    tidy(blog)


async def _once_more(failed: list[Failed], beside: Beside, one: Run) -> None:
    """What others have written since may be what a run has missed, or has met half written."""
    before = 0
    while len(failed) != before:
        before, again = len(failed), [*failed]
        failed.clear()
        for work, error in again:
            if paths := beside.written_by_others(work.slug):
                say(f"{work.slug}: failed, and others wrote {paths[0]}; it runs again, alone")
                await one(replace(work, made=work.made | beside.written[work.slug]))
            else:
                failed.append((work, error))


async def _outrun(blog: Blog, plan: Plan, beside: Beside, one: Run) -> None:
    """Run what was current until another post wrote what it reads, until nothing moves."""
    for _ in plan.works if any(beside.written.values()) else ():
        outrun = [*_changed(blog, plan)]
        for work in outrun:
            await one(work)
        if not outrun:
            break


def _changed(blog: Blog, plan: Plan) -> Iterator[Work]:
    for work in plan.works:
        if record := plan.records.get(work.slug):
            state = judge(blog, work.script, record, work.post.packages)
            if state.kind == CHANGED:
                say(f"{work.slug}: another post's run has changed what it read ({state.reason})")
                del plan.records[work.slug]
                yield replace(work, record=record)
