"""Posts brought to their records by this machine, several side by side."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from press.blog import Blog
from press.flow.beside import Disturbed
from press.flow.packages import ready
from press.flow.plan import Plan
from press.flow.posts import Work
from press.record.freshness import CHANGED, judge
from press.voice.errors import noted
from press.voice.terminal import say

if TYPE_CHECKING:
    from press.run.warm import Warm


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

    async def one(work: Work) -> None:
        with noted(plan.errors, f"{work.post.path}:1"):
            try:
                plan.records[work.slug] = await follow(blog, work, order.mode, means)
            except Disturbed as reason:
                for path, other in reason.writers.items():
                    say(f"{work.slug}: {other} wrote {path} at the same time; it runs again, alone")
                disturbed.append(replace(work, made=work.made | reason.written))

    with Board() as board:
        means = Means(board, order.time_limit, warm)
        await side_by_side(one, works, order.jobs)
        for work in disturbed:
            await one(work)
        for _ in plan.works:  # each of which may change what the next one reads
            outrun = [*_outrun(blog, plan, means.beside.written)]
            for work in outrun:
                await one(work)
            if not outrun:
                break
    tidy(blog)


def _outrun(blog: Blog, plan: Plan, written: Collection[str]) -> Iterator[Work]:
    """The posts that were current until another one wrote what they read."""
    for work in plan.works if written else ():
        if record := plan.records.get(work.slug):
            state = judge(blog, work.script, record, work.post.packages)
            if state.kind == CHANGED:
                say(f"{work.slug}: another post's run has changed what it read ({state.reason})")
                del plan.records[work.slug]
                yield replace(work, record=record)
