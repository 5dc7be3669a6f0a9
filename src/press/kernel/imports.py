"""What the libraries of a kernel were when their import had made them, and what they are now.

Whenever an import of the script is through, what its modules, their classes and all that they hold
is noted, not copied: so whatever is put there, taken away or replaced later is found, by whatever
name it was reached.
"""

import contextlib
import gc
import itertools
import operator
import re
import sys
import threading
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from press.kernel import abstract, functions
from press.kernel.parts import module_of
from press.kernel.places import Path, found, told

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


class Image(NamedTuple):
    owner: Any
    path: Path
    keys: tuple[Any, ...] | None
    items: tuple[Any, ...]


class Change(NamedTuple):
    place: str
    key: Any
    value: Any
    is_gone: bool = False
    owner: str = ""
    """What the container that has it is called by what holds that."""

    @property
    def is_cached(self) -> bool:
        """Whether it is an item of a cache, or one itself."""
        return "cache" in f"{self.owner} {self.key}".lower()


images: dict[tuple[int, bool], Image] = {}
"""By address, and whether it is about attributes."""
landmarks: dict[int, Path] = {}
"""Objects that libraries made when they were loaded."""
seen: set[str] = set()
"""Modules with an image."""
depth = threading.local()


def watch() -> None:
    bootstrap: Any = sys.modules["_frozen_importlib"]
    load = bootstrap._find_and_load

    def find_and_load(name: str, import_: Any) -> Any:
        with together():
            return load(name, import_)

    bootstrap._find_and_load = find_and_load


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
    """From now on counts what changes."""
    for known in (images, landmarks, seen, functions.noted, abstract.noted):
        known.clear()
    note()


def note() -> None:
    """Make images of the modules that have none."""
    new = [name for name in sys.modules if name not in seen]
    if new:
        abstract.note_again()
    seen.update(new)
    level: list[Image] = []
    with paused_collection():
        for name in new:
            module = sys.modules[name]
            if isinstance(module, types.ModuleType) and name.partition(".")[0] not in OURS:
                level += _image(module, vars(module), (name,), True)
        while level:
            level = [image for above in level for image in _below(above)]


@contextlib.contextmanager
def paused_collection() -> Iterator[None]:
    enabled, depth.collects = gc.isenabled(), collects()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
            del depth.collects


def collects() -> bool:
    """Whether garbage is collected when we do not hold it up."""
    return getattr(depth, "collects", gc.isenabled())


def _image(owner: Any, content: Any, path: Path, attributes: bool) -> Iterator[Image]:
    key = (id(owner), attributes)
    if key in images:
        return
    if isinstance(content, Mapping | dict):
        made = Image(owner, path, tuple(content), tuple(content.values()))
    else:
        made = Image(owner, path, None, tuple(content))
    images[key] = made
    if not isinstance(owner, types.ModuleType | type):
        landmarks.setdefault(id(owner), path)
    yield made


def _below(image: Image) -> Iterator[Image]:
    if is_changing(image.path[0]):
        return
    attributes = isinstance(image.owner, types.ModuleType | type) or (
        image.keys is not None and not isinstance(image.owner, dict)
    )
    for number, item in enumerate(image.items):
        kind = KINDS.get(type(item)) or _kind(type(item))
        if kind is IGNORED:
            continue
        if kind is SINGLE:
            # Whoever compares with `nan` or a sentinel means this very object.
            if isinstance(image.owner, types.ModuleType) and image.keys:
                landmarks.setdefault(id(item), (*image.path, image.keys[number]))
            continue
        key = image.keys[number] if image.keys is not None else number
        if key == "__builtins__":
            continue
        path = (*image.path, key if attributes else (key,))
        if kind is FUNCTION:
            yield from _kept_by(item, path)
            continue
        if kind is CLASS:
            module = str(item.__dict__.get("__module__", ""))
            if module in sys.modules:
                place = (module, str(item.__qualname__))
                yield from _image(item, vars(item), place, True)
                abstract.note(item, place)
            continue
        if kind in (CONTAINER, BOTH):
            yield from _image(item, _content(item), path, False)
        if kind in (INSTANCE, BOTH) and not is_changing(module_of(type(item))):
            with contextlib.suppress(Exception):
                yield from _image(item, item.__dict__, path, True)


def _kept_by(function: types.FunctionType, path: Path) -> Iterator[Image]:
    """Where a function of a library keeps what it has been told, as generic functions do."""
    functions.note(function, path)
    held = list(function.__dict__.values())
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):
            held.append(cell.cell_contents)
    for content in held:
        if type(content) in (dict, list, set):
            yield from _image(content, content, path, False)
        elif type(content) is types.FunctionType and id(content) not in functions.noted:
            yield from _kept_by(content, path)


def is_changing(module: str) -> bool:
    return CHANGING.fullmatch(module) is not None


def _content(item: Any) -> Any:
    return dict(dict.items(item)) if isinstance(item, dict) else item


IGNORED, SINGLE, CLASS, CONTAINER, INSTANCE, BOTH, FUNCTION = range(1, 8)
CONTAINERS = (dict, list, set, deque)
UNTOLD = (
    *(str, int, bytes, complex, tuple, frozenset, type(None), type(...), type(NotImplemented)),
    *(types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, property),
    *(types.MethodDescriptorType, types.WrapperDescriptorType, types.GetSetDescriptorType),
    *(types.MemberDescriptorType, types.ClassMethodDescriptorType, staticmethod, classmethod),
)
KINDS: dict[type, int] = dict.fromkeys(
    (dict, list, set, deque, OrderedDict, defaultdict), CONTAINER
)


def _kind(kind: type) -> int:
    if issubclass(kind, type):
        found = CLASS
    elif kind is types.FunctionType:
        found = FUNCTION
    elif issubclass(kind, UNTOLD):
        found = IGNORED
    elif issubclass(kind, CONTAINERS):
        found = BOTH
    elif issubclass(kind, threading.local):
        found = INSTANCE
    else:
        found = INSTANCE if kind.__dictoffset__ and kind.__module__ != "builtins" else SINGLE
    KINDS[kind] = found
    return found


def landmark(item: Any) -> str | None:
    """Where an object stands, if a library made it when it was loaded, and it is there still."""
    path = path_of(item)
    return told(path) if path else None


def path_of(item: Any) -> Path | None:
    path = landmarks.get(id(item))
    with contextlib.suppress(Exception):
        return path if path and found(path) is item else None
    return None


def changes() -> Iterator[Change]:
    """All that is no longer what import made it."""
    with paused_collection():
        for (_, attributes), image in images.items():
            yield from _changed(image, attributes)
        for path, part, value in itertools.chain(functions.changes(), abstract.changes()):
            yield Change(f"{told(path)}.{part}", part, value)
        for name, module in list(sys.modules.items()):
            if name not in seen and isinstance(module, types.ModuleType) and not is_changing(name):
                yield Change(name, None, module)


def _changed(image: Image, attributes: bool) -> Iterator[Change]:
    content = vars(image.owner) if attributes else _content(image.owner)
    place = told(image.path)
    if image.keys is None:
        now = list(content)
        if len(now) != len(image.items) or not all(map(operator.is_, now, image.items)):
            yield Change(place, None, now, owner=str(image.path[-1]))
        return
    if (
        len(content) == len(image.keys)
        and all(map(operator.is_, content, image.keys))
        and all(map(operator.is_, content.values(), image.items))
    ):
        return
    before = _by_key(image.keys, image.items)
    yield from _changed_items(place, str(image.path[-1]), before, content)


def _by_key(keys: Sequence[Any], items: Sequence[Any]) -> dict[Any, Any]:
    return dict(zip(keys, items, strict=True))


def _changed_items(
    place: str, owner: str, before: Mapping[Any, Any], now: Mapping[Any, Any]
) -> Iterator[Change]:
    missing = object()
    for key, item in list(now.items()):
        if before.get(key, missing) is not item and not isinstance(item, types.ModuleType):
            if is_own_business(place, key, item):
                continue
            yield Change(f"{place}.{key}", key, item, owner=owner)
    for key in before.keys() - now.keys():
        yield Change(f"{place}.{key}", key, None, is_gone=True, owner=owner)


def is_own_business(place: str, key: Any, item: Any) -> bool:
    """What a package that is at work whenever a cell runs keeps for itself, or puts in place."""
    if isinstance(item, types.MethodType) and is_changing(module_of(type(item.__self__))):
        return True
    return is_changing(place) and str(key).startswith("_")
