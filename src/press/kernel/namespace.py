"""The names that a script has bound → bytes, and back into another kernel.

What comes back must go on as the original would have: arrays share the memory that they shared,
functions look their names up in the live namespace, a Keras model has the value of every variable,
and the generators that everybody draws from stay the one they are. A name whose value cannot be
brought back so is left out.
"""

import io
import pickle
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import cloudpickle

from press.kernel.sealed import Bytes

Namespace = dict[str, Any]
REMEMBERED = ("history", "stop_training")
"""What training leaves on a Keras model beside its variables."""
LARGE = 1 << 20
"""Bytes from which an array is kept beside the others rather than among them."""


class Unkeepable(pickle.PicklingError):
    """A value whose copy would not go on as the original would."""


def dump(namespace: Namespace, names: Iterable[str]) -> "Dumped":
    """What can be kept of these names; large arrays stand beside it, not yet copied."""
    chosen = {name: namespace[name] for name in names}
    while True:
        try:
            return Dumped(*_pickled(namespace, chosen), frozenset(chosen))
        except Exception:
            kept = {name: item for name, item in chosen.items() if _can_be_kept(namespace, item)}
            if len(kept) == len(chosen):
                raise
            chosen = kept


@dataclass(frozen=True)
class Dumped:
    data: bytes
    arrays: list[memoryview]
    names: frozenset[str]

    @property
    def size(self) -> int:
        return len(self.data) + sum(array.nbytes for array in self.arrays)


def load(namespace: Namespace, data: Bytes, arrays: Iterable[bytearray]) -> Namespace:
    """The values by name; the caller puts them into the namespace."""
    values: Namespace = _Unpickler(io.BytesIO(data), namespace, arrays).load()
    return values


def _pickled(namespace: Namespace, chosen: Namespace) -> tuple[bytes, list[memoryview]]:
    _check_order_of_sets(chosen)
    file = io.BytesIO()
    arrays: list[pickle.PickleBuffer] = []
    _Pickler(file, namespace, arrays).dump(chosen)
    return file.getvalue(), [buffer.raw() for buffer in arrays]


def _can_be_kept(namespace: Namespace, item: Any) -> bool:
    try:
        _check_order_of_sets(item)
        _Pickler(io.BytesIO(), namespace, []).dump(item)
    except Exception:
        return False
    return True


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(
        self, file: io.BytesIO, namespace: Namespace, arrays: list[pickle.PickleBuffer]
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=self._keep_in_band)
        self._namespace = namespace
        self._arrays = arrays
        self._owners: dict[int, Any] = {}
        self._shared = {id(item): name for name, item in _shared(namespace).items()}
        # What cloudpickle gives functions for their globals, unless it knows better.
        self.globals_ref[id(namespace)] = namespace

    def _keep_in_band(self, buffer: pickle.PickleBuffer) -> bool:
        if buffer.raw().nbytes < LARGE:
            return True
        self._arrays.append(buffer)
        return False

    def persistent_id(self, item: Any) -> str | None:
        return self._shared.get(id(item))

    def _dynamic_function_reduce(self, function: FunctionType) -> Any:
        make, arguments, (state, slots), *rest = super()._dynamic_function_reduce(function)
        if function.__globals__ is self._namespace:
            slots["__globals__"] = {}
        return make, arguments, (state, slots), *rest

    def reducer_override(self, item: Any) -> Any:
        kind = type(item)
        package = kind.__module__.partition(".")[0]
        if package == "numpy" and kind.__name__ in ("ndarray", "memmap"):
            return _reduced_array(item)
        if package == "keras" or _is_keras_model(item):
            return self._reduced_keras(item)
        if package == "tensorflow" and kind.__name__ not in ("EagerTensor", "TensorShape", "DType"):
            raise Unkeepable(kind.__name__)
        if package in ("matplotlib", "mpl_toolkits") and _is_drawn(item):
            raise Unkeepable(kind.__name__)
        return super().reducer_override(item)

    def _reduced_keras(self, item: Any) -> Any:
        import keras

        if _is_keras_model(item):
            return self._reduced_model(item)
        stateful = (
            keras.Layer,
            keras.Variable,
            keras.KerasTensor,
            keras.metrics.Metric,
            keras.optimizers.Optimizer,
            keras.random.SeedGenerator,
        )
        if isinstance(item, stateful):
            raise Unkeepable(type(item).__name__)
        return super().reducer_override(item)

    def _reduced_model(self, model: Any) -> Any:
        for part in (model, *model._flatten_layers()):
            if not type(part).__module__.startswith("keras.") or type(part).__name__ == "Lambda":
                raise Unkeepable(f"a layer that Keras cannot make again: {type(part).__name__}")
        own, optimizers = _variables(model)
        for variable in (*own, *optimizers):
            if self._owners.setdefault(id(variable), model) is not model:
                raise Unkeepable("a model that shares variables with another one")
        load, (archive,) = model.__reduce__()
        values = [[variable.numpy() for variable in part] for part in (own, optimizers)]
        rest = {name: vars(model)[name] for name in REMEMBERED if name in vars(model)}
        return _model, (load, archive.getvalue(), *values), rest, None, None, _finish_model


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, namespace: Namespace, arrays: Iterable[bytearray]) -> None:
        super().__init__(file, buffers=arrays)
        self._shared = _shared(namespace)

    def persistent_load(self, name: str) -> Any:
        return self._shared[name]


def _shared(namespace: Namespace) -> Namespace:
    """What every kernel has one of: kept as a name, never as a copy."""
    shared: Namespace = {"namespace": namespace, "random": random._inst}
    if "numpy.random" in sys.modules:
        import numpy as np

        shared["numpy.random"] = np.random.mtrand._rand
        shared["numpy.random bits"] = np.random.mtrand._rand._bit_generator
    return shared


def _reduced_array(array: Any) -> Any:
    """A view is kept as a view of the array whose memory it shows."""
    import numpy as np

    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if type(array) is not np.ndarray or isinstance(owner, np.memmap):
        raise Unkeepable("an array in a file")
    if owner is array or array.dtype.hasobject:
        return NotImplemented
    if not (owner.flags.c_contiguous or owner.flags.f_contiguous) or owner.dtype.hasobject:
        raise Unkeepable("a view of an array with an order of its own")
    start = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    shape, strides, writeable = array.shape, array.strides, array.flags.writeable
    return _view, (owner, start, shape, strides, array.dtype, writeable)


def _view(owner: Any, start: int, shape: Any, strides: Any, dtype: Any, writeable: bool) -> Any:
    import numpy as np

    memory = owner if owner.flags.c_contiguous else owner.T
    view: Any = np.ndarray(shape, dtype, memory, start, strides)
    view.flags.writeable = writeable
    return view


def _is_keras_model(item: Any) -> bool:
    return "keras" in sys.modules and isinstance(item, sys.modules["keras"].Model)


def _is_drawn(item: Any) -> bool:
    from matplotlib.artist import Artist
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.container import Container

    return isinstance(item, Artist | FigureCanvasBase | Container)


def _variables(model: Any) -> tuple[list[Any], list[Any]]:
    """All state of a model, weights and seeds, and what its optimiser remembers."""
    optimizer = getattr(model, "optimizer", None)
    return list(model.variables), list(optimizer.variables) if optimizer else []


def _model(
    load: Callable[[io.BytesIO], Any], archive: bytes, own: list[Any], optimizers: list[Any]
) -> Any:
    model = load(io.BytesIO(archive))
    variables, remembered = _variables(model)
    # A loaded optimiser has its zeros at once, where one that has not yet worked has none.
    for found, values in ((variables, own), (remembered[: len(optimizers)], optimizers)):
        if [tuple(variable.shape) for variable in found] != [value.shape for value in values]:
            raise Unkeepable("a model with variables that Keras does not make again")
        for variable, value in zip(found, values, strict=True):
            variable.assign(value)
    return model


def _finish_model(model: Any, rest: Namespace) -> None:
    for name, item in rest.items():
        setattr(model, name, item)


def _check_order_of_sets(item: Any) -> None:
    """A set can come back in another order: what then goes through it would differ."""
    for found in _sets_in(item, set()):
        again: set[Any] = set()
        for member in found:
            again.add(member)
        if list(again) != list(found):
            raise Unkeepable("a set whose order would be lost")


def _sets_in(item: Any, seen: set[int]) -> Iterator[set[Any] | frozenset[Any]]:
    if id(item) in seen:
        return
    seen.add(id(item))
    if isinstance(item, set | frozenset):
        yield item
    members = [*item.keys(), *item.values()] if isinstance(item, dict) else item
    if isinstance(item, dict | list | tuple):
        for member in members:
            if not isinstance(member, str | int | float | bool | bytes | None):
                yield from _sets_in(member, seen)
