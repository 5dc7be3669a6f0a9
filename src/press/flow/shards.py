"""Posts dealt out to several machines that know nothing of each other."""

import argparse
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """One machine's part, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number} of {self.of}"


def shard(text: str) -> Shard:
    """What `--shard 2/5` asks for."""
    number, _, of = text.partition("/")
    if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return Shard(int(number), int(of))
    raise argparse.ArgumentTypeError(f"{text!r} is not K/N, such as 2/5")


def dealt(
    items: Sequence[Item],
    part: Shard | None,
    name: Callable[[Item], str],
    cost: Callable[[Item], float | None],
) -> list[Item]:
    """Those of this part, which every machine finds alike: the longest first, each to whichever
    machine has least to do. What one would take that never ran is not known: as much as others.
    """
    if part is None:
        return list(items)
    known = [seconds for item in items if (seconds := cost(item)) is not None]
    usual = statistics.median(known) if known else 1.0

    def seconds_of(item: Item) -> float:
        found = cost(item)
        return usual if found is None else found

    parts: list[list[Item]] = [[] for _ in range(part.of)]
    loads = [0.0] * part.of
    for item in sorted(items, key=lambda item: (-seconds_of(item), name(item))):
        least = loads.index(min(loads))
        parts[least].append(item)
        loads[least] += seconds_of(item)
    return parts[part.number - 1]
