"""The main flow: run what changed, hold the posts to the results, make the site."""

import shutil
from dataclasses import dataclass, replace

from press.blog import Blog, locked
from press.drift import Drift, drift, ledger_entry, table
from press.errors import PressError, collected
from press.formula import mathml_of, store_formulas, stored_formulas
from press.install import ensure
from press.post import Post
from press.record import Record, remove_strays, write_record
from press.say import duration, say
from press.site import OUTPUT, build_site
from press.state import RELABELLED, judge, staleness
from press.work import Work, gather, sweep, unmet_quotes

TIME_LIMIT = 1800
"""Seconds that one cell may take."""


@dataclass(frozen=True)
class Order:
    """What the author asked for."""

    slugs: tuple[str, ...] = ()
    refresh: bool = False
    check: bool = False
    rehearsal: bool = False
    time_limit: float = TIME_LIMIT
    baseurl: str | None = None


def build(blog: Blog, order: Order) -> None:
    with locked(blog):
        sweep(blog)
        gathered = gather(blog, order.slugs)
        with collected() as errors:
            errors += gathered.errors
            works = [_up_to_date(blog, work, order, errors) for work in gathered.works]
            errors += unmet_quotes(works, gathered.plain_posts)
            for post in (*(work.post for work in works), *gathered.plain_posts):
                _formulas_up_to_date(blog, post, order, errors)
        build_site(blog, order.baseurl)


def rehearse(blog: Blog, order: Order) -> None:
    """Build a copy of the blog on stand-in data, where nothing can reach the published results."""
    copy = Blog(blog.local / "sample")
    shutil.rmtree(copy.root, ignore_errors=True)
    made_here = shutil.ignore_patterns(".git", ".press", OUTPUT, ".jekyll-cache", "__pycache__")
    shutil.copytree(blog.root, copy.root, ignore=made_here, symlinks=True)
    shutil.rmtree(copy.records, ignore_errors=True)
    build(copy, order)
    say(f"rehearsed on stand-in data: {blog.shown(copy.root / OUTPUT)}")


def _up_to_date(blog: Blog, work: Work, order: Order, errors: list[PressError]) -> Work:
    """The work with a current record; an error leaves it and its results as they were."""
    try:
        record = _current_record(blog, work, order)
        remove_strays(blog, work.slug, record)
        return replace(work, record=record)
    except PressError as error:
        errors.append(error)
        return work


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


def _current_record(blog: Blog, work: Work, order: Order) -> Record:
    if order.refresh:
        return _rerun(blog, work, order)
    if work.damage:
        raise work.damage
    state = judge(blog, work.script, work.record)
    if work.record and not state.stale:
        return work.record
    if order.check:
        raise staleness(blog, work.script, state)
    if work.record and state.kind == RELABELLED:
        return _relabel(blog, work, work.record)
    return _rerun(blog, work, order)


def _rerun(blog: Blog, work: Work, order: Order) -> Record:
    ensure("run")
    # Imported late: a build in which nothing changed must not pay for Jupyter.
    from press.renew import rerun

    old = work.record
    renewed = rerun(
        blog,
        work.slug,
        work.script,
        old,
        rehearsal=order.rehearsal,
        time_limit=order.time_limit,
    )
    record = renewed.record
    drifts: list[Drift] = []
    if old and old.keys.compute == record.keys.compute:
        drifts = drift(old, record, work.post.tolerances)
        record = replace(record, ledger=(*old.ledger, *ledger_entry(old, drifts)))
    write_record(blog, work.slug, record, renewed.files)
    say(f"{work.slug}: ran in {duration(record.provenance.seconds)}{_outcome(old, record, drifts)}")
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
