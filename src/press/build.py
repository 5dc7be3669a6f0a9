"""The main flow: run what changed, hold the posts to the results, make the site."""

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from press.blog import Blog, locked
from press.downloads import keep_archive
from press.drift import Drift, drift, ledger_entry, table
from press.errors import PressError, collected
from press.formula import mathml_of, store_formulas, stored_formulas
from press.install import ensure
from press.post import Post
from press.record import Record, remove_strays, write_record
from press.say import duration, say
from press.site import OUTPUT, Jekyll
from press.state import RELABELLED, cost, judge, staleness
from press.work import Work, gather, sweep, unmet_quotes

if TYPE_CHECKING:
    from press.progress import Board
    from press.spare import Spare

TIME_LIMIT = 1800
"""Seconds that one cell may take."""


@dataclass(frozen=True)
class Order:
    """What the author asked for."""

    slugs: tuple[str, ...] = ()
    refresh: bool = False
    check: bool = False
    rehearsal: bool = False
    jobs: int | None = None
    time_limit: float = TIME_LIMIT
    baseurl: str | None = None


def build(blog: Blog, order: Order) -> None:
    with locked(blog), Jekyll(blog, order.baseurl) as jekyll:
        sweep(blog)
        plan = plan_of(blog, order)
        if plan.stale:
            # Imported late: a build in which nothing changed must not pay for it.
            import asyncio

            asyncio.run(run_stale(blog, plan, order))
        finish(blog, plan, order, jekyll)


def rehearse(blog: Blog, order: Order) -> None:
    """Build a copy of the blog on stand-in data, where nothing can reach the published results."""
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
    stale: list[Work]
    """What has to run."""


def plan_of(blog: Blog, order: Order) -> Plan:
    """Read everything, bring up to date what needs no run, and see what does."""
    gathered = gather(blog, order.slugs)
    plan = Plan(gathered.works, gathered.plain_posts, list(gathered.errors), {}, [])
    for work in gathered.works:
        try:
            record = _current_record(blog, work, order)
        except PressError as error:
            plan.errors.append(error)
            continue
        if record:
            plan.records[work.slug] = record
        else:
            plan.stale.append(work)
    # The longest first: else it would be alone at the end.
    plan.stale.sort(key=lambda work: -(cost(work.record) or 0))
    return plan


async def run_stale(blog: Blog, plan: Plan, order: Order, spare: "Spare | None" = None) -> None:
    """Run what has to; an error leaves that post and its results as they were."""
    ensure("run")
    from press.jobs import side_by_side, usual_jobs
    from press.progress import Board
    from press.resume import tidy

    async def rerun(work: Work) -> None:
        try:
            plan.records[work.slug] = await _rerun(blog, work, order, board, spare)
        except PressError as error:
            plan.errors.append(error)

    with Board() as board:
        await side_by_side(rerun, plan.stale, order.jobs or usual_jobs())
    tidy(blog)


def finish(blog: Blog, plan: Plan, order: Order, jekyll: Jekyll) -> None:
    """Hold the posts to the results, and make the site if all is well."""
    with collected() as errors:
        errors += plan.errors
        for slug, record in plan.records.items():
            remove_strays(blog, slug, record)
        works = [
            replace(work, record=plan.records.get(work.slug, work.record)) for work in plan.works
        ]
        errors += unmet_quotes(works, plan.plain_posts)
        for post in (*(work.post for work in works), *plan.plain_posts):
            _formulas_up_to_date(blog, post, order, errors)
        if not order.slugs and not errors:
            records = {work.slug: work.record for work in works if work.record}
            keep_archive(blog, records, check=order.check)
    jekyll.build()


def _formulas_up_to_date(blog: Blog, post: Post, order: Order, errors: list[PressError]) -> None:
    try:
        made = mathml_of(post.path, post.formulas)
        if order.check and made != stored_formulas(blog, post.slug):
            raise PressError(
                f"{post.path}:1", "its formulas changed", f"run: ./press build {post.slug}"
            )
        store_formulas(blog, post.slug, made)
    except PressError as error:
        errors.append(error)


def _current_record(blog: Blog, work: Work, order: Order) -> Record | None:
    """The record if it is current or can be made so without a run."""
    if order.refresh:
        return None
    if work.damage:
        raise work.damage
    state = judge(blog, work.script, work.record)
    if work.record and not state.stale:
        return work.record
    if order.check:
        raise staleness(blog, work.script, state)
    if work.record and state.kind == RELABELLED:
        return _relabel(blog, work, work.record)
    return None


async def _rerun(
    blog: Blog, work: Work, order: Order, board: "Board", spare: "Spare | None"
) -> Record:
    from press.rerun import rerun

    old = work.record
    renewed = await rerun(
        blog,
        work.slug,
        work.script,
        old,
        board,
        rehearsal=order.rehearsal,
        time_limit=order.time_limit,
        keep=not order.rehearsal,
        resume=not order.refresh,
        spare=spare,
    )
    record = renewed.record
    drifts: list[Drift] = []
    if old and old.keys.compute == record.keys.compute:
        drifts = drift(old, record, work.post.tolerances)
        record = replace(record, ledger=(*old.ledger, *ledger_entry(old, drifts)))
    write_record(blog, work.slug, record, renewed.files)
    say(f"{work.slug}: ran in {duration(renewed.seconds)}{_outcome(old, record, drifts)}")
    return record


def _outcome(old: Record | None, new: Record, drifts: list[Drift]) -> str:
    if not old or old.keys.compute != new.keys.compute:
        return ""
    return f"; what moved:\n{table(drifts)}" if drifts else "; every result is as it was"


def _relabel(blog: Blog, work: Work, old: Record) -> Record:
    ensure("run")
    from press.renew import relabel

    renewed = relabel(blog, work.slug, work.script, old)
    write_record(blog, work.slug, renewed.record, renewed.files)
    say(f"{work.slug}: names and comments brought up to date; nothing was run")
    return renewed.record
