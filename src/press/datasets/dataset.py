"""A data set: find it, fetch it, prove that it is what it says, or stand in for it."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from press.files import aside, digest
from press.voice.errors import PressError

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray]

Files = Mapping[str, Path]
"""By the name that Keras asks for, where a file lies."""


@dataclass(frozen=True, eq=False)
class DataSet:
    name: str
    """As scripts import it from `keras.datasets`."""
    title: str
    credit: str
    """Whose it is and on what terms, for the page."""
    variable: str
    """The environment variable that names a local copy: the file, or the folder of several."""
    urls: Mapping[str, str]
    """By the name that Keras asks for, where a file is to be had."""
    arrays: Mapping[str, str]
    """By the name of an array, the digest of its bytes."""
    read: "Callable[[Files], Arrays]"
    write: "Callable[[Files, Arrays], None]"
    small: "Callable[[], Arrays]"
    """A few real images in the same shape, for rehearsals."""
    folder: str = "datasets"
    """Where Keras keeps the files, within its own folder."""

    @property
    def digest(self) -> str:
        return digest("".join(self.arrays.values()))

    def files(self) -> Files:
        """Where the files have to be: at the place that the variable names, or Keras' own."""
        chosen = os.environ.get(self.variable)
        if not chosen:
            return self.keras_files()
        place = Path(chosen).absolute()
        return {name: place if len(self.urls) == 1 else place / name for name in self.urls}

    def keras_files(self) -> Files:
        home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
        return {name: home / self.folder / name for name in self.urls}

    def ready(self) -> None:
        """See to it that the files are there and right; Keras' own are fetched if missing."""
        files = self.files()
        if files == self.keras_files():
            self._fetch(files)
        _verified(self, tuple((path, _written(path)) for path in files.values()))

    def verify(self, files: Files | None = None) -> None:
        """Refuse files whose arrays are not those of the data set; touch nothing."""
        files = files or self.files()
        place = str(next(iter(files.values())))
        remedy = f"set {self.variable} to a good copy, or move this file away"
        for name, data in self._bytes(files, place, remedy).items():
            if digest(data) != self.arrays[name]:
                difference = f"{name} has the digest {digest(data)}, not {self.arrays[name]}"
                raise PressError(place, f"is not {self.title}: {difference}", remedy)

    def stand_in_files(self, folder: Path) -> Files:
        return {name: folder / name for name in self.urls}

    def stand_in(self, folder: Path) -> Files:
        """Write the small images where a rehearsal finds them, whole at once: another may read."""
        files = self.stand_in_files(folder)
        with ExitStack() as places:
            made = {name: places.enter_context(aside(path)) for name, path in files.items()}
            self.write(made, self.small())
            for name, path in made.items():
                path.replace(files[name])
        return files

    def _bytes(self, files: Files, place: str, remedy: str) -> dict[str, bytes]:
        try:
            arrays = self.read(files)
            return {name: arrays[name].tobytes() for name in self.arrays}
        except FileNotFoundError as error:
            problem = f"there is no such file ({self.variable} names it)"
            raise PressError(place, problem, remedy) from error
        except PermissionError as error:
            raise PressError(place, "cannot be read (no permission)", remedy) from error
        except KeyError as error:
            problem = f"is not {self.title}: no array {error.args[0]}"
            raise PressError(place, problem, remedy) from error
        except Exception as error:
            found = digest(Path(place).read_bytes()) if Path(place).is_file() else "none"
            kind = f"{Path(next(iter(self.urls))).suffix} file"
            wanted = ", ".join(f"{name} {wanted}" for name, wanted in self.arrays.items())
            raise PressError(
                place,
                f"is no readable {kind}; its digest is {found}, the arrays should have {wanted}",
                remedy,
            ) from error

    def _fetch(self, files: Files) -> None:
        """Download what is missing to where Keras keeps it; put it there only proved whole."""
        with ExitStack() as places:
            made = {
                name: places.enter_context(aside(path))
                for name, path in files.items()
                if not path.exists()
            }
            for name, place in made.items():
                self._download(self.urls[name], place, files[name])
            if made:
                self._verify_download({**files, **made})
            for name, place in made.items():
                # A link, unlike a rename, never replaces a file that has appeared meanwhile.
                with suppress(FileExistsError):
                    os.link(place, files[name])

    def _download(self, url: str, place: Path, path: Path) -> None:
        # Imported late: most builds fetch nothing.
        import urllib.error
        import urllib.request

        try:
            with urllib.request.urlopen(url, timeout=60) as response, place.open("wb") as file:
                while block := response.read(1 << 16):
                    file.write(block)
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise PressError(
                self.title,
                f"is neither at ${self.variable} nor at {path}, and {url} cannot be reached "
                f"({reason})",
                f"set {self.variable} to a copy, or rehearse on a stand-in: ./press build --sample",
            ) from error

    def _verify_download(self, files: Files) -> None:
        try:
            self.verify(files)
        except PressError as error:
            problem = f"what was downloaded is damaged ({error})"
            raise PressError(next(iter(self.urls.values())), problem, "try again") from error


@cache
def _verified(data: DataSet, _: object) -> None:
    """Verify files once, as long as nobody writes them anew."""
    data.verify()


def _written(path: Path) -> tuple[int, int] | None:
    seen = path.stat() if path.is_file() else None
    return seen and (seen.st_mtime_ns, seen.st_size)
