"""A press that has loaded and waits for its words, so that a job need not wait until it has."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WAITING = """
import json, sys
from press.cli import main
from press.commands import build, verify
from press.run import pool, session
words = sys.stdin.readline()
sys.exit(main(json.loads(words)) if words else 0)
"""
DIE_WITH_PARENT = 1
_waiting: list["Spare"] = []


@dataclass(frozen=True)
class Spare:
    child: "subprocess.Popen[bytes]"
    said: Path
    """What it says to its author."""

    def begin(self, words: Sequence[str]) -> None:
        assert self.child.stdin
        with self.child.stdin as pipe:
            pipe.write(json.dumps(words).encode() + b"\n")


def taken(place: Path) -> Spare:
    """One for a job, and another that loads meanwhile."""
    ready = [spare for spare in _waiting if spare.child.poll() is None]
    spare = ready[0] if ready else _loading(place)
    _waiting[:] = [_loading(place)]
    return spare


def _loading(place: Path) -> Spare:
    handle, said = tempfile.mkstemp(prefix="said-", dir=place)
    with os.fdopen(handle, "wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", WAITING],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=file,
            env=_environment(),
            preexec_fn=_end_with_parent,
        )
    return Spare(child, Path(said))


def _end_with_parent() -> None:
    """A worker that is killed leaves nothing behind; Linux alone can promise it."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)


def _environment() -> Mapping[str, str]:
    """As the worker was started, without what Dask sets for numeric libraries."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
