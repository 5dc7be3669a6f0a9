"""The text of a script → its cells, as jupytext reads it; a plain program is read as one.

Jupytext would cut a program that says nothing of cells at its empty lines; a figure that is drawn
on both sides of one would be shown half, and then lost.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

MARK = re.compile(r"^#\s*(%%|\+|-\s*$|<codecell>|In\[|---\s*$|region\b|#{20})", re.MULTILINE)


def cells_in(text: str, suffix: str) -> Any:
    """A notebook; whatever jupytext raises if it cannot read it."""
    import jupytext

    if suffix == ".py" and not MARK.search(text) and (tree := _parsed(text)):
        from nbformat.v4 import new_notebook

        return new_notebook(cells=list(_plain(text, tree)))
    return jupytext.reads(text, fmt={"extension": suffix})


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _plain(text: str, tree: ast.Module) -> Iterator[Any]:
    """The texts that stand between a program's statements are its prose."""
    from nbformat.v4 import new_code_cell, new_markdown_cell

    lines = text.split("\n")
    end, waiting = 0, False
    for node in tree.body:
        if not _is_text(node, lines):
            waiting = True
            continue
        if waiting:
            yield new_code_cell("\n".join(lines[end : node.lineno - 1]).strip("\n"))
        yield new_markdown_cell(inspect.cleandoc(ast.literal_eval(node.value)))
        end, waiting = node.end_lineno or node.lineno, False
    if waiting:
        yield new_code_cell("\n".join(lines[end:]).strip("\n"))


def _is_text(node: ast.stmt, lines: Sequence[str]) -> TypeGuard[ast.Expr]:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and re.match(r"[rR]?(\"{3}|'{3})", lines[node.lineno - 1]) is not None
    )
