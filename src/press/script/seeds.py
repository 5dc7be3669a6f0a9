"""The seeds of a script, and the script with others in their place.

They are the whole numbers that a cell gives, outside functions, to `seed` or `seeds`: one number, a
list of some, or the ends of a range. The first is the script's own; all move by as much as it does.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice

from press.kernel.protocol import JUDGED
from press.script.cells import Cell, Script, claims_in, parse_cell

NAMES = {"seed", "seeds"}
FIRST, STEP = 1234, 1111


def fresh_seeds(script: Script, many: int, first: int = FIRST) -> list[int]:
    """The same for everybody, so that results can be repeated: 1234, 2345, 3456 and so on."""
    own = own_seed(script)
    lowest = min((_number(node) for cell in script.cells for node in _seeds(cell)), default=0)
    below = 0 if own is None else own - lowest
    return list(islice((seed for seed in count(first, STEP) if own != seed >= below), many))


def own_seed(script: Script) -> int | None:
    return next((_number(node) for cell in script.cells for node in _seeds(cell)), None)


def reseeded(script: Script, seed: int) -> Script:
    """The script with this seed in place of its own."""
    moved = seed - (own_seed(script) or 0)
    return replace(script, cells=tuple(_moved(cell, moved) for cell in script.cells))


def judged(script: Script) -> Script:
    """The script with its claims told one by one, so that a false one ends nothing."""
    marked = (
        replace(cell, source=f"{cell.source}\n{JUDGED!r}") if claims_in(cell) else cell
        for cell in script.cells
    )
    return replace(script, cells=tuple(marked))


def _seeds(cell: Cell) -> Iterator[ast.Constant]:
    tree = parse_cell(cell.source)
    for statement in tree.body if tree else ():
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in NAMES:
                yield from _whole_numbers(value)


def _whole_numbers(value: ast.expr) -> Iterator[ast.Constant]:
    match value:
        case ast.Constant(value=int()) if not isinstance(value.value, bool):
            yield value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            yield from (number for item in items for number in _whole_numbers(item))
        case ast.Call(func=ast.Name(id="range"), args=[first, last]):
            yield from (number for item in (first, last) for number in _whole_numbers(item))


def _number(node: ast.Constant) -> int:
    return int(str(node.value))


def _moved(cell: Cell, by: int) -> Cell:
    lines = [line.encode() for line in cell.source.split("\n")]
    for node in reversed(list(_seeds(cell))):
        line, end = lines[node.lineno - 1], node.end_col_offset
        number = str(_number(node) + by).encode()
        lines[node.lineno - 1] = line[: node.col_offset] + number + line[end:]
    return replace(cell, source=b"\n".join(lines).decode())
