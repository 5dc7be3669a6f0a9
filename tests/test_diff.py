"""What moved between two commits' records."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from press.blog import Blog
from press.cli import main

from .conftest import Press, add_post, empty_blog

SCRIPT = """\
# %% setup
import matplotlib.pyplot as plt

# %% curve
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([1, {n}])

# %% results tags=["values"]
{{"share": "{n}%", "steady": 5}}
"""


def git(blog: Blog, *words: str) -> None:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    subprocess.run(["git", "-C", str(blog.root), *who, *words], check=True, capture_output=True)


def commit(blog: Blog) -> None:
    git(blog, "add", "-A")
    git(blog, "commit", "-qm", "A state")


@pytest.fixture(scope="module", autouse=True)  # before a browser is there
def history_once(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """One post in two states, and a second one that came later; the last state is not committed."""
    blog = empty_blog(tmp_path_factory.mktemp("history"))
    git(blog, "init", "-q")
    (blog.root / ".gitignore").write_text(".press\n_site\n")
    add_post(blog, "post", SCRIPT.format(n=90))
    assert main(["--blog", str(blog.root), "build"]) == 0
    commit(blog)
    add_post(blog, "post", SCRIPT.format(n=91))
    add_post(blog, "later", SCRIPT.format(n=3))
    assert main(["--blog", str(blog.root), "build"]) == 0
    return blog


@pytest.fixture
def history(blog: Blog, history_once: Blog) -> Blog:
    shutil.copytree(history_once.root, blog.root, dirs_exist_ok=True)
    return blog


def test_what_moved_since_the_last_commit(history: Blog, press: Press) -> None:
    told = press("diff")

    assert told.code == 0
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert lines[:3] == [
        "later: is new",
        "post: other code run again",
        "value 'share' 90% → 91% +1 of ±0.3 moved",
    ]
    assert "drawn anew" in lines[3]
    assert len(lines) == 4


def test_between_commits_the_other_way_as_well(history: Blog, press: Press) -> None:
    commit(history)

    assert press("diff").out == "no record changed\n"
    assert press("diff", "HEAD~1..HEAD").out == press("diff", "HEAD~1").out
    back = press("diff", "HEAD..HEAD~1").out
    assert "later: is gone" in back
    assert "91% → 90%" in back


def test_markdown_is_a_table(history: Blog, press: Press) -> None:
    out = press("diff", "--markdown").out

    assert "### post\n\nOther code run again.\n" in out
    assert "| value 'share' | 90% | 91% | +1 of ±0.3 | moved |" in out


def test_the_page_shows_figures_side_by_side_and_asks_for_nothing(
    history: Blog, press: Press, browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "moved.html"
    assert press("diff", "--page", str(file)).code == 0
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(file.as_uri())

    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert page.locator("h2").all_inner_texts() == ["later", "post"]
    pair = page.locator("h2:text('post') ~ section img")
    shown = pair.evaluate_all("images => images.map(image => [image.src, image.naturalWidth])")
    assert len(shown) == 2
    assert shown[0][0] != shown[1][0]
    assert all(width > 0 for _, width in shown)
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("revision", ["nowhere", "HEAD..nowhere", "HEAD..--output=x"])
def test_a_commit_that_is_none_is_told(revision: str, history: Blog, press: Press) -> None:
    told = press("diff", revision)

    assert told.code == 1
    assert told.err.endswith("; name a commit of this blog, such as HEAD~1\n")


def test_a_record_that_is_damaged_hides_no_other(history: Blog, press: Press) -> None:
    history.record("later").write_text("{")

    told = press("diff")

    assert told.code == 1
    assert "post: other code run again" in told.out
    assert "later.json:1: is damaged" in told.err
