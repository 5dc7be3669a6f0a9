"""What happens while a script runs, told to whoever listens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from press.run.outcome import Outcome
from press.run.session import Session
from press.script.cells import Cell
from press.voice.errors import PressError


@dataclass(frozen=True)
class FallsBack:
    """A snapshot could not be laid over the kernel; an earlier one is tried, or the start."""

    reason: str


@dataclass(frozen=True)
class RunStarts:
    """The first cells need not run if their outcomes are known: the kernel is behind them."""

    session: Session
    outcomes: tuple[Outcome, ...] = ()
    seconds: tuple[float, ...] = ()
    saved: float = 0.0
    """Seconds of work that an earlier run has done already."""
    kept: str = ""
    """When the snapshot was made."""


@dataclass(frozen=True)
class CellStarts:
    number: int
    cell: Cell


@dataclass(frozen=True)
class CellPrints:
    text: str


@dataclass(frozen=True)
class CellEnds:
    seconds: float
    outcome: Outcome


@dataclass(frozen=True)
class ClaimFails:
    error: PressError


@dataclass(frozen=True)
class RunEnds:
    """All cells have run, or one has failed; the kernel is still there."""


Event = FallsBack | RunStarts | CellStarts | CellPrints | CellEnds | ClaimFails | RunEnds
Listener = Callable[[Event], Awaitable[None] | None]
"""May answer with work that has to be done before the run goes on."""


async def tell(listeners: tuple[Listener, ...], event: Event) -> None:
    for listen in listeners:
        work = listen(event)
        if work is not None:
            await work
