"""A notebook of any format that jupytext reads → a script of named cells, and the prose between."""

import ast
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from press.files import digest
from press.script.cells import parse_cell
from press.script.formats import cells_in
from press.script.keys import code_of
from press.script.words import stem_of
from press.voice.errors import PressError

HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
UNDERLINED = re.compile(r"\A\s*(?:={3,}\n)?([^\n]+)\n={3,}[ \t]*(?:\n|\Z)")
TITLE = re.compile(r"\A\s*Title: *(.+)\n(?:[A-Z][\w ]*: .*(?:\n|\Z))*")


@dataclass(frozen=True)
class Part:
    """Prose, or a cell by its name, with the heading that it stands below."""

    prose: str = ""
    cell: str = ""
    below: str = ""


@dataclass(frozen=True)
class Notebook:
    title: str
    script: str
    parts: tuple[Part, ...]
    imports: frozenset[str]


def read_notebook(path: Path) -> Notebook:
    cells = list(_kept(_read(path)))
    title, cells = _titled(cells)
    parts: list[Part] = []
    named: list[tuple[str, Any]] = []
    below, taken = "", set[str]()
    for kind, cell in cells:
        if kind == "prose":
            parts.append(Part(prose=cell.strip()))
            below = next((match[2] for match in reversed([*HEADING.finditer(cell)])), below)
            continue
        fresh = bool(parts) and not parts[-1].cell and below
        name = _name(cell, below if fresh else "", taken)
        taken.add(name)
        named.append((name, cell))
        parts.append(Part(cell=name, below=below))
    found = frozenset(top for _, cell in named for top in _imports(cell.source))
    return Notebook(title or path.stem.replace("_", " "), _script(named), tuple(parts), found)


def _read(path: Path) -> Any:
    try:
        notebook = cells_in(path.read_text("utf-8-sig"), path.suffix)
        if not hasattr(notebook, "cells"):
            raise ValueError("it is of a form before version 4")
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise PressError(str(path), reason, "name a notebook") from error
    except Exception as error:
        reason = " ".join(str(error).split()) or repr(error)
        remedy = "give an .ipynb, or a .py or .md of jupytext"
        raise PressError(str(path), f"jupytext cannot read it ({reason})", remedy) from error
    language = (notebook.metadata.get("kernelspec") or {}).get("language", "python")
    if language != "python":
        raise PressError(str(path), f"is written for {language}", "press runs Python only")
    return notebook


def _kept(notebook: Any) -> Iterator[tuple[str, Any]]:
    """Its cells, as prose or code; a cell of nothing but comments or a text is prose."""
    for cell in notebook.cells:
        said = cell.source if cell.cell_type == "markdown" else None
        if cell.cell_type == "code":
            said = _said(cell.source)
            if said is None:
                yield "code", cell
        if said and said.strip():
            yield "prose", said


def _said(source: str) -> str | None:
    """What a cell says that does nothing else."""
    tree = parse_cell(source)
    if not code_of(source):
        return re.sub(r"(?m)^# ?", "", source)
    only = tree.body[0] if tree and len(tree.body) == 1 else None
    if isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant):
        text = only.value.value
        return text if isinstance(text, str) and source.lstrip()[:1] in "\"'rR" else None
    return None


def _titled(cells: list[tuple[str, Any]]) -> tuple[str, list[tuple[str, Any]]]:
    """The title, taken out of the first prose."""
    if not cells or cells[0][0] != "prose":
        return "", cells
    text = cells[0][1]
    level = re.compile(r"\A\s*#[ \t]+(.+?)[ \t#]*(?:\n|\Z)")
    for title in (TITLE, level, UNDERLINED):
        if found := title.match(text):
            rest = text[found.end() :].strip()
            return found[1].strip(), [("prose", rest), *cells[1:]] if rest else cells[1:]
    return "", cells


def _name(cell: Any, heading: str, taken: Collection[str]) -> str:
    """The first free one of: its own title, the heading right above it, its first words."""
    given = str(cell.metadata.get("title") or cell.metadata.get("name") or "")
    words = stem_of(cell.source)
    names = [*(stem_of(text) for text in (given, heading) if text), words]
    if heading:
        names.append(f"{stem_of(heading)}-{words}")
    names.append(f"{words}-{digest(f'{len(taken)} {cell.source}')[:4]}")
    return next(name for name in names if name not in taken)


def _imports(source: str) -> Iterator[str]:
    tree = parse_cell(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _script(named: list[tuple[str, Any]]) -> str:
    """In the percent format; with a header only where jupytext needs one to see a cell magic."""
    import jupytext
    from nbformat.v4 import new_code_cell, new_notebook

    cells = []
    for name, cell in named:
        tags = [tag for tag in cell.metadata.get("tags", ()) if json.dumps(tag).isascii()]
        about = {"title": name, **({"tags": tags} if tags else {})}
        cells.append(new_code_cell(cell.source, metadata=about))
    magic = any(cell.source.startswith("%%") for cell in cells)
    filters = {} if magic else {"notebook_metadata_filter": "-all"}
    metadata = {"jupytext": {"cell_metadata_filter": "title,tags", **filters}}
    return str(jupytext.writes(new_notebook(cells=cells, metadata=metadata), "py:percent"))
