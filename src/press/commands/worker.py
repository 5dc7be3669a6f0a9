"""Work for a press on another machine: `press build --workers tls://HOST:PORT` there."""

import argparse
import asyncio
from typing import Any

from press.blog import Blog
from press.machine.python import POSTS, ensure
from press.machine.versions import read_pins
from press.voice.errors import PressError
from press.voice.terminal import say
from press.workers.cluster import HERE, SECRET, ready, security
from press.workers.remote import AT_WORK
from press.workers.task import packages_of, resources_of


def words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="tls://HOST:PORT", help="where the scheduler is")
    about = "be that scheduler, which hands out the work; makes the secret if there is none"
    parser.add_argument("--scheduler", action="store_true", help=about)
    about = "listen at the first port of 127.0.0.1, and be reached by the scheduler at the second"
    parser.add_argument("--tunnel", metavar="PORT:PORT", type=_ports, help=about)


def _ports(text: str) -> tuple[int, int]:
    here, _, there = text.partition(":")
    return int(here), int(there)


def main(blog: Blog, options: argparse.Namespace) -> None:
    if not options.address.startswith("tls://"):
        remedy = "say tls://HOST:PORT; nothing is sent in the open"
        raise PressError(options.address, "is no address of a scheduler", remedy)
    ensure("run", blog.root)
    if read_pins(blog.root, POSTS):
        ensure(POSTS, blog.root)
    ready(blog)
    try:
        if options.scheduler:
            asyncio.run(_schedule(blog, options.address))
        else:
            asyncio.run(_work(blog, options.address, options.tunnel))
    except (OSError, TimeoutError, ValueError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = f"see that it is the right address, and .press/{SECRET} the same on both machines"
        raise PressError(options.address, f"cannot be used ({told})", remedy) from error


async def _schedule(blog: Blog, address: str) -> None:
    from distributed import Scheduler

    host, _, port = address.removeprefix("tls://").rpartition(":")
    given: dict[str, Any] = {
        "host": host,
        "port": int(port),
        "protocol": "tls",
        "security": security(blog, make=True),
        "dashboard": False,
        "dashboard_address": HERE,
    }
    async with Scheduler(**given) as scheduler:
        say(f"the scheduler is at {scheduler.address}; its secret is .press/{SECRET}")
        await scheduler.finished()


async def _work(blog: Blog, address: str, tunnel: tuple[int, int] | None) -> None:
    from distributed import Nanny

    given: dict[str, Any] = {
        "nthreads": 1,  # a post at a time
        "memory_limit": None,
        "security": security(blog),
        "dashboard_address": HERE,
        "local_directory": str(blog.local),
        "resources": resources_of(packages_of(blog.root)),
        "death_timeout": 30,
    }
    if tunnel:
        here, there = tunnel
        contact = f"tls://127.0.0.1:{there}"
        given |= {"host": "127.0.0.1", "worker_port": here, "contact_address": contact}
    async with Nanny(address, **given) as nanny:
        say(f"{AT_WORK} {address}")
        await nanny.finished()
    say("the scheduler is gone")
