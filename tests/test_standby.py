"""Jekyll is loaded once, and every site is made as if it had been loaded for that one."""

import os
import signal
import threading
from pathlib import Path

import pytest

from press.blog import Blog
from press.site import standby
from press.site.jekyll import Jekyll
from press.voice.errors import Problems
from tests.conftest import empty_blog, waited

PLUGIN = """\
Jekyll::Hooks.register(:site, :pre_render) { |site| site.config["told"] = ENV["TOLD"] }
"""


@pytest.fixture
def two(tmp_path: Path) -> tuple[Blog, Blog]:
    blogs = empty_blog(tmp_path / "one"), empty_blog(tmp_path / "two")
    for blog in blogs:
        (blog.root / "page.html").write_text("---\n---\n{{ site.told }}, {{ site.baseurl }}")
    return blogs


def made(blog: Blog, baseurl: str = "/here") -> str:
    Jekyll(blog, baseurl).build()
    return (blog.root / "_site" / "page.html").read_text()


def loaded(blog: Blog) -> int:
    return standby.standby(blog.root, 0)._process.pid


def test_a_blog_leaves_nothing_to_the_next(
    two: tuple[Blog, Blog], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    (one.root / "_plugins").mkdir()
    (one.root / "_plugins" / "tell.rb").write_text(PLUGIN)
    monkeypatch.setenv("TOLD", "once")
    assert made(one) == "once, /here"
    process = loaded(one)

    assert made(other) == ", /here"
    monkeypatch.setenv("TOLD", "twice")
    assert made(one, "/there") == "twice, /there"
    monkeypatch.delenv("TOLD")
    assert made(one, "/elsewhere") == ", /elsewhere"

    assert loaded(one) == loaded(other) == process


def test_what_fails_is_told_and_the_next_is_made(two: tuple[Blog, Blog]) -> None:
    one, other = two
    (one.root / "page.html").write_text("---\n---\n{% nonsense %}")

    with pytest.raises(Problems, match=r"page\.html:3: Liquid cannot read it"):
        made(one)

    assert made(other) == ", /here"


@pytest.mark.parametrize(
    "line", ['gem "csv" if File.exist?("code")', 'eval_gemfile "more"', "gemspec", 'gem "a#{1}"']
)
def test_a_gemfile_that_looks_about_is_loaded_for_its_own_blog(
    two: tuple[Blog, Blog], line: str
) -> None:
    one, other = two
    assert loaded(one) == loaded(other)
    for blog in two:
        (blog.root / "more").write_text("")
        (blog.root / "its.gemspec").write_text("Gem::Specification.new('its', '1')")
        gemfile = blog.root / "Gemfile"
        gemfile.write_text(f"{gemfile.read_text()}{line}\n")

    keys = {standby._key(blog.root, ["bundle"], build) for blog in two for build in (0, 0, 1)}

    assert len(keys) == 4, "nor for two builds, between which what it names may change"


def test_gems_of_bundlers_own_settings_are_loaded_for_their_own_blog(
    two: tuple[Blog, Blog],
) -> None:
    one, other = two
    process = loaded(one)
    (other.root / ".bundle").mkdir()
    assert loaded(other) != process


def test_one_that_was_killed_is_begun_again(two: tuple[Blog, Blog]) -> None:
    one, _ = two
    process = standby.standby(one.root, 0)._process
    process.kill()
    process.wait()

    assert made(one) == ", /here"
    assert loaded(one) != process.pid


def test_an_answer_nobody_waited_for_is_not_taken_for_the_next(
    two: tuple[Blog, Blog], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    process = standby.standby(one.root, 0)._process
    assert process.stdout

    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(process.stdout, "readline", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made(one)

    assert process.returncode == -signal.SIGKILL
    assert made(other, "/other") == ", /other"


def test_a_fork_of_press_has_one_of_its_own(two: tuple[Blog, Blog]) -> None:
    one, _ = two
    mine = loaded(one)
    child = os.fork()
    if not child:
        try:
            os._exit(0 if loaded(one) != mine and made(one) else 1)
        finally:
            standby.end()
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert loaded(one) == mine


def test_what_is_said_while_loading_is_no_answer(
    two: tuple[Blog, Blog], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, _ = two
    (tmp_path / "talk.rb").write_text("2_000.times { warn 'x' * 100 }\n")
    monkeypatch.setenv("JEKYLL_LOG_LEVEL", "debug")
    monkeypatch.setenv("RUBYOPT", f"-r{tmp_path}/talk")
    assert made(one) == ", /here"


def test_one_that_cannot_load_says_why(
    two: tuple[Blog, Blog], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, _ = two
    monkeypatch.setenv("RUBYOPT", f"-r{tmp_path}/nothing")
    with pytest.raises(Problems, match=f"Jekyll: failed: .*{tmp_path}/nothing"):
        made(one)
    monkeypatch.delenv("RUBYOPT")
    assert made(one) == ", /here"


def test_a_fork_ends_when_nobody_waits_for_its_site(
    two: tuple[Blog, Blog], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, other = two
    (one.root / "_plugins").mkdir()
    begun = tmp_path / "begun"
    (one.root / "_plugins" / "wait.rb").write_text(f"File.write({str(begun)!r}, $$)\nsleep\n")
    running = standby.standby(one.root, 0)

    def kill_once_it_is_at_work() -> None:
        waited(lambda: begun.exists() and begun.read_text())
        running._process.kill()

    killer = threading.Thread(target=kill_once_it_is_at_work)
    killer.start()
    with pytest.raises(Problems, match="Ruby was ended"):
        made(one)
    killer.join()

    assert made(other) == ", /here"
    fork = Path("/proc", begun.read_text(), "stat")
    waited(lambda: not fork.exists() or fork.read_text().split()[2] == "Z")
