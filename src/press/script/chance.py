"""Where a piece of code seeds the random generators, draws from them, or trains with them."""

import ast
from collections.abc import Iterator, Sequence

from press.script.knowledge import Knowledge
from press.script.libraries import DRAWING, DRAWING_PATHS, NOT_DRAWING, SEEDING, TRAINED_BY
from press.script.names import last_name, path_of, root_of


def events_in(node: ast.AST, known: Knowledge) -> Iterator[str]:
    """`seed`, `draw` and `train`, in the order in which running the code comes to them."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return
    called = node.func if isinstance(node, ast.Call) else None
    for child in ast.iter_child_nodes(node):
        if child is not called or not isinstance(child, ast.Name):
            yield from events_in(child, known)
    if not isinstance(node, ast.Call):
        return
    path, name = path_of(node.func, known.paths), last_name(node.func)
    if name == SEEDING:
        yield "seed"
    elif path:
        if path.startswith(DRAWING_PATHS) and name not in NOT_DRAWING:
            yield "draw"
    elif isinstance(node.func, ast.Attribute) and name in TRAINED_BY:
        yield "train"
    elif isinstance(node.func, ast.Attribute) and name in DRAWING:
        yield "draw"
    for mentioned in [node.func, *node.args, *(keyword.value for keyword in node.keywords)]:
        if isinstance(mentioned, ast.Name | ast.Subscript):
            for function in known.functions.get(root_of(mentioned) or "", ()):
                yield from known.summary(function).events


def short(events: Sequence[str]) -> list[str]:
    """What comes first, and whether there is training in it."""
    return list(dict.fromkeys([*events[:1], *(event for event in events if event == "train")]))
