"""Run what changed, hold the posts to the results, make the site."""

import argparse
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from press.blog import Blog, locked
from press.commands.words import (
    add_baseurl,
    add_jobs,
    add_shard,
    add_slugs,
    add_time_limit,
    add_workers,
)
from press.flow.decision import Decision, decide
from press.flow.leaning import warnings
from press.flow.mode import TIME_LIMIT, Mode
from press.flow.packages import ready
from press.flow.posts import Work, gather, sweep, unmet_quotes, unmet_settings
from press.flow.shards import Shard, dealt
from press.record.certificate import outlived
from press.record.downloads import keep_archive
from press.record.freshness import cost
from press.record.notebook import keep_notebook
from press.record.record import Record
from press.record.shaken import kept
from press.record.storage import remove_strays
from press.record.verdicts import as_trees, verdicts
from press.site.jekyll import OUTPUT, Jekyll
from press.site.post import Post
from press.site.prepared import keep_prepared
from press.site.sources import Source, read_sources, shown_of
from press.voice.errors import PressError, collected, noted
from press.voice.terminal import say

if TYPE_CHECKING:
    from press.run.warm import Warm


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


@dataclass(frozen=True)
class Order:
    """What the author asked for."""

    slugs: tuple[str, ...] = ()
    mode: Mode = Mode.BUILD
    jobs: int | None = None
    time_limit: float = TIME_LIMIT
    baseurl: str | None = None
    shard: Shard | None = None
    workers: str | None = None


def build(blog: Blog, order: Order) -> None:
    with locked(blog):
        jekyll = Jekyll(blog, order.baseurl)
        sweep(blog)
        plan = plan_of(blog, order)
        if plan.waiting:
            follow_all(blog, plan, order)
        finish(blog, plan, order, jekyll)


def build_shard(blog: Blog, order: Order) -> None:
    """Only this part's records: the site is made where all of them are gathered."""
    with locked(blog), collected() as errors:
        sweep(blog)
        plan = plan_of(blog, order)
        if plan.waiting:
            follow_all(blog, plan, order)
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


@dataclass
class Plan:
    """What there is to do, and what is known of it so far."""

    works: tuple[Work, ...]
    plain_posts: tuple[Post, ...]
    errors: list[PressError]
    records: dict[str, Record]
    """By slug, the records that are current."""
    waiting: list[Work]
    """Posts whose record is not."""


def plan_of(blog: Blog, order: Order) -> Plan:
    """Read everything, and see what has to be done."""
    gathered = gather(blog, order.slugs)
    plan = Plan(gathered.works, gathered.plain_posts, list(gathered.errors), {}, [])
    for work in gathered.works:
        with noted(plan.errors, f"{work.post.path}:1"):
            decision = decide(blog, work, order.mode)
            if decision is Decision.STAND and work.record:
                plan.records[work.slug] = work.record
            else:
                plan.waiting.append(work)
    plan.waiting = dealt(plan.waiting, order.shard)
    # The longest first: else it would be alone at the end.
    plan.waiting.sort(key=lambda work: -(cost(work.record) or 0))
    return plan


def follow_all(blog: Blog, plan: Plan, order: Order) -> None:
    # Imported late: a build in which nothing changed must not pay for it.
    import asyncio

    follow = follow_elsewhere if order.workers else follow_waiting
    asyncio.run(follow(blog, plan, order))


async def follow_elsewhere(blog: Blog, plan: Plan, order: Order) -> None:
    """The same by workers on other machines, or in other processes of this one."""
    from press.run.pool import side_by_side
    from press.workers.crew import built, crew

    modes = {Mode.REFRESH: ["--refresh"], Mode.WHOLE: ["--whole"]}
    words = [*modes.get(order.mode, []), "--time-limit", str(order.time_limit)]

    async def one(work: Work) -> None:
        with noted(plan.errors, f"{work.post.path}:1"):
            plan.records[work.slug] = await built(team, blog, work, words)

    async with crew(blog, order.workers or "") as team:
        # More than there are workers, so that none waits for the next.
        await side_by_side(one, plan.waiting, 2 * len(team.addresses))


async def follow_waiting(blog: Blog, plan: Plan, order: Order, warm: "Warm | None" = None) -> None:
    """Bring each post to its record; an error leaves that post and its results as they were."""
    from press.run.place import begin_loading

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


def finish(blog: Blog, plan: Plan, order: Order, jekyll: Jekyll) -> None:
    """Hold the posts to the results, and make the site if all is well."""
    check = order.mode is Mode.CHECK
    records = {work.slug: plan.records.get(work.slug, work.record) for work in plan.works}
    for work in plan.works:
        if record := plan.records.get(work.slug):
            with noted(plan.errors, f"{work.post.path}:1"):
                for told in (*warnings(blog, work, record), *outlived(blog, work.slug, record)):
                    say(told)
    with collected() as errors:
        errors += plan.errors
        sources: dict[str, Source] = {}
        with noted(errors, "_data/sources.bib:1"):
            sources = read_sources(blog)
        with noted(errors, "downloads:1"):
            remove_strays(blog, plan.records)
        for post in (*(work.post for work in plan.works), *plan.plain_posts):
            with noted(errors, f"{post.path}:1"):
                current = plan.records.get(post.slug)
                scripted = post.slug in records
                record = records.get(post.slug)
                unmet = list(unmet_quotes(post, record, sources, scripted=scripted))
                errors += unmet
                if not unmet:
                    found = as_trees(verdicts(post, record, kept(blog, post.slug)))
                    listed = shown_of(post.quotes, sources)
                    keep_prepared(blog, post, found, listed, check=check)
                if current and not unmet:
                    keep_notebook(blog, post, current, listed, check=check)
        with noted(errors, "_config.yml:1"):
            errors += unmet_settings(blog, records)
        if not order.slugs and not errors:
            known = {slug: record for slug, record in records.items() if record}
            keep_archive(blog, known, check=check)
    jekyll.build()
