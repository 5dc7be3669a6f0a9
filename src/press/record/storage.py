"""Run records as files: written whole, read back, and refused if somebody edited them.

The record is the mark that a run is complete: it is written last, and figures carry their digest
in their names, so that whatever instant a run is stopped at, a record finds its own figures.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from press.blog import Blog
from press.files import digest, write
from press.record.fields import from_tree
from press.record.record import SCHEMA, Filed, Record
from press.voice.errors import PressError

MADE_BY_RUNS = re.compile(r".+\.(?P<digest>[0-9a-f]{8})\.(svg|png|jpg|gif|ipynb|bin|json|txt)")
FIRST = ("schema", "script", "keys", "inputs")


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
    if not trusting and not _is_sealed(tree):
        raise PressError(f"{shown}:1", "was edited by hand", f"restore it, or {again}")
    try:
        tree.pop("notebook", None)  # older presses made it with the record
        return from_tree(Record, tree)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PressError(f"{shown}:1", "is no run record", f"restore it, or {again}") from error


def write_record(blog: Blog, slug: str, made: Filed[Record]) -> None:
    """Put new results in place: files first, the record last, then no file it does not name."""
    for file, data in made.files.items():
        _check_place(slug, file)
        write(blog.root / file, data)
    write(blog.record(slug), dumps(made.record))
    remove_strays(blog, {slug: made.record})


def _check_place(slug: str, file: str) -> None:
    """Records come from other machines, too: they write where runs of their post do."""
    folder, _, name = file.rpartition("/")
    own = folder == f"img/{slug}" or (folder == "downloads" and name.startswith(f"{slug}."))
    if not own or not MADE_BY_RUNS.fullmatch(name):
        problem = f"a record of {slug} may not write it"
        raise PressError(file, problem, "do not take anything from where it came from")


def remove_strays(blog: Blog, records: Mapping[str, Record]) -> None:
    """Remove files that runs of these posts made and that their records do not name."""
    for path in _files_in(blog.downloads):
        if record := records.get(path.name.partition(".")[0]):
            _remove_if_stray(blog, path, record)
    for slug, record in records.items():
        figures = blog.figures(slug)
        for path in _files_in(figures):
            _remove_if_stray(blog, path, record)
        if figures.is_dir() and not any(figures.iterdir()):
            figures.rmdir()


def _files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _remove_if_stray(blog: Blog, path: Path, record: Record) -> None:
    """Eight digits in a name are no proof: an author's picture may carry its day."""
    made = MADE_BY_RUNS.fullmatch(path.name)
    if not made or blog.shown(path) in record.files or not path.is_file():
        return
    if digest(path.read_bytes()).startswith(made["digest"]):
        path.unlink()


def sealed(record: Record) -> Record:
    """The record with the digest that tells whether somebody edited it later."""
    provenance = replace(record.provenance, digest=_digest_of(_to_json(record)))
    return replace(record, provenance=provenance)


def dumps(record: Record) -> str:
    return lines(_to_json(sealed(record))) + "\n"


def _to_json(record: Record) -> Any:
    tree = asdict(record)
    return json.loads(json.dumps({name: tree[name] for name in FIRST} | tree, allow_nan=False))


def _is_sealed(tree: Mapping[str, Any]) -> bool:
    try:
        return bool(tree["provenance"]["digest"] == _digest_of(tree))
    except (KeyError, TypeError, AttributeError):
        return False


def _digest_of(tree: Mapping[str, Any]) -> str:
    provenance = {key: item for key, item in tree["provenance"].items() if key != "digest"}
    return digest(json.dumps({**tree, "provenance": provenance}, sort_keys=True))


def lines(tree: Any, margin: str = "") -> str:
    """JSON that diffs well: one line for every item, except lists of plain items."""
    deeper = margin + " "
    if isinstance(tree, dict) and tree:
        items = [f"{deeper}{_scalar(key)}: {lines(item, deeper)}" for key, item in tree.items()]
        return "{\n" + ",\n".join(items) + f"\n{margin}}}"
    if isinstance(tree, list) and any(isinstance(item, dict | list) for item in tree):
        items = [deeper + lines(item, deeper) for item in tree]
        return "[\n" + ",\n".join(items) + f"\n{margin}]"
    if isinstance(tree, list):
        return "[" + ", ".join(_scalar(item) for item in tree) + "]"
    return _scalar(tree)


# Jekyll reads the file as YAML, which knows no surrogate pairs and takes some characters for line
# ends or refuses them; so other characters stand as they are, and only these are escaped.
NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


WITHOUT_POINT = re.compile(r"(^-?\d+)e")
"""A number such as 1e-05, which for YAML is a text."""


def _scalar(item: Any) -> str:
    text = json.dumps(item, ensure_ascii=False)
    if isinstance(item, float):
        return WITHOUT_POINT.sub(r"\1.0e", text)
    return NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
