"""Workers on hosts that ssh reaches: no machine listens but on its own 127.0.0.1."""

import asyncio
import random
import shlex
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from press.blog import Blog
from press.voice.errors import PressError
from press.voice.terminal import say

if TYPE_CHECKING:
    from distributed import Security

AT_WORK = "at work for"
"""What a worker says when it has found its scheduler."""
SETTINGS = (
    "BatchMode=yes",  # nobody is there to be asked
    "ExitOnForwardFailure=yes",
    "ServerAliveInterval=15",
)
PORTS = range(20_000, 60_000)
"""Where a port that is free on another machine is guessed; ssh says if it is not."""


@asynccontextmanager
async def over_ssh(
    blog: Blog, hosts: Sequence[str], secret: bytes, secure: "Security"
) -> AsyncIterator[str]:
    """A scheduler here and a worker on each host, which find each other through ssh alone."""
    from distributed import Scheduler

    where = {"host": "127.0.0.1", "port": 0, "protocol": "tls", "dashboard": False}
    async with Scheduler(security=secure, dashboard_address="127.0.0.1:0", **where) as scheduler:
        started: list[Process] = []
        try:
            starting = (_start(blog, host, scheduler.port, secret, started) for host in hosts)
            heard = await asyncio.gather(*starting, return_exceptions=True)
            for found in heard:
                if isinstance(found, BaseException):
                    raise found
            yield scheduler.address
        finally:
            await _end(started)


async def _start(
    blog: Blog, host: str, port: int, secret: bytes, started: list[Process]
) -> asyncio.Task[None]:
    name, _, folder = host.partition(":")
    folder = folder or str(blog.root)
    scheduler, worker = random.sample(PORTS, 2)
    here = free_port()
    command = (
        f"cd {_quoted(folder)} && umask 077 && mkdir -p .press && cat > .press/workers.pem"
        f" && exec ./press worker tls://127.0.0.1:{scheduler} --tunnel {worker}:{here}"
    )
    settings = [word for setting in SETTINGS for word in ("-o", setting)]
    back = f"127.0.0.1:{scheduler}:127.0.0.1:{port}"
    forth = f"127.0.0.1:{here}:127.0.0.1:{worker}"
    try:
        child = await asyncio.create_subprocess_exec(
            *("ssh", *settings, "-R", back, "-L", forth, "--", name, command),
            stdin=PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=PIPE,
        )
    except FileNotFoundError as error:
        raise PressError(f"ssh:{host}", "needs ssh, which is missing", "install it") from error
    started.append(child)
    assert child.stdin
    assert child.stderr
    child.stdin.write(secret)
    with suppress(OSError):  # it ended; what it said tells why
        await child.stdin.drain()
    child.stdin.close()
    last = "it said nothing"
    async for line in child.stderr:
        last = line.decode("utf-8", "replace").strip() or last
        if last.startswith(AT_WORK):
            return asyncio.create_task(_drained(child.stderr))
        if last.startswith("press: installing"):
            say(f"{name}: {last}")
    problem = f"gives no worker ({last})"
    remedy = f"see that `ssh {name}` asks for nothing, and that {folder} there is this repository"
    raise PressError(f"ssh:{host}", problem, remedy)


def _quoted(folder: str) -> str:
    """For a shell, which is to know the home that a folder begins with."""
    home, _, rest = folder.partition("/")
    return f"{home}/{shlex.quote(rest)}" if home == "~" else shlex.quote(folder)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number


async def _drained(lines: asyncio.StreamReader) -> None:
    """Or it would wait for somebody to hear it."""
    async for _ in lines:
        pass


async def _end(started: Sequence[Process]) -> None:
    for child in started:
        with suppress(ProcessLookupError):
            child.terminate()
        await child.wait()
