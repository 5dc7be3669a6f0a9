"""Prove that the runnable copy of every quoted cell runs alone and gives what the cell gives.

Everything is run on the stand-in data, where a training takes a second: the script once as a
whole, and then each program in a kernel of its own.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from press.blog import Blog
from press.build import TIME_LIMIT
from press.errors import PressError, collected
from press.install import ensure
from press.say import result
from press.script import Cell, Script
from press.slices import Slicer, written
from press.state import Reading, read
from press.work import Work, gather

if TYPE_CHECKING:
    from press.kernel import Place
    from press.outcome import Outcome
    from press.progress import Board
    from press.run import Listener


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
    blog: Blog, slugs: Sequence[str], time_limit: float = TIME_LIMIT, jobs: int | None = None
) -> None:
    gathered = gather(blog, slugs)
    ensure("run")
    from press.jobs import usual_jobs
    from press.progress import Board

    with collected() as errors, tempfile.TemporaryDirectory(prefix="press-") as folder:
        errors += gathered.errors
        trials = [trial_of(blog, work, Path(folder), errors) for work in gathered.works]
        with Board() as board:
            found = [trial for trial in trials if trial]
            asyncio.run(_try_all(found, time_limit, jobs or usual_jobs(), board, errors))
        for trial in found:
            counted = f"{trial.held} of {len(trial.snippets)} snippets"
            result(f"{trial.slug}: {counted} run alone and give what the whole script gives")


def trial_of(blog: Blog, work: Work, folder: Path, errors: list[PressError]) -> Trial | None:
    from press.rerun import data_of, place_of

    try:
        reading = read(blog, work.script, work.record)
        data_of(blog, reading.script, rehearsal=True)()
        place = place_of(blog, reading.script, None, rehearsal=True)
        place = replace(place, folder=_only_inputs(blog, reading, folder / work.slug))
        return Trial(work.slug, reading.script, snippets(work, reading.script), place)
    except PressError as error:
        errors.append(error)
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
    slicer = Slicer(script)
    return [
        Snippet(number, cell, written(script.text, slicer.program(number)[:-1]))
        for number, cell in enumerate(script.cells)
        if cell.name in shown
    ]


async def _try_all(
    trials: Sequence[Trial],
    time_limit: float,
    jobs: int,
    board: "Board",
    errors: list[PressError],
) -> None:
    from press.jobs import side_by_side

    async def whole(trial: Trial) -> None:
        cells = len(trial.script.cells)
        with _noted(errors), board.listener(trial.slug, cells, []) as listener:
            trial.expected = await outcomes(trial.script, trial.place, time_limit, listener)

    async def alone(item: tuple[Trial, Snippet]) -> None:
        trial, snippet = item
        with _noted(errors):
            await _try(trial, snippet, time_limit)
            trial.held += 1

    await side_by_side(whole, trials, jobs)
    pairs = [(trial, snippet) for trial in trials if trial.expected for snippet in trial.snippets]
    # The longest programs first: else one of them would be alone at the end.
    pairs.sort(key=lambda pair: -len(pair[1].prefix))
    await side_by_side(alone, pairs, jobs)


@contextmanager
def _noted(errors: list[PressError]) -> Iterator[None]:
    try:
        yield
    except PressError as error:
        errors.append(error)


async def _try(trial: Trial, snippet: Snippet, time_limit: float) -> None:
    place = f"{trial.script.path}:{snippet.cell.line}"
    what = f"the runnable copy of cell {snippet.cell.label}"
    remedy = "make the cells before it say what they change, or give the cell a seed of its own"
    try:
        before, own = await outcomes(program(trial.script, snippet), trial.place, time_limit)
    except PressError as error:
        raise PressError(place, f"{what} fails ({error.problem})", remedy) from error
    known = {line for known in trial.expected for line in known.output.split("\n")}
    if not known.issuperset(before.output.split("\n")) or shown(replace(before, output="")):
        # A training that it needs may tell how it goes, as it does in the script.
        raise PressError(place, f"{what} shows more than the cells that it is made of", remedy)
    if shown(own) != shown(trial.expected[snippet.number]):
        raise PressError(place, f"{what} gives something else than the cell", remedy)


def program(script: Script, snippet: Snippet) -> Script:
    """The snippet as a script of two cells."""
    before = replace(snippet.cell, name=None, tags=(), source=snippet.prefix)
    return replace(script, cells=(before, snippet.cell))


async def outcomes(
    script: Script, place: "Place", time_limit: float, listen: "Listener | None" = None
) -> "tuple[Outcome, ...]":
    from press.run import Conditions, run

    conditions = Conditions(place, time_limit, rehearsal=True)
    return (await run(script, conditions, listen or (lambda _: None))).outcomes


def shown(outcome: "Outcome") -> object:
    """All that a reader sees of what a cell gives."""
    pictures = [picture.data for picture in outcome.pictures]
    everything = (outcome.output, pictures, outcome.tables, outcome.entries)
    return everything if any(everything) else None
