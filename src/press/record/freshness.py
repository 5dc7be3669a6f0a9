"""Whether the results of a post are current, and if not, why."""

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from press.blog import Blog
from press.files import digest
from press.machine.python import POSTS
from press.machine.versions import pinned_versions
from press.record.record import SCHEMA, Record
from press.script.cells import Script, read_script
from press.script.inputs import MARK, STYLE, Inputs, inputs_of, named_in
from press.script.keys import Keys, code_of, counted, display_key, keys_of
from press.voice.errors import PressError

CURRENT, AGED, RELABELLED, CHANGED, NEVER = "current", "aged", "relabelled", "changed", "never run"

KEPT_IF_ASKED = ("values", "claim", "model", "data")
"""The tags of cells of which a record keeps something that it does not keep of others."""


@dataclass(frozen=True)
class State:
    kind: str
    reason: str = ""
    line: int = 1

    @property
    def stale(self) -> bool:
        """Whether the committed record is not the one that this script gives."""
        return self.kind in (RELABELLED, CHANGED, NEVER)


@dataclass(frozen=True)
class Reading:
    """A script as it stands now, with what its keys are made of."""

    script: Script
    inputs: Inputs
    keys: Keys


def read(
    blog: Blog,
    path: Path,
    record: Record | None,
    packages: tuple[str, ...] = (),
    made: Collection[str] = (),
) -> Reading:
    """`made` are the products of a run that has no record."""
    script = read_script(blog, path)
    products, seen = (record.products, _read(record)) if record else (set(), {})
    inputs = inputs_of(blog, script, products.union(made), packages, seen)
    return Reading(script, inputs, keys_of(blog, script, inputs))


def judge(blog: Blog, path: Path, record: Record | None, packages: tuple[str, ...] = ()) -> State:
    if record is None:
        return State(NEVER)
    if record.provenance.rehearsal:
        place = f"{blog.shown(blog.record(path.stem))}:1"
        raise PressError(
            place, "was made from the stand-in data", f"run: ./press build --refresh {path.stem}"
        )
    missing = [file for file in record.files if not (blog.root / file).is_file()]
    if missing:
        return State(CHANGED, f"{missing[0]} is missing")
    if not _untouched(blog, path, record, packages):
        reading = read(blog, path, record, packages)
        if reading.keys.compute != record.keys.compute:
            return _changed(reading, record)
        if asked := next(_asked_anew(reading, record), None):
            return asked
        if (reading.keys.display, reading.inputs.digests()) != (record.keys.display, _read(record)):
            return State(RELABELLED, "comments, names or layout; no run needed")
    if record.schema < SCHEMA or not all(cell.name for cell in record.cells):
        return State(RELABELLED, "its record is of an older press; no run needed")
    older = aged(blog, record)
    return State(AGED, ", ".join(older)) if older else State(CURRENT)


def staleness(blog: Blog, path: Path, state: State) -> PressError:
    """What is wrong with a stale post, as an error."""
    problem = {
        NEVER: "has never been run",
        RELABELLED: f"has a record to be made anew ({state.reason})",
        CHANGED: f"changed since its last run ({state.reason})",
    }[state.kind]
    return PressError(
        f"{blog.shown(path)}:{state.line}", problem, f"run: ./press build {path.stem}"
    )


def _untouched(blog: Blog, path: Path, record: Record, packages: tuple[str, ...]) -> bool:
    """Whether script, modules and files are byte for byte those of the run: no need to read it."""
    text = blog.text(path)
    if display_key(text, packages) != record.keys.display:
        return False
    style = f"code/{STYLE}"
    if (blog.root / style).is_file() and style not in _read(record):
        return False
    named = named_in(blog, text)
    known = {*record.inputs, blog.shown(path)}
    if named is None or not known.issuperset(named | {*_beside(blog, record.inputs)}):
        return False
    return all(
        (blog.root / name).is_file() and digest((blog.root / name).read_bytes()) == made
        for name, made in _read(record).items()
    )


def _beside(blog: Blog, names: Iterable[str]) -> Iterator[str]:
    """What else lies in the folders within `code/` where a run has read something."""
    folders = {folder for name in names for folder in _within_code(name)}
    for folder in folders:
        if (blog.root / folder).is_dir():
            found = {path.name for path in (blog.root / folder).iterdir()}
            yield from {f"{folder}/{name}" for name in found if not MARK.fullmatch(name)} - folders


def _within_code(name: str) -> Iterator[str]:
    """The folders below `code/` that a file lies in, as texts: most files lie in none."""
    parts = name.split("/")
    if parts[0] == "code":
        yield from ("/".join(parts[:depth]) for depth in range(2, len(parts)))


def _read(record: Record) -> dict[str, str]:
    """The modules and files that the run read, with their digests."""
    return {name: made for name, made in record.inputs.items() if made is not None}


def _changed(reading: Reading, record: Record) -> State:
    before = [what for cell in record.cells if (what := counted(cell.source, cell.tags))]
    cells = [cell for cell in reading.script.cells if code_of(cell.source)]
    for cell, earlier in zip_longest(cells, before):
        if cell is None:
            return State(CHANGED, "the last cells were removed")
        if counted(cell.source, cell.tags) != earlier:
            return State(CHANGED, f"cell {cell.label}", cell.line)
    now, then = reading.inputs.digests(), _read(record)
    for name in sorted({*now, *then}):
        if now.get(name) != then.get(name):
            return State(CHANGED, name)
    return State(CHANGED, "the packages that the post names, or what press does with scripts")


def _asked_anew(reading: Reading, record: Record) -> Iterator[State]:
    """The cells with a tag that asks for what the record has not kept of their run."""
    now = [cell for cell in reading.script.cells if code_of(cell.source)]
    then = [cell for cell in record.cells if code_of(cell.source)]
    for cell, earlier in zip(now, then, strict=True):
        kept = {*earlier.tags, *(["values"] if earlier.untagged else [])}
        for tag in cell.tags:
            if tag in KEPT_IF_ASKED and tag not in kept:
                yield State(CHANGED, f"cell {cell.label} is tagged {tag}", cell.line)


def aged(blog: Blog, record: Record) -> list[str]:
    """The versions that the record was made with and that are not today's."""
    versions = {"python": record.provenance.python, **record.provenance.packages}
    today = {"python": ".".join(map(str, sys.version_info[:3])), **pinned_versions(blog.root)}
    today |= pinned_versions(blog.root, POSTS)
    return [
        f"{name} {version} → {today[name]}"
        for name, version in versions.items()
        if name in today and _counts(name, version) != _counts(name, today[name])
    ]


def _counts(name: str, version: str) -> Sequence[str]:
    """Python's patch releases change no results; a package's may."""
    parts = version.split(".")
    return parts[:2] if name == "python" else parts


def cost(record: Record | None) -> float | None:
    """How many seconds a run would take, going by the last one."""
    return record.provenance.seconds if record else None
