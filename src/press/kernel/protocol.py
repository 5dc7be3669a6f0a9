"""What press and a kernel say to each other: names, and questions with typed answers."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")

EXTENSION = "press.kernel.extension"

LAUNCH = """
import sys
sys.modules["debugpy"] = None
words = sys.argv[1:]
sys.argv[1:] = []
sys.path.append("")
try:
    from ipykernel.kernelapp import launch_new_instance
    launch_new_instance(words)
except Exception as error:
    with open(words[1] + ".failed", "w") as file:
        file.write(f"{type(error).__name__}: {error}")
    raise
"""
"""A kernel, from its words. Scripts find their neighbours behind all libraries, whose names they
may have, and no words; the debugger, which nobody uses here, would take a while to load.
"""
MOTHER = "from press.kernel.mother import main\nmain({})"
"""A process whose forks are kernels, with the number of the socket at which they are asked for."""

TABLE = "application/vnd.press.table+json"
VALUES = "application/vnd.press.values+json"
CLAIMS = "application/vnd.press.claims+json"
HELD = "application/vnd.press.held+json"
DATA = "application/vnd.press.data+json"
MODEL = "application/vnd.press.model+json"

JUDGED = "press: each assertion is judged on its own"
"""Ends a cell whose false assertions are told, and end nothing."""
DATASETS = "PRESS_DATASETS"
"""The environment variable with the files of data sets, as JSON: by data set, by file name."""
KEPT = "PRESS_KEPT"
"""The environment variable that tells a kernel where the parts of snapshots lie."""

HISTORY = re.compile(r"_+|_i+|_i?\d+|_[ido]h|In|Out|get_ipython")
"""IPython's own memory of the cells that ran, which no snapshot holds."""
MOST_ITEMS = 20_000
"""How many items data may hold that a page looks into."""


@dataclass(frozen=True)
class Request(Generic[Answer]):
    """Code to run first, an expression to evaluate then, and how its value is to be read."""

    expression: str
    read: Callable[[Any], Answer]
    code: str = ""


@dataclass(frozen=True)
class Found:
    """What became of the files of the blog, by their paths within it."""

    read: Mapping[str, str] = field(default_factory=dict)
    """Those that cells have read, and what tells each from a later one."""
    met: Sequence[str] = ()
    """Those that they have read and that became what they are meanwhile."""
    written: Sequence[str] = ()
    """Those that they were heard to write."""


@dataclass(frozen=True)
class Taken:
    """The parts of a snapshot, as they are kept."""

    state: str
    arrays: tuple[str, ...]
    missing: tuple[str, ...]
    """Names whose values could not be kept."""
    traced: bool
    """Whether it holds a model whose steps have become a graph, which is made anew when needed."""
    written: tuple[int, ...]
    """Cells that changed something outside the kernel."""
    files: Mapping[str, str]
    """What became of the files that they changed."""
    found: Found
    proof: Mapping[str, str]
    """What the kernel was, piece by piece, as digests."""


@dataclass(frozen=True)
class NotTaken:
    """A snapshot that cannot be, and what is in the way."""

    reason: str


def present() -> Request[None]:
    """Whether our side is there."""
    return _call("extension.load_ipython_extension.__name__", _nothing)


def take(room: int) -> Request[Taken | NotTaken | None]:
    """Take a snapshot, if it fits so many bytes."""
    return _call(f"snapshot.take({room})", _taken)


def lay(taken: Taken, sources: Sequence[str]) -> Request[None]:
    """Bring the kernel to where it was behind these cells, and prove that it is there."""
    beside = (list(taken.written), dict(taken.files), asdict(taken.found))
    given = (taken.state, list(taken.arrays), list(sources), dict(taken.proof), beside)
    return _call(f"snapshot.lay{given!r}", _nothing)


def found() -> Request[Found]:
    return _call("outside.found()", _found)


def settle() -> Request[None]:
    """Wait until all snapshots are written."""
    return _call("snapshot.settle()", _nothing)


def draw_no_bitmaps() -> Request[None]:
    return _call("display.draw_no_bitmaps()", _nothing)


def execute(code: str) -> Request[None]:
    """Run code whose outputs nobody looks at."""
    return Request("None", _nothing, code)


def load(libraries: Iterable[str]) -> Request[None]:
    return execute("\n".join(f"import {name}; del {name}" for name in libraries))


def size(item: Any) -> int:
    """How many items data holds."""
    if isinstance(item, dict):
        return sum(map(size, item.values()))
    return sum(map(size, item)) if isinstance(item, list) else 1


def _call(expression: str, read: Callable[[Any], Answer]) -> Request[Answer]:
    module, _, rest = expression.partition(".")
    return Request(f"__import__('press.kernel.{module}').kernel.{module}.{rest}", read)


def _nothing(_: Any) -> None:
    return None


def _taken(answer: str) -> Taken | NotTaken | None:
    tree = json.loads(answer)
    if not tree:
        return None
    if "refusal" in tree:
        return NotTaken(tree["refusal"])
    tree |= {name: tuple(tree[name]) for name in ("arrays", "missing", "written")}
    return Taken(**{**tree, "found": _found(tree["found"])})


def _found(answer: str) -> Found:
    return Found(**json.loads(answer))
