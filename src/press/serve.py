"""Build the blog, watch it and show it on this machine; open pages follow every build."""

import asyncio
import importlib.util
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from press.blog import Blog, locked
from press.build import Order, finish, plan_of, run_stale
from press.errors import PressError, Problems
from press.say import say
from press.script import TEXT_FORMATS, find_scripts
from press.site import OUTPUT, Jekyll
from press.work import sweep

if TYPE_CHECKING:
    from watchfiles import Change

    from press.spare import Spare

HOST = "127.0.0.1"
MADE_HERE = {
    OUTPUT,
    "Gemfile.lock",
    "img",
    "_data",
    "downloads",
    ".press",
    ".git",
    ".jekyll-cache",
    "__pycache__",
}
SCRIPT_PATH = "/.press/follow.js"
EVENTS_PATH = "/.press/builds"
SCRIPT_TAG = f'<script type="module" src="{SCRIPT_PATH}"></script>'.encode()
SCRIPT = """\
const builds = new EventSource(new URL("builds", import.meta.url));
let shown = null;
builds.onmessage = (message) => {
  const { number, error } = JSON.parse(message.data);
  document.getElementById("press-error")?.remove();
  if (error) {
    const box = document.createElement("pre");
    box.id = "press-error";
    box.setAttribute("role", "alert");
    box.textContent = error;
    Object.assign(box.style, {
      position: "fixed", inset: "auto 0 0 0", margin: 0, padding: "1em", zIndex: 99,
      whiteSpace: "pre-wrap", color: "#fff", background: "#8c1d18",
    });
    document.body.append(box);
  } else if (shown !== null && number !== shown) {
    location.reload();
  }
  shown = number;
};
"""


class Builds:
    """The builds so far: their number, and what was wrong with the last one."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._number = 0
        self._good = 0
        self._error = ""

    def finished(self, error: str = "") -> None:
        with self._news:
            self._number += 1
            self._good += not error
            self._error = error
            self._news.notify_all()

    def follow(self) -> Iterator[str]:
        """The state of the site now, and again whenever it changes; empty to show we are alive."""
        seen = -1
        while True:
            with self._news:
                if self._number == seen:
                    self._news.wait(timeout=15)
                fresh = self._number != seen
                seen = self._number
                news = json.dumps({"number": self._good, "error": self._error})
            yield news if fresh else ""


def serve(blog: Blog, order: Order, port: int) -> None:
    builds = Builds()
    server = _server(blog, order.baseurl or "", port, builds)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://{HOST}:{server.server_port}{order.baseurl or ''}/"
    try:
        asyncio.run(_follow(blog, order, builds, url))
    finally:
        server.shutdown()


async def _follow(blog: Blog, order: Order, builds: Builds, url: str) -> None:
    """Build now and after every edit; an edit during a build begins it anew."""
    edits = _edits(blog)
    await anext(edits)  # from here on no edit is missed, not even one during the first build
    with locked(blog):
        sweep(blog)
    spare = _spare(order)
    building = asyncio.create_task(_rebuild(blog, order, builds, spare))
    building.add_done_callback(lambda _: say(f"{url} (Ctrl-C ends it)"))
    try:
        async for edited in edits:
            if building.done() and not building.cancelled():
                building.result()
            if any(building.done() or _is_source(path) for path in edited):
                await _end(building)
                building = asyncio.create_task(_rebuild(blog, order, builds, spare))
    finally:
        await _end(building)
        if spare:
            await spare.stop()


def _is_source(path: PurePath) -> bool:
    """Whether only an author writes such a file; others in code/ may come from the run itself."""
    return path.parts[0] != "code" or path.suffix in TEXT_FORMATS


async def _end(building: asyncio.Task[None]) -> None:
    building.cancel()
    await asyncio.wait({building})


def _spare(order: Order) -> "Spare | None":
    """A place for a kernel to stand ready, where kernels are installed already."""
    if not importlib.util.find_spec("ipykernel"):
        return None
    from press.spare import Spare

    return Spare(order.time_limit)


async def _rebuild(blog: Blog, order: Order, builds: Builds, spare: "Spare | None") -> None:
    try:
        with locked(blog), Jekyll(blog, order.baseurl) as jekyll:
            plan = plan_of(blog, order)
            if plan.stale:
                await run_stale(blog, plan, order, spare)
            finish(blog, plan, order, jekyll)
        builds.finished()
    except (PressError, Problems, OSError) as error:
        say(str(error))
        builds.finished(str(error))
    if spare:
        await _make_ready(blog, spare)


async def _make_ready(blog: Blog, spare: "Spare") -> None:
    """Have a kernel stand ready for the script that was edited last."""
    from press.rerun import make_ready

    with suppress(PressError):
        scripts = sorted(find_scripts(blog).values(), key=lambda path: path.stat().st_mtime)
        if scripts:
            await make_ready(blog, scripts[-1], spare)


async def _edits(blog: Blog) -> AsyncIterator[list[PurePath]]:
    """The sources that changed, each time some did, and now and then none."""
    from watchfiles import awatch

    def counts(_: "Change", path: str) -> bool:
        parts = Path(path).relative_to(blog.root).parts
        return parts[0] not in MADE_HERE and "__pycache__" not in parts and parts[-1][0] != "."

    watched = awatch(
        blog.root, watch_filter=counts, yield_on_timeout=True, rust_timeout=200, debounce=400
    )
    async for changes in watched:
        yield [Path(path).relative_to(blog.root) for _, path in changes]


def _server(blog: Blog, baseurl: str, port: int, builds: Builds) -> ThreadingHTTPServer:
    handler = partial(
        _Handler, directory=str(blog.root / OUTPUT), baseurl=baseurl.rstrip("/"), builds=builds
    )
    try:
        server = ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise PressError(
            f"{HOST}:{port}", "the port is taken", "choose another with --port"
        ) from error
    server.daemon_threads = True
    return server


class _Handler(SimpleHTTPRequestHandler):
    def __init__(
        self, *args: object, directory: str, baseurl: str, builds: Builds, **kwargs: object
    ) -> None:
        self._baseurl = baseurl
        self._builds = builds
        super().__init__(*args, directory=directory, **kwargs)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path == EVENTS_PATH:
            self._follow_builds()
        elif self.path == SCRIPT_PATH:
            self._answer(SCRIPT.encode(), "text/javascript")
        elif not self.path.startswith(f"{self._baseurl}/"):
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self.path = self.path[len(self._baseurl) :]
            self._file()

    def _file(self) -> None:
        path = Path(self.translate_path(self.path))
        page = path / "index.html" if self.path.partition("?")[0].endswith("/") else path
        if page.suffix == ".html" and page.is_file():
            html = page.read_bytes().replace(b"</body>", SCRIPT_TAG + b"</body>")
            self._answer(html, "text/html")
        else:
            super().do_GET()

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _follow_builds(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for news in self._builds.follow():
                self.wfile.write(f"data: {news}\n\n".encode() if news else b": waiting\n\n")
                self.wfile.flush()
        except OSError:
            return  # the reader has left

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are no news."""
