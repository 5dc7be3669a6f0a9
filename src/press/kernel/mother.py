"""A process that has loaded what every kernel loads, and does nothing itself: each is a fork of it.

It ends, with all its forks, when nobody is left who could ask for one; a fork ends with whoever
asked for it. What a fork finds loaded is what a kernel of a process of its own would have loaded by
its first cell, neither more nor less: a test compares the two.
"""

import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module

from press.kernel import bytecode
from press.kernel.protocol import KEPT, LAUNCH

LONGEST = 1 << 20
"""Bytes of what is asked."""
DIE_WITH_PARENT = 1
LOADED = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "tornado.platform.asyncio",
    "tornado.queues",
    "unicodedata",
    "press.kernel.extension",
)
WITH_SNAPSHOTS = "press.kernel.snapshot"


@dataclass(frozen=True)
class Child:
    process: int
    ended: int
    """A descriptor that can be read when it has ended."""
    pipe: int
    """Where whoever asked for it hears its number, and how it ended."""


def main(number: int) -> None:
    """Answer at the socket of this number, while there is somebody who asks; a fork returns too."""
    _load()
    asks = socket.socket(fileno=number)
    asks.send(b"loaded")
    children: dict[int, Child] = {}
    """By each of their descriptors."""
    watched = select.poll()
    watched.register(asks, select.POLLIN)
    while True:
        for ready, _ in watched.poll():
            if ready == number:
                asked, pipes, *_ = socket.recv_fds(asks, LONGEST, 1)
                if not asked:
                    os._exit(0)
                try:
                    process = os.fork()
                except OSError:  # whoever asked hears nothing, and knows what that means
                    os.close(*pipes)
                    continue
                if not process:
                    for descriptor in (asks.detach(), *pipes, *children):
                        os.close(descriptor)
                    _become(**json.loads(asked))
                    return
                new = Child(process, os.pidfd_open(process), *pipes)
                _answer(new, process)
                children |= {new.ended: new, new.pipe: new}
                watched.register(new.ended, select.POLLIN)
                watched.register(new.pipe, 0)  # tells when nobody is at its other end
            elif (child := children.get(ready)) and ready == child.pipe:
                watched.unregister(ready)
                _kill(child.process)
            elif child:
                _bury(child, children, watched)


def _bury(child: Child, children: dict[int, Child], watched: select.poll) -> None:
    _kill(child.process)  # what it has begun; nobody else has its number before it is waited for
    _answer(child, os.waitstatus_to_exitcode(os.waitpid(child.process, 0)[1]))
    for descriptor in (child.ended, child.pipe):
        with suppress(KeyError):  # what nobody hears is watched no more
            watched.unregister(descriptor)
        os.close(descriptor)
        del children[descriptor]


def _kill(process: int) -> None:
    """With whatever it has begun."""
    try:
        os.killpg(process, signal.SIGKILL)
    except ProcessLookupError:  # it does not lead a group yet
        os.kill(process, signal.SIGKILL)


def _load() -> None:
    # A kernel looks after its parent, whose number its library notes when it is loaded.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    bytecode.keep()
    for name in (*LOADED, WITH_SNAPSHOTS) if KEPT in os.environ else LOADED:
        with suppress(Exception):  # a kernel that needs it will say what is wrong
            import_module(name)
    if snapshot := sys.modules.get(WITH_SNAPSHOTS):
        snapshot.note_ahead()


def _answer(child: Child, number: int) -> None:
    with suppress(BrokenPipeError):
        os.write(child.pipe, f"{number}\n".encode())


def _become(words: list[str], folder: str, environment: dict[str, str]) -> None:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    os.setsid()
    nothing, end = os.pipe()  # what jupyter_client gives a kernel to read
    os.dup2(nothing, 0)
    os.close(nothing)
    os.close(end)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment, JPY_PARENT_PID=str(os.getppid()))
    time.tzset()
    sys.argv[1:] = words
    exec(LAUNCH, vars(sys.modules["__main__"]))
