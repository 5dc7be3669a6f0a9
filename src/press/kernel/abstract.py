"""Which classes count as kinds of an abstract one of a library, by being registered there."""

import sys
from collections.abc import Iterator
from typing import Any

from press.kernel.places import Path

noted: dict[int, tuple[type, Path, frozenset[int]]] = {}
"""By address, an abstract class, where it stands, and what was registered when it was noted."""


def note(kind: type, path: Path) -> None:
    if "_abc_impl" in vars(kind):
        noted[id(kind)] = kind, path, frozenset(map(id, _registered(kind)))


def note_again() -> None:
    """What has been registered meanwhile, an import has done."""
    for kind, path, _ in list(noted.values()):
        note(kind, path)


def changes() -> Iterator[tuple[Path, str, Any]]:
    for kind, path, known in noted.values():
        new = [part for part in _registered(kind) if id(part) not in known]
        if new:
            yield path, "register", sorted(new, key=lambda part: part.__qualname__)


def _registered(kind: type) -> list[type]:
    living = (reference() for reference in sys.modules["_abc"]._get_dump(kind)[0])
    return [part for part in living if part is not None]
