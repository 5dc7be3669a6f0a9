"""`press serve`: the site on this machine, following the author's edits."""

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from press.blog import Blog

from .conftest import ROOT, add_post, with_theme


class Served:
    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self._builds = self._connect("/.press/builds")

    def _connect(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        return connection.getresponse()

    def page(self, path: str) -> tuple[int, str]:
        response = self._connect(path)
        return response.status, response.read().decode()

    def next_build(self) -> dict[str, object]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            line = self._builds.readline().decode()
            if line.startswith("data: "):
                news: dict[str, object] = json.loads(line[6:])
                return news
        pytest.fail("no build for a minute")


@pytest.fixture
def served(blog: Blog) -> Iterator[Served]:
    with_theme(blog)
    add_post(blog, "post", "# %% a\nprint(1)\n", 'Words. {% include cell.html name="a" %}')
    command = [sys.executable, "-P", "-m", "press", "--blog", str(blog.root)]
    command += ["serve", "--port", "0", "--baseurl", "/base"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stderr
    for line in process.stderr:
        if address := re.match(r"http://127\.0\.0\.1:(\d+)/base/", line):
            break
    else:
        pytest.fail("it does not serve")
    yield Served(process, int(address[1]))
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 1
    process.stderr.close()


def test_an_edit_reaches_the_page_and_an_error_comes_and_goes(served: Served, blog: Blog) -> None:
    first = served.next_build()
    assert first["error"] == ""
    status, page = served.page("/base/posts/post/")
    assert status == 200
    assert '<script type="module" src="/.press/follow.js"></script></body>' in page
    assert served.page("/posts/post/")[0] == 404
    assert "EventSource" in served.page("/.press/follow.js")[1]

    add_post(blog, "post", "# %% a\nprint(1)\n", 'Others. {% include cell.html name="b" %}')
    news = served.next_build()
    assert "the run gives no cell 'b'; there are: a" in str(news["error"])
    assert news["number"] == first["number"]

    add_post(blog, "post", "# %% a\nprint(22 + 1)\n", 'Others. {% include cell.html name="a" %}')
    while news["error"]:
        news = served.next_build()
    assert news["number"] != first["number"]
    assert "<samp>23</samp>" in served.page("/base/posts/post/")[1]
