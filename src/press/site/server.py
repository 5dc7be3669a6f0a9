"""Shows the site on this machine; open pages follow every build."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from press.voice.errors import PressError

HOST = "127.0.0.1"
SCRIPT_PATH = "/.press/follow.js"
EVENTS_PATH = "/.press/builds"
SCRIPT_TAG = f'<script type="module" src="{SCRIPT_PATH}"></script>'.encode()


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


def server(site: Path, baseurl: str, port: int, builds: Builds) -> ThreadingHTTPServer:
    handler = partial(_Handler, directory=str(site), baseurl=baseurl.rstrip("/"), builds=builds)
    try:
        shown = ThreadingHTTPServer((HOST, port), handler)
    except (OSError, OverflowError) as error:
        problem = "the port is taken" if isinstance(error, OSError) else "there is no such port"
        raise PressError(f"{HOST}:{port}", problem, "choose another with --port") from error
    shown.daemon_threads = True
    return shown


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
            self._answer(Path(__file__).with_name("follow.js").read_bytes(), "text/javascript")
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
