"""Run scripts again from nothing, elsewhere, and hold the committed records to what comes out."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from press.blog import Blog
from press.build import TIME_LIMIT
from press.drift import MOVED, Drift, differences, drift, table
from press.errors import PressError, collected
from press.install import ensure
from press.key import digest
from press.record import Record, read_record
from press.say import result
from press.state import judge, staleness
from press.work import Work, gather

if TYPE_CHECKING:
    from press.progress import Board


def verify(
    blog: Blog, slugs: Sequence[str], time_limit: float = TIME_LIMIT, jobs: int | None = None
) -> None:
    gathered = gather(blog, slugs)
    with collected() as errors:
        errors += gathered.errors
        if gathered.works:
            _verify_all(blog, gathered.works, time_limit, jobs, errors)


def _verify_all(
    blog: Blog,
    works: Sequence[Work],
    time_limit: float,
    jobs: int | None,
    errors: list[PressError],
) -> None:
    ensure("run")
    from press.jobs import side_by_side, usual_jobs
    from press.progress import Board

    async def verify_one(work: Work) -> None:
        try:
            await _verify(blog, work, time_limit, board)
        except PressError as error:
            errors.append(error)

    with Board() as board:
        asyncio.run(side_by_side(verify_one, works, jobs or usual_jobs()))


async def _verify(blog: Blog, work: Work, time_limit: float, board: "Board") -> None:
    # A number edited by hand must be found and named by the run, not only by the record's digest.
    published = work.record or read_record(blog, work.slug, trusting=True)
    state = judge(blog, work.script, published)
    if published is None or state.stale:
        raise staleness(blog, work.script, state)
    _check_files(blog, published)
    fresh = await _rerun_elsewhere(blog, work, published, time_limit, board)
    drifts = drift(published, fresh, work.post.tolerances)
    conditions = differences(published.provenance, fresh.provenance)
    if drifts:
        result(table(drifts))
    _judge(blog, work, published, drifts, conditions)
    if work.damage:
        raise work.damage
    result(f"{work.slug}: {_verdict(published, drifts, conditions)}")


def _check_files(blog: Blog, record: Record) -> None:
    for file, sha256 in record.files.items():
        if digest((blog.root / file).read_bytes()) != sha256:
            raise PressError(file, "is not the file that the run made", "restore it from git")


async def _rerun_elsewhere(
    blog: Blog, work: Work, published: Record, time_limit: float, board: "Board"
) -> Record:
    from press.rerun import rerun

    with tempfile.TemporaryDirectory(prefix="press-") as folder:
        elsewhere = Blog(Path(folder))
        made_by_runs = shutil.ignore_patterns("__pycache__", *_names(published.products))
        shutil.copytree(blog.code, elsewhere.code, ignore=made_by_runs)
        script = elsewhere.code / work.script.name
        renewed = await rerun(elsewhere, work.slug, script, published, board, time_limit=time_limit)
        return renewed.record


def _names(paths: set[str]) -> list[str]:
    return [Path(path).name for path in paths]


def _judge(
    blog: Blog, work: Work, published: Record, drifts: list[Drift], conditions: list[str]
) -> None:
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
