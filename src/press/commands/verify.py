"""Run scripts again from nothing, elsewhere, and hold the committed records to what comes out."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from press.blog import Blog, elsewhere
from press.commands.machines import verify_by_machines
from press.commands.seeds import shake
from press.commands.snippets import verify_snippets
from press.commands.words import (
    add_jobs,
    add_shard,
    add_slugs,
    add_time_limit,
    add_workers,
    positive,
)
from press.files import digest
from press.flow.mode import Mode
from press.flow.packages import ready
from press.flow.posts import Work, gather
from press.flow.shards import dealt
from press.record.certificate import certified, submit
from press.record.drift import MOVED, Drift, differences, drift, table
from press.record.freshness import judge, read, staleness
from press.record.record import Record
from press.record.storage import read_record
from press.script.seeds import FIRST
from press.voice.errors import PressError, collected, noted
from press.voice.terminal import result, say

if TYPE_CHECKING:
    from press.flow.running import Means


def words(parser: argparse.ArgumentParser) -> None:
    add_slugs(parser)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--snippets",
        action="store_true",
        help="run the runnable copy of every quoted cell instead, on small stand-in data",
    )
    instead.add_argument(
        "--seeds",
        type=positive,
        metavar="N",
        help="run under N other seeds instead, and tell what holds for them too",
    )
    instead.add_argument(
        "--certificate",
        action="store_true",
        help="write what was found to _data/certificates, for others to see",
    )
    about = parser.add_argument_group("with --seeds")
    about.add_argument("--keep", action="store_true", help="write what they gave to _data/seeds")
    about.add_argument("--json", action="store_true", help="tell it as JSON")
    about.add_argument(
        "--first-seed",
        type=positive,
        default=FIRST,
        metavar="S",
        help=f"begin with another seed than {FIRST}",
    )
    add_shard(parser)
    add_workers(parser)
    add_jobs(parser)
    add_time_limit(parser)


def main(blog: Blog, options: argparse.Namespace) -> None:
    if options.keep and not options.seeds:
        raise PressError("--keep", "says what is kept of other seeds", "say how many: --seeds 12")
    if options.shard:
        options.slugs = [
            work.slug for work in dealt(gather(blog, options.slugs).works, options.shard)
        ]
        if not options.slugs:
            return
    if options.workers and options.snippets:
        raise PressError("--workers", "runs no snippets", "leave one of the two out")
    if options.seeds:
        shake(blog, options)
        return
    if options.snippets:
        verify_snippets(blog, options.slugs, options.time_limit, options.jobs)
        return
    gathered = gather(blog, options.slugs)
    with collected() as errors:
        errors += gathered.errors
        if gathered.works:
            verify = verify_by_machines if options.workers else _verify_all
            verify(blog, gathered.works, options, errors)


def _verify_all(
    blog: Blog, works: Sequence[Work], options: argparse.Namespace, errors: list[PressError]
) -> None:
    works = ready(blog, works, errors)
    import asyncio

    from press.flow.running import Means
    from press.run.pool import side_by_side
    from press.run.progress import Board

    async def verify_one(work: Work) -> None:
        with noted(errors, f"{work.post.path}:1"):
            means = Means(board, options.time_limit)
            await _verify(blog, work, means, certify=options.certificate)

    with Board() as board:
        asyncio.run(side_by_side(verify_one, works, options.jobs))


async def _verify(blog: Blog, work: Work, means: "Means", *, certify: bool) -> None:
    # A number edited by hand must be found and named by the run, not only by the record's digest.
    published = work.record or read_record(blog, work.slug, trusting=True)
    state = judge(blog, work.script, published, work.post.packages)
    if published is None or state.stale:
        raise staleness(blog, work.script, state)
    _check_files(blog, published)
    fresh = await _run_elsewhere(blog, work, published, means)
    drifts = drift(published, fresh, work.post.tolerances)
    conditions = differences(published.provenance, fresh.provenance)
    if drifts:
        result(table(drifts))
    if certify and not work.damage:
        path = submit(blog, work.slug, certified(published, fresh, drifts, conditions))
        say(f"{work.slug}: the certificate is {blog.shown(path)}")
    _judge(blog, work, drifts, conditions)
    if work.damage:
        raise work.damage
    result(f"{work.slug}: {_verdict(published, drifts, conditions)}")


def _check_files(blog: Blog, record: Record) -> None:
    for file, sha256 in record.files.items():
        if digest((blog.root / file).read_bytes()) != sha256:
            raise PressError(file, "is not the file that the run made", "restore it from git")


async def _run_elsewhere(blog: Blog, work: Work, published: Record, means: "Means") -> Record:
    from press.flow.gathering import gathered
    from press.flow.running import run_script
    from press.record.make import make

    with elsewhere(blog, published.inputs) as there:
        script = there.code / work.script.name
        reading = read(there, script, published, work.post.packages)
        done = await run_script(there, work, reading, Mode.PROOF, means)
        return make(work.slug, gathered(there, reading, done, published)).record


def _judge(blog: Blog, work: Work, drifts: list[Drift], conditions: list[str]) -> None:
    """Under the record's own conditions nothing may move; under others, within tolerance."""
    worst = [item for item in drifts if item.verdict == MOVED] if conditions else drifts
    if not worst:
        return
    first = worst[0]
    others = f" (and {len(worst) - 1} more)" if len(worst) > 1 else ""
    raise PressError(
        f"{blog.shown(blog.record(work.slug))}:{_line_of(blog, work.slug, first)}",
        f"{first.what} is {first.old!r} here and {first.new!r} in a new run{others}",
        f"find out why, then run: ./press build --refresh {work.slug}",
    )


def _line_of(blog: Blog, slug: str, item: Drift) -> int:
    """The line of the record that holds the old text, as near as it can be found."""
    lines = blog.text(blog.record(slug)).split("\n")
    return next((i for i, line in enumerate(lines, start=1) if item.old and item.old in line), 1)


def _verdict(record: Record, drifts: list[Drift], conditions: list[str]) -> str:
    counted = {
        "value": len(record.values),
        "table": len(record.tables),
        "figure": len(record.figures),
        "claim": len(record.claims),
    }
    what = ", ".join(f"{n} {kind}{'s' if n != 1 else ''}" for kind, n in counted.items() if n)
    if not conditions:
        return f"holds, byte for byte ({what or 'nothing to compare'})"
    moved = f"{len(drifts)} drifted within tolerance" if drifts else "byte for byte"
    return f"holds, {moved} ({what}) under other conditions: {', '.join(conditions)}"
