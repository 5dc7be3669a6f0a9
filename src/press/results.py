"""What the cells left → named figures, tables, values and claims, as the record holds them.

The names come from the script as it stands: outcomes of a run and those read back from an older
record are named in the same way.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from press.blog import Blog
from press.errors import PressError
from press.outcome import Outcome, Picture, Table, Unfit, Value
from press.record import (
    CellRecord,
    Claim,
    Figure,
    Record,
    TableRecord,
    ValueRecord,
    made_file,
)
from press.script import Cell, Script, parse_cell


@dataclass(frozen=True)
class Results:
    """The part of a record that the script's words and its outcomes decide."""

    cells: tuple[CellRecord, ...]
    figures: Mapping[str, Figure]
    tables: Mapping[str, TableRecord]
    values: Mapping[str, ValueRecord]
    claims: tuple[Claim, ...]
    files: Mapping[str, bytes]
    """The figures' contents, by file."""


def results_of(slug: str, script: Script, outcomes: Sequence[Outcome]) -> Results:
    """Name what the cells left: the same for outcomes of a run and for those of an older record."""
    cells: list[CellRecord] = []
    figures: dict[str, Figure] = {}
    tables: dict[str, TableRecord] = {}
    values: dict[str, ValueRecord] = {}
    claims: list[Claim] = []
    files: dict[str, bytes] = {}
    for number, (cell, outcome) in enumerate(zip(script.cells, outcomes, strict=True), start=1):
        stem = cell.name or f"cell-{number}"
        own_pictures = dict(zip(_names(stem, outcome.pictures), outcome.pictures, strict=True))
        own_tables = dict(zip(_names(stem, outcome.tables), outcome.tables, strict=True))
        _check_free([*own_pictures, *own_tables], {**figures, **tables}, cell, script.path)
        for name, picture in own_pictures.items():
            figures[name] = _figure(slug, name, cell.name, picture)
            files[figures[name].file] = picture.data
        for name, table in own_tables.items():
            tables[name] = TableRecord(**vars(table), cell=cell.name)
        own_values = _values(cell, outcome, script.path, values)
        values |= own_values
        claims += _claims(cell)
        cells.append(
            CellRecord(
                name=cell.name,
                tags=cell.tags,
                line=cell.line,
                end_line=cell.end_line,
                source=cell.source,
                output=outcome.output,
                warnings=outcome.warnings,
                figures=tuple(own_pictures),
                tables=tuple(own_tables),
                values=tuple(own_values),
                entries=None if own_values else _entries(outcome),
            )
        )
    return Results(tuple(cells), figures, tables, values, tuple(claims), files)


def _names(stem: str, items: Sequence[object]) -> list[str]:
    return [stem if count == 1 else f"{stem}-{count}" for count in range(1, len(items) + 1)]


def _check_free(names: list[str], taken: Mapping[str, object], cell: Cell, path: str) -> None:
    for name in names:
        if name in taken:
            raise PressError(
                f"{path}:{cell.line}",
                f"cell {cell.label} gives a second {name!r}, as does an earlier cell",
                "rename one of the cells",
            )


def _figure(slug: str, name: str, cell: str | None, picture: Picture) -> Figure:
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "figure"
    made = made_file(f"img/{slug}/{stem}", picture.suffix, picture.data)
    return Figure(made.file, made.sha256, cell, picture.width, picture.height)


def _entries(outcome: Outcome) -> dict[str, Value] | None:
    entries = outcome.entries or {}
    fit = {name: entry for name, entry in entries.items() if isinstance(entry, Value)}
    return fit if fit and len(fit) == len(entries) else None


def _values(
    cell: Cell, outcome: Outcome, path: str, others: Mapping[str, ValueRecord]
) -> dict[str, ValueRecord]:
    if "values" not in cell.tags:
        return {}
    if outcome.entries is None:
        raise PressError(
            f"{path}:{cell.end_line}",
            f"cell {cell.label} is tagged values, but its last expression is no dict",
            "end it with a dict of named values",
        )
    values: dict[str, ValueRecord] = {}
    for name, entry in outcome.entries.items():
        place = f"{path}:{_line_of_key(cell, name)}"
        if isinstance(entry, Unfit):
            remedy = 'give a text such as f"{x:.2%}", a whole number or a finite float'
            raise PressError(place, f"value {name!r} {entry.problem}", remedy)
        if name in others:
            raise PressError(place, f"a second value is named {name!r}", "rename one")
        values[name] = ValueRecord(**vars(entry), cell=cell.name)
    return values


def _line_of_key(cell: Cell, name: str) -> int:
    tree = parse_cell(cell.source)
    last = tree.body[-1] if tree and tree.body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Dict):
        for key in last.value.keys:
            if isinstance(key, ast.Constant) and key.value == name:
                return cell.line + key.lineno - 1
    return cell.end_line


def _claims(cell: Cell) -> list[Claim]:
    if "claim" not in cell.tags:
        return []
    tree = parse_cell(cell.source)
    return [
        Claim(
            cell.name, cell.line + node.lineno - 1, ast.get_source_segment(cell.source, node) or ""
        )
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.Assert)
    ]


def outcomes_of(blog: Blog, record: Record) -> list[Outcome]:
    """What the cells of an older run left, read back from its record and its figures."""
    return [
        Outcome(
            output=cell.output,
            warnings=cell.warnings,
            pictures=tuple(_picture(blog, record.figures[name]) for name in cell.figures),
            tables=tuple(_table(record.tables[name]) for name in cell.tables),
            entries=_published(record, cell) or cell.entries,
        )
        for cell in record.cells
    ]


def _published(record: Record, cell: CellRecord) -> dict[str, Value]:
    values = {name: record.values[name] for name in cell.values}
    return {name: Value(v.text, v.number, v.tolerance) for name, v in values.items()}


def _picture(blog: Blog, figure: Figure) -> Picture:
    path = blog.root / figure.file
    return Picture(path.read_bytes(), path.suffix, figure.width, figure.height)


def _table(table: TableRecord) -> Table:
    return Table(table.columns, table.index, table.numeric, table.rows, table.numbers)
