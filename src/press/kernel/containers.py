"""What is told of Python's own containers."""

import ctypes
from collections.abc import Iterable
from typing import Any

from press.kernel.parts import WORD, Telling, Unknown, is_own, named


def tell_list(tell: Telling, value: Any) -> None:
    tell.items((f"[{n}]", item) for n, item in enumerate(list.__iter__(value)))


def tell_tuple(tell: Telling, value: Any) -> None:
    tell.items((f"[{n}]", item) for n, item in enumerate(tuple.__iter__(value)))


def tell_dict(tell: Telling, value: Any) -> None:
    _refuse_own_hashes(dict.keys(value))
    for key, item in dict.items(value):
        tell.items([("", key), (f"[{_short(key)}]", item)])
    tell.words(".")


def _refuse_own_hashes(keys: Iterable[Any]) -> None:
    """They may be others than when the keys were put in, which nobody sees."""
    for key in keys:
        for part in type(key).__mro__ if is_own(type(key)) else ():
            if is_own(part) and vars(part).get("__hash__"):
                raise Unknown(
                    f"has a key of type {named(type(key))}, which has a __hash__ of its own"
                )


def tell_set(tell: Telling, value: Any) -> None:
    """In the order of going through it, and where in its table: that decides where the next go.

    So do how large that is, how full it has been, and from where on `pop` looks.
    """
    head = id(value) + object.__basicsize__
    fill, _, mask = (ctypes.c_ssize_t * 3).from_address(head)
    table = ctypes.c_void_p.from_address(head + 3 * WORD).value or 0
    finger = ctypes.c_ssize_t.from_address(head + 5 * WORD).value
    entries = memoryview(ctypes.string_at(table, 2 * WORD * (mask + 1))).cast("P")
    places = [place for place, key in enumerate(entries[::2]) if key]
    tell.words(repr((places, fill, mask, finger)))
    _refuse_own_hashes(value)
    kind = set if isinstance(value, set) else frozenset
    tell.items(("", item) for item in kind.__iter__(value))


def tell_deque(tell: Telling, value: Any) -> None:
    tell.words(repr(value.maxlen))
    tell.items(("", item) for item in value)


def tell_defaultdict(tell: Telling, value: Any) -> None:
    tell.tell(value.default_factory)
    tell_dict(tell, value)


def _short(key: Any) -> str:
    text = repr(key) if isinstance(key, str | int | float | tuple) else type(key).__name__
    return text if len(text) <= 40 else f"{text[:39]}…"
