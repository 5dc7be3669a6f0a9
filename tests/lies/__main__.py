"""Try many programs: `python -m tests.lies [--programs N] [--from N] [--seed S] [--kind K]`.

Each is run whole and resumed behind a snapshot, and must show the same or refuse in words. It may
be cut short at any time: what was found is told, and `--from` goes on. With `--plain` each way is
tried once, alone, as it stands in `ways/`.
"""

import argparse
import itertools
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from .programs import Program, plain, program
from .search import FAULTS, End, Trials, Verdict
from .ways import kinds, ways

CHUNK = 5


def main(words: list[str]) -> int:
    asked = _asked(words)
    programs = asked.plain and list(_plain(asked.kind))
    last = len(programs) if asked.plain else asked.start + asked.programs
    starts = range(0 if asked.plain else asked.start, last, CHUNK)
    found: Counter[End] = Counter()
    reasons: Counter[str] = Counter()
    faulty: Counter[str] = Counter()
    begun = time.monotonic()
    # A shell has its background jobs ignore an interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    work = ((asked, start, min(start + CHUNK, last)) for start in starts)
    try:
        for done in _mapped(work, asked.jobs):
            for one, verdict in done:
                found[verdict.end] += 1
                if verdict.end is End.REFUSED:
                    reasons[_reason(verdict.words)] += 1
                if verdict.end in FAULTS:
                    faulty[one.told] += 1
                    print(_told(one, verdict), flush=True)
                elif verdict.end is End.UNFIT and asked.plain:
                    print(f"no program: {one.told}: {verdict.words}", flush=True)
            rate = time.monotonic() - begun
            print(f"{_counts(found)}; {rate:.0f} s", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("cut short", file=sys.stderr)
    print(f"\n{_counts(found)}")
    print("\nRefused:")
    for reason, count in reasons.most_common(40):
        print(f"{count:6} {reason}")
    if faulty:
        print("\nFaults:")
        for told, count in faulty.most_common():
            print(f"{count:6} {told}")
    return 1 if faulty else 0


def _asked(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.lies")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--from", type=int, default=0, dest="start")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--kind", action="append", default=[], choices=kinds())
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--whole", action="store_true", help="do not cut failing programs down")
    return parser.parse_args(words)


def _plain(chosen: Iterable[str]) -> Iterator[Program]:
    for kind in chosen or [kind for kind in kinds() if kind != "keras"]:
        for way in ways(kind):
            yield from plain(way)


def _mapped(
    work: Iterable[tuple[argparse.Namespace, int, int]], jobs: int
) -> Iterator[list[tuple[Program, Verdict]]]:
    with tempfile.TemporaryDirectory(prefix="press-lies-", ignore_cleanup_errors=True) as folder:
        if jobs == 1:
            with Trials(Path(folder)) as trials:
                yield from (list(_tried(trials, *piece)) for piece in work)
            return
        with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(folder,)) as pool:
            waiting = [pool.submit(_in_pool, piece) for piece in work]
            yield from (done.result() for done in waiting)


TRIALS: list[Trials] = []


def _begin(folder: str) -> None:
    TRIALS.append(Trials(Path(folder)).__enter__())


def _in_pool(piece: tuple[argparse.Namespace, int, int]) -> list[tuple[Program, Verdict]]:
    return list(_tried(TRIALS[0], *piece))


def _tried(
    trials: Trials, asked: argparse.Namespace, start: int, end: int
) -> Iterator[tuple[Program, Verdict]]:
    if asked.plain:
        programs: Iterable[Program] = itertools.islice(_plain(asked.kind), start, end)
    else:
        programs = (drawn(asked.seed, number, asked.kind) for number in range(start, end))
    for one in programs:
        verdict = trials.verdict(one)
        if verdict.end in FAULTS and not asked.whole:
            one, verdict = trials.smallest(one, verdict)
        yield one, verdict


def drawn(seed: str, number: int, chosen: list[str]) -> Program:
    return program(random.Random(f"{seed} {number} {chosen}"), chosen)


def _counts(found: Counter[End]) -> str:
    return f"{found.total()} programs: " + ", ".join(
        f"{found[end]} {end.value}" for end in End if found[end]
    )


def _reason(words: str) -> str:
    """Without what is of one program alone."""
    words = re.sub(r"\b([x-zX-Z])\d\w*", r"\1", words.strip().splitlines()[-1] if words else "")
    return re.sub(r"0x[0-9a-f]+", "0x…", words)[:110]


def _told(one: Program, verdict: Verdict) -> str:
    line = "─" * 60
    return f"{line}\n{verdict.end.value}: {one.told}\n\n{one}\n\n{verdict.words}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
