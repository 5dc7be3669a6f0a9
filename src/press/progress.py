"""Tells how a run goes: one live line on a terminal, a few plain lines elsewhere."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from press.collect import clean
from press.run import CellPrints, CellStarts, ClaimFails, Event, Listener
from press.say import duration, say

METRICS = re.compile(r"\b(loss|accuracy): \d")
QUICK = 1.0
"""Seconds below which a cell is not worth a line."""
PAUSE = 2.0
"""Seconds between two plain lines of metrics."""


@contextmanager
def progress(slug: str, cells: int, expected: Sequence[float]) -> Iterator[Listener]:
    """A listener for one run; `expected` are the seconds of each cell in the last one, if known."""
    if sys.stderr.isatty():
        with _live(slug, cells, expected) as listener:
            yield listener
    else:
        known = f", about {duration(sum(expected))} going by the last run" if expected else ""
        say(f"{slug}: running {cells} cell{'s' if cells != 1 else ''}{known}")
        yield _plain(cells)


def _plain(cells: int) -> Listener:
    place = epoch = ""
    last_line = 0.0

    def listen(event: Event) -> None:
        nonlocal place, epoch, last_line
        if isinstance(event, CellStarts):
            place = f"  [{event.number + 1}/{cells}] {event.cell.name or f'line {event.cell.line}'}"
            epoch = ""
        elif isinstance(event, CellPrints):
            epoch, metrics = _heard(event.text, epoch)
            if metrics and time.monotonic() - last_line >= PAUSE:
                say(f"{place}: {f'{epoch} ' if epoch else ''}{metrics}")
                last_line = time.monotonic()
        elif isinstance(event, ClaimFails):
            say(f"{event.error} (not counted on stand-in data)")
        elif event.seconds >= QUICK:
            say(f"{place}: {duration(event.seconds)}")

    return listen


@contextmanager
def _live(slug: str, cells: int, expected: Sequence[float]) -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    total = sum(expected) or None
    columns = [
        TextColumn("{task.fields[slug]}"),
        BarColumn(20),
        TimeElapsedColumn(),
        TextColumn(f"of about {duration(total)}" if total else ""),
        TextColumn("{task.description}", markup=False),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=total or cells, slug=slug)
        place = epoch = metrics = ""

        def listen(event: Event) -> None:
            nonlocal place, epoch, metrics
            if isinstance(event, CellStarts):
                done = sum(expected[: event.number]) if total else event.number
                place = f"[{event.number + 1}/{cells}] {event.cell.name or ''}"
                epoch = metrics = ""
                bar.update(task, completed=done, description=place)
            elif isinstance(event, CellPrints):
                epoch, news = _heard(event.text, epoch)
                metrics = news or metrics
                bar.update(task, description=" ".join(filter(None, (place, epoch, metrics))))
            elif isinstance(event, ClaimFails):
                bar.console.print(f"{event.error} (not counted on stand-in data)", markup=False)

        yield listen


def _heard(text: str, epoch: str) -> tuple[str, str]:
    """The epoch that a piece of output belongs to, and the metrics in it, if there are any."""
    metrics = ""
    for line in clean(text, {}).split("\n"):
        if re.fullmatch(r"Epoch \d+/\d+", line.strip()):
            epoch, metrics = line.strip(), ""
        elif METRICS.search(line):
            metrics = line.strip()[:70]
    return epoch, metrics
