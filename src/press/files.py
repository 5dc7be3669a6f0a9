"""Files put in place whole or not at all, and digests of what they hold."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ASIDE = ".aside"


def digest(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


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
