"""Files put in place whole or not at all, digests of what they hold, and their YAML."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""In C where there is one: a blog of a thousand posts has a thousand front matters."""
ASIDE = ".aside"


def digest(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def from_yaml(text: bytes | str) -> Any:
    return yaml.load(text, YAML)


def stamp(path: str | Path) -> str:
    """What changes whenever somebody writes the file: its time of change is set by the system."""
    known = os.stat(path)  # noqa: PTH116 — thrice as quick, for every file of a site
    kind = stat.S_IFMT(known.st_mode)
    return f"{kind} {known.st_ino} {known.st_size} {known.st_mtime_ns} {known.st_ctime_ns}"


def write(path: Path, content: str | bytes) -> None:
    """Put the content in place whole or not at all; a file that has it already is left alone."""
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return
    with aside(path) as place:
        with place.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        place.replace(path)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A place beside a file where it can be made anew; what is left there in the end goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place = path.with_name(f".{path.name}.{os.getpid()}{ASIDE}")
    try:
        yield place
    finally:
        place.unlink(missing_ok=True)
