"""The environment that ./press makes: pinned packages in .press/venv, by layers, put in by uv."""

import fcntl
import importlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from press.machine.system import AGAIN, failure, run
from press.voice.errors import PressError
from press.voice.terminal import say

# Each layer holds the packages of those before it.
LAYERS = {
    "base": "Python packages",
    "run": "TensorFlow and Jupyter",
    "workers": "TensorFlow, Jupyter and Dask",
    "test": "TensorFlow, Jupyter and the tools for tests",
}
POSTS = "posts"
"""What posts name themselves: a layer that stands on any of those that can run."""
WORDS = {**LAYERS, POSTS: "the packages that posts name"}
TOLD_BY = {"run": "nbconvert", "workers": "distributed", "test": "pytest"}
"""A package that is there if those of its layer are."""
COMPILE = """
import compileall, ctypes, os, signal, sys
os.nice(19)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # ends with whoever has begun it
compileall.compile_dir(sys.argv[1], quiet=2)
"""


def main() -> None:
    """Make the environment and go on as press in it; run by a Python that has no packages."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    root, *words = sys.argv[1:]
    environment = Environment(Path(root))
    runs = environment.will_run(words)
    try:
        environment.install("run" if runs else "base")
    except PressError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    if runs:
        environment.compile_beside()
    del os.environ["PYTHONPATH"]  # it led this Python here
    python = str(environment.python)
    os.execv(python, [python, "-P", "-m", "press", "--blog", root, *words])


def ensure(layer: str, root: Path) -> None:
    """Have the packages of a layer; put in if we run in the environment that press made."""
    environment = Environment(root)
    if not environment.is_ours:
        if layer in TOLD_BY and not importlib.util.find_spec(TOLD_BY[layer]):
            problem = f"{LAYERS[layer]} are missing in this Python"
            raise PressError("held-out", problem, f"run: pip install 'held-out[{layer}]'")
    elif not environment.fits(layer):
        environment.install(layer)
        importlib.invalidate_caches()
        environment.compile_beside()


@dataclass(frozen=True)
class Environment:
    root: Path

    @property
    def local(self) -> Path:
        return self.root / ".press"

    @property
    def folder(self) -> Path:
        return self.local / "venv"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        return Path(sysconfig.get_path("purelib", "venv", {"base": str(self.folder)}))

    @property
    def is_ours(self) -> bool:
        """Whether we run in it, and may change it."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def fits(self, layer: str) -> bool:
        """An environment keeps a copy of the requirements it was made from."""
        try:
            return (self.folder / f"{layer}.txt").read_bytes() == self._wanted(layer).read_bytes()
        except OSError:
            return False

    def install(self, layer: str) -> None:
        """Make the environment aside and put it in place whole, so that it is never half there."""
        try:
            self.local.mkdir(exist_ok=True)
            with self._alone():
                if not self.fits(layer):  # another press may have made it while we waited
                    time = "" if layer == "base" else ", a few minutes"
                    say(f"press: installing {WORDS[layer]} in .press (only this once{time})")
                    with self._aside() as aside:
                        self._make(aside, self._with(layer))
                        self._put_in_place(aside)
        except OSError as error:
            remedy = f"make room or mend the folder's rights, then {AGAIN}"
            raise PressError(".press", f"cannot be written ({error.strerror})", remedy) from error

    def will_run(self, words: list[str]) -> bool:
        """Whether a script will surely be run: then one environment is made, and not two."""
        names = (path.stem[len("2026-11-30-") :] for path in (self.root / "_posts").glob("*.md"))
        scripts = [name for name in names if (self.root / "code" / f"{name}.py").exists()]
        runs = self.root / "_data" / "runs"
        builds = "build" in words and "--check" not in words
        return builds and not all((runs / f"{name}.json").exists() for name in scripts)

    def compile_beside(self) -> None:
        """As long as this process lives, by a core that has nothing else to do.

        Whoever imports what is not compiled yet does it alone.
        """
        command = [str(self.python), "-I", "-c", COMPILE, str(self.packages)]
        quiet = subprocess.DEVNULL
        subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)

    def _with(self, layer: str) -> list[str]:
        """The layers to have then: this one with those below it, and all that are there."""
        names = list(LAYERS)
        below = names[: names.index("run" if layer == POSTS else layer) + 1]
        return [name for name in WORDS if name in (*below, layer) or self.fits(name)]

    def _wanted(self, layer: str) -> Path:
        return self.root / "requirements" / f"{layer}.txt"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.local / "install.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("press: waiting for another press that is installing")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        for left in self.local.glob("aside-*"):
            shutil.rmtree(left, ignore_errors=True)
        # A name of our own: an installer that was killed may still be writing into its folder.
        aside = self.local / f"aside-{os.getpid()}"
        aside.mkdir()
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _make(self, aside: Path, layers: list[str]) -> None:
        new = aside / "venv"
        python = str(new / "bin" / "python")
        has_uv = self.is_ours and importlib.util.find_spec("uv") is not None
        create = [sys.executable, "-I", "-m", "venv", "--without-pip", str(new)]
        _do(create, aside, ".press", "Python cannot make an environment")
        if not has_uv:
            quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar=off"]
            self._put_in(aside, "uv", [python, "-I", _pip(), "install", *quiet])
        # Not compiled here: what a script imports is, once, and the rest while that runs.
        uv = [sys.executable if has_uv else python, "-I", "-m", "uv", "pip", "install"]
        uv += ["--python", python, "-r", str(self._wanted("uv"))]
        largest = [name for name in layers if name in LAYERS][-1]
        for layer in dict.fromkeys((largest, layers[-1])):
            self._put_in(aside, layer, uv)
        for layer in layers:
            shutil.copyfile(self._wanted(layer), new / f"{layer}.txt")
        self._point_to_press(new)

    def _put_in(self, aside: Path, layer: str, install: list[str]) -> None:
        exact = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
        command = [*install, *exact, "-r", str(self._wanted(layer))]
        _do(command, aside, f"requirements/{layer}.txt", "the packages cannot be installed")

    def _point_to_press(self, new: Path) -> None:
        """Let the environment find src/ by a relative path: the whole folder may be moved."""
        there = new / self.packages.relative_to(self.folder)
        # Else an import would make it, and the folder look as if packages were new.
        (there / "__pycache__").mkdir(exist_ok=True)
        pointer = there / "press.pth"
        pointer.write_text(
            os.path.relpath(self.root / "src", self.packages) + "\n", encoding="utf-8"
        )

    def _put_in_place(self, aside: Path) -> None:
        if self.folder.exists():
            self.folder.rename(aside / "old")
        (aside / "venv").rename(self.folder)


def _pip() -> str:
    """Python's own, which runs as it is packed: unpacked it would serve only once, too."""
    import ensurepip  # imported late: Pythons that are given all packages may have none

    bundled = Path(ensurepip.__file__).with_name("_bundled")
    for wheel in Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or bundled).glob("pip-*.whl"):
        return str(wheel / "pip")
    raise PressError("Python", "has no pip of its own", f"install its venv module and {AGAIN}")


def _do(command: list[str], aside: Path, place: str, problem: str) -> None:
    done, log = run(command, aside=aside)
    if not done:
        raise failure(place, problem, log)


if __name__ == "__main__":
    main()
