"""The run record: what one run gave and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from press.files import digest
from press.run.outcome import Table, Value
from press.script.keys import Keys
from press.script.programs import Part

SCHEMA = 3
Item = TypeVar("Item")


@dataclass(frozen=True)
class Filed(Generic[Item]):
    """What stands in the record, with the contents of its files."""

    record: Item
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class CellRecord:
    name: str
    tags: tuple[str, ...]
    line: int
    end_line: int
    source: str
    output: str
    warnings: str
    figures: tuple[str, ...]
    tables: tuple[str, ...]
    values: tuple[str, ...]
    untagged: Mapping[str, Value] | None
    """The last expression, if it is a dict that the tag `values` could publish and does not."""
    unquotable: tuple[str, ...] = ()
    """What it showed that no page can show."""
    needs: tuple[Part, ...] = ()
    """The smallest program that ends in it and runs alone."""


@dataclass(frozen=True)
class Made:
    """A file that a run made."""

    file: str
    sha256: str


@dataclass(frozen=True)
class FigureRecord(Made):
    cell: str
    width: int
    height: int


@dataclass(frozen=True)
class TableRecord(Table):
    cell: str = ""


@dataclass(frozen=True)
class ValueRecord(Value):
    cell: str = ""
    line: int = 0


@dataclass(frozen=True)
class Claim:
    cell: str
    line: int
    text: str
    found: str = ""
    """What its sides came to when it was checked."""
    alone: bool = False
    """Whether it is made of this run alone."""


@dataclass(frozen=True)
class ModelRecord(Made):
    cell: str
    parameters: int
    bytes: int


@dataclass(frozen=True)
class SpriteRecord(Made):
    count: int
    side: int
    columns: int


@dataclass(frozen=True)
class DataRecord(Made):
    cell: str
    content: Mapping[str, Any]
    """The items that are short enough for a page to be made from them."""
    images: SpriteRecord | None
    shapes: Mapping[str, tuple[int, ...]]
    """How long the items are, and what is in them."""


@dataclass(frozen=True)
class Source:
    """A data set that the run used."""

    name: str
    digest: str
    credit: str


@dataclass(frozen=True)
class Resumed:
    """The first cells were not run: what they gave was known from a snapshot of an earlier run."""

    cells: int
    """How many of those that hold code."""
    date: str
    """When the snapshot was made."""


@dataclass(frozen=True)
class Provenance:
    date: str
    press: str
    python: str
    packages: Mapping[str, str]
    system: str
    cpu: str
    """Its name, which several kinds may share."""
    cores: int
    threads: int
    seed: int | None
    data: tuple[Source, ...]
    seconds: float
    cell_seconds: tuple[float, ...]
    traits: tuple[str, ...] = ()
    """Of the processor: what its name does not tell. Records of older presses do not know it."""
    rehearsal: bool = False
    """Whether it was made in a rehearsal, which must not be published."""
    resumed: Resumed | None = None
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Results:
    """The part of a record that the script's words and its outcomes decide."""

    cells: tuple[CellRecord, ...] = ()
    figures: Mapping[str, FigureRecord] = field(default_factory=dict)
    tables: Mapping[str, TableRecord] = field(default_factory=dict)
    values: Mapping[str, ValueRecord] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    models: Mapping[str, ModelRecord] = field(default_factory=dict)
    data: Mapping[str, DataRecord] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Record(Results):
    schema: int
    script: str
    keys: Keys
    inputs: Mapping[str, str | None]
    """What the script read, with digests; none for files that the run made itself."""
    requirements: Made | None
    card: Made | None
    ledger: tuple[Mapping[str, Any], ...]
    provenance: Provenance

    @property
    def files(self) -> dict[str, str]:
        """The digests of all files that belong to the record."""
        made: list[Made] = [*self.figures.values(), *self.models.values(), *self.data.values()]
        made += [data.images for data in self.data.values() if data.images]
        made += [item for item in (self.requirements, self.card) if item]
        return {item.file: item.sha256 for item in made}

    @property
    def names(self) -> dict[str, set[str]]:
        """The names that a post can quote, by kind."""
        return {
            "cell": {cell.name for cell in self.cells},
            "figure": set(self.figures),
            "table": set(self.tables),
            "value": set(self.values),
            "model": set(self.models),
            "data": set(self.data),
        }

    @property
    def held(self) -> dict[str, dict[str, set[str]]]:
        """By kind and name, the items that a post can ask for."""
        return {
            "data": {name: {*data.content, *data.shapes} for name, data in self.data.items()},
            "table": {name: set(table.columns) for name, table in self.tables.items()},
        }

    @property
    def unquotable(self) -> dict[str, tuple[str, ...]]:
        """By cell, what it showed that no page can show."""
        return {cell.name: cell.unquotable for cell in self.cells if cell.unquotable}

    @property
    def products(self) -> set[str]:
        """Files that the run made itself."""
        return {path for path, made in self.inputs.items() if made is None}


def made_file(stem: str, suffix: str, data: bytes) -> Made:
    """A file with its digest in its name: a new one never takes an old one's place."""
    sha256 = digest(data)
    return Made(f"{stem}.{sha256[:8]}{suffix}", sha256)
