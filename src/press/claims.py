"""In the kernel: what the sides of an assertion came to when it was checked.

The sides of its comparisons are noted as they are evaluated, and shown beside the cell's outputs
for the record; nothing else about the assertion changes.
"""

import ast
import builtins
import math
from typing import Any

CLAIMS = "application/vnd.press.claims+json"
NOTE = "__press_note__"
LONGEST = 40
notes: dict[int, list[list[Any]]] = {}
"""By the number of the assertion in its cell, what its sides came to each time, in their order."""


def watch(shell: Any) -> None:
    setattr(builtins, NOTE, _note)
    shell.ast_transformers.append(_Noting())
    shell.events.register("pre_run_cell", lambda *_: notes.clear())
    shell.events.register("post_run_cell", lambda *_: _show(shell))


class _Noting(ast.NodeTransformer):
    """Has the sides of comparisons noted, in assertions that stand outside functions."""

    def __init__(self) -> None:
        self._assertion = -1

    def visit_Module(self, node: ast.Module) -> ast.AST:
        self._assertion = -1
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._passed_over(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._passed_over(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._passed_over(node)

    def _passed_over(self, node: ast.AST) -> ast.AST:
        self._assertion += sum(isinstance(part, ast.Assert) for part in ast.walk(node))
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self._assertion += 1
        node.test = self._noted(node.test, 0)
        return node

    def _noted(self, test: ast.expr, place: int) -> ast.expr:
        match test:
            case ast.BoolOp():
                test.values = [
                    self._noted(value, place + 10 * count)
                    for count, value in enumerate(test.values)
                ]
            case ast.UnaryOp():
                test.operand = self._noted(test.operand, place)
            case ast.Compare():
                test.left = self._side(test.left, place)
                test.comparators = [
                    self._side(side, place + count)
                    for count, side in enumerate(test.comparators, start=1)
                ]
        return test

    def _side(self, side: ast.expr, place: int) -> ast.expr:
        if _is_constant(side):
            return side
        where = [ast.Constant(self._assertion), ast.Constant(place)]
        call = ast.Call(ast.Name(NOTE, ast.Load()), [*where, side], [])
        return ast.fix_missing_locations(ast.copy_location(call, side))


def _is_constant(side: ast.expr) -> bool:
    inner = side.operand if isinstance(side, ast.UnaryOp) else side
    return isinstance(inner, ast.Constant)


def _note(assertion: int, place: int, value: Any) -> Any:
    notes.setdefault(assertion, []).append([place, _told(value)])
    return value


def _told(value: Any) -> str | float | int | None:
    """A single number, a truth or a short text; anything else has no short form."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON knows no such number
    if isinstance(value, str):
        return value if len(value) <= LONGEST else None
    return value if isinstance(value, bool | int | float) else None


def _show(shell: Any) -> None:
    if notes:
        found = [notes.get(number, []) for number in range(max(notes) + 1)]
        shell.display_pub.publish({CLAIMS: found})
        notes.clear()


def in_words(found: list[list[Any]]) -> str:
    """What an assertion was checked with: each side, and how far it went where it came up often."""
    sides: dict[int, list[Any]] = {}
    for place, value in found:
        if value is not None:
            sides.setdefault(place, []).append(value)
    return "; ".join(_range(values) for _, values in sorted(sides.items()))


def _range(values: list[Any]) -> str:
    if len(set(values)) == 1:
        return _text(values[0])
    if any(isinstance(value, str) for value in values):
        return ", ".join(dict.fromkeys(_text(value) for value in values))
    return f"{_text(min(values))} to {_text(max(values))}"


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
