"""What the tests share: small blogs to work on, and press as a function."""

import fcntl
import functools
import http.server
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

from press.blog import Blog
from press.cli import main
from press.machine.browser import ensure_chromium
from press.machine.ruby import ensure_jekyll
from press.run import replay, snapshots

ROOT = Path(__file__).parents[1]
PATIENCE = 180
"""Seconds after which a test gives up, on the slowest and busiest machine."""
THEME = (
    "_includes",
    "_layouts",
    "_data/colours.yml",
    "_data/words.yml",
    "assets",
    "pages",
    "_config.yml",
    "404.html",
    "favicon.svg",
    "feed.xml",
    "index.html",
    "ledger.json",
    "robots.txt",
    "search.json",
    "sitemap.xml",
    "verdicts.csv",
    "verdicts.json",
)

POST = """\
---
layout: post
title: A post
---
{body}
"""


settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    about = (
        "as often and in as many ways as can be: fifty kills, each fault twenty times, all looks"
    )
    parser.addoption("--thorough", action="store_true", help=about)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is marked `often(N)` is tried N times if it is to be thorough."""
    often = metafunc.definition.get_closest_marker("often")
    if often and metafunc.config.getoption("--thorough"):
        metafunc.fixturenames.append("once_more")
        metafunc.parametrize("once_more", range(*often.args))


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether to try more than every day's run has time for."""
    return bool(request.config.getoption("--thorough"))


@dataclass(frozen=True)
class Told:
    """How press ended and what it said."""

    code: int
    out: str
    err: str


Press = Callable[..., Told]


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    """A blog that has nothing yet but what Jekyll needs."""
    return empty_blog(tmp_path)


def empty_blog(folder: Path) -> Blog:
    root = folder / "a blog"
    for name in ("_posts", "code", "_data"):
        (root / name).mkdir(parents=True)
    shutil.copy(ROOT / "_data" / "quotes.yml", root / "_data")
    shutil.copy(ROOT / "Gemfile", root)
    shutil.copy(ROOT / "code" / "matplotlibrc", root / "code")
    (root / "_config.yml").write_text("exclude: [code, Gemfile, Gemfile.lock]\n")
    for name in what_is_known_of_jekyll():
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    return Blog(root)


@functools.cache
def what_is_known_of_jekyll() -> list[str]:
    """Where its gems are, which else each blog would have to find out."""
    ensure_jekyll(ROOT)
    return [name for name in (".press/jekyll.json", "Gemfile.lock") if (ROOT / name).exists()]


@pytest.fixture
def themed(blog: Blog) -> Blog:
    """A blog with the real theme."""
    return with_theme(blog)


def with_theme(blog: Blog) -> Blog:
    for name in THEME:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, blog.root / name, dirs_exist_ok=True)
        elif source.exists():
            (blog.root / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, blog.root / name)
    return blog


def committed(folder: Path) -> Blog:
    """A copy of this very blog, with its posts and their committed results."""
    blog = with_theme(empty_blog(folder))
    for name in ("_posts", "code", "img", "_data", "downloads"):
        shutil.copytree(ROOT / name, blog.root / name, dirs_exist_ok=True)
    return blog


@pytest.fixture(scope="session")
def this_blog(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Blog:
    """A copy of this very blog with its site, for tests that only read it: one for all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = (own if worker_id == "master" else own.parent) / "this"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = shared / "made"
        if not made.exists():
            blog = committed(Path(tempfile.mkdtemp(dir=shared)))
            assert main(["--blog", str(blog.root), "build", "--check"]) == 0
            made.write_text(str(blog.root))
    return Blog(Path(made.read_text()))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder's files on this machine."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are no news."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=ensure_chromium(), args=options)
        yield browser
        browser.close()


def waited(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def wait_for_frames(page: Page) -> None:
    """Until whatever waits for the next frames has been drawn, however long one takes here."""
    page.evaluate(
        """async () => {
          for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
        }"""
    )


@pytest.fixture
def press(blog: Blog, capfd: pytest.CaptureFixture[str]) -> Press:
    """The command, at work on `blog`."""

    def call(*words: str) -> Told:
        capfd.readouterr()
        code = main(["--blog", str(blog.root), *words])
        said = capfd.readouterr()
        return Told(code, said.out, _steady(said.err))

    return call


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a snapshot after every cell, and run none but the imports again."""
    monkeypatch.setattr(snapshots, "AT_FIRST", snapshots.Thrift(0.0, 1e-9, 1e9))
    monkeypatch.setattr(snapshots, "BEHIND", snapshots.Thrift(0.0, 1e-9, 1e9))
    monkeypatch.setattr(replay, "QUICK", 0.0)
    monkeypatch.setattr(replay, "QUICK_WITH_IMPORTS", 1e9)


def _steady(text: str) -> str:
    """What is said, without the seconds that it took and the cells that were slow."""
    text = re.sub(r"(?m)^  \S+ \[\d+/\d+\] .*\n", "", text)
    return re.sub(r"\d+(\.\d+)? s\b", "… s", text)


def add_post(blog: Blog, slug: str, script: str | None, body: str = "Words.") -> None:
    """A post, and its script if it has one."""
    (blog.posts / f"2026-11-20-{slug}.md").write_text(POST.format(body=body))
    if script is not None:
        (blog.code / f"{slug}.py").write_text(script)
