"""What of the libraries is no longer what their import made it."""

import itertools
import operator
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from press.kernel import abstract, functions, garbage, imports
from press.kernel.parts import module_of
from press.kernel.places import told


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


def changes() -> Iterator[Change]:
    """All that is no longer what import made it."""
    with garbage.paused():
        for image in imports.attributes.values():
            yield from _changed(image, vars(image.owner))
        for image in imports.contents.values():
            yield from _changed(image, imports.held_by(image.owner))
        for path, part, value in itertools.chain(functions.changes(), abstract.changes()):
            yield Change(f"{told(path)}.{part}", part, value)
        for name, module in list(sys.modules.items()):
            if (
                name not in imports.seen
                and isinstance(module, types.ModuleType)
                and not imports.is_changing(name)
            ):
                yield Change(name, None, module)


def _changed(image: imports.Image, content: Any) -> Iterator[Change]:
    if image.keys is None:
        now = list(content)
        if len(now) != len(image.items) or not all(map(operator.is_, now, image.items)):
            yield Change(told(image.path), None, now, owner=str(image.path[-1]))
        return
    if (
        len(content) == len(image.keys)
        and all(map(operator.is_, content, image.keys))
        and all(map(operator.is_, content.values(), image.items))
    ):
        return
    before = dict(zip(image.keys, image.items, strict=True))
    yield from _changed_items(told(image.path), str(image.path[-1]), before, content)


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
    if isinstance(item, types.MethodType) and imports.is_changing(module_of(type(item.__self__))):
        return True
    return imports.is_changing(place) and str(key).startswith("_")
