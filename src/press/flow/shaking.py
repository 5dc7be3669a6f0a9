"""A script run under another seed, where a false claim is told and ends nothing."""

import json
import platform
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from nbclient.exceptions import CellExecutionError

from press.blog import Blog, elsewhere
from press.files import digest
from press.flow.mode import Mode
from press.flow.posts import Work
from press.flow.running import Means, conditions_of
from press.machine.clock import now
from press.machine.processor import cpu, threads, traits
from press.machine.versions import versions_of
from press.record.freshness import Reading, read
from press.record.make import coded
from press.record.record import Record
from press.record.trial import Raised, Trial, left
from press.run.bitmap import OneBitmap
from press.run.events import CellEnds, ClaimFails, Event
from press.run.loop import run
from press.run.outcome import Outcome
from press.script.cells import claims_in
from press.script.inputs import imported
from press.script.seeds import judged, reseeded
from press.voice.errors import PressError


@dataclass
class _Ear:
    """What the cells left so far: all that there is of a run that ends early."""

    outcomes: list[Outcome] = field(default_factory=list)
    errors: list[PressError] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        match event:
            case CellEnds():
                self.outcomes.append(event.outcome)
            case ClaimFails():
                self.errors.append(event.error)


async def tried(blog: Blog, work: Work, published: Record, seed: int, means: Means) -> Trial:
    """Run the script with this seed in a folder of its own."""
    with elsewhere(blog, published.inputs) as there:
        reading = read(there, there.code / work.script.name, published, work.post.packages)
        ear, seconds = await _heard(there, work, reading, seed, means)
    return Trial(
        key=key_of(reading, seed),
        seed=seed,
        date=now(),
        seconds=round(seconds, 1),
        python=platform.python_version(),
        packages=versions_of(imported(reading.script)),
        cells=tuple(map(left, ear.outcomes)),
        raised=tuple(Raised(seed, error.place, error.problem) for error in ear.errors),
    )


async def _heard(
    blog: Blog, work: Work, reading: Reading, seed: int, means: Means
) -> tuple[_Ear, float]:
    begun = datetime.now(UTC)
    script, ear = judged(reseeded(reading.script, seed)), _Ear()
    script = replace(script, cells=tuple(coded(script.cells, script.cells)))
    conditions = conditions_of(blog, script, Mode.PROOF, None, means.time_limit)
    old = work.record
    expected = coded(old.cells, old.provenance.cell_seconds) if old else []
    label = f"{work.slug}, seed {seed}"
    with means.board.listener(label, len(script.cells), expected) as progress:
        try:
            await run(script, replace(conditions, tolerant=True), (progress, OneBitmap(), ear))
        except PressError as error:
            # What a cell raises is what this seed gives; a kernel that dies is no result.
            if not isinstance(error.__cause__, CellExecutionError):
                raise
            ear.errors.append(error)
    return ear, (datetime.now(UTC) - begun).total_seconds()


def key_of(reading: Reading, seed: int) -> str:
    """Of all that a run under a seed depends on: code, claims, versions, processor, seed."""
    coded_cells = coded(reading.script.cells, reading.script.cells)
    parts = (
        reading.keys.compute,
        [len(claims_in(cell)) for cell in coded_cells],
        platform.python_version(),
        sorted(versions_of(imported(reading.script)).items()),
        (cpu(), traits(), threads()),
        seed,
    )
    return digest(json.dumps(parts))
