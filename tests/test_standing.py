"""A site that stands asks no Jekyll; whatever may have changed it does."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from press.blog import Blog
from press.site import jekyll, standby, standing

from .conftest import Press, add_post

POST = "_posts/2026-11-20-post.md"


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The builds for which Jekyll is loaded, or stands by already."""
    seen: list[int] = []
    ask = standby.standby

    def noted(root: Path, build: int) -> standby.Standby:
        if build not in seen:
            seen.append(build)
        return ask(root, build)

    monkeypatch.setattr(jekyll, "standby", noted)
    return seen


@pytest.fixture
def built(blog: Blog, press: Press, loads: list[int]) -> Blog:
    add_post(blog, "post", "# %% a\nprint(1)\n")
    (blog.root / "about.html").write_text(
        "---\n---\nAt {{ site.baseurl }} in {{ jekyll.environment }}\n"
    )
    assert press("build").code == 0
    assert press("build").code == 0, "what the first build wrote is known to the second"
    loads.clear()
    assert press("build").code == 0
    assert loads == [], "nothing changed, and Jekyll was asked"
    return blog


def edit_in_place(root: Path) -> None:
    """As long as before, and as old."""
    path = root / POST
    known = path.stat()
    path.write_text(path.read_text().replace("Post", "Past").replace("post", "past", 1))
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a text": lambda root: (root / POST).write_text((root / POST).read_text() + "\nMore.\n"),
    "a text, with the size and time it had": edit_in_place,
    "a file more": lambda root: (root / "new.html").write_text("---\n---\n"),
    "a file more, deep down": lambda root: (root / "_data" / "more.yml").write_text("a: 1\n"),
    "a file less": lambda root: (root / "about.html").unlink(),
    "a file under another name": lambda root: (root / POST).rename(root / POST.replace("20", "21")),
    "the configuration": lambda root: (root / "_config.yml").open("a").write("title: Other\n"),
    "a file of the site": lambda root: (root / "_site" / "about.html").write_text("spoiled"),
    "a file of the site less": lambda root: (root / "_site" / "about.html").unlink(),
    "a file of the site more": lambda root: (root / "_site" / "x").write_text(""),
    "a folder by a link": lambda root: (root / "linked").symlink_to(root / "code"),
    "a damaged memory": lambda root: (root / ".press" / "site.json").write_text("{"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_seen(
    built: Blog, press: Press, loads: list[int], change: Callable[[Path], object]
) -> None:
    change(built.root)

    press("build")

    assert len(loads) == 1


def test_another_address_or_setting_is_seen(
    built: Blog, press: Press, loads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert press("build", "--baseurl", "/elsewhere").code == 0
    assert len(loads) == 1
    assert "At /elsewhere" in (built.root / "_site" / "about.html").read_text()
    monkeypatch.setenv("JEKYLL_ENV", "production")
    assert press("build", "--baseurl", "/elsewhere").code == 0
    assert len(loads) == 2
    assert "in production" in (built.root / "_site" / "about.html").read_text()


def test_a_link_within_the_site_keeps_jekyll_at_work(
    built: Blog, press: Press, loads: list[int]
) -> None:
    (built.root / "_config.yml").open("a").write("keep_files: [linked]\n")
    (built.root / "_site" / "linked").symlink_to(built.code)

    for _ in range(2):
        assert press("build").code == 0

    assert len(loads) == 2


def test_a_post_that_waits_for_its_day_keeps_jekyll_at_work(
    built: Blog, press: Press, loads: list[int]
) -> None:
    config = built.root / "_config.yml"
    config.write_text(f"{config.read_text()}future: false\n")
    assert press("build").code == 0
    loads.clear()
    assert press("build").code == 0
    assert loads == [], "every day has come"

    text = (built.root / POST).read_text()
    (built.root / POST).write_text(text.replace("---\n", "---\ndate: 2126-11-20\n", 1))
    for _ in range(2):
        assert press("build").code == 0

    assert len(loads) == 2


@pytest.mark.parametrize(
    ("settings", "known"),
    [
        ("layouts_dir: parts\nsass: {load_paths: [a, b/c]}\ninclude: [.well-known]\n", True),
        ("includes_dir: ../parts\n", False),
        ("data_dir: /srv/data\n", False),
        ("sass:\n  load_paths:\n    - ok\n    - ../theme\n", False),
        ("sass:\n  load_paths:\n    - node_modules/theme\n", False),
        ("include:\n  - node_modules\n", False),
        ("defaults:\n  - values: {sass_dir: [/srv]}\n", False),
    ],
)
def test_settings_that_lead_out_of_the_blog_are_seen(
    blog: Blog, settings: str, *, known: bool
) -> None:
    (blog.root / "_config.yml").write_text(f"future: true\n{settings}")

    assert (standing.sources(blog, [], []) is not None) == known


def test_what_changes_while_jekyll_reads_is_not_taken_for_seen(
    built: Blog, press: Press, loads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (built.root / POST).write_text((built.root / POST).read_text() + "\nMore.\n")
    sources = standing.sources
    asked: list[str] = []

    def edited_after(*given: object) -> standing.Sources | None:
        asked.append("once more")
        if len(asked) == 3:  # when Jekyll has read
            (built.root / POST).write_text((built.root / POST).read_text() + "\nAnd more.\n")
        return sources(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(jekyll, "sources", edited_after)
    assert press("build").code == 0
    loads.clear()

    assert press("build").code == 0

    assert len(loads) == 1
    (page,) = (built.root / "_site").rglob("post.html")
    assert "And more." in page.read_text()
