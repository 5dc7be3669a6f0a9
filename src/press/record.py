"""The run record: what one run gave and where it came from, as one deterministic JSON file.

The record is the mark that a run is complete: it is written last, and figures carry their digest
in their names, so that whatever instant a run is stopped at, a record finds its own figures.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from press.blog import Blog, write
from press.errors import PressError
from press.key import Keys, digest
from press.outcome import Table, Value
from press.slices import Part

SCHEMA = 2
MADE_BY_RUNS = re.compile(r".+\.[0-9a-f]{8}\.(svg|png|ipynb|bin|json|txt)")


@dataclass(frozen=True)
class CellRecord:
    name: str | None
    tags: tuple[str, ...]
    line: int
    end_line: int
    source: str
    output: str
    warnings: str
    figures: tuple[str, ...]
    tables: tuple[str, ...]
    values: tuple[str, ...]
    entries: Mapping[str, Value] | None
    """The last expression, if it is a dict that a tag could publish."""
    needs: tuple[Part, ...] = ()
    """The smallest program that ends in it and runs alone."""


@dataclass(frozen=True)
class Made:
    """A file that a run made."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Figure(Made):
    cell: str | None
    width: int
    height: int


@dataclass(frozen=True)
class TableRecord(Table):
    cell: str | None = None


@dataclass(frozen=True)
class ValueRecord(Value):
    cell: str | None = None
    line: int = 0


@dataclass(frozen=True)
class Claim:
    cell: str | None
    line: int
    text: str
    found: str = ""
    """What its sides came to when it was checked."""


@dataclass(frozen=True)
class ModelRecord(Made):
    cell: str | None
    parameters: int
    bytes: int


@dataclass(frozen=True)
class SpriteRecord(Made):
    count: int
    side: int
    columns: int


@dataclass(frozen=True)
class ExhibitRecord(Made):
    cell: str | None
    content: Mapping[str, Any]
    """The items that are short enough for a page to be made from them."""
    images: SpriteRecord | None
    shapes: Mapping[str, tuple[int, ...]]
    """How long the items are, and what is in them."""


@dataclass(frozen=True)
class Provenance:
    date: str
    press: str
    python: str
    packages: Mapping[str, str]
    system: str
    cpu: str
    cores: int
    threads: int
    seed: int | None
    data: str | None
    seconds: float
    cell_seconds: tuple[float, ...]
    digest: str = ""


@dataclass(frozen=True)
class Record:
    schema: int
    script: str
    keys: Keys
    inputs: Mapping[str, str | None]
    cells: tuple[CellRecord, ...]
    figures: Mapping[str, Figure]
    tables: Mapping[str, TableRecord]
    values: Mapping[str, ValueRecord]
    claims: tuple[Claim, ...]
    models: Mapping[str, ModelRecord]
    data: Mapping[str, ExhibitRecord]
    notebook: Made
    requirements: Made | None
    card: Made | None
    ledger: tuple[Mapping[str, Any], ...]
    provenance: Provenance

    @property
    def files(self) -> dict[str, str]:
        """The digests of all files that belong to the record."""
        made: list[Made] = [*self.figures.values(), *self.models.values(), *self.data.values()]
        made += [exhibit.images for exhibit in self.data.values() if exhibit.images]
        made += [item for item in (self.notebook, self.requirements, self.card) if item]
        return {item.file: item.sha256 for item in made}

    @property
    def known(self) -> dict[str, set[str]]:
        """The names that a post can quote, by kind."""
        return {
            "cell": {cell.name for cell in self.cells if cell.name},
            "figure": {name for name, figure in self.figures.items() if figure.cell},
            "table": {name for name, table in self.tables.items() if table.cell},
            "value": set(self.values),
            "model": {name for name, model in self.models.items() if model.cell},
            "data": {name for name, exhibit in self.data.items() if exhibit.cell},
        }

    @property
    def products(self) -> set[str]:
        """Files that the run made itself."""
        return {path for path, made in self.inputs.items() if made is None}


def made_file(stem: str, suffix: str, data: bytes) -> Made:
    """A file with its digest in its name: a new one never takes an old one's place."""
    sha256 = digest(data)
    return Made(f"{stem}.{sha256[:8]}{suffix}", sha256)


class NewerRecord(PressError):
    """A record that this press must not touch."""


def read_record(blog: Blog, slug: str, *, trusting: bool = False) -> Record | None:
    """The record of a slug, if it has one; one edited by hand is refused unless `trusting`."""
    path = blog.record(slug)
    if not path.exists():
        return None
    shown = blog.shown(path)
    again = f"run: ./press build --refresh {slug}"
    try:
        tree = json.loads(blog.text(path))
        schema = tree["schema"]
    except json.JSONDecodeError as error:
        place = f"{shown}:{error.lineno}"
        raise PressError(place, f"is damaged ({error.msg})", f"restore it, or {again}") from error
    except (KeyError, TypeError) as error:
        raise PressError(f"{shown}:1", "is no run record", f"restore it, or {again}") from error
    if schema != SCHEMA and isinstance(schema, int) and schema > SCHEMA:
        raise NewerRecord(
            f"{shown}:1",
            f"was written by a newer press (schema {schema}; this one knows {SCHEMA})",
            "update press",
        )
    if not trusting and tree.get("provenance", {}).get("digest") != _digest_of(tree):
        raise PressError(f"{shown}:1", "was edited by hand", f"restore it, or {again}")
    try:
        return _from_json(tree)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PressError(f"{shown}:1", "is no run record", f"restore it, or {again}") from error


def _from_json(tree: Mapping[str, Any]) -> Record:
    return Record(
        schema=tree["schema"],
        script=tree["script"],
        keys=Keys(**tree["keys"]),
        inputs=tree["inputs"],
        cells=tuple(_cell_from_json(cell) for cell in tree["cells"]),
        figures={name: Figure(**figure) for name, figure in tree["figures"].items()},
        tables={name: _table_from_json(table) for name, table in tree["tables"].items()},
        values={name: ValueRecord(**value) for name, value in tree["values"].items()},
        claims=tuple(Claim(**claim) for claim in tree["claims"]),
        models={name: ModelRecord(**model) for name, model in tree.get("models", {}).items()},
        data={name: _exhibit_from_json(item) for name, item in tree.get("data", {}).items()},
        notebook=Made(**tree["notebook"]),
        requirements=Made(**tree["requirements"]) if tree.get("requirements") else None,
        card=tree["card"] and Made(**tree["card"]),
        ledger=tuple(tree["ledger"]),
        provenance=Provenance(
            **{**tree["provenance"], "cell_seconds": tuple(tree["provenance"]["cell_seconds"])}
        ),
    )


def _cell_from_json(tree: Mapping[str, Any]) -> CellRecord:
    entries, needs = tree["entries"], tree.get("needs", ())
    return CellRecord(
        **{
            **tree,
            "tags": tuple(tree["tags"]),
            "figures": tuple(tree["figures"]),
            "tables": tuple(tree["tables"]),
            "values": tuple(tree["values"]),
            "entries": entries and {name: Value(**entry) for name, entry in entries.items()},
            "needs": tuple(part if isinstance(part, str) else tuple(part) for part in needs),
        }
    )


def _exhibit_from_json(tree: Mapping[str, Any]) -> ExhibitRecord:
    images = tree["images"]
    return ExhibitRecord(
        **{
            **tree,
            "images": images and SpriteRecord(**images),
            "shapes": {name: tuple(shape) for name, shape in tree.get("shapes", {}).items()},
        }
    )


def _table_from_json(tree: Mapping[str, Any]) -> TableRecord:
    return TableRecord(
        columns=tuple(tree["columns"]),
        index=tree["index"],
        numeric=tuple(tree["numeric"]),
        rows=tuple(tuple(row) for row in tree["rows"]),
        numbers=tuple(tuple(row) for row in tree["numbers"]),
        cell=tree["cell"],
    )


def write_record(blog: Blog, slug: str, record: Record, files: Mapping[str, bytes]) -> None:
    """Put new results in place: files first, the record last, then no file it does not name."""
    for file, data in files.items():
        write(blog.root / file, data)
    write(blog.record(slug), dumps(record))
    remove_strays(blog, slug, record)


def remove_strays(blog: Blog, slug: str, record: Record) -> None:
    """Remove files that a run of this post made and that its record does not name."""
    figures = blog.figures(slug)
    for path in (*figures.glob("*"), *blog.downloads.glob(f"{slug}.*")):
        if MADE_BY_RUNS.fullmatch(path.name) and blog.shown(path) not in record.files:
            path.unlink()
    if figures.is_dir() and not any(figures.iterdir()):
        figures.rmdir()


def sealed(record: Record) -> Record:
    """The record with the digest that tells whether somebody edited it later."""
    provenance = replace(record.provenance, digest=_digest_of(_to_json(record)))
    return replace(record, provenance=provenance)


def dumps(record: Record) -> str:
    return _lines(_to_json(sealed(record)), "") + "\n"


def _to_json(record: Record) -> Any:
    return json.loads(json.dumps(asdict(record), allow_nan=False))


def _digest_of(tree: Mapping[str, Any]) -> str:
    provenance = {key: item for key, item in tree["provenance"].items() if key != "digest"}
    return digest(json.dumps({**tree, "provenance": provenance}, sort_keys=True))


def _lines(tree: Any, margin: str) -> str:
    """JSON that diffs well: one line for every item, except lists of plain items."""
    deeper = margin + " "
    if isinstance(tree, dict) and tree:
        items = [f"{deeper}{_scalar(key)}: {_lines(item, deeper)}" for key, item in tree.items()]
        return "{\n" + ",\n".join(items) + f"\n{margin}}}"
    if isinstance(tree, list) and any(isinstance(item, dict | list) for item in tree):
        items = [deeper + _lines(item, deeper) for item in tree]
        return "[\n" + ",\n".join(items) + f"\n{margin}]"
    if isinstance(tree, list):
        return "[" + ", ".join(_scalar(item) for item in tree) + "]"
    return _scalar(tree)


# Jekyll reads the file as YAML, which knows no surrogate pairs and takes some characters for line
# ends or refuses them; so other characters stand as they are, and only these are escaped.
NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def _scalar(item: Any) -> str:
    text = json.dumps(item, ensure_ascii=False)
    return NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
