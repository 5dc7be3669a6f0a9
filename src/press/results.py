"""What the cells left → named figures, tables, values and claims, as the record holds them.

The names come from the script as it stands: outcomes of a run and those read back from an older
record are named in the same way.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Generic, TypeVar

from press.blog import Blog
from press.errors import PressError
from press.exhibit import shape, size
from press.outcome import Exhibit, Model, Outcome, Picture, Sprite, Table, Unfit, Value
from press.record import (
    CellRecord,
    Claim,
    ExhibitRecord,
    Figure,
    ModelRecord,
    Record,
    SpriteRecord,
    TableRecord,
    ValueRecord,
    made_file,
)
from press.script import Cell, Script, parse_cell
from press.slices import Slicer

Item = TypeVar("Item")
BRIEF = 2000
"""Entries that an item of an exhibit may have to stand in the record, which pages are made from."""


@dataclass(frozen=True)
class Filed(Generic[Item]):
    """What stands in the record, with its files."""

    record: Item
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Results:
    """The part of a record that the script's words and its outcomes decide."""

    cells: tuple[CellRecord, ...]
    figures: Mapping[str, Figure]
    tables: Mapping[str, TableRecord]
    values: Mapping[str, ValueRecord]
    claims: tuple[Claim, ...]
    models: Mapping[str, ModelRecord]
    data: Mapping[str, ExhibitRecord]
    files: Mapping[str, bytes]
    """The contents of figures, models and data, by file."""


def results_of(slug: str, script: Script, outcomes: Sequence[Outcome]) -> Results:
    """Name what the cells left: the same for outcomes of a run and for those of an older record."""
    cells: list[CellRecord] = []
    figures: dict[str, Figure] = {}
    tables: dict[str, TableRecord] = {}
    values: dict[str, ValueRecord] = {}
    claims: list[Claim] = []
    models: dict[str, ModelRecord] = {}
    data: dict[str, ExhibitRecord] = {}
    files: dict[str, bytes] = {}
    slicer = Slicer(script)
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
        claims += _claims(cell, outcome)
        if model := _model(slug, stem, cell, outcome, script.path):
            models[stem] = model.record
            files |= model.files
        if exhibit := _exhibit(slug, stem, cell, outcome, script.path):
            data[stem] = exhibit.record
            files |= exhibit.files
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
                needs=slicer.program(number - 1) if cell.name else (),
            )
        )
    return Results(tuple(cells), figures, tables, values, tuple(claims), models, data, files)


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
    made = made_file(f"img/{slug}/{_file_stem(name)}", picture.suffix, picture.data)
    return Figure(made.file, made.sha256, cell, picture.width, picture.height)


def _file_stem(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "figure"


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
        line = _line_of_key(cell, name)
        place = f"{path}:{line}"
        if isinstance(entry, Unfit):
            remedy = 'give a text such as f"{x:.2%}", a whole number or a finite float'
            raise PressError(place, f"value {name!r} {entry.problem}", remedy)
        if name in others:
            raise PressError(place, f"a second value is named {name!r}", "rename one")
        values[name] = ValueRecord(**vars(entry), cell=cell.name, line=line)
    return values


def _line_of_key(cell: Cell, name: str) -> int:
    tree = parse_cell(cell.source)
    last = tree.body[-1] if tree and tree.body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Dict):
        for key in last.value.keys:
            if isinstance(key, ast.Constant) and key.value == name:
                return cell.line + key.lineno - 1
    return cell.end_line


def _claims(cell: Cell, outcome: Outcome) -> list[Claim]:
    if "claim" not in cell.tags:
        return []
    tree = parse_cell(cell.source)
    found = [node for node in (ast.walk(tree) if tree else ()) if isinstance(node, ast.Assert)]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return [
        Claim(
            cell.name,
            cell.line + node.lineno - 1,
            ast.get_source_segment(cell.source, node) or "",
            checked,
        )
        for node, checked in zip_longest(found, outcome.checked[: len(found)], fillvalue="")
        if isinstance(node, ast.Assert)
    ]


def _model(
    slug: str, stem: str, cell: Cell, outcome: Outcome, path: str
) -> Filed[ModelRecord] | None:
    if "model" not in cell.tags:
        return None
    model = outcome.model
    if not isinstance(model, Model):
        problem = model.problem if model else "its last expression is no Sequential model"
        raise PressError(
            f"{path}:{cell.end_line}",
            f"cell {cell.label} is tagged model, but {problem}",
            "end it with a trained keras.Sequential that reads one digit",
        )
    made = made_file(f"img/{slug}/{_file_stem(stem)}", ".bin", model.data)
    length = len(model.data)
    record = ModelRecord(made.file, made.sha256, cell.name, model.parameters, length)
    return Filed(record, {made.file: model.data})


def _exhibit(
    slug: str, stem: str, cell: Cell, outcome: Outcome, path: str
) -> Filed[ExhibitRecord] | None:
    if "data" not in cell.tags:
        return None
    exhibit = outcome.exhibit
    if not isinstance(exhibit, Exhibit):
        problem = f"it {exhibit.problem}" if exhibit else "its last expression is no dict"
        raise PressError(
            f"{path}:{cell.end_line}",
            f"cell {cell.label} is tagged data, but {problem}",
            "end it with a dict of plain items, and `images` if it has any",
        )
    place = f"img/{slug}/{_file_stem(stem)}"
    content = json.dumps(exhibit.content, separators=(",", ":"), allow_nan=False).encode()
    made = made_file(place, ".json", content)
    files, images = {made.file: content}, None
    if sprite := exhibit.images:
        sheet = made_file(place, ".png", sprite.data)
        images = SpriteRecord(sheet.file, sheet.sha256, sprite.count, sprite.side, sprite.columns)
        files[sheet.file] = sprite.data
    brief = {name: item for name, item in exhibit.content.items() if size(item) <= BRIEF}
    shapes = {name: shape(item) for name, item in exhibit.content.items()}
    return Filed(ExhibitRecord(made.file, made.sha256, cell.name, brief, images, shapes), files)


def outcomes_of(blog: Blog, record: Record) -> list[Outcome]:
    """What the cells of an older run left, read back from its record and its figures."""
    return [
        Outcome(
            output=cell.output,
            warnings=cell.warnings,
            pictures=tuple(_picture(blog, record.figures[name]) for name in cell.figures),
            tables=tuple(_table(record.tables[name]) for name in cell.tables),
            entries=_published(record, cell) or cell.entries,
            checked=tuple(claim.found for claim in record.claims if _within(claim, cell)),
            model=_old_model(blog, record, cell),
            exhibit=_old_exhibit(blog, record, cell),
        )
        for cell in record.cells
    ]


def _within(claim: Claim, cell: CellRecord) -> bool:
    return cell.line <= claim.line <= cell.end_line


def _old_model(blog: Blog, record: Record, cell: CellRecord) -> Model | None:
    model = record.models.get(cell.name or "")
    return Model((blog.root / model.file).read_bytes(), model.parameters) if model else None


def _old_exhibit(blog: Blog, record: Record, cell: CellRecord) -> Exhibit | None:
    old = record.data.get(cell.name or "")
    if not old:
        return None
    images = old.images
    data = (blog.root / images.file).read_bytes() if images else b""
    sprite = Sprite(data, images.count, images.side, images.columns) if images else None
    return Exhibit(json.loads((blog.root / old.file).read_bytes()), sprite)


def _published(record: Record, cell: CellRecord) -> dict[str, Value]:
    values = {name: record.values[name] for name in cell.values}
    return {
        name: Value(v.text, v.number, v.tolerance, v.runs, v.expected) for name, v in values.items()
    }


def _picture(blog: Blog, figure: Figure) -> Picture:
    path = blog.root / figure.file
    return Picture(path.read_bytes(), path.suffix, figure.width, figure.height)


def _table(table: TableRecord) -> Table:
    return Table(table.columns, table.index, table.numeric, table.rows, table.numbers)
