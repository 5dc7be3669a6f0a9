"""What the cells of an earlier run left, read back from its record and the files it made."""

import json
from dataclasses import fields
from typing import TypeVar

from press.blog import Blog
from press.record.record import CellRecord, Claim, FigureRecord, Record
from press.run.outcome import Data, Figure, Model, Outcome, Sprite, Table, Value

Kind = TypeVar("Kind")


def outcomes_of(blog: Blog, record: Record) -> list[Outcome]:
    return [_outcome(blog, record, cell) for cell in record.cells]


def _outcome(blog: Blog, record: Record, cell: CellRecord) -> Outcome:
    values = {name: _part(Value, record.values[name]) for name in cell.values}
    return Outcome(
        output=cell.output,
        warnings=cell.warnings,
        figures=tuple(_figure(blog, record.figures[name]) for name in cell.figures),
        tables=tuple(_part(Table, record.tables[name]) for name in cell.tables),
        values=values or cell.untagged,
        claims=tuple(claim.found for claim in record.claims if _within(claim, cell)),
        model=_model(blog, record, cell),
        data=_data(blog, record, cell),
        unquotable=cell.unquotable,
    )


def _part(kind: type[Kind], item: object) -> Kind:
    """The fields that the record adds left out."""
    return kind(**{field.name: getattr(item, field.name) for field in fields(kind)})  # type: ignore[arg-type]


def _within(claim: Claim, cell: CellRecord) -> bool:
    return cell.line <= claim.line <= cell.end_line


def _figure(blog: Blog, figure: FigureRecord) -> Figure:
    path = blog.root / figure.file
    return Figure(path.read_bytes(), path.suffix, figure.width, figure.height)


def _model(blog: Blog, record: Record, cell: CellRecord) -> Model | None:
    model = record.models.get(cell.name)
    return Model((blog.root / model.file).read_bytes(), model.parameters) if model else None


def _data(blog: Blog, record: Record, cell: CellRecord) -> Data | None:
    data = record.data.get(cell.name)
    if not data:
        return None
    images = data.images
    sheet = (blog.root / images.file).read_bytes() if images else b""
    sprite = Sprite(sheet, images.count, images.side, images.columns) if images else None
    return Data(json.loads((blog.root / data.file).read_bytes()), sprite)
