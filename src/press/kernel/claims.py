"""In the kernel: what the sides of an assertion came to when it was checked.

The sides of its comparisons are noted as they are evaluated, and shown beside the cell's outputs
for the record; nothing else about the assertion changes. Of an array its range is noted, of two
that should be close how far they are apart.
"""

import ast
import builtins
import math
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from press.kernel.protocol import CLAIMS

NOTE, NOTE_APART = "__press_note__", "__press_note_apart__"
CLOSE = {"allclose", "array_equal", "isclose"}
LONGEST = 40
Place = tuple[int, ...]
"""Of a side in its assertion: the way down to it."""
notes: dict[int, list[tuple[Place, Any]]] = {}
"""By the number of the assertion in its cell, what its sides came to each time, in their order."""


def watch(shell: Any) -> None:
    setattr(builtins, NOTE, _note)
    setattr(builtins, NOTE_APART, _note_apart)
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
        node.test = self._noted(node.test, ())
        return node

    def _noted(self, test: ast.expr, place: Place) -> ast.expr:
        match test:
            case ast.BoolOp():
                test.values = [
                    self._noted(value, (*place, count)) for count, value in enumerate(test.values)
                ]
            case ast.UnaryOp():
                test.operand = self._noted(test.operand, place)
            case ast.Compare():
                test.left = self._side(test.left, (*place, 0))
                test.comparators = [
                    self._side(side, (*place, count))
                    for count, side in enumerate(test.comparators, start=1)
                ]
            case ast.Call():
                self._note_call(test, place)
        return test

    def _note_call(self, call: ast.Call, place: Place) -> None:
        name = _called(call)
        plain = not any(isinstance(item, ast.Starred) for item in call.args)
        if name in CLOSE and len(call.args) > 1 and plain:
            call.args[:2] = [ast.Starred(self._call(NOTE_APART, place, *call.args[:2]), ast.Load())]
            ast.fix_missing_locations(call)
        elif name in ("all", "any") and call.args and plain:
            call.args[0] = self._members(call.args[0], place)
        elif name in ("all", "any") and isinstance(call.func, ast.Attribute):
            call.func.value = self._members(call.func.value, place)

    def _members(self, members: ast.expr, place: Place) -> ast.expr:
        """What is said of all or of any."""
        if isinstance(members, ast.GeneratorExp | ast.ListComp):
            members.elt = self._noted(members.elt, place)
            return members
        if isinstance(members, ast.Compare) or _called(members) in CLOSE:
            return self._noted(members, place)
        return self._side(members, place)

    def _side(self, side: ast.expr, place: Place) -> ast.expr:
        if _is_constant(side):
            return side
        return self._call(NOTE, place, side)

    def _call(self, function: str, place: Place, *sides: ast.expr) -> ast.expr:
        numbers: list[ast.expr] = [ast.Constant(number) for number in place]
        where = [ast.Constant(self._assertion), ast.Tuple(numbers, ast.Load())]
        call = ast.Call(ast.Name(function, ast.Load()), [*where, *sides], [])
        return ast.fix_missing_locations(ast.copy_location(call, sides[0]))


def _called(node: ast.expr) -> str:
    function = getattr(node, "func", None)
    return str(getattr(function, "attr", None) or getattr(function, "id", ""))


def _is_constant(side: ast.expr) -> bool:
    try:
        ast.literal_eval(side)
    except (TypeError, ValueError):
        return False
    return True


def _note(assertion: int, place: Place, value: Any) -> Any:
    # What cannot be told is no reason for a claim to fail.
    with suppress(Exception):
        notes.setdefault(assertion, []).extend((place, told) for told in _told(value))
    return value


def _note_apart(assertion: int, place: Place, one: Any, other: Any) -> tuple[Any, Any]:
    with suppress(Exception):
        import numpy as np

        with np.errstate(all="ignore"):
            apart = np.abs(np.asarray(one, float) - np.asarray(other, float))
            largest = float(apart.max(initial=0))
        notes.setdefault(assertion, []).append((place, f"at most {largest:.2g} apart"))
    return one, other


def _told(value: Any) -> Iterable[str | float | int]:
    """A number, a truth or a short text as it is, and of an array its range, or how much is true;
    anything else has no short form.
    """
    value = _plain(value)
    if getattr(value, "shape", None):
        yield from _told_of_array(value)
    elif isinstance(value, float) and not math.isfinite(value):
        yield str(value)  # JSON knows no such number
    elif isinstance(value, bool | int | float) or (
        isinstance(value, str) and len(value) <= LONGEST
    ):
        yield value
    elif isinstance(value, tuple | list) and len(value) <= LONGEST:
        items = [_plain(item) for item in value]
        text = str(tuple(items) if isinstance(value, tuple) else items)
        if len(text) <= LONGEST:
            yield text


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    single = getattr(value, "shape", None) == () and hasattr(value, "item")
    return value.item() if single else value


def _told_of_array(value: Any) -> Iterable[str | float | int]:
    array = sys.modules["numpy"].asarray(value)
    if array.dtype.kind == "b":
        yield f"{array.sum()} of {array.size}"
    elif array.dtype.kind in "iuf" and array.size:
        yield from _told(array.min())
        yield from _told(array.max())


def _show(shell: Any) -> None:
    if notes:
        found = [notes.get(number, []) for number in range(max(notes) + 1)]
        shell.display_pub.publish({CLAIMS: found})
        notes.clear()
