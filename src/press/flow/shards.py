"""Posts dealt out to several machines that know nothing of each other."""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from press.flow.posts import Work
from press.record.freshness import cost
from press.voice.terminal import say


@dataclass(frozen=True)
class Shard:
    """One machine's part, counted from 1."""

    number: int
    of: int


def shard(text: str) -> Shard:
    """What `--shard 2/5` asks for."""
    number, _, of = text.partition("/")
    if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return Shard(int(number), int(of))
    raise argparse.ArgumentTypeError(f"{text!r} is not K/N, such as 2/5")


def dealt(works: Sequence[Work], part: Shard | None) -> list[Work]:
    """Those of this part, which every machine finds alike: the longest first, each to whichever
    machine has least to do. What one would take that never ran is not known: as much as others.
    """
    if part is None:
        return list(works)
    known = [seconds for work in works if (seconds := cost(work.record)) is not None]
    usual = statistics.median(known) if known else 1.0
    seconds_of = {work.slug: cost(work.record) or usual for work in works}
    parts: list[list[Work]] = [[] for _ in range(part.of)]
    loads = [0.0] * part.of
    for work in sorted(works, key=lambda work: (-seconds_of[work.slug], work.slug)):
        least = loads.index(min(loads))
        parts[least].append(work)
        loads[least] += seconds_of[work.slug]
    own = parts[part.number - 1]
    say(f"shard {part.number} of {part.of}: {', '.join(work.slug for work in own) or 'nothing'}")
    return own
