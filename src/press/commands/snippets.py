"""Prove that the runnable copy of every quoted cell runs alone and gives what the cell gives.

Everything is run on the stand-in data, where a training takes a second: the script once as a
whole, and then each program in a kernel of its own.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from press.blog import Blog
from press.flow.mode import Mode
from press.flow.packages import ready
from press.flow.posts import Work, gather
from press.record.freshness import Reading, read
from press.script.cells import Cell, Script
from press.script.programs import Programs, written
from press.voice.errors import PressError, collected, noted
from press.voice.terminal import result

if TYPE_CHECKING:
    from press.flow.running import Means
    from press.run.events import Listener
    from press.run.outcome import Outcome
    from press.run.place import Place


@dataclass(frozen=True)
class Snippet:
    """A quoted cell, and the program before it that makes it run alone."""

    number: int
    cell: Cell
    prefix: str


@dataclass
class Trial:
    """A post whose snippets are tried."""

    slug: str
    script: Script
    snippets: list[Snippet]
    place: "Place"
    expected: "tuple[Outcome, ...]" = ()
    held: int = 0


def verify_snippets(
    blog: Blog, slugs: Sequence[str], time_limit: float, jobs: int | None = None
) -> None:
    gathered = gather(blog, slugs)
    with collected() as errors, tempfile.TemporaryDirectory(prefix="press-") as folder:
        errors += gathered.errors
        works = ready(blog, gathered.works, errors)
        import asyncio

        from press.flow.running import Means
        from press.run.progress import Board

        trials = [trial_of(blog, work, Path(folder), errors) for work in works]
        with Board() as board:
            found = [trial for trial in trials if trial]
            asyncio.run(_try_all(found, Means(board, time_limit), jobs, errors))
        for trial in found:
            counted = f"{trial.held} of {len(trial.snippets)} snippets"
            result(f"{trial.slug}: {counted} run alone and give what the whole script gives")


def trial_of(blog: Blog, work: Work, folder: Path, errors: list[PressError]) -> Trial | None:
    from press.flow.running import conditions_of

    with noted(errors, f"{work.post.path}:1"):
        reading = read(blog, work.script, work.record, work.post.packages)
        conditions = conditions_of(blog, reading.script, Mode.REHEARSAL, None)
        conditions.data()
        place = replace(conditions.place, folder=_only_inputs(blog, reading, folder / work.slug))
        return Trial(work.slug, reading.script, snippets(work, reading.script), place)
    return None


def _only_inputs(blog: Blog, reading: Reading, folder: Path) -> Path:
    """A folder with nothing but what the script reads."""
    for name in reading.inputs.digests():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(blog.root / name, target)
    return folder / "code"


def snippets(work: Work, script: Script) -> list[Snippet]:
    """The cells that the post shows, each once."""
    shown = {quote.name for quote in work.post.quotes if quote.kind == "cell"}
    programs = Programs(script)
    return [
        Snippet(number, cell, written(script.text, programs.of(number)[:-1]))
        for number, cell in enumerate(script.cells)
        if cell.quoted_as in shown
    ]


async def _try_all(
    trials: Sequence[Trial], means: "Means", jobs: int | None, errors: list[PressError]
) -> None:
    from press.run.pool import side_by_side

    async def whole(trial: Trial) -> None:
        cells = len(trial.script.cells)
        with (
            noted(errors, f"{trial.script.path}:1"),
            means.board.listener(trial.slug, cells, []) as listener,
        ):
            limit = means.time_limit
            trial.expected = await outcomes(trial.script, trial.place, limit, listener)

    async def alone(item: tuple[Trial, Snippet]) -> None:
        trial, snippet = item
        with noted(errors, f"{trial.script.path}:1"):
            await _try(trial, snippet, means.time_limit)
            trial.held += 1

    await side_by_side(whole, trials, jobs)
    pairs = [(trial, snippet) for trial in trials if trial.expected for snippet in trial.snippets]
    # The longest programs first: else one of them would be alone at the end.
    pairs.sort(key=lambda pair: -len(pair[1].prefix))
    await side_by_side(alone, pairs, jobs)


async def _try(trial: Trial, snippet: Snippet, time_limit: float) -> None:
    place = f"{trial.script.path}:{snippet.cell.line}"
    what = f"the runnable copy of cell {snippet.cell.label}"
    remedy = "make the cells before it say what they change, or give the cell a seed of its own"
    try:
        before, own = await outcomes(program(trial.script, snippet), trial.place, time_limit)
    except PressError as error:
        raise PressError(place, f"{what} fails ({error.problem})", remedy) from error
    lines = {line for whole in trial.expected for line in whole.output.split("\n")}
    if not lines.issuperset(before.output.split("\n")) or shown(replace(before, output="")):
        # A training that it needs may tell how it goes, as it does in the script.
        raise PressError(place, f"{what} shows more than the cells that it is made of", remedy)
    if shown(own) != shown(trial.expected[snippet.number]):
        raise PressError(place, f"{what} gives something else than the cell", remedy)


def program(script: Script, snippet: Snippet) -> Script:
    """The snippet as a script of two cells."""
    before = replace(snippet.cell, name=None, tags=(), source=snippet.prefix)
    return replace(script, cells=(before, snippet.cell))


async def outcomes(
    script: Script, place: "Place", time_limit: float, *listeners: "Listener"
) -> "tuple[Outcome, ...]":
    from press.run.loop import Conditions, run

    return (await run(script, Conditions(place, time_limit, tolerant=True), listeners)).outcomes


def shown(outcome: "Outcome") -> object:
    """All that a reader sees of what a cell gives."""
    figures = [figure.data for figure in outcome.figures]
    everything = (outcome.output, figures, outcome.tables, outcome.values)
    return everything if any(everything) else None
