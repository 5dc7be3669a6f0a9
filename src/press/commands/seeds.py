"""Run scripts under other seeds, and tell what of the published results holds for them too."""

import argparse
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from press.blog import Blog, locked
from press.flow.posts import Work, gather
from press.machine.python import ensure
from press.record.compared import shaken
from press.record.freshness import Reading, cost, judge, read, staleness
from press.record.record import Record
from press.record.shaken import Fall, Shaken, keep
from press.record.tolerances import Allowance, allowances
from press.record.trial import Trial, keep_trial, kept_trial, trial_in
from press.script.seeds import fresh_seeds, own_seed
from press.voice.errors import PressError, collected, noted
from press.voice.terminal import duration, result, say, table

if TYPE_CHECKING:
    from press.workers.crew import Crew


@dataclass(frozen=True)
class Post:
    """A post whose script is run under other seeds."""

    work: Work
    record: Record
    reading: Reading
    seeds: tuple[int, ...]
    trials: dict[int, Trial]
    """Those that are known."""


Task = tuple[Post, int]
"""One run: a post under a seed."""


def shake(blog: Blog, options: argparse.Namespace) -> None:
    gathered = gather(blog, options.slugs)
    ensure("run", blog.root)
    with collected() as errors:
        errors += gathered.errors
        posts: list[Post] = []
        for work in gathered.works:
            with noted(errors, f"{work.post.path}:1"):
                posts += _post(blog, work, options)
        _run_missing(blog, posts, options, errors)
        found = [(post, _found(post)) for post in posts if post.trials]
        if options.json:
            trees = [_tree(post, outcome) for post, outcome in found]
            result(json.dumps(trees, indent=1, ensure_ascii=False))
        for post, outcome in found:
            if not options.json:
                result("\n".join(_report(post, outcome)))
            if options.keep and len(post.trials) == len(post.seeds):
                with locked(blog):
                    keep(blog, post.work.slug, outcome)
            errors += _problems(post, outcome)


def _post(blog: Blog, work: Work, options: argparse.Namespace) -> Iterator[Post]:
    from press.flow.shaking import key_of

    if work.damage:
        raise work.damage
    state = judge(blog, work.script, work.record, work.post.packages)
    if work.record is None or state.stale:
        raise staleness(blog, work.script, state)
    reading = read(blog, work.script, work.record, work.post.packages)
    if own_seed(reading.script) is None:
        say(f"{work.slug}: sets no seed; write `seed = 42` in a cell, and derive others from it")
        return
    seeds = tuple(fresh_seeds(reading.script, options.seeds, options.first_seed))
    known = {seed: kept_trial(blog, work.slug, seed, key_of(reading, seed)) for seed in seeds}
    trials = {seed: trial for seed, trial in known.items() if trial}
    yield Post(work, work.record, reading, seeds, trials)


def _run_missing(
    blog: Blog, posts: Sequence[Post], options: argparse.Namespace, errors: list[PressError]
) -> None:
    import asyncio

    tasks = [(post, seed) for post in posts for seed in post.seeds if seed not in post.trials]
    # One seed of every post before the next: whatever cuts this short, each post has some.
    tasks.sort(key=lambda task: (task[0].seeds.index(task[1]), -(cost(task[0].record) or 0)))
    if known := sum(len(post.trials) for post in posts):
        say(f"{known} of {known + len(tasks)} runs are known from before")
    run = _run_by_workers if options.workers else _run_here
    if tasks:
        asyncio.run(run(blog, tasks, options, errors))


async def _run_here(
    blog: Blog, tasks: Sequence[Task], options: argparse.Namespace, errors: list[PressError]
) -> None:
    from press.flow.running import Means
    from press.flow.shaking import tried
    from press.run.pool import side_by_side
    from press.run.progress import Board

    async def one(task: Task) -> None:
        post, seed = task
        with noted(errors, f"{post.work.post.path}:1"):
            means = Means(board, options.time_limit)
            _keep(blog, post, await tried(blog, post.work, post.record, seed, means))

    with Board() as board:
        await side_by_side(one, tasks, options.jobs)


async def _run_by_workers(
    blog: Blog, tasks: Sequence[Task], options: argparse.Namespace, errors: list[PressError]
) -> None:
    from press.run.pool import side_by_side
    from press.workers.crew import Crew, crew

    async def one(team: Crew, task: Task) -> None:
        post, seed = task
        with noted(errors, f"{post.work.post.path}:1"):
            _keep(blog, post, await _asked(blog, team, post, seed, options.time_limit))

    async with crew(blog, options.workers) as team:
        await side_by_side(lambda task: one(team, task), tasks, 2 * len(team.addresses))


async def _asked(blog: Blog, team: "Crew", post: Post, seed: int, limit: int) -> Trial:
    """What a worker's own `verify --seeds 1` left there."""
    from press.flow.shaking import key_of
    from press.workers.crew import check, unpacked

    slug, place = post.work.slug, f"{post.work.post.path}:1"
    words = ("verify", "--seeds", "1", "--first-seed", str(seed), "--time-limit", str(limit), slug)
    done = await team.do(post.work, words)
    with TemporaryDirectory(prefix="press-") as folder:
        trial = trial_in(unpacked(done, Path(folder)), slug, seed)
    if trial is None:
        check(done, post.work)
        raise PressError(place, f"came back without seed {seed}", "run ./press again")
    if trial.python != platform.python_version():
        problem = f"seed {seed} was run by Python {trial.python}, on {done.worker}"
        raise PressError(place, problem, f"have workers of Python {platform.python_version()}")
    # Another processor is welcome: what seeds move is far more than what processors do.
    return replace(trial, key=key_of(post.reading, seed))


def _keep(blog: Blog, post: Post, trial: Trial) -> None:
    keep_trial(blog, post.work.slug, trial)
    post.trials[trial.seed] = trial
    done = f"{len(post.trials)} of {len(post.seeds)}"
    say(f"{post.work.slug}: seed {trial.seed} ran in {duration(trial.seconds)} ({done})")


def _found(post: Post) -> Shaken:
    return shaken(post.record, _in_order(post))


def _in_order(post: Post) -> list[Trial]:
    return [post.trials[seed] for seed in post.seeds if seed in post.trials]


def _allowances(post: Post) -> list[Allowance]:
    return allowances(post.record, _in_order(post), post.work.post.tolerances)


def _tree(post: Post, found: Shaken) -> dict[str, Any]:
    tolerances = [asdict(item) for item in _allowances(post)]
    return {"slug": post.work.slug, **asdict(found), "tolerances": tolerances}


def _problems(post: Post, found: Shaken) -> Iterator[PressError]:
    script = post.record.script
    for raised in found.raised:
        problem = f"{raised.problem} under seed {raised.seed}"
        yield PressError(raised.place, problem, "have the script stand other seeds")
    for claim, share in zip(post.record.claims, found.claims, strict=True):
        if not (share.firm or claim.alone):
            yield PressError(
                f"{script}:{claim.line}",
                f"the claim holds for {share.held} of {share.of} seeds",
                "weaken it, or write `# this run` behind it and say so in the text",
            )


def _report(post: Post, found: Shaken) -> Iterator[str]:
    held = sum(share.held == share.of for share in found.claims)
    others = "1 other seed" if len(found.seeds) == 1 else f"{len(found.seeds)} other seeds"
    yield f"{post.work.slug}: under {others}, {_listed(found.seeds)}"
    yield f"  {held} of {len(found.claims)} claims held for every seed"
    for claim, share in zip(post.record.claims, found.claims, strict=True):
        if share.held < share.of:
            own = " (of this run alone)" if claim.alone else ""
            first = " ".join(claim.text.split())
            yield f"    {share.held} of {share.of}{own}, line {claim.line}: {first}"
            yield f"      false for {_listed(share.false)}"
    moved = {name: fall for name, fall in found.values.items() if fall.same < fall.of}
    yield f"  {len(found.values) - len(moved)} of {len(found.values)} values are always the same"
    yield from _table(
        ["value", "here", "lowest", "highest", "mean", "sd"], map(_row, moved.items())
    )
    for name, share in found.ranges.items():
        yield f"  {share.held} of {share.of} further runs fall into {share.text}, of {name!r}"
    yield from _told(_allowances(post))


def _row(item: tuple[str, Fall]) -> list[str]:
    name, fall = item
    if fall.mean is None:
        return [name, fall.text, f"the same for {fall.same} of {fall.of}", "", "", ""]
    sd = "" if fall.sd is None else f"{fall.sd:g}"
    return [name, fall.text, fall.lowest, fall.highest, f"{fall.mean:g}", sd]


def _told(fared: Sequence[Allowance]) -> Iterator[str]:
    judged = [item for item in fared if item.verdict]
    yield f"  {len(fared) - len(judged)} of {len(fared)} tolerances fit what seeds move"
    rows = ([i.what, f"±{i.tolerance:g}", f"{i.held} of {i.of}", i.verdict] for i in judged)
    yield from _table(["tolerance of", "", "held", ""], rows)


def _table(heads: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    lines = [heads, *rows]
    if len(lines) > 1:
        yield table(lines, margin="    ")


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
