"""What cells read of the cells before them, and which of those can be left out when a run resumes.

Nothing here runs code. Where the text of a cell does not tell, the answer is the one that has more
cells run again.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from press.kernel.protocol import HISTORY
from press.script.cells import Cell, parse_cell
from press.script.libraries import ACCUMULATING, HARMLESS, SETTER
from press.script.magics import has_magic
from press.script.names import (
    bound_in,
    functions_in,
    imported,
    names_in,
    path_of,
    read_before_bound,
)

QUICK = 1.0
"""Seconds below which a cell is run again when a run resumes."""
QUICK_WITH_IMPORTS = 12.0
"""The same for a cell that imports: loading a library takes its time in every kernel anew."""
DOUBTFUL = re.compile(
    r"\b(getsizeof|__sizeof__|getrefcount|getweakrefcount|getpid|getppid|get_ident|get_native_id"
    r"|putenv|unsetenv|setprofile|settrace|gc|__subclasses__|_getframe|currentframe"
    r"|sys\.modules|ctypes|atexit|__del__|register_error|addaudithook|__builtins__"
    r"|(?:pre|post)_(?:execute|run_cell)|codecs\.register|memoryview|(?:import|from)\s+__main__"
    r"|import_module\(\s*['\"]__main__)\b"
    r"|(?<!def )\b(?:finalize|dup2?)(?=\s*\()"
    r"|(?<!\bself)\.(?!(?:lru_cache|cached_property|cache(?:_info|_clear|_parameters)?)\b)\w*cache\w*"
)
"""What asks a process for what is its own, when garbage is collected, or reaches names by no name.

A snapshot changes some of it even in the run that takes it.
"""
SEEDED = re.compile(
    r"tensorflow\.(?:random|image|nn|compat\.v1)\."
    r"(?!.*(?:stateless|set_seed|set_random_seed|Generator|generator))(?:\w+\.)*(?P<name>\w+)"
)
SEED_AT = {
    "shuffle": 2,
    "random_flip_left_right": 2,
    "random_flip_up_down": 2,
    **dict.fromkeys(("random_crop", "random_hue", "random_brightness"), 3),
    **dict.fromkeys(("random_contrast", "random_saturation", "categorical", "poisson"), 4),
    **dict.fromkeys(("dropout", "experimental_dropout"), 4),
}
"""How many arguments in a row hold the seed."""
LAST = 5
OF_IPYTHON = re.compile(r"(?<!\w)(_\w*|In|Out)(?!\w)")
DYNAMIC = {"globals", "locals", "vars", "dir", "eval", "exec"}
"""With these a cell may read any name."""


class Unreadable(Exception):
    """A cell whose text does not tell what it does."""


def needed(before: Sequence[Cell], after: Sequence[Cell]) -> set[str] | None:
    """The names that cells need from those before them; None if that can be any name."""
    try:
        names = _needed(before, after)
    except Unreadable:
        return None
    return None if names & DYNAMIC else names


def doubt(cells: Iterable[Cell]) -> str:
    """What the cells ask for that would tell them of a snapshot, if anything."""
    cells = list(cells)
    found = (DOUBTFUL.search(_without_comments(cell.source)) for cell in cells)
    paths = _all_imported(cells)
    seeded = (path for cell in cells for path in _seeded(cell, paths))
    return next((match[0] for match in found if match), "") or next(seeded, "")


def _without_comments(source: str) -> str:
    tree = parse_cell(source)
    return ast.unparse(tree) if tree and not has_magic(source) else source


def _seeded(cell: Cell, paths: Mapping[str, str]) -> Iterator[str]:
    """The operations with a seed of their own: how often each was called, TensorFlow counts."""
    for node in ast.walk(parse_cell(cell.source) or ast.Pass()):
        path = path_of(node.func, paths) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and (operation := SEEDED.fullmatch(path)):
            named = any(keyword.arg in ("seed", None) for keyword in node.keywords)
            starred = any(isinstance(part, ast.Starred) for part in node.args)
            least = SEED_AT.get(operation["name"], LAST)
            if named or starred or len(node.args) >= least:
                yield path


def goes_back(before: Sequence[Cell], after: Sequence[Cell]) -> bool:
    """Whether cells need of those before them what is in no snapshot at all."""
    try:
        names = _needed(before, after)
    except Unreadable:
        return True
    if names & DYNAMIC and any(map(_looks_around, map(_tree, (*before, *after)))):
        return True
    return any(map(HISTORY.fullmatch, names)) or any(map(_counts_on, after))


def _looks_around(tree: ast.Module) -> bool:
    """Whether it may go through all names, where IPython has its own, or asks for one of them."""
    looks, known = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="globals" | "locals" | "vars" | "dir"), args=[]):
                looks.add(node)
            case (
                ast.Subscript(value=call, slice=ast.Constant())
                | ast.Compare(left=ast.Constant(), comparators=[call])
                | ast.Call(func=ast.Attribute(value=call, attr="get"), args=[ast.Constant(), *_])
            ):
                known.add(call)
            case ast.Constant(value=str() as text) if OF_IPYTHON.search(text):
                return True
    return bool(looks - known)


def assigns_within(before: Sequence[Cell], after: Sequence[Cell]) -> bool:
    """Whether cells, or functions of those before them, may assign an attribute of something."""
    try:
        trees: list[ast.AST] = [*map(_tree, after)]
        trees += [part for cell in before for part in functions_in(_tree(cell))]
    except Unreadable:
        return True
    return any(_assigns(node) for tree in trees for node in ast.walk(tree))


def _assigns(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="self")) | ast.Attribute(attr="learning_rate"):
            return False  # a rate is a variable, which a graph reads anew
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return True
        case ast.Name(id="setattr" | "delattr") | ast.Attribute(attr="__setattr__" | "__dict__"):
            return True
    return False


def _needed(before: Sequence[Cell], after: Sequence[Cell]) -> set[str]:
    inside = {name for cell in before for name in _read_in_functions(_tree(cell))}
    bound: set[str] = set()
    return inside | {name for cell in after for name in read_before_bound(_tree(cell).body, bound)}


def replayed(
    cells: Sequence[Cell], seconds: Sequence[float], written: Collection[int] = ()
) -> list[int]:
    """The quick cells to run again before a snapshot is laid: those that import, and those that may
    change what no snapshot holds, with all that have to do with the same names.

    `written` are the cells that were seen to change files or the like.
    """
    paths = _all_imported(cells)
    names = [_mentioned(cell) - paths.keys() for cell in cells]
    chosen: set[int] = set()
    touched: set[str] = set()
    for number in reversed(range(len(cells))):
        if not _is_quick(cells[number], seconds[number]):
            continue
        lasting = number in written or _lasting(cells[number], paths)
        if lasting or names[number] & touched:
            chosen.add(number)
            touched |= names[number]
        elif _imports(cells[number]):
            chosen.add(number)
    left_out: set[str] = set()
    for number, cell in enumerate(cells):
        if number not in chosen or _mentioned(cell) & left_out:
            chosen.discard(number)
            left_out |= names[number] | _all_imported([cell]).keys()
    return sorted(chosen)


def _is_quick(cell: Cell, seconds: float) -> bool:
    return seconds < (QUICK_WITH_IMPORTS if _imports(cell) else QUICK)


def trace(cells: Sequence[Cell], again: Iterable[int]) -> str | None:
    """What the cells that are left out may have changed that no snapshot holds, if anything."""
    paths = _all_imported(cells)
    ran_again = set(again)
    for number, cell in enumerate(cells):
        tree = parse_cell(cell.source)
        if number not in ran_again and (tree is None or _is_magic(cell.source)):
            return "a magic command"
        if tree is None:
            continue
        for part in functions_in(tree) if number in ran_again else [tree]:
            if path := next(_lasting_in(part, paths), None):
                return path
    return None


def _lasting(cell: Cell, paths: Mapping[str, str]) -> bool:
    tree = parse_cell(cell.source)
    if tree is None or _is_magic(cell.source):
        return True
    return next(_lasting_in(tree, paths), None) is not None


def _lasting_in(tree: ast.AST, paths: Mapping[str, str]) -> Iterator[str]:
    return (path for path in _changed(tree, paths) if not HARMLESS.fullmatch(path))


def _mentioned(cell: Cell) -> set[str]:
    tree = parse_cell(cell.source)
    nodes = list(ast.walk(tree)) if tree else []
    return {node.id for node in nodes if isinstance(node, ast.Name)} | bound_in(nodes)


def _imports(cell: Cell) -> bool:
    return bool(_all_imported([cell]))


def _all_imported(cells: Iterable[Cell]) -> dict[str, str]:
    trees = [parse_cell(cell.source) for cell in cells]
    return {alias: path for tree in trees if tree for alias, path in imported(tree)}


def _tree(cell: Cell) -> ast.Module:
    tree = parse_cell(cell.source)
    if tree is None or _is_magic(cell.source):
        raise Unreadable
    return tree


def _is_magic(source: str) -> bool:
    return any(line.lstrip().startswith(("%", "!", "?")) for line in source.split("\n"))


def _counts_on(cell: Cell) -> bool:
    nodes = list(ast.walk(_tree(cell)))
    resized = (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "resize"  # in place, if `Out` holds no other view
        for node in nodes
    )
    counts = (isinstance(node, ast.Attribute) and node.attr in ACCUMULATING for node in nodes)
    return any(resized) or any(counts)


def _read_in_functions(tree: ast.Module) -> set[str]:
    """Names that functions look up whenever they are called."""
    return {name for part in functions_in(tree) for name in names_in(part)}


def _changed(tree: ast.AST, paths: Mapping[str, str]) -> Iterator[str]:
    """What the code calls for its effect on a library, or assigns within one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            path = path_of(node.value.func, paths)
        elif isinstance(node, ast.Call):
            path = path_of(node.func, paths)
            path = path if SETTER.match(path.rpartition(".")[2]) else ""
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            path = path_of(node, paths)
        else:
            continue
        if path:
            yield path
