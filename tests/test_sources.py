"""The bibliography: BibTeX as people write it, and a word for what cannot be read."""

import json
import re
from pathlib import Path

import pytest

from press.blog import Blog
from press.site.sources import Source, enumerated, read_sources, some
from press.voice.errors import PressError

from .conftest import Press, add_post

TWO = """\
A remark.

@Article{long,
  AUTHOR = "Cireşan, Dan and Schmidhuber, J{ü}rgen and others",
  title = {The {MNIST} database,
           again},
  journal = {Neural Networks 32}, pages = {333--338},
  year = 2012, doi = {10.1/2}
}
@misc{short, author={{Keras and its authors} and Ada Lovelace}, title={A page}}
"""


def bibliography(blog: Blog, text: str) -> None:
    blog.sources.write_text(text, "utf-8")


def test_entries_are_read_as_people_write_them(blog: Blog) -> None:
    bibliography(blog, TWO)

    assert read_sources(blog, []) == {
        "long": Source(
            authors=("Dan Cireşan", "Jürgen Schmidhuber", "others"),
            surnames=("Cireşan", "Schmidhuber", "others"),
            title="The MNIST database, again",
            where="Neural Networks 32",
            year="2012",
            url="https://doi.org/10.1/2",
        ),
        "short": Source(
            authors=("Keras and its authors", "Ada Lovelace"),
            surnames=("Keras and its authors", "Lovelace"),
            title="A page",
            where="",
            year="",
            url="",
        ),
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n@misc{x, title = {A}}", ":2: source 'x' has no author; add it"),
        ("@misc{x, note = {A}}", ":1: source 'x' has no author and no title; add it"),
        ("@misc{x, title = {A", ":1: source 'x' cannot be read (a brace is not closed); "),
        (
            "@misc{x, title = {A} year = {",
            ":1: source 'x' cannot be read (a brace is not closed); ",
        ),
        ("@misc{x, title = A}", ":1: source 'x' cannot be read (after '@misc{x,'); "),
        (
            '@misc{x, author = {L{\\"o}we}}',
            ":1: source 'x' cannot be read (author has a command of TeX; write the letter",
        ),
        (
            "@misc{x, author={A}, title={B}}\n@misc{x, author={A}, title={B}}",
            ":2: source 'x' stands here a second time; give it another key",
        ),
    ],
)
def test_what_cannot_be_read_is_told(text: str, told: str, blog: Blog) -> None:
    bibliography(blog, text)

    errors: list[PressError] = []
    found = read_sources(blog, errors)

    assert [str(error).startswith(f"_data/sources.bib{told}") for error in errors] == [True]
    assert found.keys() <= {"x"}, "what follows is lost"


def test_one_that_cannot_be_read_hides_no_other(blog: Blog) -> None:
    bibliography(blog, "@misc{a, title = A}\n@misc{b, author = {B}, title = {C}}\n")
    errors: list[PressError] = []

    assert read_sources(blog, errors).keys() == {"b"}
    assert len(errors) == 1


def test_addresses_stay_as_they_are(blog: Blog) -> None:
    page = "@misc{a, author = {A}, title = {B--C}, url = {https://xn--b.example/a--b},\t}\n"
    paper = "@misc{b, author = {A}, title = {B}, doi = {https://doi.org/10.1/2}}\n"
    bibliography(blog, page + paper)

    found = read_sources(blog, [])

    assert (found["a"].title, found["a"].url) == ("B–C", "https://xn--b.example/a--b")
    assert found["b"].url == "https://doi.org/10.1/2"


def test_names_stand_as_in_a_sentence() -> None:
    assert enumerated(["A"]) == some(["A"]) == "A"
    assert enumerated(["A", "B"]) == some(["A", "B"]) == "A and B"
    assert enumerated(["A", "B", "C"]) == "A, B and C"
    assert some(["A", "B", "C"]) == "A and others"
    assert some(["A", "others"]) == "A and others"


SCRIPT = '# %% results tags=["values"]\n{"n": 7}\n'
BODY = """\
As {% include cite.html source="long" %} say{% include aside.html text="Not all: {n} do." %}.

- {% include source.html of="long" %}; a remark.
"""


def test_a_post_lists_and_names_sources(themed: Blog, press: Press) -> None:
    bibliography(themed, TWO)
    add_post(themed, "post", SCRIPT, BODY)

    told = press("build")

    assert told.code == 0, told.err
    page = (themed.root / "_site" / "posts" / "post" / "index.html").read_text("utf-8")
    assert '<a class="ref" href="#source-long">Cireşan and others 2012</a>' in page
    entry = 'Dan Cireşan, Jürgen Schmidhuber and others, <a href="https://doi.org/10.1/2">'
    assert f'<span id="source-long">{entry}' in page
    assert '<small class="aside" role="note">Not all: 7 do.</small>' in page
    notebook = json.loads(themed.notebook("post").read_text("utf-8"))
    prose = "".join(text for cell in notebook["cells"] for text in cell["source"])
    assert "As Cireşan and others 2012 say (Not all: 7 do.)." in prose
    assert (
        "[*The MNIST database, again*](https://doi.org/10.1/2), Neural Networks 32, 2012; a"
        in prose
    )

    bibliography(themed, TWO.replace("2012", "2013"))
    assert press("build", "--check").code == 1
    assert press("build").code == 0
    assert "2013" in themed.notebook("post").read_text("utf-8")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (BODY.replace('of="long"', 'of="lang"'), "the bibliography has no source 'lang'; did you"),
        (BODY.replace("- ", "<!-- ").replace('of="long"', 'of="short"'), "refers to source 'long'"),
        (BODY.replace('source="long"', ""), "this cite names no source; add source="),
    ],
)
def test_what_is_no_source_is_told(body: str, told: str, themed: Blog, press: Press) -> None:
    bibliography(themed, TWO)
    add_post(themed, "post", SCRIPT, body)

    said = press("build")

    assert said.code == 1
    assert told in said.err
    assert not Path(themed.root / "_site").exists()


def test_a_post_says_how_to_cite_it_and_its_run(themed: Blog, press: Press) -> None:
    add_post(themed, "post", SCRIPT, "Words.")
    post = next(themed.posts.glob("*-post.md"))
    post.write_text(post.read_text().replace("title: A post", 'title: "50 % & more_of #1"'))

    assert press("build").code == 0

    page = (themed.root / "_site" / "posts" / "post" / "index.html").read_text("utf-8")
    box = re.sub(r"<[^>]+>", "", page[page.index('<details class="citing">') :])
    digest = json.loads(themed.record("post").read_text())["provenance"]["digest"]
    assert "The Held Out authors, 50 % &amp; more_of #1, Held Out, 20 November 2026. Results" in box
    assert "  title = {{50 \\% \\&amp; more\\_of \\#1}},\n" in box
    assert "  url = {https://held-out.example/posts/post/},\n" in box
    assert f", record {digest[:16]}}}\n}}" in box


def test_with_a_repository_pages_lead_to_it(themed: Blog, press: Press) -> None:
    config = themed.root / "_config.yml"
    config.write_text(config.read_text().replace("repository:\n", "repository: some/blog\n"))
    add_post(themed, "post", SCRIPT, '{% include cell.html name="results" %}')

    assert press("build").code == 0

    page = (themed.root / "_site" / "posts" / "post" / "index.html").read_text("utf-8")
    colab = "https://colab.research.google.com/github/some/blog/blob/main/downloads/post.ipynb"
    assert page.count(f'<a href="{colab}">Open in Colab</a>') == 2
    assert page.index(colab) < page.index('<div class="text">')
    assert 'href="https://github.com/some/blog/blob/main/code/post.py#L2-L2"' in page
