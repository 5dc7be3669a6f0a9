"""What is told of Python's own types, so that a value of them can be compared with another."""

import collections
import ctypes
import functools
import itertools
import operator
import random
import re
import sys
import types
from collections.abc import Mapping
from typing import Any

from press.kernel.containers import (
    tell_defaultdict,
    tell_deque,
    tell_dict,
    tell_list,
    tell_set,
    tell_tuple,
)
from press.kernel.parts import WORD, Tell, Telling, Unknown, attributes, is_found


def tell_text(tell: Telling, value: Any) -> None:
    """A number or text of a class of its own."""
    for kind in (int, float, complex, str, bytes):
        if isinstance(value, kind):
            tell.words(kind.__repr__(value))


def tell_bytearray(tell: Telling, value: Any) -> None:
    tell.data(value)


def tell_function(tell: Telling, value: types.FunctionType) -> None:
    if is_found(value):
        tell.words("function", value.__module__, value.__qualname__)
        return
    if value.__globals__ is tell.namespace:
        tell.words("own")
    elif is_bare(value):
        tell.items([(".__globals__", value.__globals__)])
    else:
        module = value.__globals__.get("__name__")
        if vars(sys.modules.get(str(module), types)) is not value.__globals__:
            raise Unknown("is a function with names of its own")
        tell.words("of", str(module))
    tell.tell(value.__code__)
    tell.words(value.__name__, value.__qualname__)
    tell.items(
        (f".{name}", getattr(value, name))
        for name in ("__module__", "__defaults__", "__kwdefaults__", "__dict__", "__doc__")
    )
    tell.items(("'s closure", cell) for cell in value.__closure__ or ())


def is_bare(function: types.FunctionType) -> bool:
    """Whether it has names of its own and none of Python's, as what makes a named tuple has."""
    builtins: Any = function.__globals__.get("__builtins__")
    own: Any = function
    is_empty = type(builtins) is dict and not builtins and own.__builtins__ is builtins
    return is_empty and not function.__closure__


def tell_code(tell: Telling, value: types.CodeType) -> None:
    parts = [name for name in dir(value) if name.startswith("co_") and name not in OTHER_WAYS]
    # Which of its texts and tuples are one and the same is for the compiler.
    with tell.of_library():
        for name in parts:
            part = getattr(value, name)
            tell.items([(f".{name}", item) for item in (part if type(part) is tuple else [part])])


OTHER_WAYS = {"co_lines", "co_positions", "co_lnotab", "co_branches"}
"""How code tells the same once more."""


def tell_cell(tell: Telling, value: types.CellType) -> None:
    try:
        content = value.cell_contents
    except ValueError:
        tell.words("empty")
    else:
        tell.tell(content)


def tell_method(tell: Telling, value: Any) -> None:
    tell.items([(".__func__", value.__func__), (".__self__", value.__self__)])


def tell_builtin(tell: Telling, value: Any) -> None:
    owner: Any = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        module, name = str(owner.__name__ if owner else value.__module__), str(value.__name__)
        if vars(sys.modules.get(module, types)).get(name) is not value:
            raise Unknown("is a compiled function that is found nowhere")
        tell.words(module, name)
    else:
        tell.words(value.__name__)
        tell.items([(".__self__", owner)])


def tell_module(tell: Telling, value: types.ModuleType) -> None:
    if sys.modules.get(value.__name__) is not value:
        raise Unknown("is a module that is not loaded under its name")
    tell.words(value.__name__)


def tell_partial(tell: Telling, value: Any) -> None:
    tell.items([(".func", value.func), (".args", value.args), (".keywords", value.keywords)])
    tell.items(attributes(value))


def tell_property(tell: Telling, value: property) -> None:
    tell.items((f".{name}", getattr(value, name)) for name in ("fget", "fset", "fdel", "__doc__"))
    # What its class has called it shows in errors alone.
    name = id(value) + object.__basicsize__ + 4 * WORD
    tell.words(str(ctypes.cast(name, ctypes.POINTER(ctypes.py_object))[0] if _word(name) else None))


def _word(address: int) -> int:
    return ctypes.c_void_p.from_address(address).value or 0


def tell_wrapped(tell: Telling, value: Any) -> None:
    """`staticmethod` or `classmethod`."""
    tell.items([(".__func__", value.__func__)])
    tell_attributes(tell, value)


def tell_descriptor(tell: Telling, value: Any) -> None:
    tell.items([(".__objclass__", value.__objclass__)])
    tell.words(value.__name__)


def tell_cached(tell: Telling, value: Any) -> None:
    """A function with a cache, if there is nothing in it yet."""
    if value.cache_info()[0:2] != (0, 0) or value.cache_info()[3]:
        raise Unknown("is a function with a cache that has been used")
    tell.words(repr(value.cache_info()), repr(value.cache_parameters()))
    tell.items((f".{name}", item) for name, item in attributes(value))


def tell_reduced(tell: Telling, value: Any) -> None:
    """What pickling it would keep: for types of which that is all there is."""
    reduced = value.__reduce_ex__(4)
    if isinstance(reduced, str):
        tell.words(reduced)
    else:
        tell.items(("", part) for part in reduced)


def tell_random(tell: Telling, value: random.Random) -> None:
    tell.tell(value.getstate())
    tell.items((f".{name}", item) for name, item in attributes(value) if name != "gauss_next")


def tell_repr(tell: Telling, value: Any) -> None:
    tell.words(repr(value))


def tell_slice(tell: Telling, value: slice) -> None:
    tell.items([("", value.start), ("", value.stop), ("", value.step)])


def tell_pattern(tell: Telling, value: re.Pattern[Any]) -> None:
    """For a script, whether to compile it once more would give this very object counts, too."""
    flags = [] if tell.in_library else flags_given(value)
    tell.items([("", value.pattern), ("", value.flags), ("", flags)])


def flags_given(value: re.Pattern[Any]) -> list[int]:
    """Those that it was asked for with, as Python remembers; it has more of its own."""
    known = dict(getattr(re, "_cache", {}))
    return sorted(key[2] for key, item in known.items() if item is value)


def tell_attributes(tell: Telling, value: Any) -> None:
    tell_own_dict(tell, value)
    tell.items((f".{name}", item) for name, item in attributes(value))


def tell_own_dict(tell: Telling, value: Any) -> None:
    """Which dict its attributes are in, and of what type: a name may hold it, or another object."""
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return
    tell.words(type(own).__name__)
    tell.same_place(own)


CONTENT: Mapping[type, Tell] = {
    object: lambda tell, value: None,
    list: tell_list,
    tuple: tell_tuple,
    dict: tell_dict,
    set: tell_set,
    frozenset: tell_set,
    int: tell_text,
    float: tell_text,
    complex: tell_text,
    str: tell_text,
    bytes: tell_text,
    bytearray: tell_bytearray,
    collections.deque: tell_deque,
    collections.OrderedDict: tell_dict,
    collections.defaultdict: tell_defaultdict,
}
"""What an instance is besides its attributes, by the built-in class it derives from."""

ITERATORS: tuple[type, ...] = (
    *map(type, (iter([]), iter(()), iter(range(0)), iter(""), iter(b""))),
    *(enumerate, zip, map, filter, reversed),
    *(
        kind
        for kind in vars(itertools).values()
        if isinstance(kind, type) and kind not in (itertools.tee, itertools.groupby)
    ),
)

EXACT: Mapping[type, Tell] = {
    **CONTENT,
    object: lambda tell, value: None,
    range: tell_repr,
    slice: tell_slice,
    re.Pattern: tell_pattern,
    random.Random: tell_random,
    types.FunctionType: tell_function,
    types.CodeType: tell_code,
    types.CellType: tell_cell,
    types.MethodType: tell_method,
    types.BuiltinFunctionType: tell_builtin,
    types.ModuleType: tell_module,
    types.SimpleNamespace: tell_attributes,
    types.GenericAlias: tell_reduced,
    functools.partial: tell_partial,
    functools._lru_cache_wrapper: tell_cached,
    property: tell_property,
    staticmethod: tell_wrapped,
    classmethod: tell_wrapped,
    types.MethodDescriptorType: tell_descriptor,
    types.ClassMethodDescriptorType: tell_descriptor,
    types.WrapperDescriptorType: tell_descriptor,
    types.GetSetDescriptorType: tell_descriptor,
    types.MemberDescriptorType: tell_descriptor,
    type(vars(collections.namedtuple("_", "_0", rename=True))["_0"]): tell_reduced,
    operator.itemgetter: tell_reduced,
    operator.attrgetter: tell_reduced,
    operator.methodcaller: tell_reduced,
    **dict.fromkeys(ITERATORS, tell_reduced),
}

NAMED: Mapping[str, Tell] = {
    "datetime.date": tell_reduced,
    "datetime.time": tell_reduced,
    "datetime.datetime": tell_reduced,
    "datetime.timedelta": tell_reduced,
    "datetime.timezone": tell_reduced,
    "decimal.Decimal": tell_reduced,
    "logging.Logger": tell_reduced,
    "logging.RootLogger": tell_reduced,
    "pathlib.PosixPath": tell_reduced,
    "pathlib.PurePosixPath": tell_reduced,
}
