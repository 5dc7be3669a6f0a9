"""Processes that have loaded what kernels load, and their forks.

A fork has its own memory, folder and environment, as a process that starts has. What a process
takes over when it starts is the same for both, or another mother is begun.
"""

import atexit
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from select import select
from weakref import WeakSet

from press.kernel.protocol import KEPT, MOTHER

TAKEN_OVER = (
    *("PYTHON", "_PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "GLIBC_"),
    *("ANDROID_", "HOME", "IN_SPHINX_RUN", "IPYTHON_", "JPY_INTERRUPT_", "JUPYTER_", "MSGPACK_"),
    *("PYZMQ_", "TERM", "TORNADO_", "TRAITLETS_", "USER"),
)
"""How the variables begin that a process heeds when it starts or what a mother loads is loaded."""
PATIENCE = 5.0
"""Seconds for a mother to end in, and all her forks with her."""
_mothers: dict[str, "Mother"] = {}


class Mother:
    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        self._asks, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", MOTHER.format(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._forks: WeakSet[Fork] = WeakSet()
        self._owner = os.getpid()
        self._loaded = False

    def end(self) -> None:
        self._asks.close()
        if self._owner == os.getpid():
            with suppress(subprocess.TimeoutExpired):  # others may still ask
                self._process.wait(PATIENCE)

    def lives(self) -> bool:
        """As far as whoever began it can tell; a fork of that finds out when it asks."""
        return self._owner != os.getpid() or self._process.poll() is None

    def wait(self) -> None:
        """Until it has loaded; OSError if it cannot."""
        if not self._loaded and not self._asks.recv(16):
            raise BrokenPipeError("it ended")
        self._loaded = True

    def fork(self, words: list[str], folder: str, environment: Mapping[str, str]) -> "Fork":
        asked = {"words": words, "folder": folder, "environment": dict(environment)}
        hears, tells = os.pipe()
        try:
            socket.send_fds(self._asks, [json.dumps(asked).encode()], [tells])
        except OSError:
            os.close(hears)
            raise
        finally:
            os.close(tells)
        fork = Fork(hears)
        self._forks.add(fork)
        return fork

    def is_idle(self) -> bool:
        return all(fork.poll() is not None for fork in self._forks)


class Fork:
    """A process that another one has begun for us, as `subprocess.Popen` would show it."""

    stdin = stdout = stderr = None

    def __init__(self, hears: int) -> None:
        self._hears = os.fdopen(hears, "rb", buffering=0)
        self.returncode: int | None = None

    @cached_property
    def pid(self) -> int:
        return int(self._hears.readline() or 0)

    def poll(self) -> int | None:
        if self.pid and self.returncode is None and not select([self._hears], [], [], 0)[0]:
            return None
        return self.wait()

    def wait(self) -> int:
        if self.returncode is None:
            told = self._hears.readline() if self.pid else b""
            self.returncode = int(told or -signal.SIGKILL)  # silent: its mother was killed
            self._hears.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """To whatever it has begun, too."""
        if self.poll() is not None:
            return
        with suppress(ProcessLookupError):
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:  # it does not lead a group yet, or has just ended
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


@atexit.register
def _end() -> None:
    for begun in _mothers.values():
        begun.end()


def can_be() -> bool:
    return hasattr(os, "pidfd_open")


def load(folder: str, environment: Mapping[str, str]) -> None:
    """Have a loaded mother for all that is forked from this process."""
    with suppress(OSError):
        if can_be():
            mother(folder, environment).wait()


def begin(folder: str, environment: Mapping[str, str]) -> None:
    """Have a mother of kernels in such a place, which may still be loading."""
    if can_be():
        mother(folder, environment)


def mother(folder: str, environment: Mapping[str, str]) -> Mother:
    key = _key(folder, environment)
    if key not in _mothers or not _mothers[key].lives():
        for other in [known for known, begun in _mothers.items() if begun.is_idle()]:
            _mothers.pop(other).end()
        _mothers[key] = Mother(folder, environment)
    return _mothers[key]


def _key(folder: str, environment: Mapping[str, str]) -> str:
    """What of a process a fork takes over from its mother."""
    libraries = environment.get("PYTHONPATH", "").split(os.pathsep)
    here = "" if all(map(os.path.isabs, filter(None, libraries))) else folder
    heeded = {name: environment[name] for name in environment if name.startswith(TAKEN_OVER)}
    kinds = {kind for name, kind in vars(resource).items() if name.startswith("RLIMIT_")}
    limits = [resource.getrlimit(kind) for kind in sorted(kinds)]
    place = [os.getpriority(os.PRIO_PROCESS, 0), sorted(os.sched_getaffinity(0))]
    packages = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    return json.dumps([here, packages, KEPT in environment, heeded, limits, place], sort_keys=True)
