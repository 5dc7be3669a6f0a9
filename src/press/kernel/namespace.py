"""The names that a script has bound → bytes, and back into another kernel.

What comes back must go on as the original would have: arrays share the memory that they shared,
functions look their names up in the live namespace, a Keras model has the value of every variable,
and the generators that everybody draws from stay the one they are. Whether it did is for the proof.
"""

import io
import pickle
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any

import cloudpickle

from press.kernel import imports, keras_types, numpy_types
from press.kernel.parts import module_of
from press.kernel.sealed import Bytes

Namespace = dict[str, Any]
LARGE = 1 << 20
"""Bytes from which an array is kept beside the others rather than among them."""


def dump(namespace: Namespace, names: Iterable[str]) -> "Dumped":
    """These names; large arrays stand beside it, not yet copied."""
    file = io.BytesIO()
    arrays: list[pickle.PickleBuffer] = []
    chosen = {name: namespace[name] for name in names}
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
    return values


def _keep_in_band(arrays: list[pickle.PickleBuffer], buffer: pickle.PickleBuffer) -> bool:
    if buffer.raw().nbytes < LARGE:
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
        self._shared = {id(item): name for name, item in _shared(namespace).items()}
        # What cloudpickle gives functions for their globals, unless it knows better.
        self.globals_ref[id(namespace)] = namespace

    def persistent_id(self, item: Any) -> Any:
        return self._shared.get(id(item)) or imports.path_of(item)

    def _dynamic_function_reduce(self, function: FunctionType) -> Any:
        make, arguments, (state, slots), *rest = super()._dynamic_function_reduce(function)
        if function.__globals__ is self._namespace:
            slots["__globals__"] = {}
        return make, arguments, (state, slots), *rest

    def reducer_override(self, item: Any) -> Any:
        kind = type(item)
        if module_of(kind) == "numpy" and kind.__name__ == "ndarray":
            return numpy_types.reduced(item)
        if module_of(kind).startswith("keras.src.") and keras_types.is_part(item):
            return self._parts.reduced(item)
        return super().reducer_override(item)


class _Parts:
    """The Keras models of a namespace; what belongs to one is kept as a part of it."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._owners: dict[int, tuple[Any, str]] = {}

    def reduced(self, item: Any) -> Any:
        if not self._owners:
            for model in filter(keras_types.is_model, self._namespace.values()):
                self._note(model)
        if keras_types.is_model(item) and id(item) not in self._owners:
            self._note(item)
        model, place = self._owners.get(id(item), (None, ""))
        if model is None:
            raise keras_types.Unkeepable(f"{type(item).__name__} belongs to no model")
        return keras_types.part_of(model, place) if place else keras_types.reduced_model(model)

    def _note(self, model: Any) -> None:
        for place, part in keras_types.parts_of(model):
            if self._owners.setdefault(id(part), (model, place))[0] is not model:
                raise keras_types.Unkeepable("a model shares parts with another one")


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, namespace: Namespace, arrays: Iterable[bytearray]) -> None:
        super().__init__(file, buffers=arrays)
        self._shared = _shared(namespace)

    def persistent_load(self, name: Any) -> Any:
        return self._shared[name] if isinstance(name, str) else imports.found(name)


def _shared(namespace: Namespace) -> Namespace:
    """What every kernel has one of: kept as a name, never as a copy."""
    shared: Namespace = {"namespace": namespace, "random": random._inst}
    if "numpy.random" in sys.modules:
        import numpy as np

        shared["numpy.random"] = np.random.mtrand._rand
        shared["numpy.random bits"] = np.random.mtrand._rand._bit_generator
    return shared
