"""Which names may stand for one object, or for a part of one another's, after a piece of code."""

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from press.script.knowledge import Knowledge
from press.script.libraries import CONTAINERS, FRESH, KEEPING, NUMPY_VIEWS
from press.script.names import Function, last_name, names_of_target, own_parts, path_of

Item = TypeVar("Item")


def given_as(
    name: str, parameters: Sequence[str], call: ast.Call, known: Knowledge
) -> Iterator[str]:
    """The caller's names for what a function calls `name`."""
    if name not in parameters:
        yield name
        return
    place = parameters.index(name)
    chosen = [keyword.value for keyword in call.keywords if keyword.arg in (name, None)]
    starred = [item for item in call.args if isinstance(item, ast.Starred)]
    if place < len(call.args) or starred:
        chosen += starred or [call.args[place]]
    for item in chosen:
        yield from sources_of(item, known)


def shares_in(node: ast.AST, known: Knowledge) -> Iterator[tuple[str, set[str]]]:
    """Each name that is bound, with the names whose objects it may share."""
    for part in own_parts(node):
        if isinstance(part, ast.Assign):
            for target in part.targets:
                yield from _matched(target, part.value, known)
                if isinstance(target, ast.Attribute | ast.Subscript):
                    yield from _kept(target.value, [part.value], known)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            if part.func.attr in KEEPING:
                yield from _kept(part.func.value, part.args, known)
        elif isinstance(part, ast.AnnAssign | ast.NamedExpr) and part.value:
            yield from _matched(part.target, part.value, known)
        elif isinstance(part, ast.For | ast.AsyncFor):
            yield from _matched_items(part.target, part.iter, known)
        elif isinstance(part, ast.withitem) and part.optional_vars:
            yield from _matched(part.optional_vars, part.context_expr, known)


def _kept(
    keeper: ast.expr, items: Sequence[ast.expr], known: Knowledge
) -> Iterator[tuple[str, set[str]]]:
    for name in sources_of(keeper, known):
        yield name, {source for item in items for source in sources_of(item, known)}


def _matched(target: ast.expr, value: ast.expr, known: Knowledge) -> Iterator[tuple[str, set[str]]]:
    items = getattr(target, "elts", None)
    values = getattr(value, "elts", None)
    if items and values and len(items) == len(values):
        for item, own in zip(items, values, strict=True):
            yield from _matched(item, own, known)
        return
    sources = set(sources_of(value, known))
    for name in names_of_target(target):
        yield name, sources


def together(node: ast.AST, known: Knowledge) -> Iterator[set[str]]:
    """Names for what one call makes and what may hang together, as a figure and its axes do."""
    for part in own_parts(node):
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
            called = part.value.func
            if "pyplot" in path_of(called, known.paths) or last_name(called) in known.functions:
                yield {name for target in part.targets for name in names_of_target(target)}


def _matched_items(
    target: ast.expr, items: ast.expr, known: Knowledge
) -> Iterator[tuple[str, set[str]]]:
    """The names that a loop binds; those of `zip` and `items()` by their place."""
    places = getattr(target, "elts", [])
    if isinstance(items, ast.Call) and len(places) > 1:
        called = last_name(items.func)
        if called == "zip" and len(places) == len(items.args):
            for place, source in zip(places, items.args, strict=True):
                yield from _matched_items(place, source, known)
            return
        if called == "enumerate" and len(places) == 2 and items.args:
            yield from _matched_items(places[1], items.args[0], known)
            return
        if called in ("items", "ndenumerate", "iterrows") and len(places) == 2:
            for name in names_of_target(places[1]):
                yield name, set(sources_of(items, known))
            return
    for name in names_of_target(target):
        yield name, set(sources_of(items, known))


def sources_of(node: ast.expr | None, known: Knowledge) -> Iterator[str]:
    """The names whose objects the value of an expression may be, be a part of, or hold."""
    match node:
        case ast.Name():
            if node.id not in known.plain:
                yield node.id
        case ast.Attribute() | ast.Subscript() | ast.Starred() | ast.NamedExpr():
            if not path_of(node, known.paths):
                yield from sources_of(node.value, known)
        case ast.Tuple() | ast.List() | ast.Set():
            for item in node.elts:
                yield from sources_of(item, known)
        case ast.Dict():
            for value in node.values:
                yield from sources_of(value, known)
        case ast.IfExp():
            yield from sources_of(node.body, known)
            yield from sources_of(node.orelse, known)
        case ast.BoolOp():
            for value in node.values:
                yield from sources_of(value, known)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            yield from _comprehended(node, [node.elt], known)
        case ast.DictComp():
            yield from _comprehended(node, [node.value], known)
        case ast.BinOp() if isinstance(node.op, ast.Add | ast.Mult):
            # Sums of lists hold the items of both.
            if any(isinstance(side, ast.List | ast.ListComp) for side in (node.left, node.right)):
                yield from sources_of(node.left, known)
                yield from sources_of(node.right, known)
        case ast.Lambda():
            summary = known.summary(node)
            yield from summary.changes - set(summary.parameters)
        case ast.Call():
            yield from _sources_of_call(node, known)


def _comprehended(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
    parts: Sequence[ast.expr],
    known: Knowledge,
) -> Iterator[str]:
    inside = {name for loop in node.generators for name in names_of_target(loop.target)}
    found = {name for part in parts for name in sources_of(part, known)}
    yield from found - inside
    if found & inside:
        for loop in node.generators:
            yield from sources_of(loop.iter, known)


def _sources_of_call(call: ast.Call, known: Knowledge) -> Iterator[str]:
    path, name = path_of(call.func, known.paths), last_name(call.func)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if path:
        if NUMPY_VIEWS.fullmatch(name) or name[:1].isupper() or name == "partial":
            for item in given:
                yield from sources_of(item, known)
    elif isinstance(call.func, ast.Attribute):
        if not FRESH.fullmatch(name):
            yield from sources_of(call.func.value, known)
    elif CONTAINERS.fullmatch(name):
        for item in given:
            yield from sources_of(item, known)
    elif own := called_functions(call, known):
        for function in own:
            summary = known.summary(function)
            for source in summary.gives:
                yield from given_as(source, summary.parameters, call, known)
    elif not hasattr(builtins, name):
        for item in (call.func, *given):
            yield from sources_of(item, known)


def called_functions(call: ast.Call, known: Knowledge) -> Sequence[Function]:
    if isinstance(call.func, ast.Lambda):
        return [call.func]
    return known.functions.get(call.func.id, ()) if isinstance(call.func, ast.Name) else ()


def traced(names: set[Item], shares: Mapping[Item, set[Item]]) -> set[Item]:
    """These and all those whose objects they may share."""
    found, waiting = set(names), list(names)
    while waiting:
        new = shares.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
