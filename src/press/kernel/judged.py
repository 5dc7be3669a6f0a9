"""In the kernel: the assertions of a cell judged one by one, where a false one is to end nothing.

So press runs claims under other seeds: it marks the cell, and is told of each assertion whether it
held. One whose evaluation fails did not; one in a loop held if it did so each time.
"""

import ast
import builtins
import itertools
from typing import Any

from press.kernel.protocol import HELD, JUDGED

NOTE = "__press_judged__"
found: dict[int, list[bool]] = {}
"""By assertion of the cell that runs, how it went each time; those of earlier cells are told."""


def watch(shell: Any) -> None:
    setattr(builtins, NOTE, lambda number, held: found.get(number, []).append(held))
    shell.ast_transformers.append(_Judging())
    shell.events.register("pre_run_cell", lambda *_: found.clear())
    shell.events.register("post_run_cell", lambda *_: _show(shell))


class _Judging(ast.NodeTransformer):
    def __init__(self) -> None:
        self._count = itertools.count()

    def visit_Module(self, node: ast.Module) -> ast.AST:
        match node.body:
            case [*_, ast.Expr(ast.Constant(value=mark))] if mark == JUDGED:
                node.body.pop()
                order = [part for part in ast.walk(node) if isinstance(part, ast.Assert)]
                order.sort(key=lambda part: (part.lineno, part.col_offset))
                self._numbers = {part: next(self._count) for part in order}
                found.update({number: [] for number in self._numbers.values()})
                return self.generic_visit(node)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        told = (self._told(node, held) for held in (True, False))
        held, failed = ([ast.Expr(call)] for call in told)
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [*failed])
        judged = ast.Try([node], [handler], [*held], [])
        return ast.fix_missing_locations(ast.copy_location(judged, node))

    def _told(self, node: ast.Assert, held: bool) -> ast.expr:
        given: list[ast.expr] = [ast.Constant(self._numbers[node]), ast.Constant(held)]
        return ast.Call(ast.Name(NOTE, ast.Load()), given, [])


def _show(shell: Any) -> None:
    if found:
        held = [all(times) if times else None for times in found.values()]
        shell.display_pub.publish({HELD: held})
        found.clear()
