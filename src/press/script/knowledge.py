"""What is known of the names of a script from all of its text."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from press.script.names import Function, bound_in, imported, last_name, own_parts, parameters_of


@dataclass
class Knowledge:
    """What is known of names from all of the script."""

    paths: Mapping[str, str]
    """By the name that an import binds, what it stands for."""
    functions: Mapping[str, list[Function]]
    plain: frozenset[str]
    """Names that only ever stand for numbers and texts, which nobody can change."""
    summarise: "Callable[[Function, list[str], Knowledge], Summary]"
    _summaries: dict[Function, "Summary"] = field(default_factory=dict)

    def summary(self, function: Function) -> "Summary":
        """What calling one of the script's own functions does."""
        if function not in self._summaries:
            parameters = parameters_of(function)
            self._summaries[function] = Summary(parameters, set(), set(), [])  # if it recurs
            self._summaries[function] = self.summarise(function, parameters, self)
        return self._summaries[function]


@dataclass
class Summary:
    """What calling one of the script's own functions does."""

    parameters: list[str]
    changes: set[str]
    """Names from outside, and parameters, whose objects it may change."""
    gives: set[str]
    """Names from outside, and parameters, that its result may be a part of."""
    events: list[str]


def gathered(
    trees: Sequence[ast.AST], summarise: Callable[[Function, list[str], Knowledge], Summary]
) -> Knowledge:
    functions: dict[str, list[Function]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                functions.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.Assign):
                lambdas = [part for part in ast.walk(node.value) if isinstance(part, ast.Lambda)]
                for name in bound_in(ast.walk(node)) if lambdas else ():
                    functions.setdefault(name, []).extend(lambdas)
    paths = {alias: path for tree in trees for alias, path in imported(tree)}
    return Knowledge(paths, functions, _plain_names(trees), summarise)


def _plain_names(trees: Sequence[ast.AST]) -> frozenset[str]:
    plain: set[str] = set()
    parts = [part for tree in trees for part in own_parts(tree)]
    assigned = [part for part in parts if isinstance(part, ast.Assign) and len(part.targets) == 1]
    pairs = [(part.targets[0], part.value) for part in assigned]
    known = [(target.id, value) for target, value in pairs if isinstance(target, ast.Name)]
    for name, value in known:
        if _is_plain(value, plain):
            plain.add(name)
    others = bound_in(part for part in parts if not any(part is target for target, _ in pairs))
    return frozenset(
        plain - others - {name for name, value in known if not _is_plain(value, plain)}
    )


def _is_plain(value: ast.expr, plain: set[str]) -> bool:
    match value:
        case ast.Constant() | ast.JoinedStr() | ast.Compare():
            return True
        case ast.Name():
            return value.id in plain
        case ast.UnaryOp():
            return _is_plain(value.operand, plain)
        case ast.BinOp():
            return _is_plain(value.left, plain) and _is_plain(value.right, plain)
        case ast.Call():
            return last_name(value.func) in ("bool", "float", "int", "len", "round", "str")
    return False
