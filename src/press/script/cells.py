"""A jupytext script → its cells, each with its name, tags and lines in the author's file."""

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from press.blog import Blog
from press.errors import PressError

TEXT_FORMATS = (".py", ".md", ".Rmd")


@dataclass(frozen=True)
class Cell:
    name: str | None
    tags: tuple[str, ...]
    source: str
    line: int

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
    _check_names(cells, shown)
    return Script(shown, text, cells)


@lru_cache(maxsize=16)
def _cells(text: str, suffix: str, shown: str) -> tuple[Cell, ...]:
    # Imported late: a build in which nothing changed must not pay for it.
    import jupytext

    try:
        notebook = jupytext.reads(text, fmt={"extension": suffix})
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise PressError(
            f"{shown}:1", f"jupytext cannot read it ({reason})", "mend the notebook header"
        ) from error
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise PressError(f"{shown}:1", f"is written for {language}", "press runs Python only")
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    lines = _first_lines([cell.source for cell in code], text)
    return tuple(
        Cell(
            name=cell.metadata.get("title") or cell.metadata.get("name"),
            tags=tuple(cell.metadata.get("tags", ())),
            source=cell.source,
            line=line,
        )
        for cell, line in zip(code, lines, strict=True)
    )


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


def plain_python(source: str) -> str:
    """The cell with its IPython lines turned into strings, so that the rest can be parsed."""
    lines = source.split("\n")
    if lines[0].startswith("%%"):
        return repr(source)
    return "\n".join(_without_magic(line) for line in lines)


def _without_magic(line: str) -> str:
    words = line.lstrip()
    if not words.startswith(("%", "!", "?")) and not words.rstrip().endswith("?"):
        return line
    return line[: len(line) - len(words)] + repr(words)


def parse(source: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(source, "<cell>", "exec", flags)
    assert isinstance(tree, ast.Module)
    return tree


@lru_cache(maxsize=4096)
def parse_cell(source: str) -> ast.Module | None:
    """The parsed code of a cell; none where only IPython can read it."""
    for python in (source, plain_python(source)):
        try:
            return parse(python)
        except (SyntaxError, ValueError):
            continue
    return None


def claims_in(cell: Cell) -> list[ast.Assert]:
    """The assertions of a cell that makes claims, in their order."""
    tree = parse_cell(cell.source) if "claim" in cell.tags else None
    found = [node for node in (ast.walk(tree) if tree else ()) if isinstance(node, ast.Assert)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _check_syntax(cell: Cell, shown: str) -> None:
    if parse_cell(cell.source) or _has_magic(cell.source):
        return
    try:
        parse(cell.source)
    except (SyntaxError, ValueError) as error:
        line = cell.line + (getattr(error, "lineno", None) or 1) - 1
        reason = getattr(error, "msg", None) or error
        raise PressError(f"{shown}:{line}", f"syntax error ({reason})", "mend the code") from error


def _has_magic(source: str) -> bool:
    """Whether IPython may read what Python cannot: `x = !ls`, `x = %time y`, `%%bash`, `name?`."""
    return any(
        line.lstrip().startswith(("%", "!", "?"))
        or line.rstrip().endswith("?")
        or "= !" in line
        or "= %" in line
        for line in source.split("\n")
    )


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
