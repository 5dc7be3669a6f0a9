"""Plain trees, as JSON has them → dataclasses, by the types of their fields."""

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")
Maker = Callable[[Any], Any]


def from_tree(kind: type[Kind], tree: Any) -> Kind:
    """An object of this type; TypeError or AttributeError if the tree does not fit."""
    wanted: Any = kind
    make = _maker(wanted)
    made: Kind = make(tree) if make else tree
    return made


@cache
def _maker(kind: Any) -> Maker | None:
    """What makes such an object of a tree; nothing if the tree is one."""
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return _maker_of_fields(kind)
    if origin is UnionType:
        return _maker_of_one(inner)
    if origin is tuple:
        return _maker_of_items(_maker(inner[0]))
    if origin is Mapping:
        return _maker_of_values(_maker(inner[1]))
    return None


def _maker_of_fields(kind: Any) -> Maker:
    hints = {name: _maker(hint) for name, hint in get_type_hints(kind).items()}
    makers = {name: make for name, make in hints.items() if make}

    def made(tree: Any) -> Any:
        fields = tree.items()
        return kind(**{name: makers[name](it) if name in makers else it for name, it in fields})

    return made


def _maker_of_items(make: Maker | None) -> Maker:
    if make is None:
        return lambda tree: tree if tree is None else tuple(tree)
    return lambda tree: tree if tree is None else tuple(map(make, tree))


def _maker_of_values(make: Maker | None) -> Maker:
    if make is None:
        return dict
    return lambda tree: {name: make(item) for name, item in tree.items()}


def _maker_of_one(kinds: tuple[Any, ...]) -> Maker | None:
    """Of several types, the one that a plain tree can be."""
    trees = [kind for kind in kinds if is_dataclass(kind) or get_origin(kind) in (tuple, Mapping)]
    make = _maker(trees[0]) if trees else None
    return make and (lambda tree: make(tree) if isinstance(tree, dict | list) else tree)
