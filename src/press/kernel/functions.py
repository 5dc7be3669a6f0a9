"""The functions of libraries: what each was made of when it was loaded, and what of it is new."""

import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from press.kernel.places import Path


class Noted(NamedTuple):
    function: types.FunctionType
    path: Path
    code: types.CodeType
    defaults: tuple[Any, ...] | None
    keywords: tuple[Any, ...]
    attributes: tuple[Any, ...]


noted: dict[int, Noted] = {}
"""By address."""


def note(function: types.FunctionType, path: Path) -> None:
    if id(function) not in noted:
        noted[id(function)] = Noted(
            function,
            path,
            function.__code__,
            function.__defaults__,
            _items(function.__kwdefaults__),
            _items(function.__dict__),
        )


def changes() -> Iterator[tuple[Path, str, Any]]:
    """Where it stands, which part of it has changed, and what that is now."""
    for function, path, code, defaults, keywords, attributes in noted.values():
        if function.__code__ is not code:
            yield path, "__code__", function.__code__
        if function.__defaults__ is not defaults:
            yield path, "__defaults__", function.__defaults__
        if _differ(_items(function.__kwdefaults__), keywords):
            yield path, "__kwdefaults__", function.__kwdefaults__
        if _differ(_items(function.__dict__), attributes):
            yield path, "__dict__", function.__dict__


def _items(content: dict[str, Any] | None) -> tuple[Any, ...]:
    return (*content.keys(), *content.values()) if content else ()


def _differ(now: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    return len(now) != len(before) or any(
        one is not other for one, other in zip(now, before, strict=True)
    )
