"""The names that a script has bound → bytes, and back into another kernel.

What comes back must go on as the original would have: arrays share the memory that they shared,
functions look their names up in the live namespace, a Keras model has the value of every variable,
and the generators that everybody draws from stay the one they are. Whether it did is for the proof.
"""

import io
import pickle
import random
import re
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import CodeType, FunctionType
from typing import Any, TypeVar

import cloudpickle

from press.kernel import imports, keras_kept, keras_types, memory, numpy_types, pandas_types
from press.kernel.builtin_types import flags_given, is_bare
from press.kernel.parts import is_interned, is_one_of_many, module_of, named
from press.kernel.places import Path, found
from press.kernel.sealed import Bytes

Namespace = dict[str, Any]


def _hexed(layout: str, *numbers: float) -> str:
    return struct.pack(layout, *numbers).hex()


def _unhexed(layout: str, digits: str) -> tuple[Any, ...]:
    return struct.unpack(layout, bytes.fromhex(digits))


NUMBERS: Mapping[type, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    int: (hex, partial(int, base=16)),
    float: (partial(_hexed, "d"), lambda digits: _unhexed("d", digits)[0]),
    complex: (
        lambda item: _hexed("dd", item.real, item.imag),
        lambda digits: complex(*_unhexed("dd", digits)),
    ),
}
"""How numbers are written, and read again: to the last bit."""
LOADED = {kind.__name__: load for kind, (_, load) in NUMBERS.items()}


def dump(namespace: Namespace, chosen: Namespace) -> "Dumped":
    """These values; large arrays stand beside it, not yet copied."""
    file = io.BytesIO()
    arrays: list[pickle.PickleBuffer] = []
    pickler = _Pickler(file, namespace, arrays)
    pickler.dump(chosen)
    pickler.clear_memo()  # what it remembers must not outlive what the script lets go
    return Dumped(file.getvalue(), [buffer.raw() for buffer in arrays])


@dataclass(frozen=True)
class Dumped:
    data: bytes
    arrays: list[memoryview]

    @property
    def size(self) -> int:
        return len(self.data) + sum(array.nbytes for array in self.arrays)


def load(namespace: Namespace, data: Bytes, arrays: Iterable[bytearray]) -> Namespace:
    """The values by name; the caller puts them into the namespace."""
    values: Namespace = _Unpickler(io.BytesIO(data), namespace, arrays).load()
    pandas_types.fill()
    return values


def _keep_in_band(arrays: list[pickle.PickleBuffer], buffer: pickle.PickleBuffer) -> bool:
    if buffer.raw().nbytes < memory.LARGE:
        return True
    arrays.append(buffer)
    return False


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(
        self, file: io.BytesIO, namespace: Namespace, arrays: list[pickle.PickleBuffer]
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=partial(_keep_in_band, arrays))
        self._namespace = namespace
        self._parts = _Parts(namespace)
        self._numbers: dict[int, tuple[int, Any]] = {}
        self._shared = {id(item): name for name, item in _shared(namespace).items()}
        self._names: dict[int, Path] = {}
        """Where the names of modules stand in which functions look theirs up."""

    def persistent_id(self, item: Any) -> Any:
        key = id(item)
        known = self._shared.get(key) or self._names.get(key)
        return known or imports.path_of(item) or self._single(item)

    def _single(self, item: Any) -> str | None:
        """Of equal numbers and texts, pickle would not know which were one and the same."""
        kind = type(item)
        if kind is str and is_one_of_many(item, kind) and is_interned(item):
            return f"text {item}"
        if kind in NUMBERS and is_one_of_many(item, kind):
            number, _ = self._numbers.setdefault(id(item), (len(self._numbers), item))
            return f"{kind.__name__} {number} {NUMBERS[kind][0](item)}"
        return None

    def _dynamic_function_reduce(self, function: FunctionType) -> Any:
        is_shared = self._share(function)
        reduced = super()._dynamic_function_reduce(function)
        make, arguments, (_, slots), *nothing, fill = reduced
        if is_shared:
            slots["__globals__"] = {}
        # cloudpickle would copy the names of attributes, which are interned.
        state = vars(function), slots
        if is_bare(function):
            return _bare, arguments, (fill, state), *nothing, _fill_bare
        return make, arguments, state, *nothing, fill

    def _share(self, function: FunctionType) -> bool:
        """Have a function look up its names where every kernel has them, if it does so here."""
        names = function.__globals__
        module = str(names.get("__name__"))
        is_of_module = getattr(sys.modules.get(module), "__dict__", None) is names
        if is_of_module and names is not self._namespace:
            self._names[id(names)] = module, "__dict__"
        # What cloudpickle gives functions for their globals, unless it knows better.
        if is_shared := is_of_module or names is self._namespace or is_bare(function):
            self.globals_ref[id(names)] = names
        return is_shared

    def reducer_override(self, item: Any) -> Any:
        kind = type(item)
        if numpy_types.is_array(item):
            return numpy_types.reduced(item)
        if kind is re.Pattern and (flags := flags_given(item)):
            return re.compile, (item.pattern, flags[0])
        if named(kind) in pandas_types.KEPT:
            return pandas_types.reduced(item, named(kind))
        if named(kind) == keras_types.TENSOR:
            return keras_kept.reduced_tensor(item)
        if module_of(kind).startswith("keras.src.") and keras_kept.is_part(item):
            return self._parts.reduced(item)
        if kind in (staticmethod, classmethod):
            return kind, (item.__func__,), dict(vars(item)), None, None, _set_attributes
        if kind is TypeVar:
            make, arguments = self.dispatch_table[TypeVar](item)
            return make, arguments, {"__module__": item.__module__} if make is not getattr else None
        reduced = super().reducer_override(item)
        if issubclass(kind, type) and isinstance(reduced, tuple) and len(reduced) == SETTER + 1:
            make, arguments, state, *nothing, fill = reduced
            slots = vars(item).get("__slots__")
            if type(slots) in (str, tuple, list) and "__orig_bases__" not in vars(item):
                constructor, name, bases, given, *rest = arguments
                arguments = (constructor, name, bases, {**given, "__slots__": slots}, *rest)
            return make, arguments, (fill, state, list(vars(item))), *nothing, _fill_class
        return reduced


SETTER = 5
"""At which place of what pickle is given stands what fills an object with its state."""


def _bare(code: CodeType, names: Namespace, *_: object) -> FunctionType:
    """A function with names of its own; cloudpickle would have it find those of Python, too."""
    return FunctionType(code, names)


def _fill_bare(
    function: FunctionType, kept: tuple[Callable[[FunctionType, Any], None], Any]
) -> None:
    fill, state = kept
    builtins = function.__globals__["__builtins__"]
    fill(function, state)
    function.__globals__["__builtins__"] = builtins


def _set_attributes(item: Any, state: Namespace) -> None:
    """And none that it takes from its function, as the `__new__` of a class does not."""
    vars(item).clear()
    vars(item).update(state)


def _fill_class(kind: type, kept: tuple[Callable[[type, Any], None], Any, list[str]]) -> None:
    """With its attributes in the order in which the script made them."""
    fill, state, names = kept
    fill(kind, state)
    for name, item in list(vars(kind).items()):
        if type(item) is property:
            named_as: Any = item
            named_as.__set_name__(kind, name)
    own = [name for name in names if not name.startswith("__") and name in vars(kind)]
    if own != [name for name in vars(kind) if name in own]:
        for name in own:
            item = vars(kind)[name]
            type.__delattr__(kind, name)
            type.__setattr__(kind, name, item)


class _Parts:
    """The Keras models of a namespace; what belongs to one is kept as a part of it.

    What belongs to none, and is built by itself, stands in the place of one.
    """

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._owners: dict[int, tuple[Any, keras_kept.Place]] = {}

    def reduced(self, item: Any) -> Any:
        if not self._owners:
            for model in keras_kept.models_in(self._namespace):
                self._note(model)
        if keras_kept.is_model(item) and id(item) not in self._owners:
            self._note(item)
        model, place = self._owners.get(id(item), (None, ()))
        if model is None:
            self._note(item)
            return keras_kept.reduced_alone(item)
        if place:
            return keras_kept.part_of(model, place)
        is_model = keras_kept.is_model(model)
        return (keras_kept.reduced_model if is_model else keras_kept.reduced_alone)(model)

    def _note(self, model: Any) -> None:
        for place, part in keras_kept.parts_of(model):
            if self._owners.setdefault(id(part), (model, place))[0] is not model:
                raise keras_kept.Unkeepable("a model shares parts with another one")


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, namespace: Namespace, arrays: Iterable[bytearray]) -> None:
        super().__init__(file, buffers=arrays)
        self._shared = _shared(namespace)
        self._numbers: dict[str, Any] = {}

    def persistent_load(self, name: Any) -> Any:
        if not isinstance(name, str):
            return found(name)
        kind, _, content = name.partition(" ")
        if kind == "text":
            return sys.intern(content)
        if kind in LOADED:
            number, _, digits = content.partition(" ")
            if number not in self._numbers:
                self._numbers[number] = LOADED[kind](digits)
            return self._numbers[number]
        return self._shared[name]


def _shared(namespace: Namespace) -> Namespace:
    """What every kernel has one of: kept as a name, never as a copy."""
    shared: Namespace = {"the namespace": namespace, "the random": random._inst}
    if "numpy.random" in sys.modules:
        import numpy as np

        shared["the numpy.random"] = np.random.mtrand._rand
        shared["the numpy.random bits"] = np.random.mtrand._rand._bit_generator
    return shared
