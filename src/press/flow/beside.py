"""Runs side by side: what one writes, another may read before it is written, or after."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class Span:
    """The time of one run."""

    slug: str
    beside: list["Span"]
    """The runs that were under way in it."""
    written: frozenset[str] | None = None
    """The files of the blog that it was heard to write; None where nobody knows."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def writers(self, paths: Collection[str]) -> dict[str, str]:
        """Of these files, those that others may have written meanwhile, each with its post."""
        for other in self.beside if paths else ():
            await other.ended.wait()
        return {
            path: other.slug
            for other in self.beside
            for path in sorted(paths)
            if other.written is None or path in other.written
        }


class Beside:
    """All runs of one build."""

    def __init__(self) -> None:
        self._under_way: list[Span] = []
        self.written: dict[str, frozenset[str]] = {}
        """What each that has ended was heard to write."""

    @contextmanager
    def span(self, slug: str) -> Iterator[Span]:
        span = Span(slug, [*self._under_way])
        for other in self._under_way:
            other.beside.append(span)
        self._under_way.append(span)
        try:
            yield span
        finally:
            self._under_way.remove(span)
            self.written[slug] = self.written.get(slug, frozenset()) | (span.written or frozenset())
            span.ended.set()

    def written_by_others(self, slug: str) -> list[str]:
        """What a run may have met half written, or missed."""
        others = (paths for other, paths in self.written.items() if other != slug)
        return sorted(frozenset().union(*others)) if slug in self.written else []


class Disturbed(Exception):
    """A run whose results count for nothing, as others wrote meanwhile what it read."""

    def __init__(self, writers: Mapping[str, str], written: Collection[str]) -> None:
        super().__init__()
        self.writers = writers
        """By file, the post that wrote it."""
        self.written = frozenset(written)
        """What the run wrote itself."""
