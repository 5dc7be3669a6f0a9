"""What modules beside the script hold: they are told as the script's own values are.

Of a library counts what became of it since it was loaded. A script's own modules keep what they
work on in arrays and generators, which change and stay the same objects.
"""

import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from press.kernel.imports import is_neighbour

PASSED_OVER = (types.ModuleType, types.GetSetDescriptorType, types.MemberDescriptorType)


def held() -> Iterator[tuple[str, Any]]:
    """By its place, all that such modules, their classes and their functions hold."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, types.ModuleType) and is_neighbour(name):
            yield from _items(name, vars(module))


def _items(place: str, content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, item in list(content.items()):
        inner = f"{place}.{key}"
        if key.startswith("__") or isinstance(item, PASSED_OVER):
            continue
        if isinstance(item, staticmethod | classmethod):
            item = item.__func__
        if isinstance(item, types.FunctionType):
            yield from _of_function(inner, item)
        elif isinstance(item, type):
            if is_neighbour(item.__module__):
                yield from _items(inner, vars(item))
        else:
            yield inner, item


def _of_function(place: str, function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """What it keeps from call to call."""
    if not is_neighbour(str(function.__globals__.get("__name__"))):
        return
    parts = {name: getattr(function, f"__{name}__") for name in ("defaults", "kwdefaults", "dict")}
    for name, part in parts.items():
        if part:
            yield f"{place}.{name}", part
    for number, cell in enumerate(function.__closure__ or ()):
        yield f"{place}.closure[{number}]", cell
