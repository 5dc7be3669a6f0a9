"""Plain trees, as JSON has them → dataclasses, by the types of their fields."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


def from_tree(kind: type[Kind], tree: Any) -> Kind:
    """An object of this type; TypeError or AttributeError if the tree does not fit."""
    made: Kind = _made(kind, tree)
    return made


def _made(kind: Any, tree: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _made(hints.get(name, Any), item) for name, item in tree.items()})
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return _made(_alternative(inner, tree), tree)
    if origin is tuple and tree is not None:
        return tuple(_made(inner[0], item) for item in tree)
    if origin is Mapping:
        return {name: _made(inner[1], item) for name, item in tree.items()}
    return tree


def _alternative(kinds: tuple[Any, ...], tree: Any) -> Any:
    """The one of several types that a plain tree can be."""
    if tree is None:
        return Any
    trees = [kind for kind in kinds if is_dataclass(kind) or get_origin(kind) in (tuple, Mapping)]
    return trees[0] if trees and isinstance(tree, dict | list) else Any


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
