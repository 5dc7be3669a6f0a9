"""Build the blog, watch it and show it on this machine; open pages follow every build."""

import argparse
import asyncio
import importlib.util
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from press.blog import AtWork, Blog, locked
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
AUTHORED = {"_posts", "_includes", "_layouts", "_config.yml"}
"""Where nothing is written but by authors."""
PAUSE = 0.5
"""Seconds between two looks at whether another press is at work."""
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
    building: asyncio.Task[None] = asyncio.create_task(_rebuild(blog, order, builds, warm))
    building.add_done_callback(lambda _: say(f"{url} (Ctrl-C ends it)"))
    saved = Saved(blog)
    try:
        async for edited in edits:
            if saved.asks_for_a_build(edited, not building.done()):
                await _end(building)
                building = asyncio.create_task(_rebuild(blog, order, builds, warm))
    finally:
        await _end(building)
        if warm:
            await warm.stop()


@dataclass
class Saved:
    """Files that were saved during a build: it may have read them before, or may have made them."""

    blog: Blog
    meanwhile: bool = False
    looked_again: bool = False
    was_under_way: bool = True
    """When it was asked before: of what was saved since, it is told now."""
    doubted: set[PurePath] = field(default_factory=set)
    """Those that may be written by every run, so that they end none any more."""

    def asks_for_a_build(self, edited: Sequence[PurePath], is_under_way: bool) -> bool:
        during, self.was_under_way = is_under_way or self.was_under_way, is_under_way
        edit = any(not during or self._is_source(path) for path in edited)
        look_again = self.meanwhile and not during and not self.looked_again
        self.meanwhile = during and (self.meanwhile or bool(edited))
        for path in edited:
            if during and not self._is_certain(path):
                self.doubted.add(path)
            else:
                self.doubted.discard(path)
        if edit or look_again:
            self.meanwhile, self.looked_again, self.was_under_way = False, not edit, True
        return edit or look_again

    def _is_source(self, path: PurePath) -> bool:
        """Whether an author wrote it; what a run writes would begin it again without an end."""
        is_source = path.parts[0] != "code" or path.suffix in TEXT_FORMATS
        return is_source and path not in self.doubted

    def _is_certain(self, path: PurePath) -> bool:
        """Whether only an author writes such a file."""
        scripts = scripts_of_posts(self.blog).values()
        return path.parts[0] in AUTHORED or self.blog.root / path in scripts


async def _end(building: asyncio.Task[None]) -> None:
    building.cancel()
    await asyncio.wait({building})


def _warm(order: Order) -> "Warm | None":
    """A place for a kernel to stand ready, where kernels are installed already."""
    if not importlib.util.find_spec("ipykernel"):
        return None
    from press.run.warm import Warm

    return Warm(order.time_limit)


async def _rebuild(blog: Blog, order: Order, builds: Builds, warm: "Warm | None") -> None:
    try:
        async with _alone(blog):
            jekyll = Jekyll(blog, order.baseurl)
            plan = plan_of(blog, order)
            if plan.waiting:
                await follow_waiting(blog, plan, warm)
            finish(blog, plan, jekyll)
        builds.finished()
    except (PressError, Problems, OSError) as error:
        say(str(error))
        builds.finished(str(error))
    if warm:
        await _make_ready(blog, warm)


@asynccontextmanager
async def _alone(blog: Blog) -> AsyncIterator[None]:
    """As soon as no other press is at work in the blog."""
    told = ""
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(locked(blog))
                break
            except AtWork as error:
                if str(error) != told:
                    told = str(error)
                    say(told)
                await asyncio.sleep(PAUSE)
        yield


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
