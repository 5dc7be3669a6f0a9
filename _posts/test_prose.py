"""The posts' prose: no number that a run could give is typed, and links lead where the facts do."""

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from press.site.post import FRONT_MATTER
from press.site.quotes import FORMULA, INCLUDE, UNRENDERED

ROOT = Path(__file__).parents[1]
POSTS = sorted(path for path in (ROOT / "_posts").glob("*.md") if "every-element" not in path.name)
UNITS = r"%|per ?cent|points?|pixels?|seconds?|minutes?|images?|digits?|epochs?|parameters?"
MEASURED = re.compile(rf"\d[\d,.]*(?:\s|-)?(?:{UNITS})\b|\d[\d,.]*\s?%")
CODE = re.compile(r"^(```|~~~).*?^\1$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?=[A-Z*\[])|\n\s*\n|\n(?=[-*#|] )")
SOURCE = re.compile(r"\]\(https://|\]\[")
TEXTS = [
    *sorted((ROOT / "_posts").glob("*.md")),
    *sorted((ROOT / "pages").glob("*")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "index.html")),
]
NAMES = "sme,rouge"
"""Of what processors can do, and of a highlighter."""
ALSO_BRITISH = {"program", "programs", "check", "checks", "checked", "checking", "practice"}
THEIRS = re.compile(
    r'"[^"]*"\]\(|\[\*[^*]*\*\]\(|https?://\S+|Open Font License|LICENSE|\{:[^}]*\}'
    r"|GUST Font License|math-core|Termes Math"
)
FIRST_PERSON_SINGULAR = re.compile(r"\b(I|I'm|I've|my|me)\b")


def prose(path: Path) -> str:
    """What a post says in its own words: no front matter, code, formula or quotation of a run."""
    text = FRONT_MATTER.sub("", path.read_text("utf-8"), count=1)
    for left_out in (UNRENDERED, CODE, FORMULA):
        text = left_out.sub(" ", text)
    return text


def sentences(path: Path) -> list[str]:
    text = INCLUDE.sub(lambda include: f" {captions(include['words'])} ", prose(path))
    return [" ".join(sentence.split()) for sentence in SENTENCE_END.split(text)]


def captions(words: str) -> str:
    """The words that an include's caption and alt text add to the page."""
    return " ".join(re.findall(r'\b(?:caption|alt)="([^"]*)"', words))


@pytest.mark.parametrize("path", POSTS, ids=lambda path: path.stem[11:])
def test_no_measured_number_is_typed_without_its_source(path: Path) -> None:
    typed = [s for s in sentences(path) if MEASURED.search(s) and not SOURCE.search(s)]

    assert typed == []


@pytest.mark.parametrize("path", POSTS, ids=lambda path: path.stem[11:])
def test_links_are_named_and_secure(path: Path) -> None:
    links = re.findall(r"\[([^\]]*)\]\((http[^)]*)\)", path.read_text("utf-8"))

    assert all(len(words) > 3 and url.startswith("https://") for words, url in links), links


@pytest.mark.parametrize("path", POSTS, ids=lambda path: path.stem[11:])
def test_a_post_is_no_diary(path: Path) -> None:
    assert FIRST_PERSON_SINGULAR.findall(prose(path)) == []


def words_of(path: Path) -> set[str]:
    """The words a text uses of its own: code, addresses and titles of sources are others'."""
    text = path.read_text("utf-8") if path not in POSTS else " ".join(sentences(path))
    for left_out in (FRONT_MATTER, CODE, THEIRS):
        text = left_out.sub(" ", text)
    return {word.lower() for word in re.findall(r"[A-Za-z]+", text)}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_spelling_is_british(path: Path) -> None:
    pairs = (files("codespell_lib") / "data" / "dictionary_en-GB_to_en-US.txt").read_text("utf-8")
    american = {line.partition("->")[2].strip(", ") for line in pairs.lower().splitlines()}
    american -= ALSO_BRITISH

    assert sorted(words_of(path) & american) == []


def test_nothing_is_misspelt() -> None:
    folders = ("_posts", "pages", "_includes", "_layouts", "code", "src", "assets/js", "bench")
    places = [*(ROOT / name for name in folders), *TEXTS]
    codespell = [sys.executable, "-m", "codespell_lib", f"--ignore-words-list={NAMES}"]
    command = [*codespell, *map(str, filter(Path.exists, places))]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.stdout == ""
