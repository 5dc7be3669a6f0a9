"""The functions of libraries: what each was made of when it was loaded, and what of it is new."""

import operator
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
    """One that is not noted yet."""
    keywords, attributes = function.__kwdefaults__, function.__dict__
    noted[id(function)] = Noted(
        function,
        path,
        function.__code__,
        function.__defaults__,
        _items(keywords) if keywords else (),
        _items(attributes) if attributes else (),
    )


def changes() -> Iterator[tuple[Path, str, Any]]:
    """Where it stands, which part of it has changed, and what that is now."""
    for function, path, code, defaults, keywords, attributes in noted.values():
        if function.__code__ is not code:
            yield path, "__code__", function.__code__
        if function.__defaults__ is not defaults:
            yield path, "__defaults__", function.__defaults__
        now = function.__kwdefaults__
        if (now or keywords) and _differ(now, keywords):
            yield path, "__kwdefaults__", now
        now = function.__dict__
        if (now or attributes) and _differ(now, attributes):
            yield path, "__dict__", now


def _items(content: dict[str, Any] | None) -> tuple[Any, ...]:
    return (*content.keys(), *content.values()) if content else ()


def _differ(content: dict[str, Any] | None, before: tuple[Any, ...]) -> bool:
    now = _items(content)
    return len(now) != len(before) or not all(map(operator.is_, now, before))
