"""What a worker is asked for: one command of its own press, on a copy of a post.

Nothing but bytes goes out and comes back, and they are files and words, never objects.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SHEET = "job.json"


@dataclass(frozen=True)
class Job:
    words: tuple[str, ...]
    """Of the command line."""
    files: Mapping[str, bytes]
    """By their paths in the copy of the blog."""
    press: str
    """The digest of the press that asks, and must be the one that works."""
    packages: Mapping[str, str]
    """The versions that its results depend on."""

    def packed(self) -> bytes:
        sheet = {"words": self.words, "press": self.press, "packages": dict(self.packages)}
        return _packed(sheet, self.files)


@dataclass(frozen=True)
class Done:
    code: int | None = None
    """None if nothing was done."""
    said: str = ""
    """What it said to its author."""
    worker: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Those that it made or changed."""

    def packed(self) -> bytes:
        sheet = {name: item for name, item in asdict(self).items() if name != "files"}
        return _packed(sheet, self.files)


def job_in(data: bytes) -> Job:
    sheet, files = _unpacked(data)
    return Job(tuple(sheet["words"]), files, sheet["press"], sheet["packages"])


def done_in(data: bytes) -> Done:
    """What came back; ValueError if it is not whole."""
    try:
        sheet, files = _unpacked(data)
        return Done(files=files, **sheet)
    except (zipfile.BadZipFile, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"what came back is not whole ({error})") from error


def _packed(sheet: Mapping[str, object], files: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SHEET, json.dumps(sheet))
        for name, content in files.items():
            archive.writestr(f"files/{name}", content)
    return whole.getvalue()


def _unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name != SHEET]
        sheet = json.loads(archive.read(SHEET))
        return sheet, {name.removeprefix("files/"): archive.read(name) for name in names}
