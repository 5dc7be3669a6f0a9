"""A jupytext script → its cells, each with its name, tags and lines in the author's file."""

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from press.blog import Blog
from press.script.formats import cells_in
from press.script.magics import CALLED, has_magic, not_in_a_run, plain_python
from press.script.words import names_for
from press.voice.errors import PressError

TEXT_FORMATS = (".py", ".md", ".Rmd")


@dataclass(frozen=True)
class Cell:
    name: str | None
    tags: tuple[str, ...]
    source: str
    line: int
    quoted_as: str = ""
    """What posts quote it by: its name, or one made of its own words."""

    @property
    def end_line(self) -> int:
        return self.line + self.source.count("\n")

    @property
    def label(self) -> str:
        """What messages call the cell."""
        return repr(self.name) if self.name else f"at line {self.line}"


@dataclass(frozen=True)
class Script:
    path: str
    text: str
    cells: tuple[Cell, ...]
    """All code cells in order; cells that hold no code at all are left out."""


def find_scripts(blog: Blog) -> dict[str, Path]:
    """Every notebook script in code/ by its slug; a Markdown file counts if it says it is one."""
    found: dict[str, Path] = {}
    for path in sorted(blog.code.glob("*")) if blog.code.is_dir() else []:
        if path.suffix not in TEXT_FORMATS or not path.is_file():
            continue
        if path.suffix != ".py" and "jupytext" not in path.read_text("utf-8", "replace")[:2000]:
            continue
        if path.stem in found:
            other = blog.shown(found[path.stem])
            raise PressError(
                f"{blog.shown(path)}:1", f"{other} has the same slug", "rename or remove one"
            )
        found[path.stem] = path
    return found


def read_script(blog: Blog, path: Path) -> Script:
    text = blog.text(path)
    shown = blog.shown(path)
    cells = _cells(text, path.suffix, shown)
    for cell in cells:
        _check_syntax(cell, shown)
        _check_magics(cell, shown)
    _check_names(cells, shown)
    return Script(shown, text, cells)


@lru_cache(maxsize=16)
def _cells(text: str, suffix: str, shown: str) -> tuple[Cell, ...]:
    try:
        notebook = cells_in(text, suffix)
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise PressError(
            f"{shown}:1", f"jupytext cannot read it ({reason})", "mend the notebook header"
        ) from error
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise PressError(f"{shown}:1", f"is written for {language}", "press runs Python only")
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    sources = [cell.source for cell in code]
    given = [cell.metadata.get("title") or cell.metadata.get("name") for cell in code]
    titles = [None if title is None else str(title) for title in given]
    tags = [tuple(cell.metadata.get("tags", ())) for cell in code]
    lines = _first_lines(sources, text)
    untitled = [source for title, source in zip(titles, sources, strict=True) if not title]
    made = iter(names_for(set(filter(None, titles)), untitled))
    names = [title or next(made) for title in titles]
    return tuple(map(Cell, titles, tags, sources, lines, names))


def _first_lines(sources: list[str], text: str) -> list[int]:
    """The line at which each cell starts, found by its words: every text format keeps them."""
    lines = [_bare(line) for line in text.split("\n")]
    first_lines = []
    position = 0
    for source in sources:
        wanted = [_bare(line) for line in source.split("\n")]
        starts = range(position, len(lines) - len(wanted) + 1)
        start = next((i for i in starts if lines[i : i + len(wanted)] == wanted), position)
        first_lines.append(start + 1)
        position = min(start + len(wanted), len(lines) - 1)
    return first_lines


def _bare(line: str) -> str:
    """A line without the comment sign that jupytext puts before magics, and takes away."""
    return line.strip().removeprefix("#").strip()


def parse(source: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(source, "<cell>", "exec", flags)
    assert isinstance(tree, ast.Module)
    return tree


@lru_cache(maxsize=4096)
def parse_cell(source: str) -> ast.Module | None:
    """The parsed code of a cell; none where only IPython can read it."""
    return _parsed(source) or _parsed(plain_python(source))


def _parsed(python: str) -> ast.Module | None:
    try:
        return parse(python)
    except (SyntaxError, ValueError):
        return None


def claims_in(cell: Cell) -> list[ast.Assert]:
    """The assertions of a cell that makes claims, in their order."""
    tree = parse_cell(cell.source) if "claim" in cell.tags else None
    found = [node for node in (ast.walk(tree) if tree else ()) if isinstance(node, ast.Assert)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _check_syntax(cell: Cell, shown: str) -> None:
    if parse_cell(cell.source) or has_magic(cell.source):
        return
    try:
        parse(cell.source)
    except (SyntaxError, ValueError) as error:
        line = cell.line + (getattr(error, "lineno", None) or 1) - 1
        reason = getattr(error, "msg", None) or error
        raise PressError(f"{shown}:{line}", f"syntax error ({reason})", "mend the code") from error


def _check_magics(cell: Cell, shown: str) -> None:
    if _parsed(cell.source) and not CALLED.search(cell.source):
        return
    for number, line, problem, remedy in not_in_a_run(cell.source):
        raise PressError(f"{shown}:{cell.line + number}", f"{line!r} {problem}", remedy)


def _check_names(cells: tuple[Cell, ...], shown: str) -> None:
    taken: dict[str, Cell] = {}
    for cell in cells:
        if cell.name is None:
            continue
        if cell.name in taken:
            first = taken[cell.name]
            raise PressError(
                f"{shown}:{cell.line}",
                f"a second cell is named {cell.name!r} (the first is at line {first.line})",
                "rename one",
            )
        taken[cell.name] = cell
