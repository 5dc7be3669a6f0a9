"""Whole commands, timed; and the conditions under which all of them run."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from contenders import ROOT

SHARED = ("keras", "matplotlib", "numpy", "pandas", "tensorflow")
"""What the scripts import must be of one version for all."""
PEERS = ("nbconvert", "sphinx-gallery", "myst-nb", "sphinx", "ipykernel")
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


KIB = 1024


class Failed(Exception):
    """A command did not do what it was timed for."""


class Cost(NamedTuple):
    seconds: float
    peak: float
    """MiB that the largest process of all took."""
    written: float
    """MiB of the files below its folder that are new, or were written again."""


@dataclass(frozen=True)
class Machine:
    """What the commands run on, and what they all find in their environment."""

    facts: Mapping[str, Any]
    environment: Mapping[str, str]
    jekyll: tuple[str, ...]

    def timed(self, command: Sequence[str], folder: Path, **settings: str) -> Cost:
        """What a whole process takes; what it prints is left beside its folder."""
        with said_by(folder).open("w+", encoding="utf-8") as said:
            date, begun = time.time_ns(), time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**self.environment, **settings},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            process.returncode = code = os.waitstatus_to_exitcode(status)
            said.seek(0)
            if code:
                raise Failed(f"{' '.join(command)} gave {code}:\n{said.read()[-2000:]}")
        return Cost(seconds, used.ru_maxrss / KIB, _written(folder, date) / KIB**2)

    def own(self, *words: str) -> Any:
        return _own(*words, environment=self.environment)


def _written(folder: Path, since: int) -> int:
    found = (path.lstat() for path in folder.rglob("*") if path.is_file())
    return sum(file.st_size for file in found if file.st_ctime_ns >= since)


def said_by(folder: Path) -> Path:
    """Not in the folder itself: a site would be made anew for it."""
    return folder.with_name(f"{folder.name}.said.txt")


def _own(*words: str, environment: Mapping[str, str]) -> Any:
    """Something done in press's own environment."""
    command = [str(ROOT / ".press/venv/bin/python"), "-P", str(ROOT / "bench/own.py"), *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Failed(f"bench/own.py {' '.join(words)} failed; see the lines above")
    return json.loads(done.stdout)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # what requirements/tensorflow.in puts in its place
        return version(f"{name}-cpu")


def machine(private: Path) -> Machine:
    """Everything in place, and warm: no contender is the first to read its libraries from disk."""
    found = _own("ready", environment=os.environ)
    ours = {name: _version(name) for name in (*SHARED, *PEERS)}
    if different := [name for name in SHARED if ours[name] != found["versions"][name]]:
        raise Failed(f"press has another version of {different}; run bench/update and again")
    environment = {
        **os.environ,
        **dict.fromkeys(THREADS, str(found["threads"])),
        "MNIST_NPZ": found["mnist"],
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        # The user's own kernels and settings must not decide what runs.
        "JUPYTER_DATA_DIR": str(private / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(private / "jupyter"),
        "IPYTHONDIR": str(private / "ipython"),
    }
    warm = "import keras, matplotlib.pyplot"
    for python in (sys.executable, str(ROOT / ".press/venv/bin/python")):
        # -B: whether libraries lie there compiled is for the one who installed them to see to.
        command = [python, "-P", "-B", "-c", warm]
        subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, check=True)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    facts = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cpu": found["cpu"],
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "system": platform.system(),
        "python": platform.python_version(),
        "threads": found["threads"],
        "load_before": round(os.getloadavg()[0], 1),
        "versions": ours,
    }
    return Machine(facts, environment, tuple(found["jekyll"]))


class Costs:
    """What commands took, by row and column, told as it comes."""

    def __init__(self) -> None:
        self.seconds: dict[str, dict[str, list[float]]] = {}
        self.peak: dict[str, dict[str, list[float]]] = {}
        self.written: dict[str, dict[str, list[float]]] = {}

    def add(self, row: str, column: str, cost: Cost) -> None:
        self.add_seconds(row, column, cost.seconds)
        self.peak.setdefault(row, {}).setdefault(column, []).append(round(cost.peak))
        self.written.setdefault(row, {}).setdefault(column, []).append(round(cost.written, 3))

    def add_seconds(self, row: str, column: str, seconds: float) -> None:
        self.seconds.setdefault(row, {}).setdefault(column, []).append(round(seconds, 3))
        print(f"bench: {row}, {column}: {seconds:.2f} s", file=sys.stderr, flush=True)

    @property
    def tree(self) -> Mapping[str, Any]:
        return {"seconds": self.seconds, "peak": self.peak, "written": self.written}


def must(held: bool, what: Callable[[], str]) -> None:
    if not held:
        raise Failed(what())
