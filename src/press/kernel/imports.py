"""What the libraries of a kernel were when their import had made them, and what they are now.

Whenever an import of the script is through, what its modules, their classes and all that they hold
is noted, not copied: so whatever is put there, taken away or replaced later is found, by whatever
name it was reached.
"""

import contextlib
import functools
import os
import re
import sys
import sysconfig
import threading
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from press.kernel import abstract, functions, garbage
from press.kernel.parts import is_interned, is_one_of_many, module_of
from press.kernel.places import Path as Way
from press.kernel.places import found, told

OURS = {"press", "__main__", "__mp_main__"}
CHANGING = re.compile(
    r"""
    (IPython | ipykernel | _asyncio | jupyter_client | jupyter_core | zmq | tornado |
    traitlets | comm | debugpy | psutil | asyncio | prompt_toolkit | pygments | stack_data
    | executing | asttokens | cloudpickle | parso | jedi | matplotlib_inline | decorator |
    pure_eval | nest_asyncio | pydevd | threading | concurrent | gc | linecache | tokenize
    | queue | socket | selectors | tracemalloc | weakref | _weakrefset | inspect |
    importlib | _frozen_importlib | anyio | sniffio | _frozen_importlib_external
    | _?pydev\w*)(\..*)?
    """,
    re.VERBOSE,
)
"""Packages that are at work whenever a cell runs: of these only the names in modules count."""
STARTING = {
    *("builtins", "encodings", "faulthandler", "logging", "os", "pdb", "posix", "re", "sys"),
    *("tempfile", "time", "typing", "_warnings", "warnings", "IPython.core.debugger"),
}
"""Modules that a kernel's start changes: what it has made them counts, with all below them."""


class Image(NamedTuple):
    owner: Any
    path: Way
    keys: tuple[Any, ...] | None
    items: tuple[Any, ...]


contents: dict[int, Image] = {}
"""By address, what containers hold."""
attributes: dict[int, Image] = {}
"""By address, what modules, classes and other objects have under names."""
landmarks: dict[int, Way] = {}
"""Objects that libraries made when they were loaded."""
seen: set[str] = set()
"""Modules with an image."""
depth = threading.local()


def watch() -> None:
    begun[0] = f"{Path.cwd()}{os.sep}"
    bootstrap: Any = sys.modules["_frozen_importlib"]
    load = bootstrap._find_and_load

    def find_and_load(name: str, import_: Any) -> Any:
        with contextlib.nullcontext() if _is_own(name) else garbage.postponed(), together():
            return load(name, import_)

    bootstrap._find_and_load = find_and_load


begun = [""]
"""The folder in which the kernel has begun."""


def is_neighbour(name: str) -> bool:
    """Whether a module is no library: it lies beside the script, or wherever the author has it."""
    place = getattr(sys.modules.get(name), "__file__", None)
    if name.partition(".")[0] in OURS or not isinstance(place, str):
        return False
    return not place.startswith(STANDARD) and not INSTALLED.search(place)


INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]")
STANDARD = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))


def _is_own(name: str) -> bool:
    """Whether a module is one that lies beside the script, or may be."""
    first = name.partition(".")[0]
    return os.path.lexists(first) or os.path.lexists(f"{first}.py")


@contextlib.contextmanager
def together() -> Iterator[None]:
    """What is imported here counts as one import."""
    depth.now = getattr(depth, "now", 0) + 1
    try:
        yield
    finally:
        depth.now -= 1
        if not depth.now and threading.current_thread() is threading.main_thread():
            note()


def begin() -> None:
    """From now on counts what changes: since then, or since a mother has noted it."""
    if not STARTING.isdisjoint(seen):
        _forget_what_starts()
    note()


def note_ahead() -> None:
    """What no start of a kernel changes, in a process whose forks are kernels."""
    note()
    _forget_what_starts()


def _forget_what_starts() -> None:
    seen.difference_update(STARTING)
    for known in (contents, attributes):
        for address in [key for key, image in known.items() if image.path[0] in STARTING]:
            del known[address]
    for address in [key for key, path in landmarks.items() if path[0] in STARTING]:
        del landmarks[address]


def note() -> None:
    """Make images of the modules that have none."""
    new = [name for name in sys.modules if name not in seen]
    if new:
        abstract.note_again()
    seen.update(new)
    with garbage.paused():
        made: list[Image] = []
        for name in new:
            module = sys.modules[name]
            if isinstance(module, types.ModuleType) and name.partition(".")[0] not in OURS:
                _image(module, vars(module), (name,), attributes, made)
        for image in made:  # and those below it, which come behind all that are there
            _look_below(image, made)


def _image(owner: Any, content: Any, path: Way, known: dict[int, Image], made: list[Image]) -> None:
    if id(owner) in known:
        return
    if type(content) in PLAIN or isinstance(content, Mapping):
        image = Image(owner, path, tuple(content), tuple(content.values()))
    else:
        image = Image(owner, path, None, tuple(content))
    known[id(owner)] = image
    if not isinstance(owner, HOLDERS):
        landmarks.setdefault(id(owner), path)
    made.append(image)


def _look_below(image: Image, made: list[Image]) -> None:
    if is_changing(image.path[0]):
        return
    named = isinstance(image.owner, HOLDERS) or (
        image.keys is not None and not isinstance(image.owner, dict)
    )
    for number, item in enumerate(image.items):
        kind = KINDS.get(type(item)) or _kind(type(item))
        if kind is IGNORED or id(item) in NOTED[kind]:
            continue
        if kind is SINGLE:
            # Whoever compares with `nan` or a sentinel means this very object.
            if isinstance(image.owner, types.ModuleType) and image.keys:
                landmarks.setdefault(id(item), (*image.path, image.keys[number]))
            continue
        if kind is ATOM:
            if isinstance(image.owner, HOLDERS) and image.keys:
                key = image.keys[number]
                if not str(key).startswith("__") and _may_be_meant(item):
                    landmarks.setdefault(id(item), (*image.path, key))
            continue
        key = image.keys[number] if image.keys is not None else number
        if key == "__builtins__":
            continue
        path = (*image.path, key if named else (key,))
        if kind is FUNCTION:
            _note_function(item, path, made)
        elif kind is CLASS:
            module = str(item.__dict__.get("__module__", ""))
            if module in sys.modules:
                place = (module, str(item.__qualname__))
                _image(item, vars(item), place, attributes, made)
                abstract.note(item, place)
        else:
            _note_object(item, kind, path, made)


def _may_be_meant(item: Any) -> bool:
    """Whether an equal one may be another, as a text may be that some compare with by `is`."""
    kind = type(item)
    if kind in (tuple, frozenset):
        return bool(item) and all(type(part) in (str, int, bytes) for part in item)
    return is_one_of_many(item, kind) and not (kind is str and is_interned(item))


def _note_object(item: Any, kind: int, path: Way, made: list[Image]) -> None:
    if kind != INSTANCE:
        _image(item, held_by(item), path, contents, made)
    if kind != CONTAINER:
        try:  # as `suppress` would: of tens of thousands it would be felt
            _image(item, item.__dict__, path, attributes, made)
        except Exception:
            return


def _note_function(function: types.FunctionType, path: Way, made: list[Image]) -> None:
    """With what it has been told and keeps, as generic functions do."""
    functions.note(function, path)
    if not (function.__closure__ or function.__dict__):
        return
    held = list(function.__dict__.values())
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):
            held.append(cell.cell_contents)
    for content in held:
        if type(content) in (dict, list, set):
            _image(content, content, path, contents, made)
        elif type(content) is types.FunctionType and id(content) not in functions.noted:
            _note_function(content, path, made)


@functools.cache
def is_changing(module: str) -> bool:
    return CHANGING.fullmatch(module) is not None


def held_by(item: Any) -> Any:
    return dict(dict.items(item)) if isinstance(item, dict) else item


IGNORED, SINGLE, ATOM, CLASS, CONTAINER, INSTANCE, BOTH, FUNCTION = range(1, 9)
NOTED: Mapping[int, Mapping[int, Any]] = {
    **{SINGLE: {}, ATOM: {}, CLASS: attributes, INSTANCE: attributes},
    **{CONTAINER: contents, BOTH: contents, FUNCTION: functions.noted},
}
"""By kind, where those stand that are noted already."""
CONTAINERS = (dict, list, set, deque)
PLAIN = (dict, types.MappingProxyType)
HOLDERS = (types.ModuleType, type)
UNTOLD = (
    *(str, int, bytes, complex, tuple, frozenset, type(None), type(...), type(NotImplemented)),
    *(types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, property),
    *(types.MethodDescriptorType, types.WrapperDescriptorType, types.GetSetDescriptorType),
    *(types.MemberDescriptorType, types.ClassMethodDescriptorType, staticmethod, classmethod),
)
KINDS: dict[type, int] = {
    **dict.fromkeys((dict, list, set, deque, OrderedDict, defaultdict), CONTAINER),
    **dict.fromkeys((str, int, bytes, complex, tuple, frozenset), ATOM),
}


def _kind(kind: type) -> int:
    if issubclass(kind, type):
        found = CLASS
    elif kind is types.FunctionType:
        found = FUNCTION
    elif issubclass(kind, UNTOLD):
        found = IGNORED
    elif issubclass(kind, CONTAINERS):
        found = CONTAINER if is_changing(module_of(kind)) else BOTH
    elif issubclass(kind, threading.local) or (
        kind.__dictoffset__ and kind.__module__ != "builtins"
    ):
        found = IGNORED if is_changing(module_of(kind)) else INSTANCE
    else:
        found = SINGLE
    KINDS[kind] = found
    return found


def landmark(item: Any) -> str | None:
    """Where an object stands, if a library made it when it was loaded, and it is there still."""
    path = path_of(item)
    return told(path) if path and not is_neighbour(str(path[0])) else None


def path_of(item: Any) -> Way | None:
    path = landmarks.get(id(item))
    with contextlib.suppress(Exception):
        return path if path and found(path) is item else None
    return None
