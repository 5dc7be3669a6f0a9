"""What cells do outside the kernel: files that they read and write, and what else they reach."""

import hashlib
import importlib.util
import os
import platform
import re
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from json import dumps as as_json
from json import loads
from pathlib import Path
from typing import Any

from press.kernel.ourselves import at_work, unnoticed
from press.kernel.protocol import DATASETS, KEPT

CHANGES = (
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime"),
)
REACHES_OUT = (
    "subprocess.Popen",
    "os.system",
    "os.fork",
    "os.posix_spawn",
    "socket.connect",
)
DEVICES = ("null", "zero", "full", "tty", "random", "urandom", "std", "fd", "pts")
IN_MEMORY = {"", ":memory:"}
"""Names of databases that are no files."""
EDITED = re.compile(
    r"__pycache__|node_modules|venv|site-packages|\..*|.*(~|\.py|\.md|\.Rmd|\.ipynb)"
)
"""Names of what compiled code hardly writes, and an author may while a script runs."""
MANY = 1000
"""Files in one folder that are too many to be looked at behind every cell."""
HEARD = {"open", "sqlite3.connect", *CHANGES, *REACHES_OUT}
changed: dict[int, set[str]] = {}
"""By the number of the cell, what it changed or reached outside the kernel."""
written: set[str] = set()
"""All files and folders that cells were heard to change."""
appeared: set[str] = set()
"""Those that were found changed: by compiled code, or by somebody who works beside it."""
read: dict[str, str] = {}
"""The files of the blog that cells have read, each with what it was when it was read first."""
met: set[str] = set()
"""Those that cells have read and that became what they are meanwhile, by cells or somebody else."""
now = [-1]
"""The number of the cell that runs or ran last; what is run once more beside a snapshot is none."""
folder = [""]
"""Where the kernel has begun: beside the script."""
root = [""]
"""The blog around it, with the sign that ends the name of a folder."""
seen: dict[str, str] = {}
"""What lay there when it was looked at last."""
looked: set[str] = set()
"""The folders that were looked into."""
data_sets: set[str] = set()
"""Files whose digests are known by other ways."""
fresh: set[str] = set()
"""Files that were not there before the cell that runs."""
passed_over: list[str] = []
"""How the places begin that are no doing of a script: caches, devices, and what is ours."""


def watch(shell: Any) -> None:
    """Hear from now on what the kernel does."""
    caches = ("~/.keras", "~/.cache", "~/.config", "~/.local/state/press", "/proc")
    ours = [os.environ[KEPT], os.environ.get("IPYTHONDIR", "~/.ipython")]
    places = (*caches, *ours, *(f"/dev/{device}" for device in DEVICES))
    passed_over.extend(str(Path(place).expanduser()) for place in places)
    known = loads(os.environ.get(DATASETS, "{}"))
    data_sets.update(path for files in known.values() for path in files.values())
    ask_once()
    tempfile.gettempdir()
    sys.addaudithook(_hear)
    shell.events.register("pre_run_cell", _begin_cell)


def ask_once() -> None:
    """Whichever library asks first for this begins a process, and is told what it said since."""
    platform.processor()


def _hear(event: str, details: tuple[Any, ...]) -> None:
    if event not in HEARD or at_work() or now[0] < 0:
        return
    if event in REACHES_OUT:
        # On a new machine Matplotlib asks once what fonts there are, in whatever cell that is.
        if event != "subprocess.Popen" or "fc-list" not in details[1]:
            changed.setdefault(now[0], set()).add(event)
        return
    named = (part for part in details[:2] if isinstance(part, str | bytes))
    try:
        paths = [_whole(os.fsdecode(part)) for part in named if part not in IN_MEMORY]
    except OSError:  # where the current folder is gone, nothing is found either
        return
    if event == "open":
        flags = details[2] if isinstance(details[2], int) else 0
        if isinstance(details[0], str | bytes) and paths:
            _note_opening(paths[0], flags)
    elif event == "sqlite3.connect" and paths:
        _note_opening(paths[0], os.O_RDWR)
    elif event == "os.remove" and paths and paths[0] in changed.get(now[0], set()) & fresh:
        changed[now[0]].remove(paths[0])
    else:
        for path in paths:
            _note_writing(path)


def _whole(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 — of links it knows nothing, and it is quick


def _note_opening(path: str, flags: int) -> None:
    reads = not flags & os.O_WRONLY and not flags & os.O_TRUNC
    if reads and os.path.exists(path):  # noqa: PTH110
        _note_reading(path)
    if flags & (os.O_WRONLY | os.O_RDWR):
        _note_writing(path)


def _note_writing(path: str) -> None:
    if path.startswith(tuple(passed_over)):
        return
    here = changed.setdefault(now[0], set())
    if path not in here and not os.path.lexists(path):
        fresh.add(path)
    here.add(path)
    written.add(path)


def _begin_cell(_: object) -> None:
    """Press' own questions are silent, and no cells."""
    look()
    fresh.clear()
    now[0] += 1


def begin() -> None:
    here = Path.cwd()
    folder[0], root[0] = str(here), f"{here.parent}{os.sep}"


@unnoticed
def look() -> None:
    """Files that compiled code writes are told by no event, but found where the script lies."""
    there = dict(_lying(folder[0])) if folder[0] else {}
    if now[0] >= 0:
        different = {path for path in {*there, *seen} if there.get(path) != seen.get(path)}
        if different:
            changed.setdefault(now[0], set()).update(different)
            appeared.update(different)
    seen.clear()
    seen.update(there)


def _lying(place: str) -> Iterator[tuple[str, str]]:
    waiting = [place]
    while waiting:
        place = waiting.pop()
        with suppress(OSError), os.scandir(place) as found:
            entries = [*islice(found, MANY + 1)]
            if len(entries) > MANY:
                continue
            looked.add(place)
            for entry in entries:
                if EDITED.fullmatch(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                with suppress(OSError):
                    yield entry.path, _stamp(entry.path)


def _stamp(path: str) -> str:
    """As `press.files` has it, of which a kernel knows nothing; of a folder its kind alone."""
    known = os.stat(path)  # noqa: PTH116
    kind = stat.S_IFMT(known.st_mode)
    if stat.S_ISDIR(known.st_mode):
        return str(known.st_mode)
    return f"{kind} {known.st_ino} {known.st_size} {known.st_mtime_ns} {known.st_ctime_ns}"


def writers() -> list[int]:
    """The cells that changed something."""
    same = as_they_were()
    return sorted(number for number, paths in changed.items() if paths - same)


def as_they_were() -> set[str]:
    """The files that were opened to be written, and were read at most."""
    same = set()
    for path in read.keys() & written:
        with suppress(OSError):
            if _stamp(path) == read[path]:
                same.add(path)
    return same


def _note_reading(path: str) -> None:
    if not path.startswith(root[0]) or path.startswith(f"{root[0]}.") or "site-packages" in path:
        return
    if path in data_sets:
        return
    if path.endswith(".pyc"):
        with suppress(ValueError):
            path = importlib.util.source_from_cache(path)
    place, _, name = path.rpartition(os.sep)
    is_new = place in looked and path not in seen and not EDITED.fullmatch(name)
    if is_new or path in written or path in appeared:
        met.add(path)
    elif path not in read:
        with suppress(OSError):
            read[path] = _stamp(path)


def found() -> str:
    """As JSON, the files of the blog that were read, and those that were heard to be written."""
    new = written - as_they_were()
    stamps = {path: read[f"{root[0]}{path}"] for path in sorted(_inside(read.keys() - new))}
    heard = sorted(_inside(new))
    return as_json({"read": stamps, "met": sorted(_inside(met)), "written": heard})


def _inside(paths: Iterable[str]) -> Iterator[str]:
    """By their paths within the blog."""
    return (path.removeprefix(root[0]) for path in paths if path.startswith(root[0]))


def files(more: Iterable[str] = ()) -> dict[str, str]:
    """What became of each file that cells have changed."""
    return {path: _told(path) for path in sorted({*written, *appeared, *more})}


def _told(path: str) -> str:
    try:
        place = Path(path)
        known = place.lstat()
        if stat.S_ISLNK(known.st_mode):
            return f"leads to {place.readlink()}"
        if not stat.S_ISREG(known.st_mode):
            return str(known.st_mode)
        with place.open("rb") as file:
            return f"{known.st_mode} {hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return "is not there"


def go_on(cells: int, writers: list[int], files: Iterable[str], before: dict[str, Any]) -> None:
    """Behind so many cells, of which an earlier run knows what they did."""
    now[0] = cells - 1
    changed.clear()
    changed.update((number, {"what it changed in the run before"}) for number in writers)
    appeared.update(files)
    written.update(f"{root[0]}{path}" for path in before["written"])
    met.update(f"{root[0]}{path}" for path in before["met"])
    read.update((f"{root[0]}{path}", told) for path, told in before["read"].items())
    seen.clear()
    seen.update(_lying(folder[0]))
