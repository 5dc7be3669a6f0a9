"""The theme: one file of colours, and nothing in the templates that is this blog's alone."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser

from press.machine.ruby import ensure_jekyll
from press.run.figure import dark

from .conftest import ROOT, add_post, empty_blog, served, with_theme
from .test_page import opened

SKIN = Path(__file__).parent / "skin.yml"
COLOURS: dict[str, list[str]] = yaml.safe_load((ROOT / "_data" / "colours.yml").read_text("utf-8"))
TEMPLATES = [
    *ROOT.glob("_includes/*"),
    *ROOT.glob("_layouts/*"),
    *ROOT.glob("pages/*.html"),
    *(ROOT / name for name in ("index.html", "404.html", "feed.xml", "search.json")),
]
BODY = "A [link](/about/) and code:\n\n```python\nfor n in (1,):\n    pass\n```\n"


def channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def as_computed(colour: str) -> str:
    return f"rgb({', '.join(map(str, channels(colour)))})"


def test_another_file_of_colours_is_another_skin(browser: Browser, tmp_path: Path) -> None:
    skin = yaml.safe_load(SKIN.read_text("utf-8"))
    assert len(SKIN.read_text("utf-8").splitlines()) <= 20
    assert list(skin) == list(COLOURS)
    blog = with_theme(empty_blog(tmp_path))
    shutil.copy(SKIN, blog.root / "_data" / "colours.yml")
    add_post(blog, "post", None, BODY)
    build = [*ensure_jekyll(ROOT), "build", "--quiet"]
    subprocess.run(build, cwd=blog.root, check=True, capture_output=True)

    with served(blog.root / "_site") as address:
        for side, scheme in enumerate((False, True)):
            page = opened(browser, 1280, dark=scheme)
            page.goto(f"{address}/posts/post/")
            assert seen(page) == {
                "ground": as_computed(skin["paper"][side]),
                "words": as_computed(skin["ink"][side]),
                "small print": as_computed(skin["pale"][side]),
                "underline": as_computed(skin["accent"][side]),
                "code": as_computed(skin["shade"][side]),
                "keyword": as_computed(skin["keyword"][side]),
            }
            page.context.close()
    icon = (blog.root / "_site" / "favicon.svg").read_text("utf-8")
    assert set(re.findall("#[0-9a-f]{6}", icon)) == {*skin["ink"], *skin["accent"]}


def seen(page: Any) -> Any:
    return page.evaluate(
        """() => {
          const style = (place) => getComputedStyle(document.querySelector(place));
          return {
            "ground": style("body").backgroundColor,
            "words": style("body").color,
            "small print": style(".byline").color,
            "underline": style(".text a").textDecorationColor,
            "code": style("pre.highlight").backgroundColor,
            "keyword": style(".highlight .k").color,
          };
        }"""
    )


def test_a_colour_stands_in_one_file_alone() -> None:
    style = (ROOT / "assets" / "css" / "held-out.css").read_text("utf-8")
    elsewhere = [style, *(path.read_text("utf-8") for path in TEMPLATES)]
    elsewhere += [path.read_text("utf-8") for path in (ROOT / "assets" / "js").glob("*.js")]

    found = [found for text in elsewhere for found in re.findall(r"#[0-9a-f]{6}\b", text)]
    assert found == []


def test_figures_are_drawn_in_the_colours_of_the_page() -> None:
    look = (ROOT / "code" / "matplotlibrc").read_text("utf-8")
    settings = dict(re.findall(r"(?m)^([\w.]+): (.+)$", look))
    light = {name: pair[0].lstrip("#") for name, pair in COLOURS.items()}

    assert settings["text.color"] == settings["axes.labelcolor"] == light["ink"]
    assert settings["axes.edgecolor"] == settings["xtick.color"] == light["axis"]
    assert settings["grid.color"] == light["grid"]
    cycle = re.findall("[0-9a-f]{6}", settings["axes.prop_cycle"])
    assert cycle == [light[f"series-{number + 1}"] for number in range(len(cycle))]


@pytest.mark.parametrize("name", ["axis", "grid", *(f"series-{n}" for n in range(1, 7))])
def test_the_dark_side_of_a_figure_is_that_of_the_page(name: str) -> None:
    light, on_page = COLOURS[name]
    pairs = zip(channels(dark(light)), channels(on_page), strict=True)
    assert max(abs(one - other) for one, other in pairs) <= 24


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_is_anybodys_and_can_be_read(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.parent.name in ("_includes", "_layouts"):
        assert [line for line in text.splitlines() if len(line) > 160] == []
    own = r"MNIST|Crimson|creativecommons|opensource\.org|/posts/[a-z]"
    assert re.findall(own, text) == []
