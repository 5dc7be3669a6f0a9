"""Tells how a run goes: one live line on a terminal, a few plain lines elsewhere."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from press.run.events import (
    CellEnds,
    CellPrints,
    CellStarts,
    ClaimFails,
    Event,
    FallsBack,
    Listener,
    RunStarts,
)
from press.run.outputs import clean
from press.voice.terminal import cells, duration, say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

METRICS = re.compile(r"\b(loss|accuracy): \d")
QUICK = 1.0
"""Seconds below which a cell is not worth a line."""
PAUSE = 2.0
"""Seconds between two plain lines of metrics."""


class Board:
    """Shows the runs of one build together."""

    def __init__(self) -> None:
        self._bars = _bars() if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()

    @contextmanager
    def listener(self, slug: str, cells: int, expected: Sequence[float]) -> Iterator[Listener]:
        """For one run; `expected` are the seconds of each cell in the last one, if known."""
        if not self._bars:
            told = f", about {duration(sum(expected))} going by the last run" if expected else ""
            say(f"{slug}: running {cells} cell{'s' if cells != 1 else ''}{told}")
            yield _plain(slug, cells)
            return
        total = sum(expected)
        told = f"of about {duration(total)}" if total else ""
        task = self._bars.add_task("starting", total=total or cells, slug=slug, expected=told)
        try:
            yield _live(self._bars, task, cells, expected)
        finally:
            self._bars.remove_task(task)


def _plain(slug: str, cells: int) -> Listener:
    place = epoch = ""
    last_line = 0.0

    def listen(event: Event) -> None:
        nonlocal place, epoch, last_line
        if isinstance(event, CellStarts):
            name = event.cell.name or f"line {event.cell.line}"
            place = f"  {slug} [{event.number + 1}/{cells}] {name}"
            epoch = ""
        elif isinstance(event, CellPrints):
            epoch, metrics = _heard(event.text, epoch)
            if metrics and time.monotonic() - last_line >= PAUSE:
                say(f"{place}: {f'{epoch} ' if epoch else ''}{metrics}")
                last_line = time.monotonic()
        elif isinstance(event, CellEnds):
            if event.seconds >= QUICK:
                say(f"{place}: {duration(event.seconds)}")
        elif news := _news(slug, event):
            say(news)

    return listen


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.fields[slug]}"),
        BarColumn(20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[expected]}"),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )


def _live(bars: "Progress", task: "TaskID", cells: int, expected: Sequence[float]) -> Listener:
    place = epoch = metrics = ""
    slug = bars.tasks[bars.task_ids.index(task)].fields["slug"]

    def listen(event: Event) -> None:
        nonlocal place, epoch, metrics
        if isinstance(event, CellStarts):
            done = sum(expected[: event.number]) if expected else event.number
            place = f"[{event.number + 1}/{cells}] {event.cell.name or ''}"
            epoch = metrics = ""
            bars.update(task, completed=done, description=place)
        elif isinstance(event, CellPrints):
            epoch, news = _heard(event.text, epoch)
            metrics = news or metrics
            bars.update(task, description=" ".join(filter(None, (place, epoch, metrics))))
        elif news := _news(slug, event):
            bars.console.print(news, markup=False)

    return listen


def _news(slug: str, event: Event) -> str:
    match event:
        case RunStarts() if event.outcomes:
            known = cells(len(event.outcomes))
            return f"{slug}: {known} known from an earlier run, {duration(event.saved)} of work"
        case FallsBack():
            return f"{slug}: cannot go on from a snapshot ({event.reason}); running more again"
        case ClaimFails():
            return f"{event.error} (told only; the run goes on)"
    return ""


def _heard(text: str, epoch: str) -> tuple[str, str]:
    """The epoch that a piece of output belongs to, and the metrics in it, if there are any."""
    metrics = ""
    for line in clean(text, {}).split("\n"):
        if re.fullmatch(r"Epoch \d+/\d+", line.strip()):
            epoch, metrics = line.strip(), ""
        elif METRICS.search(line):
            metrics = line.strip()[:70]
    return epoch, metrics
