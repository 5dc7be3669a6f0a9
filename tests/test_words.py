"""What the theme says stands in one file: with another there, its pages speak another language."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser

from press.machine.ruby import ensure_jekyll

from .conftest import ROOT, served
from .test_page import opened

WORDS = yaml.safe_load((ROOT / "_data" / "words.yml").read_text("utf-8"))
TEMPLATES = [
    *sorted((ROOT / "_includes").glob("*.html")),
    *sorted((ROOT / "_layouts").glob("*.html")),
    ROOT / "index.html",
]
NAMES = {"Keras", "TensorFlow", "Python", "press", "SHA", "min", "wide"}
"""What is called so in every language, and a name for the style sheet."""


SAID = """
() => {
  const own = `button, summary, dt, label, caption, thead th, .skip, .downloads a, .downloads span,
    .stamp i, .more, .more-beside, .onward span, .csv a[download$=".csv"], .bar > *, [aria-label]`;
  const others = `.text > p, .text > .scroll:has(> table:not([class])), .digits, .key, .pad thead,
    figure.table thead, .epochs thead, th:has(time)`;
  return [...document.querySelectorAll(own)]
    .filter((one) => !one.closest(others))
    .map((one) => [one.outerHTML.slice(0, 80), one.ariaLabel ?? one.textContent.trim()])
    .filter(([, words]) => /[a-z]{3}/i.test(words) && !words.endsWith(".py"));
}
"""
"""What is said where the theme has the word, and neither posts nor runs."""


def foreign(words: Any) -> Any:
    """The same in a language of brackets, with what is filled in where it was."""
    if isinstance(words, dict):
        return {key: foreign(item) for key, item in words.items()}
    if isinstance(words, list):
        return [foreign(item) for item in words]
    return words if "%" in str(words) else f"⟦{words}⟧"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    text = re.sub(r"\A---.*?^---$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\{%-? comment -?%\}.*?\{%-? endcomment -?%\}", "", text, flags=re.DOTALL)
    text = re.sub(r"<script type=\"application/ld\+json\">.*</script>", "", text, flags=re.DOTALL)
    text = re.sub(r"(?s)@misc\{.*?^\}", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{%-?\s*assign.*?%\}", "", text, flags=re.DOTALL)
    labels = re.findall(r'(?:aria-label|alt|title)="([^"{]+)"', text)
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    bare = re.sub(r"<code>.*?</code>|<[^>]*>|&\w+;", " ", bare, flags=re.DOTALL)
    bare = re.sub(r"\S*[/=#]\S*|\S*\w-\S*", " ", bare)  # addresses and names of things

    found = set(re.findall(r"[A-Za-z]{3,}", " ".join([bare, *labels])))
    assert found - NAMES == set()


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """This blog in another language, so far as the theme speaks it."""
    place = tmp_path_factory.mktemp("abroad") / "blog"
    own = shutil.ignore_patterns(".*", "_site", "src", "tests", "bench", "docs", "Gemfile.lock")
    shutil.copytree(ROOT, place, ignore=own)
    words = json.dumps(foreign(WORDS), ensure_ascii=False)
    (place / "_data" / "words.yml").write_text(words, "utf-8")
    build = [*ensure_jekyll(ROOT), "build", "--quiet", "--disable-disk-cache"]
    subprocess.run(build, cwd=place, check=True, capture_output=True)
    with served(place / "_site") as address:
        yield address


@pytest.mark.parametrize(
    "path", ["/", "/posts/every-element/", "/verdicts/", "/ledger/", "/search/"]
)
def test_all_else_is_said_in_the_language_of_the_file(
    path: str, abroad: str, browser: Browser
) -> None:
    page = opened(browser, 1280)
    page.goto(f"{abroad}{path}")
    for pad in page.locator(".pad").all():
        pad.scroll_into_view_if_needed()
        pad.locator("button").first.wait_for()

    found = page.evaluate(SAID)
    page.context.close()

    assert len(found) >= 5
    assert [one for one in found if "⟦" not in one[1]] == []
