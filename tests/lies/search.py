"""Run a program whole and resumed, and compare; cut one that fails down to what it takes."""

import ast
import asyncio
import os
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from .glue import SLOW, Ran, Step, at_any_cost, resume, run_and_keep, run_whole
from .kernels import Zygote
from .programs import Program
from .ways import tree_of

TRIES = 30
"""How often a failing program is tried with less in it."""


SELDOM = 3
"""Of so many programs that are refused, one is compared with a run without the attempt."""


class End(Enum):
    RESUMED = "resumed, the same"
    REFUSED = "refused"
    WRONG = "WRONG"
    FALSE_ERROR = "FALSE ERROR"
    CRASH = "CRASH of press"
    UNFIT = "no program: fails whole, or differs by itself"


FAULTS = (End.WRONG, End.FALSE_ERROR, End.CRASH)


@dataclass(frozen=True)
class Verdict:
    end: End
    words: str = ""


class Trials:
    """Tries programs, with a kernel to fork for each set of libraries."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._zygotes: dict[str, Zygote] = {}

    def __enter__(self) -> "Trials":
        self._stack.enter_context(at_any_cost())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def verdict(self, program: Program) -> Verdict:
        """A fault counts only where whole runs agree with each other."""
        found = self._once(program)
        if found.end in (End.WRONG, End.FALSE_ERROR):
            if not asyncio.run(_steady(program.steps, self._zygote(program))):
                return Verdict(End.UNFIT)
            found = self._once(program)
        return found

    def _once(self, program: Program) -> Verdict:
        try:
            return asyncio.run(_tried(program.steps, self._zygote(program)))
        except Exception:
            return Verdict(End.CRASH, traceback.format_exc(limit=-3))

    def _zygote(self, program: Program) -> Zygote:
        libraries = program.libraries
        if libraries not in self._zygotes:
            place = self._folder / f"{os.getpid()}-{len(self._zygotes)}"
            self._zygotes[libraries] = made = Zygote(place, libraries)
            self._stack.callback(made.stop)
        return self._zygotes[libraries]

    def smallest(self, program: Program, verdict: Verdict) -> tuple[Program, Verdict]:
        """The same fault with as few cells and statements as can be found."""
        tries = TRIES
        shorter = _shorter(program)
        while tries and (candidate := next(shorter, None)):
            tries -= 1
            found = self._once(candidate)
            if found.end is verdict.end:
                program, verdict, shorter = candidate, found, _shorter(candidate)
        return program, verdict


async def _steady(steps: tuple[Step, ...], forker: Zygote) -> bool:
    """Whether whole runs agree, among the files that an earlier one has left as well."""
    shown = [(await run_whole(steps, forker)).shown for _ in range(2)]
    shown.append((await run_whole(steps, forker, again=True)).shown)
    return all(one == shown[0] for one in shown)


async def _tried(steps: tuple[Step, ...], forker: Zygote) -> Verdict:
    kept = await run_and_keep(steps, forker)
    refused = Verdict(End.REFUSED, kept.words[-1]) if kept.words else None
    if refused and len(kept.shown) == len(steps) and len(repr(steps)) % SELDOM:
        return refused
    whole = await run_whole(steps, forker)
    if len(whole.shown) < len(steps):
        return Verdict(End.UNFIT, str(whole.shown[-1]))
    if kept.shown != whole.shown:
        return _fault("while the snapshot was taken, ", whole, kept)
    if refused:
        return refused
    times = sum(step.seconds >= SLOW for step in steps)
    for _ in range(times):
        ran = await resume(steps, forker)
        if ran.shown != whole.shown[ran.begin :]:
            return _fault("", whole, ran)
        if not ran.begin:
            return Verdict(End.REFUSED, (ran.words or ("nothing to go on from",))[-1])
    return Verdict(End.RESUMED)


def _fault(when: str, whole: Ran, other: Ran) -> Verdict:
    pairs = zip(whole.shown[other.begin :], other.shown, strict=False)
    one, two = next((pair for pair in pairs if pair[0] != pair[1]), ("more cells", "fewer cells"))
    end = End.FALSE_ERROR if isinstance(two, str) else End.WRONG
    return Verdict(end, f"{when}whole:\n{_told(one)}\nresumed:\n{_told(two)}")


def _told(shown: object) -> str:
    if isinstance(shown, str):
        return f"    {shown}"
    parts = [f"{getattr(shown, 'output', '')}", f"{getattr(shown, 'warnings', '')}"]
    text = "\n".join(part for part in parts if part) or repr(shown)[:500]
    return "\n".join(f"    {line}" for line in text.splitlines()[:12])


def _shorter(program: Program) -> Iterator[Program]:
    """With a cell less, then with a statement less."""
    steps = program.steps
    for number, step in enumerate(steps[:-1]):
        if step.seconds < SLOW:
            yield replace(program, steps=steps[:number] + steps[number + 1 :])
    for number, step in enumerate(steps):
        for source in _with_less(step.source):
            cut = replace(step, source=source)
            yield replace(program, steps=(*steps[:number], cut, *steps[number + 1 :]))


def _with_less(source: str) -> Iterator[str]:
    tree = tree_of(source)
    if tree is None or len(tree.body) < 2:
        return
    for number in range(len(tree.body)):
        body = tree.body[:number] + tree.body[number + 1 :]
        yield "".join(f"{ast.get_source_segment(source, part)}\n" for part in body)
