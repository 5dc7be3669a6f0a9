"""What is kept of one run under another seed, so that it need not be run again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from press.blog import Blog
from press.files import write
from press.record.fields import from_tree
from press.run.outcome import Outcome, Table, Value


@dataclass(frozen=True)
class Left:
    """What a cell left, as far as seeds are compared by it."""

    values: Mapping[str, Value] | None
    tables: tuple[Table, ...]
    claims: tuple[str, ...]
    held: tuple[bool | None, ...]


@dataclass(frozen=True)
class Raised:
    """What went wrong in a cell under a seed."""

    seed: int
    place: str
    problem: str


@dataclass(frozen=True)
class Trial:
    key: str
    """Digest of all that it depends on."""
    seed: int
    date: str
    seconds: float
    python: str
    packages: Mapping[str, str]
    cells: tuple[Left, ...]
    """Of the cells with code, those that the run came to."""
    raised: tuple[Raised, ...]


def left(outcome: Outcome) -> Left:
    given = outcome.values
    values = {name: item for name, item in (given or {}).items() if isinstance(item, Value)}
    return Left(None if given is None else values, outcome.tables, outcome.claims, outcome.held)


def keep_trial(blog: Blog, slug: str, trial: Trial) -> None:
    write(_path(blog, slug, trial.seed), json.dumps(asdict(trial), ensure_ascii=False, indent=1))


def kept_trial(blog: Blog, slug: str, seed: int, key: str) -> Trial | None:
    """The run with this seed, if there was one under the same conditions."""
    trial = trial_in(blog, slug, seed)
    return trial if trial and trial.key == key else None


def trial_in(blog: Blog, slug: str, seed: int) -> Trial | None:
    """The run with this seed that lies there, whatever its conditions were."""
    try:
        return from_tree(Trial, json.loads(_path(blog, slug, seed).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _path(blog: Blog, slug: str, seed: int) -> Path:
    return blog.local / "seeds" / slug / f"{seed}.json"
