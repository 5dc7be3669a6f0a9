"""What went wrong in a cell, in the author's terms."""

import importlib.util
import re
from textwrap import shorten

from nbclient.exceptions import CellExecutionError

from press.machine.versions import package_of
from press.run.outputs import ANSI
from press.script.cells import Cell, Script
from press.voice.errors import PressError

MISSING = re.compile(r"(?:No module named|[Mm]issing optional dependency) '(\w+)")

REMEDIES = (
    ("Line magic function `", "load what brings it (%load_ext) before it, or write it in Python"),
    ("Cell magic `", "load what brings it (%load_ext) before it, or write it in Python"),
    ("name '__file__' is not defined", "write paths from code/, where scripts run"),
    ("asyncio.run() cannot be called", "write await in its place, as in a notebook"),
    ("does not support input requests", "write the answer into the script: nobody is there to ask"),
)
"""What to do about errors that are told here and not in a plain program."""


def failed(failure: CellExecutionError, cell: Cell, script: Script) -> PressError:
    place = f"{script.path}:{_failing_line(failure, cell)}"
    if failure.ename == "SystemExit":
        return left(cell, script, place)
    reason = shorten(" ".join(ANSI.sub("", failure.evalue).split()), 300, placeholder=" …")
    if failure.ename == "AssertionError" and "claim" in cell.tags:
        line = cell.source.split("\n")[_failing_line(failure, cell) - cell.line].strip()
        said = f" ({reason})" if reason and reason not in line else ""
        return PressError(
            place,
            f"the claim does not hold: {line}{said}",
            "correct the claim, or what it is about",
        )
    told = f"{failure.ename}: {reason}" if reason else failure.ename
    return PressError(place, f"cell {cell.label} raised {told}", _remedy(failure.ename, reason))


def _remedy(error: str, reason: str) -> str:
    """What a notebook or a plain program need not do, or can have; the author knows the rest."""
    if known := next((words for cause, words in REMEDIES if cause in reason), None):
        return known
    found = MISSING.search(reason) if error in ("ModuleNotFoundError", "ImportError") else None
    if not found or importlib.util.find_spec(found[1]):
        return "mend the cell"
    package = package_of(found[1])
    return f"name it in the post's front matter (packages: [{package}]) and run ./press pin"


def left(cell: Cell, script: Script, place: str = "") -> PressError:
    here = place or f"{script.path}:{cell.line}"
    return PressError(here, f"cell {cell.label} calls exit", "remove the call")


def unreadable(cell: Cell, script: Script) -> PressError:
    return PressError(
        f"{script.path}:{cell.line}",
        f"cell {cell.label} changes the library json, by which its kernel speaks",
        "put back what was there before the cell ends",
    )


def took_too_long(seconds: float, cell: Cell, script: Script) -> PressError:
    return PressError(
        f"{script.path}:{cell.line}",
        f"cell {cell.label} ran longer than {seconds:g} s",
        "mend it, or allow more with --time-limit SECONDS",
    )


def death(cause: str, cell: Cell, script: Script) -> PressError:
    return PressError(
        f"{script.path}:{cell.line}",
        f"the kernel died in cell {cell.label} ({cause})",
        "mend the cell, or give it less to hold in memory",
    )


def _failing_line(failure: CellExecutionError, cell: Cell) -> int:
    """The author's line of the error: the last one that the traceback gives for this cell."""
    traceback = ANSI.sub("", failure.traceback)
    frames = re.findall(r"Cell In\[(\d+)\], line (\d+)", traceback)
    current = max((int(count) for count, _ in frames), default=0)
    lines = [int(line) for count, line in frames if int(count) == current]
    return cell.line + min(lines[-1] if lines else 1, cell.source.count("\n") + 1) - 1
