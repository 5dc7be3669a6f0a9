"""A value, told as a digest: all of it that code can see, or a word on why that is not known.

Two digests are equal only if both values are alike in exact types, contents, orders, and in which
of their parts are one and the same. What is told of a type is what is known of it; of a type that
is not known here nothing is told, and a value that reaches one has no digest.
"""

import functools
import hashlib
import os
import re
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from press.kernel import builtin_types, keras_types, numpy_types, pandas_types
from press.kernel.parts import (
    Drawn,
    Unknown,
    attributes,
    built_in_base,
    has_registered,
    hook_of,
    is_drawn,
    is_found,
    is_interned,
    is_one_of_many,
    is_own,
    is_slot,
    module_of,
    named,
)

ADDRESSES = range(1 << 34, 1 << 48)
"""Whole numbers that may be where an object lies, or the hash that is made of it."""
ADDRESS = re.compile("0x([0-9a-fA-F]{6,16})")
PROCESS = {os.getpid(), os.getppid(), threading.get_ident(), threading.get_native_id()}
PASSED_OVER = {"__dict__", "__weakref__", "__slotnames__", "__subclasshook__", "_abc_impl"}
"""What a class holds that says nothing, or is told apart."""
ATOMS = {int, float, complex, bool, str, bytes, type(None), type(...), type(NotImplemented)}
SHARED = (
    *(type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, tuple, re.Pattern),
    *ATOMS,
)
"""What the script and its libraries may both hold without either noticing the other."""


class Description:
    """Of several values, one after another: what they share is told of the later ones."""

    def __init__(self, namespace: dict[str, Any], landmark: Callable[[Any], str | None]) -> None:
        self.namespace = namespace
        self._landmark = landmark
        """Where an object stands in a library, if it was there when that was loaded."""
        self._numbers: dict[int, bytes] = {}
        """By address, in which value and as which part of it an object was met first."""
        self._piece = ""
        self._alive: list[Any] = []
        """What has a number must not make room for another object."""
        self._large: set[int] = set()
        """Whole numbers that may be addresses."""
        self._addresses: set[int] = set()
        """Of memory that arrays show."""
        self.classes: list[type] = []
        """Those of the script."""
        self._met = 0
        self._libraries = 0
        """How many of them what is told now is part of."""
        self._hash = hashlib.sha256()
        self.write = self._hash.update

    def digest(self, name: str, value: Any) -> str:
        """What follows is told of this value alone, but for what was told before."""
        self._hash = hashlib.sha256()
        self.write = self._hash.update
        self._piece, self._met = name, 0
        known = len(self._alive)
        try:
            self.tell(value)
        except Unknown as unknown:
            for item in self._alive[known:]:
                self._numbers.pop(id(item), None)
            raise unknown.within(name) from None
        except RecursionError:
            raise Unknown("is nested too deeply", name) from None
        return self._hash.hexdigest()[:32]

    def check_addresses(self) -> None:
        """A number that was made of an address would be another one in another process."""
        for number in self._large:
            if self._addresses & {number} or self._numbers.keys() & {number, number << 4}:
                raise Unknown(f"{number:#x}, the address of an object, is held as a number or text")

    def tell(self, value: Any) -> None:
        kind = type(value)
        if type(kind) is not type and is_own(type(kind)):  # before anything asks it
            raise Unknown("has a metaclass of the script")
        if kind in ATOMS:
            self._atom(value, kind)
            return
        if module_of(kind) == "numpy.dtypes":
            numpy_types.tell_dtype(self, value)
            return
        number = self._numbers.get(id(value))
        if number is not None:
            self.write(b"@%b;" % number)
            return
        self._meet(value)
        place = self._landmark(value) if kind is not functools._lru_cache_wrapper else None
        if place is not None:
            self.words("library", place)
            return
        tell = told_of(kind)
        if tell:
            self.words(keras_types.ALIKE.get(named(kind), named(kind)))
            with self.of_library(module_of(kind).partition(".")[0] in LIBRARIES):
                tell(self, value)
        else:
            self._other(value, kind)

    @property
    def in_library(self) -> bool:
        return self._libraries > 0

    @contextmanager
    def of_library(self, inside: bool = True) -> Iterator[None]:
        """What is told here belongs to a library."""
        self._libraries += inside
        try:
            yield
        finally:
            self._libraries -= inside

    def content(self, kind: type, value: Any) -> None:
        """What an object is besides its attributes."""
        builtin_types.CONTENT[kind](self, value)

    def words(self, *words: str) -> None:
        for word in words:
            text = word.encode("utf-8", "surrogatepass")
            self.write(b"%d:" % len(text))
            self.write(text)

    def data(self, content: Any) -> None:
        self.write(b"%d:" % memoryview(content).nbytes)
        self.write(content)

    def items(self, items: Iterable[tuple[str, Any]]) -> None:
        """Parts of a value by their places."""
        for place, item in items:
            try:
                self.tell(item)
            except Unknown as unknown:
                raise unknown.within(place) from None
        self.write(b".")

    def holds(self, container: Any) -> bool:
        """Whether a value that was told is in it, other than what everybody shares."""
        items = [container]
        if issubclass(type(container), dict):
            items += [*dict.keys(container), *dict.values(container)]
        elif type(container) in (list, set):
            items += container
        return any(
            id(item) in self._numbers
            and not issubclass(type(item), SHARED)
            and self._landmark(item) is None
            for item in items
        )

    def same_place(self, value: Any) -> None:
        """An object of which only counts whether it is the one that stood elsewhere."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._meet(value)
        self.write(b"#%b;" % number)

    def _meet(self, value: Any) -> bytes:
        number = f"{self._met} of {self._piece}".encode()
        self._numbers[id(value)] = number
        self._alive.append(value)
        self._met += 1
        return number

    def lies_at(self, address: int) -> None:
        self._addresses.add(address)

    def _atom(self, value: Any, kind: type) -> None:
        if kind is int and value in ADDRESSES:
            self._large.add(value)
        elif kind is int and value in PROCESS:
            raise Unknown("is the number of this process or thread")
        elif kind is str and "0x" in value:
            self._large.update(int(digits, 16) for digits in ADDRESS.findall(value))
        if self._alike(value, kind):
            return
        if kind is bytes:
            self.write(b"b")
            self.data(value)
        else:
            self.words(kind.__name__, value if kind is str else repr(value))

    def _alike(self, value: Any, kind: type) -> bool:
        """Tell which of equal numbers and texts are one and the same; true if that is all of it.

        What libraries keep for themselves tells nobody, but of a number that is not equal to
        itself containers know whether it is the same.
        """
        if not is_one_of_many(value, kind) or (self._libraries and value == value):
            return False
        place = self._landmark(value)
        if place is not None:
            self.words("library", place, str(kind is str and is_interned(value)))
        elif kind is str and is_interned(value):
            self.write(b"=")
        else:
            self.same_place(value)
        return place is not None

    def _other(self, value: Any, kind: type) -> None:
        """An instance of a class that is written in Python: its attributes are all that it has."""
        if issubclass(kind, type):
            if is_own(kind):
                raise Unknown("has a metaclass of the script")
            self._class(value)
            return
        if is_drawn(value):
            raise Drawn("is a drawing")
        if issubclass(kind, BaseException):
            raise Unknown("is an exception, which holds the frames it went through")
        base = built_in_base(kind, builtin_types.CONTENT)
        if base is None:
            raise Unknown(
                f"is of type {named(kind)}, of which it is not known how to bring it back"
            )
        if hook := hook_of(kind, base):
            raise Unknown(f"has a {hook} of its own, which keeping it would call")
        self.words("instance")
        self.tell(kind)
        if base is not object:
            self.words(base.__name__)
            self.content(base, value)
        builtin_types.tell_own_dict(self, value)
        self.items((f".{name}", item) for name, item in attributes(value))

    def _class(self, value: type) -> None:
        if is_found(value):
            self.words("class", value.__module__, value.__qualname__)
            return
        self.classes.append(value)
        self.words("own class", value.__name__, value.__qualname__)
        room = value.__basicsize__, value.__dictoffset__, value.__weakrefoffset__
        self.words(repr(room))
        self.items((f".{n}", base) for n, base in enumerate((type(value), *value.__bases__)))
        below: list[type] = type.__subclasses__(value)
        self.words(*(part.__qualname__ for part in below))
        if "_abc_impl" in vars(value) and has_registered(value):
            raise Unknown("is a class with others registered as its own")
        self.items(
            (f".{name}", item)
            for name, item in sorted(vars(value).items())
            if name not in PASSED_OVER and not is_slot(item, value)
        )
        own = [name for name in vars(value) if name not in PASSED_OVER]
        self.words(*(name for name in own if not name.startswith("__")))


def told_of(kind: type) -> Callable[[Description, Any], None] | None:
    tell = builtin_types.EXACT.get(kind) or builtin_types.NAMED.get(named(kind))
    package = module_of(kind).partition(".")[0]
    if tell is None and package in LIBRARIES:
        tell = LIBRARIES[package](kind)
    return tell


LIBRARIES = {
    "numpy": numpy_types.tell_named,
    "pandas": pandas_types.tell_named,
    "keras": keras_types.tell_named,
    "tensorflow": keras_types.tell_named,
}
