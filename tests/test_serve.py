"""`press serve`: the site on this machine, following the author's edits."""

import asyncio
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from press.blog import Blog, locked
from press.run.loop import Conditions, new_session
from press.run.place import Place
from press.run.session import NotStarted, started
from press.run.warm import Warm

from .conftest import PATIENCE, ROOT, add_post, waited, with_theme


class Served:
    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self._builds = self._connect("/.press/builds")

    def _connect(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path)
        return connection.getresponse()

    def page(self, path: str) -> tuple[int, str]:
        response = self._connect(path)
        return response.status, response.read().decode()

    def next_build(self) -> dict[str, object]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            line = self._builds.readline().decode()
            if line.startswith("data: "):
                news: dict[str, object] = json.loads(line[6:])
                return news
        pytest.fail("no build came")


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
    # What it says from here on must be read, or it would wait for a reader some day.
    threading.Thread(target=process.stderr.read, daemon=True).start()
    yield Served(process, int(address[1]))
    children = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 1
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for path in children for child in path.read_text().split()]
    return [*found, *(below for child in found for below in descendants(child))]


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

    words = blog.root / "_data" / "words.yml"
    words.write_text(words.read_text() + "\nmore: words\n")
    assert served.next_build()["number"] != news["number"]


def test_the_page_keeps_its_place(served: Served, blog: Blog, browser: Browser) -> None:
    tall = "\n\n".join(f"Paragraph {n}." for n in range(200))
    add_post(blog, "post", "# %% a\nprint(1)\n", tall)
    page = browser.new_page(viewport={"width": 800, "height": 600}, bypass_csp=True)
    page.goto(f"http://127.0.0.1:{served.port}/base/posts/post/")
    page.wait_for_selector("text=Paragraph 199.")
    page.evaluate("scrollTo(0, 1500)")

    add_post(blog, "post", "# %% a\nprint(1)\n", f"{tall}\n\nThe end.")
    page.wait_for_selector("text=The end.", timeout=PATIENCE * 1000)

    page.wait_for_function("Math.abs(scrollY - 1500) < 5")
    page.close()


def test_a_save_during_a_run_ends_it(served: Served, blog: Blog) -> None:
    begun = blog.local / "begun"
    wait = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(600)\n"
    add_post(blog, "post", f"# %% a\n{wait}")
    waited(begun.exists)

    add_post(blog, "post", "# %% a\nprint(77)\n", 'Words. {% include cell.html name="a" %}')

    wait_for(served, "<samp>77</samp>")


def test_a_data_file_saved_during_a_run_is_read_anew(served: Served, blog: Blog) -> None:
    """By hand or by the run itself, nobody knows: it begins once more, and not again and again."""
    data, runs = blog.code / "data.csv", blog.local / "runs"
    data.write_text("old")
    script = (
        "# %% a\nimport pathlib, time\nx = open('data.csv').read()\n"
        f"pathlib.Path({str(runs)!r}).open('a').write('run')\ntime.sleep(2)\nprint(x)\n"
    )
    add_post(blog, "post", script, 'Words. {% include cell.html name="a" %}')
    waited(runs.exists)

    data.write_text("new")

    wait_for(served, "<samp>new</samp>")
    assert runs.read_text().count("run") == 2


@pytest.mark.parametrize(
    ("name", "end"),
    [("made.py", "time.sleep(1.5)"), ("../out.csv", "1 / 0"), ("made.txt", "1 / 0")],
)
def test_what_a_run_writes_begins_it_at_most_twice_more(
    served: Served, blog: Blog, name: str, end: str
) -> None:
    runs = blog.local / "runs"
    add_post(
        blog,
        "post",
        "# %% a\nimport pathlib, time\n"
        f"pathlib.Path({str(runs)!r}).open('a').write('run')\n"
        f"pathlib.Path({name!r}).write_text(f'made = {{time.time()}}')\n{end}\n",
        "Words.",
    )
    waited(runs.exists)

    before, count = 0, 1
    while before < count <= 3:  # until it is calm
        time.sleep(2)
        before, count = count, runs.read_text().count("run")

    assert count <= 3


def test_it_waits_for_another_press(served: Served, blog: Blog) -> None:
    served.next_build()
    with locked(blog):
        add_post(blog, "post", "# %% a\nprint(78)\n", 'Words. {% include cell.html name="a" %}')
        time.sleep(1.5)
        assert "<samp>78</samp>" not in served.page("/base/posts/post/")[1]

    wait_for(served, "<samp>78</samp>")


def wait_for(served: Served, text: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while text not in served.page("/base/posts/post/")[1]:
        assert time.monotonic() < deadline, f"{text} never came"
        time.sleep(0.2)


def test_it_survives_edits_errors_and_kills(served: Served, blog: Blog, thorough: bool) -> None:
    draw = random.Random(1)
    quote = 'Words. {% include cell.html name="a" %}'
    for number in range(100 if thorough else 6):
        os.utime(blog.root)  # the folder itself is no source
        match draw.choice(["good", "good", "slow", "syntax", "raises", "quote", "kill"]):
            case "good":
                add_post(blog, "post", f"# %% a\nprint({number})\n", quote)
            case "slow":
                add_post(blog, "post", f"# %% a\nimport time\ntime.sleep({number})\n", quote)
            case "syntax":
                add_post(blog, "post", "# %% a\nprint(\n", quote)
            case "raises":
                add_post(blog, "post", f"# %% a\n{number} / 0\n", quote)
            case "quote":
                add_post(blog, "post", None, 'Words. {% include cell.html name="b" %}')
            case "kill":
                kill_a_kernel(served.process.pid, draw)
        time.sleep(draw.choice([0, 0.05, 0.3, 1, 2]))

    add_post(blog, "post", "# %% a\nprint('the last')\n", quote)

    wait_for(served, "<samp>the last</samp>")


def kill_a_kernel(pid: int, draw: random.Random) -> None:
    kernels = [
        child
        for child in descendants(pid)
        if b"ipykernel" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    if kernels:
        os.kill(draw.choice(kernels), signal.SIGKILL)


def test_a_kernel_on_its_way_outlives_a_build_that_is_called_off(blog: Blog) -> None:
    async def called_off_and_again() -> bool:
        place, warm = Place(blog.code, blog.local, {}), Warm(60)
        await warm.prepare(place, ["json"])
        first = asyncio.create_task(warm.take(place))
        await asyncio.sleep(0.1)
        first.cancel()
        await asyncio.wait({first})
        kernel = await warm.take(place)
        alive = kernel is not None and await kernel.lives()
        if kernel:
            await kernel.stop()
        return alive

    # In a thread of its own: the browser's tests keep an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, called_off_and_again()).result()


def test_a_kernel_that_stands_ready_ends_where_the_data_fail(blog: Blog) -> None:
    def missing() -> None:
        raise OSError("no such data")

    async def taken() -> bool:
        place, warm = Place(blog.code, blog.local, {}), Warm(60)
        await warm.prepare(place, ["json"])
        kernel = await warm._coming if warm._coming else None
        assert kernel
        with pytest.raises(OSError, match="no such data"):
            await new_session(Conditions(place, 60, missing, warm=warm))
        return await kernel.lives()

    with ThreadPoolExecutor(1) as thread:
        assert not thread.submit(asyncio.run, taken()).result()


def test_a_kernel_that_stands_ready_is_given_to_one_post_alone(blog: Blog) -> None:
    async def asked_for_twice() -> int:
        place, warm = Place(blog.code, blog.local, {}), Warm(60)
        await warm.prepare(place, ["json"])
        given = await asyncio.gather(warm.take(place), warm.take(place))
        kernels = [kernel for kernel in given if kernel]
        for kernel in kernels:
            await kernel.stop()
        return len(kernels)

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, asked_for_twice()).result() == 1


def test_a_kernel_is_met_at_no_port_and_leaves_no_name(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of a port found free, another process may be first."""
    names = tmp_path / "names"
    names.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(names))

    async def transport_and_names() -> tuple[str, list[Path]]:
        kernel = await started(Place(blog.root, blog.local, {}), 60)
        connection = json.loads((kernel.scratch / "kernel.json").read_text())
        left = list(names.iterdir())
        await kernel.stop()
        return connection["transport"], left

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, transport_and_names()).result() == ("ipc", [])


def test_a_kernel_that_cannot_start_says_why(blog: Blog, tmp_path: Path) -> None:
    (tmp_path / "ipykernel").mkdir()
    (tmp_path / "ipykernel" / "__init__.py").write_text("raise OSError('no more')")
    place = Place(blog.root, blog.local, {"PYTHONPATH": str(tmp_path)})
    with (
        pytest.raises(NotStarted, match=r"did not start \(OSError: no more\)"),
        ThreadPoolExecutor(1) as thread,
    ):
        thread.submit(asyncio.run, started(place, 60)).result()
