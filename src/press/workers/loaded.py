"""A press that has loaded all it needs and does nothing itself: each job is a fork of it."""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LOADED = """
from press.cli import main
from press.commands import build, verify
from press.flow import way
from press.run import place, pool, session
from press.workers.loaded import work
place.make_ready()
work(main)
"""
PATIENCE = 20.0
"""Seconds that a press which is told to stop has for ending its kernel."""
DIE_WITH_PARENT = 1
Main = Callable[[Sequence[str]], int]
_loaded: list["subprocess.Popen[bytes]"] = []


class Pressed:
    """One command of press, in a process of its own."""

    def __init__(self, words: Sequence[str], said: Path) -> None:
        """What it says to its author goes to `said`."""
        self._mother = _mother()
        assert self._mother.stdin
        self._mother.stdin.write(json.dumps([str(said), *words]).encode() + b"\n")
        self._process = self._told()
        self.code: int | None = None

    def waited(self, seconds: float) -> bool:
        """Whether it has ended."""
        stdout = self._mother.stdout
        assert stdout
        if self.code is None and select.select([stdout], [], [], seconds)[0]:
            self.code = self._told()
        return self.code is not None

    def _told(self) -> int:
        stdout = self._mother.stdout
        assert stdout
        line = stdout.readline()
        if not line:
            # Its mother was killed. The worker goes too: it is replaced then, and counted.
            os._exit(1)
        return int(line)

    def end(self) -> None:
        for word in (signal.SIGTERM, signal.SIGKILL):
            if not self.waited(0):
                with suppress(ProcessLookupError):
                    os.kill(self._process, word)
                self.waited(PATIENCE)


def _mother() -> "subprocess.Popen[bytes]":
    if not _loaded or _loaded[0].poll() is not None:
        _loaded[:] = [
            subprocess.Popen(
                [sys.executable, "-P", "-c", LOADED],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,  # what has come must show in the pipe itself
                env=_environment(),
                preexec_fn=_end_with_parent,
            )
        ]
    return _loaded[0]


def work(main: Main) -> None:
    """What the loaded press does: for each line of words, a fork; its number, and how it ended."""
    for line in sys.stdin:
        said, *words = json.loads(line)
        child = os.fork()
        if child == 0:
            _press(main, words, said)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _press(main: Main, words: Sequence[str], said: str) -> None:
    code = 1
    try:
        _end_with_parent()
        nothing = os.open(os.devnull, os.O_RDWR)
        heard = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for own, other in ((0, nothing), (1, nothing), (2, heard)):
            os.dup2(other, own)
        code = main(words)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent() -> None:
    """A worker that is killed leaves nothing behind; Linux alone can promise it."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)


def _environment() -> Mapping[str, str]:
    """As the worker was started, without what Dask sets for numeric libraries."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
