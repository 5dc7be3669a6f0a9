"""Run what changed, hold the posts to the results, make the site."""

import argparse
import shutil

from press.blog import Blog, locked
from press.commands.words import (
    add_baseurl,
    add_jobs,
    add_shard,
    add_slugs,
    add_time_limit,
    add_workers,
)
from press.flow.finish import finish
from press.flow.mode import Mode
from press.flow.packages import ready
from press.flow.plan import Order, Plan, plan_of
from press.flow.posts import Work, gather, sweep
from press.flow.together import follow_waiting
from press.site.jekyll import OUTPUT, Jekyll
from press.voice.errors import PressError, collected, noted
from press.voice.terminal import say


def words(parser: argparse.ArgumentParser) -> None:
    add_slugs(parser)
    modes = parser.add_mutually_exclusive_group()
    for option, mode, about in (
        ("--whole", Mode.WHOLE, "use no snapshot, and run again posts that were made with one"),
        ("--refresh", Mode.REFRESH, "run current posts too"),
        ("--sample", Mode.REHEARSAL, "rehearse on small stand-in data, in .press/sample"),
        ("--check", Mode.CHECK, "run nothing; fail if a result is not current"),
    ):
        modes.add_argument(option, dest="mode", action="store_const", const=mode, help=about)
    parser.set_defaults(mode=Mode.BUILD)
    add_shard(parser)
    add_workers(parser)
    add_baseurl(parser)
    add_jobs(parser)
    add_time_limit(parser)


def main(blog: Blog, options: argparse.Namespace) -> None:
    order = Order(
        tuple(options.slugs),
        options.mode,
        options.jobs,
        options.time_limit,
        options.baseurl,
        options.shard,
        options.workers,
    )
    for name, given in (("--shard", order.shard), ("--workers", order.workers)):
        if given and order.mode in (Mode.REHEARSAL, Mode.CHECK):
            raise PressError(name, "is about runs, and none is published here", "leave it out")
    if order.mode is Mode.REHEARSAL:
        rehearse(blog, order)
    elif order.shard:
        build_shard(blog, order)
    else:
        build(blog, order)


def build(blog: Blog, order: Order) -> None:
    with locked(blog):
        jekyll = Jekyll(blog, order.baseurl)
        sweep(blog)
        plan = plan_of(blog, order)
        follow_all(blog, plan)
        finish(blog, plan, jekyll)


def build_shard(blog: Blog, order: Order) -> None:
    """Only this part's records: the site is made where all of them are gathered."""
    with locked(blog), collected() as errors:
        sweep(blog)
        plan = plan_of(blog, order)
        follow_all(blog, plan)
        errors += plan.errors


def rehearse(blog: Blog, order: Order) -> None:
    """Build a copy of the blog on stand-in data, where nothing can reach the published results."""
    ready(blog, gather(blog, order.slugs).works, [])  # a copy cannot put anything in
    copy = Blog(blog.local / "sample")
    shutil.rmtree(copy.root, ignore_errors=True)
    made_here = shutil.ignore_patterns(".git", ".press", OUTPUT, ".jekyll-cache", "__pycache__")
    shutil.copytree(blog.root, copy.root, ignore=made_here, symlinks=True)
    shutil.rmtree(copy.records, ignore_errors=True)
    build(copy, order)
    say(f"rehearsed on stand-in data: {blog.shown(copy.root / OUTPUT)}")


def follow_all(blog: Blog, plan: Plan) -> None:
    """Bring the posts that wait to their records."""
    if not plan.waiting:
        return
    # Imported late: a build in which nothing changed must not pay for it.
    import asyncio

    follow = follow_elsewhere if plan.order.workers else follow_waiting
    asyncio.run(follow(blog, plan))


async def follow_elsewhere(blog: Blog, plan: Plan) -> None:
    """By workers on other machines, or in other processes of this one."""
    from press.run.pool import side_by_side
    from press.workers.crew import built, crew

    order = plan.order
    modes = {Mode.REFRESH: ["--refresh"], Mode.WHOLE: ["--whole"]}
    words = [*modes.get(order.mode, []), "--time-limit", str(order.time_limit)]

    async def one(work: Work) -> None:
        with noted(plan.errors, f"{work.post.path}:1"):
            plan.records[work.slug] = await built(team, blog, work, words)

    async with crew(blog, order.workers or "") as team:
        # More than there are workers, so that none waits for the next.
        await side_by_side(one, plan.waiting, 2 * len(team.addresses))
