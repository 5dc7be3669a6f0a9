"""What another machine found when it ran a post again, in a file that anybody can submit.

It bears witness of one record: when that is made anew, the certificate counts no more.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from press.blog import Blog
from press.files import digest, write
from press.machine.identity import machine_id
from press.record.drift import MOVED, Drift
from press.record.fields import from_tree
from press.record.record import Provenance, Record
from press.record.storage import lines
from press.voice.errors import PressError

EXACT, NEAR, FAILED = "byte for byte", "within tolerance", "does not hold"
OUTCOMES = {EXACT, NEAR, FAILED}


@dataclass(frozen=True)
class Certificate:
    record: str
    """The digest of the record that was verified."""
    machine: str
    outcome: str
    moved: tuple[str, ...]
    """What was not as published, with what it was here."""
    conditions: tuple[str, ...]
    """In what this run differed from the published one."""
    provenance: Provenance
    digest: str = ""


def certified(
    published: Record, fresh: Record, drifts: Sequence[Drift], conditions: Sequence[str]
) -> Certificate:
    verdicts = {item.verdict for item in drifts}
    held = MOVED not in verdicts and (conditions or not drifts)
    found = Certificate(
        record=published.provenance.digest,
        machine=machine_id(),
        outcome=(NEAR if drifts else EXACT) if held else FAILED,
        moved=tuple(f"{item.what}: {item.old} → {item.new}" for item in drifts),
        conditions=tuple(conditions),
        provenance=replace(fresh.provenance, digest=""),
    )
    return replace(found, digest=_digest(found))


def submit(blog: Blog, slug: str, found: Certificate) -> Path:
    path = blog.certificates(slug) / f"{found.machine}.json"
    write(path, lines(json.loads(json.dumps(asdict(found)))) + "\n")
    return path


def certificates(blog: Blog, slug: str) -> Iterator[tuple[Path, Certificate]]:
    """Those that were submitted of a post, each as it was written."""
    for path in sorted(blog.certificates(slug).glob("*.json")):
        yield path, _read(blog, path)


def outlived(blog: Blog, slug: str, record: Record) -> Iterator[str]:
    """Of certificates that bear witness of another record."""
    for path, found in certificates(blog, slug):
        if found.record != record.provenance.digest:
            again = f"remove it, or run there: ./press verify --certificate {slug}"
            yield f"{blog.shown(path)}:1: is about another run, and counts no more; {again}"


def _read(blog: Blog, path: Path) -> Certificate:
    try:
        found = from_tree(Certificate, json.loads(path.read_text("utf-8")))
        if found.machine != path.stem:
            problem = f"is not of the machine {path.stem}"
        elif found.outcome in OUTCOMES and found.digest == _digest(found):
            return found
        else:
            problem = "was edited by hand"
    except (ValueError, KeyError, TypeError, AttributeError):
        problem = "is no certificate"
    place = f"{blog.shown(path)}:1"
    raise PressError(place, problem, "restore it, or remove it")


def _digest(found: Certificate) -> str:
    tree = asdict(replace(found, digest=""))
    return digest(json.dumps(tree, sort_keys=True))
