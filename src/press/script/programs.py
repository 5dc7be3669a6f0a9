"""A cell → the smallest program that ends in it and runs alone.

The script's statements are gone through backwards from the cell; what the ones chosen so far need,
or what may have changed that, is chosen too, and stands in the program as it stands in the script.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from press.script.cells import Cell, Script, parse_cell
from press.script.effects import RANDOM, Effects, effects, knowledge
from press.script.knowledge import Knowledge
from press.script.sharing import traced

Lines = tuple[int, int]
Part = Lines | str
"""Of a program: lines of the script, from the first to the last, or a line of its own."""
Version = tuple[str, int]
"""A name, and the statement that bound it."""

WIDTH = 79


@dataclass(frozen=True)
class Statement:
    cell: int
    node: ast.stmt | None
    """None for a cell that only IPython can read."""
    first: int
    last: int
    """Its lines in the script, with the comments right above it."""


@dataclass(frozen=True)
class Role:
    """What a statement has to do with the versions of names that there are when it is run."""

    reads: frozenset[Version]
    gives: frozenset[Version]
    """Those that it binds, and those whose objects it may change."""
    later: frozenset[Version] = frozenset()
    """What the functions that it makes will read."""


class Programs:
    """The programs of one script."""

    def __init__(self, script: Script) -> None:
        self._lines = script.text.split("\n")
        self._cells = script.cells
        trees = [parse_cell(cell.source) for cell in script.cells]
        self._known = knowledge([tree for tree in trees if tree])
        self._statements = [
            statement
            for number, (cell, tree) in enumerate(zip(script.cells, trees, strict=True))
            for statement in _statements(number, cell, tree)
        ]
        self._roles = _roles(self._statements, self._known)

    def of(self, number: int) -> tuple[Part, ...]:
        """What runs alone and ends in the cell of this number."""
        chosen = self.needed_by(number)
        parts: list[Part] = []
        last: Statement | None = None
        for statement in chosen:
            if last:
                parts += self._between(last, statement)
            parts += self._shown(statement, number, chosen)
            last = statement
        cell = self._cells[number]
        end: Part = (cell.line, cell.end_line)
        if last:
            own = (statement.node for statement in self._statements if statement.cell == number)
            parts += self._between(last, Statement(number, next(own, None), *end))
        return tuple(self._joined([*parts, end]))

    def needed_by(self, number: int) -> list[Statement]:
        """The statements before a cell that it needs, in the order of the script."""
        needed: set[Version] = set()
        chosen: list[Statement] = []
        for statement, role in reversed(list(zip(self._statements, self._roles, strict=True))):
            if statement.cell > number:
                continue
            if statement.cell == number:
                needed |= role.reads | role.later
            elif role.gives & needed:
                needed |= role.reads
                chosen.append(statement)
        return chosen[::-1]

    def _shown(self, statement: Statement, number: int, chosen: Sequence[Statement]) -> list[Part]:
        """Its lines; of an import of several names only those that the program has."""
        node = statement.node
        whole: Part = (statement.first, statement.last)
        if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) == 1:
            return [whole]
        words = self._words(number, chosen)
        names = [alias for alias in node.names if _name(alias) in words or alias.name == "*"]
        if len(names) == len(node.names):
            return [whole]
        return list(_import(node, names))

    def _words(self, number: int, chosen: Sequence[Statement]) -> set[str]:
        nodes = [s.node for s in chosen if not isinstance(s.node, ast.Import | ast.ImportFrom)]
        nodes += [s.node for s in self._statements if s.cell == number]
        parts = [part for node in nodes if node for part in ast.walk(node)]
        return {part.id for part in parts if isinstance(part, ast.Name)}

    def _between(self, one: Statement, other: Statement) -> list[str]:
        """The empty lines between two statements, as the script or its style would have them."""
        if one.cell != other.cell:
            return ["", ""] if _is_definition(one) or _is_definition(other) else [""]
        gap = self._lines[one.last : other.first - 1]
        empty = 0
        while empty < len(gap) and not gap[-1 - empty].strip():
            empty += 1
        return [""] * empty

    def _joined(self, parts: Sequence[Part]) -> Iterator[Part]:
        """Lines that follow one another as one part."""
        waiting: list[Part] = []
        for part in parts:
            first = waiting[0] if waiting else ""
            if isinstance(first, tuple) and isinstance(part, tuple):
                gap = self._lines[first[1] : part[0] - 1]
                if gap == waiting[1:]:
                    waiting = [(first[0], part[1])]
                    continue
            elif isinstance(first, tuple) and part == "":
                waiting.append(part)
                continue
            yield from waiting
            waiting = [part]
        yield from waiting


def written(text: str, program: Iterable[Part]) -> str:
    """The program in words; `text` is the script."""
    lines = text.split("\n")
    parts = (
        part if isinstance(part, str) else "\n".join(lines[part[0] - 1 : part[1]])
        for part in program
    )
    return "\n".join(parts)


def _statements(number: int, cell: Cell, tree: ast.Module | None) -> Iterator[Statement]:
    if tree is None:
        yield Statement(number, None, cell.line, cell.end_line)
        return
    lines = cell.source.split("\n")
    end = 0
    for node in tree.body:
        decorators = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        while start - 1 > end and lines[start - 2].lstrip().startswith("#"):
            start -= 1
        end = node.end_lineno or node.lineno
        yield Statement(number, node, cell.line + start - 1, cell.line + end - 1)


def _is_definition(statement: Statement) -> bool:
    return isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _import(node: ast.Import | ast.ImportFrom, names: Sequence[ast.alias]) -> Iterator[str]:
    given = [f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in names]
    if isinstance(node, ast.Import):
        yield from (f"import {name}" for name in given)
        return
    start = f"from {'.' * node.level}{node.module or ''} import "
    line = start + ", ".join(given)
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{start}("
    yield from (f"    {name}," for name in given)
    yield ")"


# Which version of a name a statement reads, binds or changes


def _roles(statements: Sequence[Statement], known: Knowledge) -> list[Role]:
    names = _Names()
    return [
        names.after(number, effects(statement.node, known)) if statement.node else names.all(number)
        for number, statement in enumerate(statements)
    ]


class _Names:
    """The names of the script as they stand while its statements are gone through."""

    def __init__(self) -> None:
        self._version: dict[str, int] = {}
        self._shared: dict[Version, set[Version]] = {}
        """Versions whose objects may be one another's, or a part of one another's."""
        self._later: dict[Version, set[str]] = {}
        """What is read when a function, or something that holds one, is called."""

    def after(self, number: int, found: Effects) -> Role:
        read = {name for name in found.reads if name in self._version}
        reads = self._with_later(read)
        # What is shared before the statement is changed by it, and what it has made to be shared.
        changed = traced(self._now(found.changes), self._shared)
        for name in found.forgets:
            self._version.pop(name, None)
        before = dict(self._version)
        # What draws without a seed before it goes on from nothing that could be repeated.
        unseeded = RANDOM not in before and not found.seeds
        rebinds = found.rebinds - {RANDOM} if unseeded else found.rebinds
        bound = {name: (name, number) for name in found.binds | rebinds}
        for name, version in bound.items():
            self._version[name] = number
            self._later[version] = set(found.later)
        for name, sources in found.shares:
            version = bound.get(name) or (name, before.get(name, number))
            self._share(version, [(source, before[source]) for source in sources & before.keys()])
            if found.is_compound:
                self._share(version, [bound[source] for source in sources & bound.keys()])
        for names in found.together:
            for name in names:
                self._share(bound[name], [bound[other] for other in names - {name}])
        for name in rebinds & before.keys():
            self._share(bound[name], [(name, before[name])])
        reads |= {(name, before[name]) for name in rebinds if name in before}
        changed |= traced(self._now(found.changes), self._shared)
        later = frozenset(self._with_later(found.later))
        return Role(frozenset(reads), frozenset({*bound.values(), *changed}), later)

    def all(self, number: int) -> Role:
        """For a cell whose text tells nothing: it needs everything, and everything needs it."""
        reads = frozenset(self._version.items())
        for name in self._version:
            self._version[name] = number
        return Role(reads, frozenset(self._version.items()))

    def _now(self, names: Iterable[str]) -> set[Version]:
        return {(name, self._version[name]) for name in names if name in self._version}

    def _share(self, version: Version | None, others: Iterable[Version]) -> None:
        for other in others:
            if version and other != version:
                self._shared.setdefault(version, set()).add(other)
                self._shared.setdefault(other, set()).add(version)
                self._later.setdefault(version, set()).update(self._later.get(other, ()))

    def _with_later(self, names: set[str]) -> set[Version]:
        """The versions of names, and of all that functions among them read when called."""
        found: set[Version] = set()
        waiting = self._now(names)
        while waiting:
            found |= waiting
            later = {name for version in waiting for name in self._later.get(version, ())}
            waiting = self._now(later) - found
        return found
