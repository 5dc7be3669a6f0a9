"""NumPy's arrays and generators: what is told of them, and how views are brought back as views."""

import pickle
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from press.kernel import memory
from press.kernel.builtin_types import tell_reduced
from press.kernel.parts import Tell, Telling, Unknown, named


def is_array(item: Any) -> bool:
    """Asks nothing of the item's class, which might be the script's and notice."""
    return type(item) is getattr(sys.modules.get("numpy"), "ndarray", None)


def flat(array: Any) -> Any:
    """Its memory, byte by byte; none where that has an order of its own."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        straight = array if array.flags.c_contiguous else array.T
        return straight.reshape(-1).view("u1").data
    return None


def memory_of(items: Iterable[Any]) -> Iterator[memoryview]:
    """That of arrays which own theirs."""
    for item in items:
        if is_array(item) and item.base is None and not item.dtype.hasobject and item.nbytes:
            view = flat(item)
            if view is not None:
                yield view


def owner_of(array: Any) -> Any:
    """The array whose memory it shows: its own, or that of a tensor, which nobody can change."""
    import numpy as np

    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    for part in (array, owner):
        if type(part) is not np.ndarray:
            raise Unknown(f"shows the memory of a {named(type(part))}")
    if owner.base is not None and not _is_shown(owner):
        raise Unknown(f"shows the memory of a {named(type(owner.base))}")
    return owner


def _is_shown(owner: Any) -> bool:
    base = owner.base
    behind = getattr(base.obj, "base", None) if type(base) is memoryview else None
    return type(behind).__name__ == "tensorflow_wrapper" and not owner.flags.writeable


def tell_array(tell: Telling, array: Any) -> None:
    owner = owner_of(array)
    place = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    tell.lies_at(array.__array_interface__["data"][0])
    tell.words(str(array.shape), str(array.strides), str(array.flags.writeable))
    tell.tell(array.dtype)
    if owner.base is not None:
        tell.words("of a tensor")
    if owner is not array:
        tell.words(str(place))
        tell.items([(".base", owner)])
    elif array.dtype.hasobject:
        tell.items(("[…]", item) for item in array.ravel("K").tolist())
    else:
        content = flat(array)
        if content is None:
            raise Unknown("is an array with an order of its own")
        tell.words(memory.digest(content).hex())


def reduced(array: Any) -> Any:
    """A view is kept as a view of the array whose memory it shows."""
    owner = owner_of(array)
    if not (owner.flags.c_contiguous or owner.flags.f_contiguous):
        raise pickle.PicklingError("an array with an order of its own")
    if owner is array and array.base is not None:
        return _shown, (array.copy(),)
    if owner is array:
        return NotImplemented if array.dtype.hasobject else _reduced_owner(array)
    start = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    shape, strides, writeable = array.shape, array.strides, array.flags.writeable
    return _view, (owner, start, shape, strides, array.dtype, writeable)


def _reduced_owner(array: Any) -> Any:
    order = "C" if array.flags.c_contiguous else "F"
    content = pickle.PickleBuffer(flat(array))  # bytes: buffers know no dates
    return _owner, (content, array.dtype, array.shape, order, array.flags.writeable)


def _owner(content: Any, dtype: Any, shape: Any, order: Any, writeable: bool) -> Any:
    """In memory of its own, where what was read would stay under a view."""
    import numpy as np

    if is_array(content) and order == "C":
        array = content
        array.dtype, array.shape = dtype, shape
    else:
        array = np.empty(shape, dtype, order)
        if array.nbytes:
            array.reshape(-1, order=order).view("u1")[:] = np.frombuffer(content, "u1")
    array.flags.writeable = writeable
    return array


def _shown(content: Any) -> Any:
    import numpy as np
    import tensorflow as tf

    return np.asarray(tf.convert_to_tensor(content))


def _view(owner: Any, start: int, shape: Any, strides: Any, dtype: Any, writeable: bool) -> Any:
    import numpy as np

    content = owner if owner.flags.c_contiguous else owner.T
    view: Any = np.ndarray(shape, dtype, content, start, strides)
    view.flags.writeable = writeable
    return view


SCALARS = (
    *("bool", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "longdouble", "complex64", "complex128", "str_", "bytes_"),
    *("datetime64", "timedelta64"),
)
GENERATORS = (
    *("_generator.Generator", "mtrand.RandomState", "_mt19937.MT19937", "_pcg64.PCG64"),
    *("_pcg64.PCG64DXSM", "_philox.Philox", "_sfc64.SFC64", "bit_generator.SeedSequence"),
)


def tell_ufunc(tell: Telling, value: Any) -> None:
    import numpy as np

    name = str(value.__name__)
    if vars(np).get(name) is not value:
        raise Unknown("is a ufunc of its own")
    tell.words(name)


def tell_dtype(tell: Telling, value: Any) -> None:
    """Of several that are equal, which it is shows in its character."""
    size, is_aligned = str(value.itemsize), str(value.isalignedstruct)
    tell.words("dtype", repr(value), value.str, value.char, size, is_aligned)
    tell.tell(value.metadata and dict(value.metadata))


NAMED: dict[str, Tell] = {
    "numpy.ndarray": tell_array,
    "numpy.ufunc": tell_ufunc,
    **{f"numpy.{name}": tell_reduced for name in SCALARS},
    **{f"numpy.random.{name}": tell_reduced for name in GENERATORS},
}


def tell_named(kind: type) -> Tell | None:
    return NAMED.get(named(kind))
