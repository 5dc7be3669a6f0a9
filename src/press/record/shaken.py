"""What other seeds gave, beside the record: how often each claim held, and where values fell."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from press.blog import Blog
from press.files import write
from press.record.fields import from_tree
from press.record.record import Record
from press.record.storage import lines
from press.record.trial import Raised
from press.run.outcome import Number
from press.script.keys import code_of
from press.voice.errors import PressError

FIRM = 0.95
"""A claim that holds more seldom is one of this run alone."""


@dataclass(frozen=True)
class Share:
    """How often something held."""

    text: str
    held: int
    of: int
    false: tuple[int, ...] = ()
    """The seeds for which it did not."""

    @property
    def firm(self) -> bool:
        return self.held >= FIRM * self.of


@dataclass(frozen=True)
class Fall:
    """Where a value fell."""

    text: str
    """What it is in the published run."""
    same: int
    """How many seeds gave just that."""
    of: int
    lowest: str = ""
    highest: str = ""
    mean: Number | None = None
    sd: Number | None = None
    numbers: tuple[Number, ...] = ()
    dots: tuple[int, ...] = ()
    """Where they lie, from 0 to 100; none if all are the same."""
    here: int = 0
    """Where the published one lies among them."""


@dataclass(frozen=True)
class Shaken:
    script: str
    compute: str
    """The key of the code that was run, as the record has it."""
    press: str
    date: str
    python: str
    packages: Mapping[str, str]
    seeds: tuple[int, ...]
    raised: tuple[Raised, ...]
    claims: tuple[Share, ...]
    """In the order of the record's."""
    values: Mapping[str, Fall]
    ranges: Mapping[str, Share]
    """By value: how many further runs fell into the range that the published ones tell."""


def current(found: Shaken, record: Record) -> bool:
    """Whether it is about the code, and about the claims, of this record."""
    known = [code_of(claim.text) for claim in found.claims]
    return found.compute == record.keys.compute and known == [
        code_of(claim.text) for claim in record.claims
    ]


def keep(blog: Blog, slug: str, found: Shaken) -> None:
    write(blog.seeds(slug), lines(json.loads(json.dumps(asdict(found)))) + "\n")


def kept(blog: Blog, slug: str) -> Shaken | None:
    path = blog.seeds(slug)
    if not path.exists():
        return None
    try:
        return from_tree(Shaken, json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        remedy = f"restore it, or run: ./press verify --seeds 12 --keep {slug}"
        place = f"{blog.shown(path)}:1"
        raise PressError(place, "does not say what other seeds gave", remedy) from error
