"""Where everything of the blog lies; one slug names a post, its script, figures and record."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from press.voice.errors import PressError


@dataclass(frozen=True)
class Blog:
    root: Path

    @property
    def posts(self) -> Path:
        return self.root / "_posts"

    @property
    def code(self) -> Path:
        return self.root / "code"

    @property
    def records(self) -> Path:
        return self.root / "_data" / "runs"

    @property
    def local(self) -> Path:
        """What press keeps for itself on this machine, never in git."""
        return self.root / ".press"

    def record(self, slug: str) -> Path:
        return self.records / f"{slug}.json"

    def seeds(self, slug: str) -> Path:
        """What other seeds gave."""
        return self.root / "_data" / "seeds" / f"{slug}.json"

    def certificates(self, slug: str) -> Path:
        """Where other machines say what they found."""
        return self.root / "_data" / "certificates" / slug

    def prepared(self, slug: str) -> Path:
        """What press has ready for a post's page, besides its run."""
        return self.root / "_data" / "pages" / f"{slug}.json"

    @property
    def quotes(self) -> Path:
        """What the theme can quote of a run."""
        return self.root / "_data" / "quotes.yml"

    @property
    def sources(self) -> Path:
        """What posts name as theirs."""
        return self.root / "_data" / "sources.bib"

    @property
    def colours(self) -> Path:
        """Those of its pages."""
        return self.root / "_data" / "colours.yml"

    @property
    def downloads(self) -> Path:
        return self.root / "downloads"

    def notebook(self, slug: str) -> Path:
        return self.downloads / f"{slug}.ipynb"

    def figures(self, slug: str) -> Path:
        return self.root / "img" / slug

    def shown(self, path: Path) -> str:
        """The path as the author writes it: from the blog's root."""
        shown = path.as_posix().removeprefix(f"{self.root.as_posix()}/")
        return path.relative_to(self.root).as_posix() if shown[0] == "/" else shown

    def text(self, path: Path) -> str:
        """A text file that an author wrote, with plain line ends."""
        try:
            return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise PressError(
                f"{self.shown(path)}:{line}", "is not UTF-8 text", "save it as UTF-8"
            ) from error


@contextmanager
def elsewhere(blog: Blog, inputs: Mapping[str, str | None]) -> Iterator[Blog]:
    """The scripts and what they read in a folder of their own, without files that runs make.

    `inputs` are those of a record, the files that its run made without a digest.
    """
    made = {blog.root / path for path, known in inputs.items() if known is None}

    def left(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name == "__pycache__" or Path(folder, name) in made]

    with tempfile.TemporaryDirectory(prefix="press-") as folder:
        there = Blog(Path(folder))
        # A link that leads nowhere is an editor's mark, and no file.
        shutil.copytree(blog.code, there.code, ignore=left, ignore_dangling_symlinks=True)
        for path in inputs:
            source, copy = blog.root / path, there.root / path
            if source not in made and not copy.exists() and source.is_file():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copy)
        yield there


SCRATCH = "run-"
"""Begins the names of folders in `local` that last as long as a kernel; its press comes next."""


class AtWork(PressError):
    """Another press."""


@contextmanager
def locked(blog: Blog) -> Iterator[None]:
    """Let one press at a time write into the blog; the system frees the lock however we end."""
    import fcntl

    blog.local.mkdir(exist_ok=True)
    with (blog.local / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise AtWork(
                ".press/lock",
                f"another press is at work here (process {holder})",
                "wait until it has finished",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
