"""Small programs: state made, held, captured and changed in some way, and looked at in the end."""

import random
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .glue import SLOW, Step
from .ways import Way, bound, kinds, printed, through, tree_of, ways

USUAL = "numpy, pandas, matplotlib.pyplot"
LIBRARIES = {
    "science": f"{USUAL}, scipy.sparse, scipy.stats, scipy.interpolate, sklearn.ensemble",
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
            _add(draw, cells, way, number)
    libraries = next((LIBRARIES[kind] for kind in LIBRARIES if kind in among), USUAL)
    if draw.random() < LATE and "keras" not in among:
        libraries = ""
    return Program("; ".join(cells.told), libraries, tuple(_steps(draw, cells)))


def plain(way: Way) -> Program:
    """The simplest program with one way: made, kept, looked at."""
    imports, make = way.make(1)
    look = printed(way.section("show", 1)) or way.section("raw", 1)
    steps = (Step(imports), Step(make), Step(way.section("change", 1) + WORK, SLOW), Step(look))
    libraries = LIBRARIES.get(way.kind, USUAL)
    return Program(str(way), libraries, tuple(step for step in steps if step.source))


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


def _add(draw: random.Random, cells: _Cells, way: Way, number: int) -> None:
    imports, make = way.make(number)
    change, look = way.section("change", number), printed(way.section("show", number))
    name = f"x{number}"
    told = [str(way)]
    if imports and draw.random() < 0.3:
        make = imports + make
    elif imports:
        cells.imports.append(imports)
    made = cells.slow if draw.random() < 0.12 else cells.early
    made.append(make)
    if draw.random() < 0.55 and name in bound(imports + make):
        alias = draw.choice(ways("aliases"))
        told.append(alias.name)
        gone = name not in bound(change + look) and "del " not in look and draw.random() < 0.3
        change, look = _held(draw, cells, alias, number, (change, look), gone)
    if change:
        change = _captured(draw, cells, change, number, told)
        _place(draw, cells, change)
    if draw.random() < 0.15 and tree_of(look) and "await " not in look:
        cells.early.append(_in("def y{n}_look():\n    DO\n", look, number))
        look = f"y{number}_look()\n"
        told.append("looked at in a function")
    cells.last.append(look or way.section("raw", number))
    cells.told.append(" | ".join(told))


def _held(
    draw: random.Random,
    cells: _Cells,
    alias: Way,
    number: int,
    code: tuple[str, str],
    gone: bool,
) -> tuple[str, str]:
    """Changed and looked at by whichever name; the first one may be gone."""
    name = f"x{number}"
    access = alias.section("access", number).strip()
    imports, hold = alias.make(number)
    if draw.random() < 0.7:
        cells.imports.append(imports)
        imports = ""
    gone = gone and access != name and f'"{name}"' not in access and f": {name}" not in hold
    where = cells.slow if cells.slow and draw.random() < 0.5 else cells.early
    if where is cells.early and cells.slow and name in bound("".join(cells.slow)):
        where = cells.slow
    where.append(imports + hold + (f"del {name}\n" if gone else ""))
    change, look = (
        through(part, name, access) if gone or draw.random() < 0.5 else part for part in code
    )
    if not gone:
        look += f"print({access} is {name})\n"
    return change, look


def _captured(draw: random.Random, cells: _Cells, change: str, number: int, told: list[str]) -> str:
    """Done by a function, or as it stands."""
    if draw.random() < 0.6 or tree_of(change) is None or "await " in change:
        return change
    capture = draw.choice(ways("captures"))
    told.append(capture.name)
    imports, make = capture.make(number)
    cells.imports.append(imports)
    cells.early.append(_in(make, change, number))
    return capture.section("call", number)


def _in(template: str, code: str, number: int) -> str:
    """The code in place of `DO`."""
    names = sorted(bound(code))
    body = (f"global {', '.join(names)}\n" if names else "") + code.rstrip()

    def indented(match: re.Match[str]) -> str:
        return textwrap.indent(body, match[1])

    return re.sub(r"(?m)^( *)DO$", indented, template.replace("{n}", str(number)))


def _place(draw: random.Random, cells: _Cells, change: str) -> None:
    """At one time, or at several."""
    for where, share in (
        (cells.early, 0.3),
        (cells.slow, 0.35),
        (cells.between, 0.15),
        (cells.last, 0.25),
    ):
        if draw.random() < share:
            where.append(change)


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
