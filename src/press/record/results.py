"""What the cells left → named figures, tables, values and claims, as the record holds them.

The names come from the script as it stands: outcomes of a run and those read back from an older
record are named in the same way.
"""

import ast
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from press.kernel.protocol import size
from press.record.record import (
    CellRecord,
    Claim,
    DataRecord,
    FigureRecord,
    Filed,
    Made,
    ModelRecord,
    Results,
    SpriteRecord,
    TableRecord,
    ValueRecord,
    made_file,
)
from press.run.outcome import Data, Model, Outcome, Unfit, Value
from press.script.cells import Cell, Script, claims_in, parse_cell
from press.script.programs import Programs
from press.voice.errors import PressError

BRIEF = 2000
"""Entries that an item of data may have to stand in the record, which pages are made from."""

THIS_RUN = re.compile(r"#\s*this run\b")
"""Behind a claim that its author makes of this run alone: other seeds may tell otherwise."""


@dataclass(frozen=True)
class Place:
    """A cell and what its results are named by."""

    slug: str
    path: str
    cell: Cell

    @property
    def name(self) -> str:
        return self.cell.quoted_as

    def error(self, line: int, problem: str, remedy: str) -> PressError:
        return PressError(f"{self.path}:{line}", problem, remedy)

    def made(self, name: str, suffix: str, data: bytes) -> Made:
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "figure"
        return made_file(f"img/{self.slug}/{stem}", suffix, data)


def results_of(slug: str, script: Script, outcomes: Sequence[Outcome]) -> Filed[Results]:
    """Name what the cells left: the same for outcomes of a run and for those of an older record."""
    programs = Programs(script)
    results, files = Results(), dict[str, bytes]()
    for number, (cell, outcome) in enumerate(zip(script.cells, outcomes, strict=True)):
        place = Place(slug, script.path, cell)
        own = _own_results(place, outcome)
        _check_free(own.record, results, place)
        record = replace(_cell(cell, outcome, own.record), needs=programs.of(number))
        results = _joined(results, replace(own.record, cells=(record,)))
        files |= own.files
    return Filed(results, files)


def _own_results(place: Place, outcome: Outcome) -> Filed[Results]:
    figures = _figures(place, outcome)
    models = _models(place, outcome)
    data = _data(place, outcome)
    tables = dict(zip(_names(place.name, outcome.tables), outcome.tables, strict=True))
    results = Results(
        figures=figures.record,
        tables={n: TableRecord(**vars(t), cell=place.name) for n, t in tables.items()},
        values=_values(place, outcome),
        claims=tuple(_claims(place.cell, outcome)),
        models=models.record,
        data=data.record,
    )
    return Filed(results, {**figures.files, **models.files, **data.files})


def _cell(cell: Cell, outcome: Outcome, own: Results) -> CellRecord:
    return CellRecord(
        name=cell.quoted_as,
        tags=cell.tags,
        line=cell.line,
        end_line=cell.end_line,
        source=cell.source,
        output=outcome.output,
        warnings=outcome.warnings,
        figures=tuple(own.figures),
        tables=tuple(own.tables),
        values=tuple(own.values),
        untagged=None if own.values else _all_fit(outcome),
        unquotable=outcome.unquotable,
    )


def _joined(one: Results, other: Results) -> Results:
    return Results(**{name: _sum(item, vars(other)[name]) for name, item in vars(one).items()})


def _sum(one: Any, other: Any) -> Any:
    return {**one, **other} if isinstance(one, dict) else one + other


def _check_free(own: Results, taken: Results, place: Place) -> None:
    for name in (*own.figures, *own.tables):
        if name in taken.figures or name in taken.tables:
            problem = f"cell {place.cell.label} gives a second {name!r}, as does an earlier cell"
            raise place.error(place.cell.line, problem, "rename one of the cells")
    for name, value in own.values.items():
        if name in taken.values:
            raise place.error(value.line, f"a second value is named {name!r}", "rename one")


def _names(stem: str, items: Sequence[object]) -> list[str]:
    return [stem if count == 1 else f"{stem}-{count}" for count in range(1, len(items) + 1)]


def _figures(place: Place, outcome: Outcome) -> Filed[dict[str, FigureRecord]]:
    records, files = dict[str, FigureRecord](), dict[str, bytes]()
    names = _names(place.name, outcome.figures)
    for name, figure in zip(names, outcome.figures, strict=True):
        made = place.made(name, figure.suffix, figure.data)
        size = figure.width, figure.height
        records[name] = FigureRecord(made.file, made.sha256, place.name, *size)
        files[made.file] = figure.data
    return Filed(records, files)


def _all_fit(outcome: Outcome) -> dict[str, Value] | None:
    values = outcome.values or {}
    fit = {name: value for name, value in values.items() if isinstance(value, Value)}
    return fit if fit and len(fit) == len(values) else None


def _values(place: Place, outcome: Outcome) -> dict[str, ValueRecord]:
    cell = place.cell
    if "values" not in cell.tags:
        return {}
    if outcome.values is None:
        problem = f"cell {cell.label} is tagged values, but its last expression is no dict"
        raise place.error(cell.end_line, problem, "end it with a dict of named values")
    values: dict[str, ValueRecord] = {}
    for name, value in outcome.values.items():
        line = _line_of_key(cell, name)
        if isinstance(value, Unfit):
            remedy = 'give a text such as f"{x:.2%}", a whole number or a finite float'
            raise place.error(line, f"value {name!r} {value.problem}", remedy)
        values[name] = ValueRecord(**vars(value), cell=place.name, line=line)
    return values


def _line_of_key(cell: Cell, name: str) -> int:
    tree = parse_cell(cell.source)
    last = tree.body[-1] if tree and tree.body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Dict):
        for key in last.value.keys:
            if isinstance(key, ast.Constant) and key.value == name:
                return cell.line + key.lineno - 1
    return cell.end_line


def _claims(cell: Cell, outcome: Outcome) -> Iterable[Claim]:
    nodes = claims_in(cell)
    for node, found in zip_longest(nodes, outcome.claims[: len(nodes)], fillvalue=""):
        if isinstance(node, ast.Assert):
            text = ast.get_source_segment(cell.source, node) or ""
            lines = cell.source.split("\n")[node.lineno - 1 : node.end_lineno]
            alone = any(THIS_RUN.search(line) for line in lines)
            yield Claim(cell.quoted_as, cell.line + node.lineno - 1, text, found, alone)


def _models(place: Place, outcome: Outcome) -> Filed[dict[str, ModelRecord]]:
    cell, model = place.cell, outcome.model
    if "model" not in cell.tags:
        return Filed({})
    if not isinstance(model, Model):
        problem = model.problem if model else "its last expression is no Sequential model"
        raise place.error(
            cell.end_line,
            f"cell {cell.label} is tagged model, but {problem}",
            "end it with a trained keras.Sequential that reads one digit",
        )
    made = place.made(place.name, ".bin", model.data)
    size = len(model.data)
    record = ModelRecord(made.file, made.sha256, place.name, model.parameters, size)
    return Filed({place.name: record}, {made.file: model.data})


def _data(place: Place, outcome: Outcome) -> Filed[dict[str, DataRecord]]:
    cell, data = place.cell, outcome.data
    if "data" not in cell.tags:
        return Filed({})
    if not isinstance(data, Data):
        problem = f"it {data.problem}" if data else "its last expression is no dict"
        raise place.error(
            cell.end_line,
            f"cell {cell.label} is tagged data, but {problem}",
            "end it with a dict of plain items, and `images` if it has any",
        )
    content = json.dumps(data.content, separators=(",", ":"), allow_nan=False).encode()
    made = place.made(place.name, ".json", content)
    files, images = {made.file: content}, None
    if sprite := data.images:
        sheet = place.made(place.name, ".png", sprite.data)
        images = SpriteRecord(sheet.file, sheet.sha256, sprite.count, sprite.side, sprite.columns)
        files[sheet.file] = sprite.data
    brief = {name: item for name, item in data.content.items() if size(item) <= BRIEF}
    shapes = {name: shape(item) for name, item in data.content.items()}
    record = DataRecord(made.file, made.sha256, place.name, brief, images, shapes)
    return Filed({place.name: record}, files)


def shape(item: Any) -> tuple[int, ...]:
    """How many entries a list has, and its first one in turn."""
    return (len(item), *shape(item[0])) if isinstance(item, list) and item else ()
