"""The memory of large arrays: hashed once while a snapshot is taken or laid, and read in place."""

import hashlib
import sys
from _thread import LockType, allocate_lock, start_new_thread
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

LARGE = 1 << 20
"""Bytes from which an array is kept beside the others rather than among them."""
hashed: dict[tuple[int, int], tuple[bytes, memoryview]] = {}
"""By address and size, a digest, and what keeps the memory from being another's."""
awaited: dict[tuple[int, int], LockType] = {}
"""Those that are being hashed, each free when it is."""


@contextmanager
def hashed_once(ahead: Iterable[memoryview] = ()) -> Iterator[None]:
    """Nobody writes into arrays here; some may be hashed while something else is done."""
    for view in ahead:
        _begin(view)
    try:
        yield
    finally:
        for place in [*awaited]:
            _wait(place)
        hashed.clear()


def _begin(view: memoryview) -> None:
    place = (_address(view), view.nbytes)
    if view.nbytes >= LARGE and place not in awaited:
        done = awaited[place] = allocate_lock()
        done.acquire()
        start_new_thread(_hash, (place, view, done))


def _hash(place: tuple[int, int], view: memoryview, done: LockType) -> None:
    try:
        hashed[place] = hashlib.sha256(view).digest(), view
    finally:
        done.release()


def _wait(place: tuple[int, int]) -> None:
    if done := awaited.pop(place, None):
        done.acquire()


def digest(content: Any) -> bytes:
    view = memoryview(content)
    if view.nbytes < LARGE or "numpy" not in sys.modules:
        return hashlib.sha256(view).digest()
    place = (_address(view), view.nbytes)
    _wait(place)
    if place not in hashed:
        hashed[place] = hashlib.sha256(view).digest(), view
    return hashed[place][0]


def _address(view: memoryview) -> int:
    import numpy as np

    return int(np.frombuffer(view, "u1").__array_interface__["data"][0])


def room(size: int) -> Any:
    """Memory that an array may have for its own, with nothing in it yet."""
    import numpy as np

    return np.empty(size, "u1")
