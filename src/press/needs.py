"""What cells read of the cells before them, and which of those can be left out when a run resumes.

Nothing here runs code. Where the text of a cell does not tell, the answer is the one that has more
cells run again.
"""

import ast
import re
import symtable
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from press.script import Cell, parse_cell

QUICK = 1.0
"""Seconds below which a cell is run again when a run resumes."""
QUICK_WITH_IMPORTS = 12.0
"""The same for a cell that imports: loading a library takes its time in every kernel anew."""
DYNAMIC = {"globals", "locals", "vars", "dir", "eval", "exec"}
"""With these a cell may read any name."""
HISTORY = re.compile(r"_+|_i+|_i?\d+|_[ido]h|In|Out|get_ipython")
"""IPython's own memory of the cells that ran, which no snapshot holds."""
ACCUMULATING = {"train_on_batch", "test_on_batch"}
"""Methods that go on counting where an earlier cell left off; that count is not kept."""
HARMLESS = re.compile(
    r"numpy\.(?!set(_|err|bufsize)).*|pandas\.(?!.*(set_|reset_|option|register)).*"
    r"|random\..*|gc\..*|time\..*"
    r"|matplotlib\.(?!use$|pyplot\.switch_backend$).*|IPython\.display\..*|.*\.[A-Z]\w*"
    r"|(keras|tensorflow\.keras)\.(utils|backend)\.(set_random_seed|clear_session)"
    r"|tensorflow\.random\.set_seed"
)
"""Calls of a library that change nothing in it, or nothing beyond what a snapshot holds."""
SETTER = re.compile(r"(set|enable|disable|register|use)([_A-Z]|err|bufsize|$)")


class Unreadable(Exception):
    """A cell whose text does not tell what it does."""


def needed(before: Sequence[Cell], after: Sequence[Cell]) -> set[str] | None:
    """The names that cells need from those before them; None if that can be any name."""
    try:
        names = _needed(before, after)
    except Unreadable:
        return None
    return None if names & DYNAMIC else names


def goes_back(before: Sequence[Cell], after: Sequence[Cell]) -> bool:
    """Whether cells need of those before them what is in no snapshot at all."""
    try:
        names = _needed(before, after)
    except Unreadable:
        return True
    return any(HISTORY.fullmatch(name) for name in names) or any(map(_counts_on, after))


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
        for part in _functions(tree) if number in ran_again else [tree]:
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
    return any(
        isinstance(node, ast.Attribute) and node.attr in ACCUMULATING
        for node in ast.walk(_tree(cell))
    )


def bound_in(nodes: Iterable[ast.AST]) -> set[str]:
    bound: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
    return bound


def read_before_bound(statements: Sequence[ast.stmt], bound: set[str] | None = None) -> set[str]:
    """The names read before these statements bind them; what they surely bind joins `bound`."""
    bound = set() if bound is None else bound
    read: set[str] = set()
    for statement in statements:
        match statement:
            case ast.For() | ast.AsyncFor():
                read |= names_in(statement.iter) - bound
                inside = bound | bound_in(ast.walk(statement.target))
                read |= names_in(statement.target) - inside
                read |= read_before_bound(statement.body, inside) | read_before_bound(
                    statement.orelse, set(bound)
                )
            case ast.While() | ast.If():
                read |= names_in(statement.test) - bound
                read |= read_before_bound(statement.body, set(bound)) | read_before_bound(
                    statement.orelse, set(bound)
                )
            case ast.With() | ast.AsyncWith():
                for item in statement.items:
                    read |= names_in(item.context_expr) - bound
                    bound |= bound_in(ast.walk(item.optional_vars)) if item.optional_vars else set()
                read |= read_before_bound(statement.body, bound)
            case _:
                read |= names_in(statement) - bound
                if not isinstance(statement, ast.Try | ast.Match):
                    bound |= _bound_at_once(statement)
    return read


def _bound_at_once(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Assign():
            return {name for target in statement.targets for name in bound_in(ast.walk(target))}
        case ast.AnnAssign() if statement.value:
            return bound_in(ast.walk(statement.target))
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Import() | ast.ImportFrom():
            return {alias for alias, _ in imported(statement)}
    return set()


def names_in(node: ast.AST) -> set[str]:
    """All names that the code looks up outside its own functions and comprehensions."""
    table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    read = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    for inner in ast.walk(node):
        if isinstance(inner, ast.AugAssign | ast.Delete):
            read |= {name.id for name in ast.walk(inner) if isinstance(name, ast.Name)}
    return read | _global_in(table.get_children())


def _global_in(tables: Iterable[symtable.SymbolTable]) -> set[str]:
    found: set[str] = set()
    for table in tables:
        local = table.get_type() == "function"
        found |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or not local)
        }
        found |= _global_in(table.get_children())
    return found


def _read_in_functions(tree: ast.Module) -> set[str]:
    """Names that functions look up whenever they are called."""
    return {name for part in _functions(tree) for name in names_in(part)}


def _functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield node


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each name that an import binds, and what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _changed(tree: ast.AST, paths: Mapping[str, str]) -> Iterator[str]:
    """What the code calls for its effect on a library, or assigns within one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield from _path(node.value.func, paths)
        elif isinstance(node, ast.Call):
            for path in _path(node.func, paths):
                if SETTER.match(path.rpartition(".")[2]):
                    yield path
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield from _path(node, paths)


def _path(node: ast.AST, paths: Mapping[str, str]) -> Iterator[str]:
    """The dotted path from the library that an expression begins with, if it begins with one."""
    names: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        elif not isinstance(node, ast.Subscript):
            return
        node = node.value
    if node.id in paths:
        yield ".".join([paths[node.id], *reversed(names)])
