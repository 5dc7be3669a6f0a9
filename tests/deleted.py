"""Whether runnable copies are minimal: take a statement out of one, and see whether it matters.

`python -m tests.deleted [COUNT [SLUG…]]` takes that many statements (100) out of the copies of the
posts' snippets, one at a time, chosen by chance, on the stand-in data. A statement matters if the
copy without it fails, shows something else, or reads a name that nothing in it gives.
"""

import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from press.blog import Blog
from press.commands.snippets import Snippet, Trial, outcomes, program, shown, trial_of
from press.flow.mode import TIME_LIMIT
from press.flow.posts import gather
from press.run.pool import side_by_side, usual_jobs
from press.run.progress import Board
from press.script.cells import parse_cell
from press.script.effects import effects, knowledge
from press.script.programs import Programs, Statement
from press.voice.errors import PressError

from .conftest import ROOT


@dataclass(frozen=True)
class Cut:
    trial: Trial
    snippet: Snippet
    statement: Statement
    rest: str


def main(words: Sequence[str]) -> None:
    count = int(words[0]) if words else 100
    blog = Blog(ROOT)
    errors: list[PressError] = []
    verdicts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="press-") as folder, Board() as board:
        works = gather(blog, words[1:]).works
        trials = [trial_of(blog, work, Path(folder), errors) for work in works]
        found = [trial for trial in trials if trial]
        cuts = random.Random(0).sample(every := [c for t in found for c in cuts_of(t)], count)
        print(f"{count} of {len(every)} statements", flush=True)

        async def whole(trial: Trial) -> None:
            cells = len(trial.script.cells)
            with board.listener(trial.slug, cells, []) as listener:
                trial.expected = await outcomes(trial.script, trial.place, TIME_LIMIT, listener)

        async def one(cut: Cut) -> None:
            verdict = await matters(cut)
            verdicts[verdict] += 1
            place = f"{cut.trial.script.path}:{cut.statement.first}"
            print(f"{place} for {cut.snippet.cell.label}: {verdict}", flush=True)

        wanted = {cut.trial.slug for cut in cuts}
        asyncio.run(side_by_side(whole, [t for t in found if t.slug in wanted], usual_jobs()))
        asyncio.run(side_by_side(one, cuts, usual_jobs()))
    print(dict(verdicts), f"{1 - verdicts['needless'] / count:.0%} matter")


def cuts_of(trial: Trial) -> list[Cut]:
    """Every statement of every copy that is not of the cell itself, with what is left then."""
    programs = Programs(trial.script)
    cuts = []
    for snippet in trial.snippets:
        lines = snippet.prefix.split("\n")
        for statement in programs.needed_by(snippet.number):
            own = trial.script.text.split("\n")[statement.first - 1 : statement.last]
            at = next((n for n in range(len(lines)) if lines[n : n + len(own)] == own), None)
            if at is not None:
                rest = "\n".join([*lines[:at], *lines[at + len(own) :]])
                cuts.append(Cut(trial, snippet, statement, rest))
    return cuts


async def matters(cut: Cut) -> str:
    if reads_the_unknown(cut):
        return "leaves a name unknown"
    shorter = program(cut.trial.script, replace(cut.snippet, prefix=cut.rest))
    try:
        _, own = await outcomes(shorter, cut.trial.place, TIME_LIMIT)
    except PressError:
        return "fails"
    same = shown(own) == shown(cut.trial.expected[cut.snippet.number])
    return "needless" if same else "shows something else"


def reads_the_unknown(cut: Cut) -> bool:
    """Whether a function of the cell would look up a name that nothing gives it any more."""
    trees = [parse_cell(cut.rest), parse_cell(cut.snippet.cell.source)]
    statements = [node for tree in trees if tree for node in tree.body]
    known = knowledge([tree for tree in trees if tree])
    found = [effects(node, known) for node in statements]
    given = {name for one in found for name in one.binds | one.rebinds}
    before = trees[0].body if trees[0] else []
    later = {name for one in found[len(before) :] for name in one.later}
    lost = {name for name in bound_by(cut.statement) if name in later}
    return bool(lost - given)


def bound_by(statement: Statement) -> set[str]:
    if statement.node is None:
        return set()
    found = effects(statement.node, knowledge([]))
    return found.binds | found.rebinds


if __name__ == "__main__":
    main(sys.argv[1:])
