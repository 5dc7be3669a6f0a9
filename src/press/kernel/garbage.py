"""Garbage: not looked for while press is at work, nor while a library is loaded."""

import contextlib
import gc
import threading
from collections.abc import Iterator

FAR = 1_000_000_000
"""So many new objects before garbage is looked for: never."""
held = threading.local()
"""`collects` tells of a thread whether garbage was looked for before we held that up."""


@contextlib.contextmanager
def paused() -> Iterator[None]:
    enabled, held.collects = gc.isenabled(), collects()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
            del held.collects


def collects() -> bool:
    """Whether garbage is looked for when we do not hold it up."""
    return getattr(held, "collects", gc.isenabled())


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """While a library is loaded, garbage can wait, and then all counts as old: most of it stays.

    Looking through it again and again takes a fifth of TensorFlow's import.
    """
    first, *others = gc.get_threshold()
    gc.set_threshold(FAR, *others)
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        if gc.get_threshold() == (FAR, *others):  # else the library has set it
            gc.set_threshold(first, *others)
