"""The names in a piece of code: what it reads, binds, imports and calls, told from its syntax."""

import ast
import copy
import symtable
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


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
    table = _table(node)
    if table is None:
        return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    read = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    for inner in ast.walk(node):
        if isinstance(inner, ast.AugAssign | ast.Delete):
            read |= {name.id for name in ast.walk(inner) if isinstance(name, ast.Name)}
    return read | _global_in(table.get_children())


def _table(node: ast.AST) -> symtable.SymbolTable | None:
    """Its scopes; none if Python would refuse it, as it does some of what can be parsed."""
    alone: Any = _Alone().visit(copy.deepcopy(node)) if _lends_names(node) else node
    try:
        return symtable.symtable(ast.unparse(alone), "<cell>", "exec")
    except SyntaxError:
        return None


def _lends_names(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Nonlocal) for part in ast.walk(node))


class _Alone(ast.NodeTransformer):
    """A function that stands alone has names of an outer one as its own: none is global."""

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        return ast.parse("\n".join(f"{name} = None" for name in node.names))


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


def read_at_once(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {name for part in _outside_body(node) for name in names_in(part)}
    if isinstance(node, ast.ClassDef):
        inner = [part for part in node.body if not isinstance(part, ast.FunctionDef)]
        parts = [*node.bases, *node.decorator_list, *inner]
        return {name for part in parts for name in names_in(part)}
    return read_before_bound([node])


def _outside_body(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    notes = [item.annotation for item in given] + [node.returns]
    parts = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *notes]
    return [part for part in parts if part]


def surely_bound(node: ast.stmt) -> set[str]:
    match node:
        case ast.For():
            # A loop is taken to run at least once: its bounds are seldom in doubt in a post.
            return _surely_bound_in(node.body) | names_of_target(node.target)
        case ast.With():
            names = [item.optional_vars for item in node.items if item.optional_vars]
            bound = {name for target in names for name in names_of_target(target)}
            return _surely_bound_in(node.body) | bound
        case ast.Import():
            # `import a.b` adds to what `a` is already; other imports bind anew.
            return {alias.asname or alias.name for alias in node.names} - {
                alias.name for alias in node.names if "." in alias.name and not alias.asname
            }
    return _bound_at_once(node)


def _surely_bound_in(body: Sequence[ast.stmt]) -> set[str]:
    return {name for node in body for name in surely_bound(node)}


def bound_here(node: ast.stmt) -> set[str]:
    """Also what a branch or a `del` may bind; a comprehension's names are its own."""
    return bound_in(own_parts(node)) - _comprehension_names(node) | {
        name for name, _ in imported(node)
    }


def _comprehension_names(node: ast.AST) -> set[str]:
    loops = [part for part in own_parts(node) if isinstance(part, ast.comprehension)]
    own = {name for loop in loops for name in names_of_target(loop.target)}
    return own - {name for target in _targets(node) for name in names_of_target(target)}


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    for part in own_parts(node):
        if isinstance(part, ast.Assign):
            yield from part.targets
        elif isinstance(part, ast.For | ast.AsyncFor | ast.NamedExpr | ast.AnnAssign):
            yield part.target
        elif isinstance(part, ast.withitem) and part.optional_vars:
            yield part.optional_vars


def augmented(node: ast.stmt) -> set[str]:
    return {
        part.target.id
        for part in own_parts(node)
        if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name)
    }


def names_of_target(target: ast.expr) -> set[str]:
    return bound_in(ast.walk(target))


def own_parts(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all within it, but not the bodies of functions: they run when called."""
    todo = [node]
    while todo:
        part = todo.pop()
        yield part
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo.extend(reversed([*ast.iter_child_nodes(part)]))


def calls_in(node: ast.AST) -> Iterator[ast.Call]:
    return (part for part in own_parts(node) if isinstance(part, ast.Call))


def last_name(node: ast.expr) -> str:
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))


def root_of(node: ast.AST) -> str | None:
    """The name that an expression such as `a.b[0].c(1).d` begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


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


def path_of(node: ast.AST, paths: Mapping[str, str]) -> str:
    """The dotted path from an import, such as `numpy.random.seed`; empty if it is none."""
    names: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in paths:
        return ""
    return ".".join([paths[node.id], *reversed(names)])


def functions_in(node: ast.AST) -> Iterator[Function]:
    return (part for part in ast.walk(node) if isinstance(part, Function))


def declared_global(body: Sequence[ast.AST]) -> set[str]:
    parts = [part for statement in body for part in ast.walk(statement)]
    return {name for part in parts if isinstance(part, ast.Global) for name in part.names}


def parameters_of(function: Function) -> list[str]:
    if isinstance(function, ast.ClassDef):
        inits = [
            part
            for part in function.body
            if isinstance(part, ast.FunctionDef) and part.name == "__init__"
        ]
        return [item.arg for item in arguments_of(inits[0])[1:]] if inits else []
    return [item.arg for item in arguments_of(function)]


def arguments_of(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.arg]:
    given = function.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]
