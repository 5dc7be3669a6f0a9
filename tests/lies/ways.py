"""The ways in which a program can make state, hold it, and change it, as they stand in `ways/`."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("ways")
HOLDING = ("aliases", "captures")
OURS = re.compile(r"\b([x-zX-Z])(?![A-Za-z0-9])")
"""`x` is made, `y` holds it, `z` changes it; whatever else a way names begins with them."""


@dataclass(frozen=True)
class Way:
    kind: str
    name: str
    sections: dict[str, str]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"

    def section(self, name: str, number: int) -> str:
        """With names of its own for the part of the program that it will be."""
        return OURS.sub(rf"\g<1>{number}", self.sections.get(name, ""))

    def make(self, number: int) -> tuple[str, str]:
        """The imports that it begins with, and the rest."""
        lines = self.section("make", number).splitlines(keepends=True)
        imports = 0
        while imports < len(lines) and re.match(r"import |from (?!__future__)", lines[imports]):
            imports += 1
        return "".join(lines[:imports]), "".join(lines[imports:])


@cache
def ways(kind: str) -> tuple[Way, ...]:
    text = (FOLDER / f"{kind}.txt").read_text("utf-8")
    return tuple(_way(kind, part) for part in re.split(r"(?m)^== ", text)[1:])


def kinds() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.txt") if path.stem not in HOLDING)


def _way(kind: str, text: str) -> Way:
    head, *rest = re.split(r"(?m)^-- (\w+)\n", text.rstrip() + "\n")
    name, _, make = head.partition("\n")
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    return Way(kind, name, {"make": make, **sections})


def tree_of(code: str) -> ast.Module | None:
    """None for what only IPython reads."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        tree: ast.Module = compile(code, "", "exec", flags)
    except SyntaxError:
        return None
    return tree


def printed(code: str) -> str:
    """With each expression printed that stands as a line of its own."""
    tree = tree_of(code)
    if tree is None:
        return code
    return "".join(f"{_printed(code, statement)}\n" for statement in tree.body)


def _printed(code: str, statement: ast.stmt) -> str:
    text = ast.get_source_segment(code, statement) or ""
    if not isinstance(statement, ast.Expr) or text.startswith("print("):
        return text
    return f"print({text})"


def through(code: str, name: str, access: str) -> str:
    """What is done with a name, done with what can be reached in another way."""
    tree = tree_of(code)
    if not tree or not tree.body or name in bound(code):
        return code
    return f"{ast.unparse(_Through(name, access).visit(tree))}\n"


class _Through(ast.NodeTransformer):
    def __init__(self, name: str, access: str) -> None:
        self._name = name
        self._access = access

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id != self._name:
            return node
        return ast.copy_location(ast.parse(self._access, mode="eval").body, node)


def bound(code: str) -> set[str]:
    """The names that code binds or deletes where it stands."""
    tree = tree_of(code)
    names: set[str] = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return names
