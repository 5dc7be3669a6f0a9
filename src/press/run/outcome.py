"""What one executed cell left behind: the middle between a run and a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Number = int | float


@dataclass(frozen=True)
class Figure:
    data: bytes
    suffix: str
    width: int
    height: int
    bitmap: bytes | None = None
    """The same drawn in pixels, where a card can be made of it."""


@dataclass(frozen=True)
class Table:
    columns: tuple[str, ...]
    index: int
    """How many of the first columns are row headers."""
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[tuple[Number | None, ...], ...]


@dataclass(frozen=True)
class Value:
    """One item of a dict: how it reads, its number if it is one, the tolerance it asks for."""

    text: str
    number: Number | None = None
    tolerance: Number | None = None
    runs: int = 0
    """Of how many runs it is the mean."""
    expected: str = ""
    """In what range one further run falls with about 95 %."""
    each: tuple[str, ...] = ()
    """How each of them reads."""


@dataclass(frozen=True)
class Unfit:
    """An item of a dict that cannot be a value, and why."""

    problem: str


@dataclass(frozen=True)
class Model:
    """A trained network in the form that pages read."""

    data: bytes
    parameters: int


@dataclass(frozen=True)
class Sprite:
    """Small square images in one PNG, so many in a row."""

    data: bytes
    count: int
    side: int
    columns: int


@dataclass(frozen=True)
class Data:
    """What a page looks into."""

    content: Mapping[str, Any]
    images: Sprite | None


@dataclass(frozen=True)
class Outcome:
    output: str = ""
    warnings: str = ""
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    values: Mapping[str, Value | Unfit] | None = None
    """The last expression, if it is a dict, whether or not its items can be values."""
    claims: tuple[str, ...] = ()
    """For each assertion outside functions, what its sides came to."""
    held: tuple[bool | None, ...] = ()
    """For each assertion, whether it held, where they are judged one by one."""
    model: Model | Unfit | None = None
    """The last expression, if it is a network."""
    data: Data | Unfit | None = None
    """The last expression, if it is a dict, as pages look into it."""
    unquotable: tuple[str, ...] = ()
    """What else the cell showed that no page can show."""


NOTHING = Outcome()
