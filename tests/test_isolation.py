"""One post's fault stays its own, whatever goes wrong in press at whatever stage."""

import importlib
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from press.blog import Blog
from press.cli import main

from .conftest import Press, add_post, empty_blog

SCRIPT = """\
# %% line
print({end})

# %% results tags=["values"]
{{"end": {end}}}

# %% checks tags=["claim"]
assert {end} > 0
"""
BODY = "A formula $$x^{end}$$, and {{% include value.html of='end' %}}."
STAGES = [
    "press.flow.posts.read_post",
    "press.flow.posts.read_record",
    "press.flow.posts.unmet",
    "press.flow.decision.judge",
    "press.flow.way.read",
    "press.flow.way.run_script",
    "press.flow.way.gathered",
    "press.flow.way.make",
    "press.flow.way.settled",
    "press.flow.running.kept",
    "press.flow.running.conditions_of",
    "press.flow.gathering.inputs_of",
    "press.flow.gathering.keys_of",
    "press.flow.settling.drift",
    "press.flow.settling.write_record",
    "press.record.make.results_of",
    "press.record.notebook.between",
    "press.record.make.requirements",
    "press.record.results.parse_cell",
    "press.run.loop.outcome_of",
    "press.run.keeping.Keeper._keep",
    "press.run.session.Session.run_cell",
    "press.run.session.environment_of",
    "press.script.programs.knowledge",
    "press.site.post.formulas",
    "press.site.prepared.rendered",
]


OF_SAME_CODE = ("press.flow.settling.drift",)
AFTER_THE_RECORD = (
    "press.flow.posts.unmet",
    "press.site.prepared.rendered",
    "press.record.notebook.between",
)


class Fault(Exception):
    """Nobody has foreseen it."""


def failing(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a stage fail whenever it has to do with the post that is called bad."""
    module, _, name = stage.rpartition(".")
    owner: Any = _resolved(module)
    sound: Callable[..., Any] = getattr(owner, name)

    def fails(*arguments: Any, **named: Any) -> Any:
        if _at_work_on("bad"):
            raise Fault("of the third kind")
        return sound(*arguments, **named)

    monkeypatch.setattr(owner, name, fails)


def _at_work_on(slug: str) -> bool:
    """Whether any function that led here has this post in hand."""
    frame = sys._getframe().f_back
    while frame:
        held = [frame.f_locals.get(name) for name in ("slug", "work", "post", "path")]
        if slug in [item if isinstance(item, str) else getattr(item, "slug", 0) for item in held]:
            return True
        frame = frame.f_back
    return False


def _resolved(path: str) -> Any:
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)


def write_posts(blog: Blog, end: int) -> None:
    (blog.root / "_includes").mkdir(exist_ok=True)
    (blog.root / "_includes" / "value.html").write_text("{{ include.of }}")
    for slug in ("bad", "good"):
        add_post(blog, slug, SCRIPT.format(end=end) + f"# {slug}\n", BODY.format(end=end))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blog with two posts that have run once."""
    blog = empty_blog(tmp_path_factory.mktemp("built"))
    write_posts(blog, 2)
    assert main(["--blog", str(blog.root), "build"]) == 0
    return blog.root


@pytest.mark.parametrize("stage", STAGES)
def test_a_fault_of_press_is_told_of_its_post_and_leaves_the_others(
    built: Path, blog: Blog, press: Press, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    shutil.copytree(built, blog.root, dirs_exist_ok=True)
    before = {slug: blog.record(slug).read_bytes() for slug in ("bad", "good")}
    if stage not in OF_SAME_CODE:
        write_posts(blog, 3)
    failing(stage, monkeypatch)

    told = press("build", *(["--refresh"] if stage in OF_SAME_CODE else []))

    assert told.code == 1
    assert "Traceback" not in told.err
    fault = r"\S+bad\.(md|py):\d+: press itself failed here \(Fault: of the third kind\); report it"
    assert re.search(fault, told.err), told.err
    assert blog.record("good").read_bytes() != before["good"]
    if stage not in AFTER_THE_RECORD:
        assert blog.record("bad").read_bytes() == before["bad"]
    assert not list(blog.local.glob("run-*"))


def test_debug_shows_where_in_press_it_arose(
    blog: Blog, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_posts(blog, 2)
    failing("press.record.make.requirements", monkeypatch)

    told = press("--debug", "build")

    assert "Traceback (most recent call last)" in told.err
    assert "Fault: of the third kind" in told.err
