"""What values are made of: their classes, their attributes, and a word where that is not known."""

import contextlib
import ctypes
import functools
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

HEAP_TYPE = 1 << 9
WORD = ctypes.sizeof(ctypes.c_void_p)
COMPILED = (
    types.BuiltinFunctionType,
    types.GetSetDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)


class Telling(Protocol):
    """What a value is told to, part by part."""

    namespace: dict[str, Any]

    @property
    def in_library(self) -> bool: ...
    def tell(self, value: Any) -> None: ...
    def words(self, *words: str) -> None: ...
    def data(self, content: Any) -> None: ...
    def items(self, items: Iterable[tuple[str, Any]]) -> None: ...
    def same_place(self, value: Any) -> None: ...
    def lies_at(self, address: int) -> None: ...
    def content(self, kind: type, value: Any) -> None: ...
    def of_library(self) -> AbstractContextManager[None]: ...


Tell = Callable[[Telling, Any], None]


class Unknown(Exception):
    """What cannot be told, and where it is."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason)
        self.reason, self.place = reason, place

    def within(self, part: str) -> "Unknown":
        return Unknown(self.reason, f"{part}{self.place}")

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


class Drawn(Unknown):
    """A figure or a part of one."""

    def within(self, part: str) -> "Unknown":
        return Drawn(self.reason, f"{part}{self.place}")


def name_of(item: Any) -> str:
    """As code would find it, or its class."""
    own = getattr(item, "__qualname__", None) or type(item).__qualname__
    return f"{getattr(item, '__module__', '')}.{own}"


def module_of(kind: type) -> str:
    """Its module; where a class keeps something else under that name, none."""
    module = kind.__module__
    return module if isinstance(module, str) else ""


def named(kind: type) -> str:
    module = module_of(kind)
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def is_found(value: Any) -> bool:
    """Whether it is what stands in its module under its name."""
    if value.__module__ == "__main__":
        return False
    found: Any = sys.modules.get(value.__module__)
    for part in str(value.__qualname__).split("."):
        found = getattr(found, part, None)
    return found is value


def is_own(kind: type) -> bool:
    """Whether it is a class of the script."""
    return bool(type.__dict__["__dict__"].__get__(kind).get("__module__") == "__main__")


def is_of_script(value: Any, namespace: dict[str, Any]) -> bool:
    """Whether it is a function or a class of the script, or of such a class."""
    if type(value) is types.FunctionType:
        return value.__globals__ is namespace
    return is_own(value if type(value) is type else type(value))


HOOKS = (
    *("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getattribute__"),
    *("__del__", "__getnewargs__", "__getnewargs_ex__", "__class__"),
)
"""What pickling calls of a class, or what notices that it is looked at."""
LOOKS = (
    *("__iter__", "__len__", "__getitem__", "__setitem__", "items", "keys", "values", "append"),
    *("extend", "add", "update", "__contains__"),
)


def hook_of(kind: type, base: type) -> str | None:
    """What a class of the script would notice of being kept."""
    if base is tuple and "_fields" in vars(kind):
        return None  # named tuples are kept by a method that is known
    own = [name for part in kind.__mro__ if is_own(part) for name in vars(part)]
    hooks = HOOKS if base is object else (*HOOKS, *LOOKS)
    return next((name for name in hooks if name in own), None)


def is_drawn(value: Any) -> bool:
    if not module_of(type(value)).startswith(("matplotlib.", "mpl_toolkits.")):
        return False
    from matplotlib.artist import Artist
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.container import Container

    return isinstance(value, Artist | FigureCanvasBase | Container)


def is_slot(item: Any, owner: type) -> bool:
    return isinstance(item, types.MemberDescriptorType) and item.__objclass__ is owner


SMALL = range(-5, 257)
"""Whole numbers of which Python has one each."""


def is_one_of_many(item: Any, kind: type) -> bool:
    """A number or text that another one may equal, and yet be another."""
    if kind is int:
        return item not in SMALL
    if kind is str:
        return len(item) > 1 or item > "\xff"
    return kind in (float, complex) or (kind is bytes and len(item) > 1)


def is_interned(text: str) -> bool:
    return sys.intern(f"{text} "[:-1]) is text


def has_registered(value: type) -> bool:
    return bool(sys.modules["_abc"]._get_dump(value)[0])


def built_in_base(kind: type, known: Collection[type]) -> type | None:
    """What the instances of a class are besides their attributes; none if that is not known."""
    base = next(part for part in kind.__mro__ if part in known)
    written = (part for part in kind.__mro__ if part not in known)
    return None if any(map(is_compiled, written)) else base


@functools.cache
def is_compiled(part: type) -> bool:
    """Whether compiled code made the class, whose instances may keep what nobody sees."""
    own, base = vars(part), part.__base__ or object
    slots = own.get("__slots__", ())
    named = [slots] if isinstance(slots, str) else list(slots)
    seen = [name for name in named if name not in ("__dict__", "__weakref__")]
    new = (
        part.__dictoffset__ != base.__dictoffset__,
        part.__weakrefoffset__ != base.__weakrefoffset__,
    )
    room = 8 * (len(seen) + sum(new))
    compiled = any(
        isinstance(item, COMPILED)
        and getattr(item, "__objclass__", getattr(item, "__self__", None)) is part
        and name not in ("__dict__", "__weakref__")
        for name, item in own.items()
    )
    too_large = part.__basicsize__ - base.__basicsize__ > room
    return not part.__flags__ & HEAP_TYPE or compiled or too_large


def attributes(value: Any) -> Iterator[tuple[str, Any]]:
    with contextlib.suppress(AttributeError):
        yield from object.__getattribute__(value, "__dict__").items()
    for kind in type(value).__mro__:
        if not kind.__flags__ & HEAP_TYPE:
            continue
        for name, slot in vars(kind).items():
            if isinstance(slot, types.MemberDescriptorType) and slot.__objclass__ is kind:
                try:
                    yield name, slot.__get__(value)
                except AttributeError:
                    continue
