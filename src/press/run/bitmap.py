"""The card wants a bitmap of the first figure; the others are not drawn a second time."""

from collections.abc import Awaitable, Iterable

from press.kernel.protocol import draw_no_bitmaps
from press.run.events import CellEnds, Event, RunStarts
from press.run.outcome import Outcome
from press.run.session import Session


class OneBitmap:
    """Listens to a run for its first bitmap."""

    def __init__(self) -> None:
        self._session: Session | None = None

    def __call__(self, event: Event) -> Awaitable[None] | None:
        if isinstance(event, RunStarts):
            self._session = event.session
            return self._look_at(event.outcomes)
        return self._look_at([event.outcome]) if isinstance(event, CellEnds) else None

    def _look_at(self, outcomes: Iterable[Outcome]) -> Awaitable[None] | None:
        found = any(figure.bitmap for outcome in outcomes for figure in outcome.figures)
        if not found or not self._session:
            return None
        session, self._session = self._session, None
        return session.ask(draw_no_bitmaps())
