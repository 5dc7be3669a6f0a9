"""Build the blog, watch it and show it on this machine; open pages follow every build."""

import argparse
import asyncio
import importlib.util
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from press.blog import Blog, locked
from press.commands.words import add_baseurl, add_time_limit
from press.flow.finish import finish
from press.flow.plan import Order, plan_of
from press.flow.posts import gather, scripts_of_posts, sweep
from press.flow.together import follow_waiting
from press.script.cells import TEXT_FORMATS
from press.site.jekyll import OUTPUT, Jekyll
from press.site.server import HOST, Builds, server
from press.site.settings import baseurl_of
from press.voice.errors import PressError, Problems
from press.voice.terminal import say

if TYPE_CHECKING:
    from watchfiles import Change

    from press.run.warm import Warm

MADE_HERE = {
    OUTPUT,
    "Gemfile.lock",
    "img",
    "downloads",
    ".press",
    ".git",
    ".jekyll-cache",
    "__pycache__",
}
MADE_DATA = {("_data", name) for name in ("runs", "pages", "seeds", "certificates")}


def words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=4000, help="the port (default: 4000)")
    add_baseurl(parser)
    add_time_limit(parser)


def main(blog: Blog, options: argparse.Namespace) -> None:
    order = Order(time_limit=options.time_limit, baseurl=options.baseurl)
    builds = Builds()
    base = baseurl_of(blog) if order.baseurl is None else order.baseurl
    shown = server(blog.root / OUTPUT, base, options.port, builds)
    threading.Thread(target=shown.serve_forever, daemon=True).start()
    url = f"http://{HOST}:{shown.server_port}{base}/"
    try:
        asyncio.run(_follow(blog, order, builds, url))
    finally:
        shown.shutdown()


async def _follow(blog: Blog, order: Order, builds: Builds, url: str) -> None:
    """Build now and after every edit; an edit during a build begins it anew."""
    edits = _edits(blog)
    await anext(edits)  # from here on no edit is missed, not even one during the first build
    with locked(blog):
        sweep(blog)
    warm = _warm(order)
    building: asyncio.Task[bool] = asyncio.create_task(_rebuild(blog, order, builds, warm))
    building.add_done_callback(lambda _: say(f"{url} (Ctrl-C ends it)"))
    saved = retried = False  # of what a run under way may have read, or have written itself
    try:
        async for edited in edits:
            done = building.done()
            well = building.result() if done and not building.cancelled() else True
            edit = any(done or _is_source(path) for path in edited)
            retry = done and not well and saved and not retried
            saved = not done and (saved or bool(edited))
            if edit or retry:
                await _end(building)
                building = asyncio.create_task(_rebuild(blog, order, builds, warm))
                saved, retried = False, retry and not edit
    finally:
        await _end(building)
        if warm:
            await warm.stop()


def _is_source(path: PurePath) -> bool:
    """Whether only an author writes such a file; others in code/ may come from the run itself."""
    return path.parts[0] != "code" or path.suffix in TEXT_FORMATS


async def _end(building: asyncio.Task[bool]) -> None:
    building.cancel()
    await asyncio.wait({building})


def _warm(order: Order) -> "Warm | None":
    """A place for a kernel to stand ready, where kernels are installed already."""
    if not importlib.util.find_spec("ipykernel"):
        return None
    from press.run.warm import Warm

    return Warm(order.time_limit)


async def _rebuild(blog: Blog, order: Order, builds: Builds, warm: "Warm | None") -> bool:
    """Whether all went well."""
    well = False
    try:
        with locked(blog):
            jekyll = Jekyll(blog, order.baseurl)
            plan = plan_of(blog, order)
            if plan.waiting:
                await follow_waiting(blog, plan, warm)
            finish(blog, plan, jekyll)
        builds.finished()
        well = True
    except (PressError, Problems, OSError) as error:
        say(str(error))
        builds.finished(str(error))
    if warm:
        await _make_ready(blog, warm)
    return well


async def _make_ready(blog: Blog, warm: "Warm") -> None:
    """Have a kernel stand ready for the script that was edited last."""
    from press.flow.running import make_ready

    with suppress(PressError):
        scripts = scripts_of_posts(blog)
        newest = sorted(scripts, key=lambda slug: scripts[slug].stat().st_mtime)[-1:]
        for work in gather(blog, newest).works if newest else ():
            await make_ready(blog, work, warm)


async def _edits(blog: Blog) -> AsyncIterator[list[PurePath]]:
    """The sources that changed, each time some did, and now and then none."""
    from watchfiles import awatch

    def counts(_: "Change", path: str) -> bool:
        parts = Path(path).relative_to(blog.root).parts
        if not parts:  # the blog's own folder
            return False
        made = parts[0] in MADE_HERE or parts[:2] in MADE_DATA
        return not made and "__pycache__" not in parts and parts[-1][0] != "."

    watched = awatch(
        blog.root, watch_filter=counts, yield_on_timeout=True, rust_timeout=200, debounce=400
    )
    async for changes in watched:
        yield [Path(path).relative_to(blog.root) for _, path in changes]
