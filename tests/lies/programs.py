"""Small programs: state made, held, captured and changed in some way, and looked at in the end."""

import random
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .glue import SLOW, Step
from .ways import Way, bound, kinds, printed, through, tree_of, ways

USUAL = "numpy pandas matplotlib.pyplot"
LIBRARIES = {
    "science": f"{USUAL} scipy.sparse scipy.stats scipy.interpolate sklearn.ensemble",
    "keras": "keras",
}
"""What a kernel has loaded before it forks, by the kind of a way that wants it."""
SELDOM = ("ipython", "science")
LATE = 0.03
"""The share of programs for whose kernel nothing was loaded."""
WORK = "total = sum(range(10))\n"


@dataclass(frozen=True)
class Program:
    told: str
    """The ways that it is made of."""
    libraries: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        titles = ("# %% slow" if step.seconds >= SLOW else "# %%" for step in self.steps)
        cells = zip(titles, (step.source.strip() for step in self.steps), strict=True)
        return "\n\n".join(f"{title}\n{source}" for title, source in cells)


@dataclass
class _Cells:
    """Where the code of a program's parts goes."""

    imports: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    between: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def program(draw: random.Random, chosen: Sequence[str] = ()) -> Program:
    """One of the programs; always the same from the same draws."""
    usual = [kind for kind in kinds() if kind != "keras" and kind not in SELDOM]
    kind = draw.choice(chosen or usual * 2 + [*SELDOM])
    count = draw.choice([1, 1, 1, 2, 2, 3])
    among = [kind, *(draw.choice(chosen or usual) for _ in range(count - 1))]
    cells = _Cells()
    seen: set[str] = set()
    for number, kind in enumerate(among, 1):
        way = draw.choice(ways(kind))
        if str(way) not in seen:
            seen.add(str(way))
            _Part(draw, way, number, cells).add()
    libraries = next((LIBRARIES[kind] for kind in LIBRARIES if kind in among), USUAL)
    if draw.random() < LATE and "keras" not in among:
        libraries = ""
    return Program("; ".join(cells.told), libraries, _coded(_steps(draw, cells)))


def _coded(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Those with code: press runs no others."""
    return tuple(step for step in steps if step.source.strip())


def plain(way: Way) -> tuple[Program, Program]:
    """The simplest programs with one way: changed before the snapshot, and once more behind it."""
    imports, make = way.make(1)
    change = way.section("change", 1)
    look = printed(way.section("show", 1)) or way.section("raw", 1)
    before = [Step(imports), Step(make), Step(change + WORK, SLOW)]
    libraries = LIBRARIES.get(way.kind, USUAL)

    def ending(told: str, last: str) -> Program:
        return Program(f"{way}{told}", libraries, _coded([*before, Step(last)]))

    return ending("", look), ending(", changed again", change + look)


def _steps(draw: random.Random, cells: _Cells) -> list[Step]:
    steps = [Step("".join(dict.fromkeys(cells.imports)))] if cells.imports else []
    # Some early cells take too long to be run again, and not long enough for a snapshot.
    steps += [Step(code, 1.5 if draw.random() < 0.3 else 0.01) for code in cells.early]
    twice = bool(cells.between) and draw.random() < 0.5
    steps.append(Step("".join([*cells.slow, WORK]), SLOW))
    if cells.between:
        steps.append(Step("".join(cells.between), SLOW if twice else 0.01))
    steps.append(Step("".join(cells.last)))
    return steps


@dataclass
class _Part:
    """What one way gives to a program."""

    draw: random.Random
    way: Way
    number: int
    cells: _Cells

    def __post_init__(self) -> None:
        self.name = f"x{self.number}"
        self.told = [str(self.way)]
        # What is made within the slow cell cannot be held or changed before it.
        self.home = self.cells.slow if self.chance(0.12) else self.cells.early
        self.change = self.way.section("change", self.number)
        self.look = printed(self.way.section("show", self.number))

    def chance(self, share: float) -> bool:
        return self.draw.random() < share

    def add(self) -> None:
        imports, make = self.way.make(self.number)
        self.home.append(self.imported(imports, 0.7) + make)
        if self.name in bound(imports + make) and self.chance(0.55):
            self.hold(self.draw.choice(ways("aliases")))
        if tree_of(self.change) and "await " not in self.change and self.chance(0.4):
            self.capture(self.draw.choice(ways("captures")))
        if self.change:
            self.place()
        if tree_of(self.look) and "await " not in self.look and self.chance(0.15):
            self.home.append(_in(f"def z{self.number}_look():\n    DO\n", self.look))
            self.look = f"z{self.number}_look()\n"
            self.told.append("looked at in a function")
        self.cells.last.append(self.look or self.way.section("raw", self.number))
        self.cells.told.append(" | ".join(self.told))

    def imported(self, imports: str, share: float) -> str:
        """In a cell of their own, or where they are wanted."""
        if not self.chance(share):
            return imports
        self.cells.imports.append(imports)
        return ""

    def hold(self, alias: Way) -> None:
        """Changed and looked at by whichever name; the first one may be gone."""
        access = alias.section("access", self.number).strip()
        imports, hold = alias.make(self.number)
        self.told.append(alias.name)
        free = self.name not in bound(self.change + self.look) and "del " not in self.look
        lives_on = self.name in access or f": {self.name}" in hold
        gone = free and not lives_on and self.chance(0.3)
        drop = f"del {self.name}\n" if gone else ""
        self.home.append(self.imported(imports, 0.7) + hold + drop)
        if gone or self.chance(0.5):
            self.change = through(self.change, self.name, access)
        if gone or self.chance(0.5):
            self.look = through(self.look, self.name, access)
        if not gone:
            self.look += f"print({access} is {self.name})\n"

    def capture(self, capture: Way) -> None:
        """Changed by a function, not where it stands."""
        imports, make = capture.make(self.number)
        self.told.append(capture.name)
        if self.change:
            self.cells.imports.append(imports)
            self.home.append(_in(make, self.change))
            self.change = capture.section("call", self.number)

    def place(self) -> None:
        """Changed at one time, or at several."""
        times = ((self.home, 0.3), (self.cells.slow, 0.35), (self.cells.between, 0.15))
        for where, share in (*times, (self.cells.last, 0.25)):
            if self.chance(share):
                where.append(self.change)


def _in(template: str, code: str) -> str:
    """The code in place of `DO`."""
    names = sorted(bound(code))
    body = (f"global {', '.join(names)}\n" if names else "") + code.rstrip()

    def indented(match: re.Match[str]) -> str:
        return textwrap.indent(body, match[1])

    return re.sub(r"(?m)^( *)DO$", indented, template)


def named(file: str) -> list[Program]:
    """Faults that were once found, as programs of their own."""
    text = Path(__file__).with_name(f"{file}.txt").read_text("utf-8")
    libraries = LIBRARIES["keras"] if "keras" in file else USUAL
    return [_named(part, libraries) for part in re.split(r"(?m)^== ", text)[1:]]


def _named(text: str, libraries: str) -> Program:
    name, _, rest = text.partition("\n")
    cells = re.findall(r"(?ms)^# %%( slow)?\n(.*?)(?=^# %%|\Z)", rest.rstrip() + "\n")
    steps = tuple(Step(f"{source.strip()}\n", SLOW if slow else 0.01) for slow, source in cells)
    return Program(name, libraries, steps)
