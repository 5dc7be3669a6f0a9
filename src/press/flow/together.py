"""Posts brought to their records by this machine, several side by side."""

from typing import TYPE_CHECKING

from press.blog import Blog
from press.flow.packages import ready
from press.flow.plan import Plan
from press.flow.posts import Work
from press.voice.errors import noted

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

    async def one(work: Work) -> None:
        with noted(plan.errors, f"{work.post.path}:1"):
            plan.records[work.slug] = await follow(blog, work, order.mode, means)

    with Board() as board:
        means = Means(board, order.time_limit, warm)
        await side_by_side(one, works, order.jobs)
    tidy(blog)
