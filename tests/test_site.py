"""The site in a real Jekyll: what a post quotes stands on its page, byte for byte."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest

from press.blog import Blog
from press.cli import main
from press.machine.ruby import ensure_jekyll
from press.record.record import Filed
from press.record.storage import read_record, write_record

from .conftest import ROOT, Press, add_post, committed, empty_blog, with_theme

TRICKY = """\
# Every sign that Liquid, kramdown or HTML could take for its own.
template = "{{ page.title }} {% endhighlight %} {% raw %} </pre> &amp; <b>"


def indented():
\tif template:
\t\treturn "a tab and trailing blanks"   \n\n\n    # *stars*, $$dollars$$, `ticks`, [links](x)
print(template)
print("  two blanks before, two lines\\n\\n\\tand a tab")"""

TOKEN = "<unk> & __init__, 2*3*4, a_b_c, 1--2 ... `x` [y](z) {epochs} {:.a} $$n$$ c:\\d ~~s~~ a|b"

SCRIPT = f"""\
# %% setup
import matplotlib.pyplot as plt
import pandas as pd

# %% tricky
{TRICKY}

# %% curve
fig, ax = plt.subplots(figsize=(3, 2))
ax.plot([1, 3, 2])

# %% squares
for n in (1, 2):
    fig, ax = plt.subplots(figsize=(2, 2))
    ax.imshow([[0, n], [n, 0]])
    ax.axis("off")

# %% accuracy, of both
rows = {{"test": ["97.8%", "99.1%"], "note": ["<plain>", "a & b"]}}
pd.DataFrame(rows, index=["dense", "conv"])

# %% results tags=["values"]
{{"test_accuracy": "97.83%", "epochs": 5, "less": "<5 & more", "token": {TOKEN!r}}}
"""

BODY = """\
See {% include ref.html figure="curve" %} and {% include ref.html table="accuracy, of both" %}.
It reaches {% include value.html of="test_accuracy" %}, {% include value.html of="less" %}, in
{% include value.html of="epochs" %} epochs ({% include value.html of="epochs" %}).

One says {% include value.html of="token" %}, plainly.
{% include aside.html text="Beside it stands {token}, too." %}

{% include figure.html name="squares" caption="Squares of {token}." alt="Two of {token}." %}

{% include cell.html name="tricky" %}

- A list item.

  {% include cell.html name="tricky" output=false %}

- Another one, with {% include value.html of="epochs" %}.

{% include figure.html name="curve" caption="It *rises* to {test_accuracy} after {epochs}."
   alt="A line that rises to {test_accuracy} & falls." %}

{% include figure.html name="squares-2" caption="More." alt="Two other squares." %}

{% include table.html name="accuracy, of both" caption="Both networks after {epochs} epochs." %}

The formula $$p = \\frac{a}{b} < 1 \\& 2$$ stands in a line, and this one alone:

$$
\\sum_{i=1}^{n} x_i
$$
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    blog = with_theme(empty_blog(tmp_path_factory.mktemp("site")))
    add_post(blog, "post", SCRIPT, BODY)
    (post,) = blog.posts.iterdir()
    front = "title: A post\ntolerances: {test_accuracy: 0.5, 'accuracy, of both/test': 1}"
    post.write_text(post.read_text().replace("title: A post", front))
    assert main(["--blog", str(blog.root), "build"]) == 0
    return blog


@pytest.fixture(scope="module")
def page(site: Blog) -> Element:
    return parsed(site.root / "_site" / "posts" / "post" / "index.html")


def parsed(path: Path) -> Element:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree: Element = parser.parse(path.read_text("utf-8"))
    assert parser.errors == [], path
    return tree


def text_of(element: Element) -> str:
    return "".join(element.itertext())


def by_id(page: Element, name: str) -> Element:
    return only(page, f".//*[@id='{name}']")


def only(page: Element, path: str) -> Element:
    (element,) = page.findall(path)
    return element


# What a post quotes


def test_code_comes_out_byte_for_byte_in_lists_too(
    page: Element,
) -> None:
    blocks = [text_of(code) for code in page.iter("code") if code.get("data-lang") == "python"]

    assert blocks == [TRICKY, TRICKY]


def test_output_comes_out_byte_for_byte(page: Element) -> None:
    (output,) = [text_of(samp) for samp in page.iter("samp")]

    template = TRICKY.split('template = "')[1].split('"\n')[0]
    assert output == f"{template}\n  two blanks before, two lines\n\n\tand a tab"


def test_values_stand_in_their_sentence(page: Element) -> None:
    words = " ".join(text_of(page).split())

    assert "It reaches 97.83%, <5 & more, in 5 epochs (5)." in words
    assert "Another one, with 5." in words
    told = {a.get("data-of"): a.get("data-tolerance") for a in page.iterfind(".//a[@data-of]")}
    assert told == {"test_accuracy": "0.5", "less": None, "epochs": None, "token": None}


def test_no_sign_of_a_value_is_markup(page: Element) -> None:
    words = " ".join(text_of(page).split())

    assert f"One says {TOKEN}, plainly." in words
    assert f"Beside it stands {TOKEN}, too." in words
    squares = only(by_id(page, "figure-squares"), ".//img")
    assert squares.get("alt") == f"Two of {TOKEN}."


def test_figures_are_numbered_in_order_and_referred_to_before_they_come(
    page: Element,
) -> None:
    captions = [
        text_of(only(by_id(page, f"figure-{name}"), "figcaption"))
        for name in ("squares", "curve", "squares-2")
    ]
    links = {text_of(a): a.get("href") for a in page.iter("a")}

    assert captions == [
        f"Figure 1 Squares of {TOKEN}.",
        "Figure 2 It rises to 97.83% after 5.",
        "Figure 3 More.",
    ]
    assert links["Figure 2"] == "#figure-curve"
    assert links["Table 1"] == "#table-accuracy,-of-both"


def test_figures_have_their_size_and_their_words(site: Blog, page: Element) -> None:
    image = only(by_id(page, "figure-curve"), ".//img")
    record = json.loads(site.record("post").read_text())["figures"]["curve"]

    assert image.get("alt") == "A line that rises to 97.83% & falls."
    assert (image.get("width"), image.get("height")) == ("288", "192")
    assert (image.get("width"), image.get("height")) == (
        str(record["width"]),
        str(record["height"]),
    )
    assert image.get("src") == f"/{record['file']}#light"
    source = only(by_id(page, "figure-curve"), ".//source")
    assert source.get("srcset") == f"/{record['file']}?dark#dark"


def test_tables_have_headers_and_numbers(page: Element) -> None:
    table = only(by_id(page, "table-accuracy,-of-both"), ".//table")
    assert by_id(page, table.get("aria-labelledby", "")).tag == "figcaption"

    assert [text_of(cell) for cell in table.iter("th")] == ["test", "note", "dense", "conv"]
    assert [cell.get("scope") for cell in table.iter("th")] == ["col", "col", "row", "row"]
    assert [text_of(cell) for cell in table.iter("td")] == [
        "",
        "97.8%",
        "<plain>",
        "99.1%",
        "a & b",
    ]


def test_formulas_are_mathml(page: Element) -> None:
    formulas = [element for element in page.iter() if str(element.tag).endswith("math")]

    assert len(formulas) == 2
    assert "\\(" not in text_of(page)
    assert "\\[" not in text_of(page)


# The site as a whole


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("options", [[], ["--safe"]], ids=["plain", "safe"])
def test_jekyll_alone_makes_the_same_site(site: Blog, tmp_path: Path, options: list[str]) -> None:
    alone = tmp_path / "alone"
    left_here = shutil.ignore_patterns(".press", "_site", ".jekyll-cache")
    shutil.copytree(site.root, alone, ignore=left_here)
    command = [*ensure_jekyll(ROOT), "build", "--quiet", *options]
    subprocess.run(command, cwd=alone, check=True, capture_output=True)

    assert snapshot(alone / "_site") == snapshot(site.root / "_site")


@pytest.mark.parametrize("baseurl", ["", "/some/where"])
def test_every_internal_link_of_the_blog_leads_somewhere(
    this_blog: Blog, tmp_path: Path, baseurl: str
) -> None:
    blog = this_blog
    if baseurl:
        blog = committed(tmp_path)
        assert main(["--blog", str(blog.root), "build", "--check", "--baseurl", baseurl]) == 0
    folder = blog.root / "_site"
    pages = {path: _Attributes(path) for path in folder.rglob("*.html")}

    links = list(internal_links(folder, pages, baseurl))

    assert len(links) > 50
    for path, link, target, anchor in links:
        place = path.relative_to(folder)
        assert target is not None, f"{place}: {link} leaves {baseurl}"
        assert target.is_file(), f"{place}: {link}"
        if anchor and target in pages:
            assert anchor in pages[target].ids, f"{place}: {link}"


class _Attributes(HTMLParser):
    """What a page leads to, and where it can be led to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids |= {str(value) for name, value in attrs if name == "id"}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def internal_links(
    folder: Path, pages: dict[Path, _Attributes], baseurl: str
) -> Iterator[tuple[Path, str, Path | None, str]]:
    for path, page in pages.items():
        here = f"http://here{baseurl}/{path.relative_to(folder).as_posix()}"
        for link in page.links:
            url = urlsplit(urljoin(here, link))
            if url.netloc != "here":
                continue
            inside = url.path.startswith(f"{baseurl}/")
            target = folder / unquote(url.path[len(baseurl) + 1 :])
            file = target / "index.html" if target.is_dir() else target
            yield path, link, file if inside else None, unquote(url.fragment)


def test_every_page_of_the_blog_is_whole_html(this_blog: Blog) -> None:
    for path in (this_blog.root / "_site").rglob("*.html"):
        parsed(path)


def test_only_archive_and_indexes_grow_with_the_number_of_posts(themed: Blog) -> None:
    def sizes(posts: int) -> dict[str, int]:
        for number in range(posts):
            page = themed.posts / f"2026-11-20-post-{number:03}.md"
            head = f"title: Post {number:03}\ntags: [one]\ncategories: [two]"
            page.write_text(f"---\n{head}\nseries: Three\npart: {number + 1}\n---\nWords.\n")
        assert main(["--blog", str(themed.root), "build"]) == 0
        return {name: len(data) for name, data in snapshot(themed.root / "_site").items()}

    few, many = sizes(20), sizes(60)

    del few["posts/post-019/index.html"]  # it was the last, and now leads on to the next
    assert {name for name in few if many[name] > few[name] + 20} == {
        "archive/index.html",
        "search.json",
        "sitemap.xml",
    }


def test_each_tag_has_a_place_of_its_own(themed: Blog) -> None:
    names = ["c", "c++", "c#", "R & D", "früh <stopping>"]
    head = f"title: Post\ntags: {json.dumps(names)}\ncategories: {json.dumps(names)}"
    (themed.posts / "2026-11-20-post.md").write_text(f"---\n{head}\n---\nWords.\n")

    assert main(["--blog", str(themed.root), "build"]) == 0

    site = themed.root / "_site"
    page = _Attributes(site / "posts" / "post" / "index.html")
    for folder in ("tags", "categories"):
        index = _Attributes(site / folder / "index.html")
        links = [link.partition("#") for link in page.links if f"/{folder}/#" in link]
        assert len({unquote(anchor) for _, _, anchor in links} & index.ids) == len(names)


def test_a_formula_that_is_no_tex_is_told_with_its_line(
    themed: Blog, capsys: pytest.CaptureFixture[str]
) -> None:
    add_post(themed, "post", None, "Words.\n\nA formula: $$\\nosuchthing{x}$$.")

    assert main(["--blog", str(themed.root), "build"]) == 1
    assert re.fullmatch(
        r"_posts/2026-11-20-post.md:7: this formula is not TeX \(.+\); mend it\n",
        capsys.readouterr().err,
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{% include nothing.html %}", "Liquid cannot read it (Could not locate the included file"),
        ("{{ 'a' | nosuchfilter }}", "Liquid cannot read it (undefined filter nosuchfilter)"),
        ("{% if x %}", "Liquid cannot read it ('if' tag was never closed)"),
        ("Words.\n\n{% nosuchtag %}", "Liquid cannot read it (Unknown tag 'nosuchtag')"),
    ],
)
def test_what_liquid_refuses_is_told_and_the_old_site_stays(
    themed: Blog, capsys: pytest.CaptureFixture[str], body: str, said: str
) -> None:
    add_post(themed, "post", None)
    assert main(["--blog", str(themed.root), "build"]) == 0
    before = snapshot(themed.root / "_site")
    add_post(themed, "post", None, body)
    capsys.readouterr()

    assert main(["--blog", str(themed.root), "build"]) == 1

    told = capsys.readouterr().err
    assert re.match(r"_posts/2026-11-20-post.md:\d+: ", told)
    assert said in told
    if "nosuchtag" in body:
        lines = (themed.posts / "2026-11-20-post.md").read_text().splitlines()
        assert told.split(":")[1] == str(lines.index("{% nosuchtag %}") + 1)
    assert snapshot(themed.root / "_site") == before


def test_the_course_of_a_value_is_drawn(themed: Blog, press: Press) -> None:
    add_post(themed, "post", '# %% r tags=["values"]\n{"share": "97.8%", "same": 3}\n')
    assert press("build").code == 0
    record = read_record(themed, "post")
    assert record
    entry = {
        "date": "2026-01-02T03:04:05Z",
        "compute": record.keys.compute,
        "python": "3.11.7",
        "packages": {"keras": "3.14.0"},
        "cpu": "Another processor",
        "threads": 2,
        "values": {"share": "97.2%"},
        "verdicts": {"share": "moved"},
    }
    later = {**entry, "date": "2026-02-03T03:04:05Z", "values": {"share": "98.0%"}}
    other = {**entry, "compute": "of other code", "values": {"share": "11.0%"}}
    write_record(themed, "post", Filed(replace(record, ledger=(other, entry, later))))

    assert press("build").code == 0

    page = parsed(themed.root / "_site" / "posts" / "post" / "index.html")
    (table,) = [table for table in page.iter("table") if table.get("class") == "ledger"]
    rows = [[text_of(cell) for cell in row] for row in table.iter("tr")]
    assert rows == [
        ["value", "2 Jan 2026", "3 Feb 2026", "now", "course", "verdict"],
        ["share", "97.2%", "98.0%", "97.8%", "", "moved"],
    ]
    (line,) = (part for part in table.iter() if part.tag.endswith("polyline"))
    points = [tuple(map(float, point.split(","))) for point in (line.get("points") or "").split()]
    assert [x for x, _ in points] == [4, 36, 68]
    assert [y for _, y in points] == [17, 3, 6.5]


def test_press_and_the_page_agree_on_what_is_quoted(themed: Blog, press: Press) -> None:
    case = ROOT / "tests" / "cases" / "good-quotes"
    for name in ("_posts", "code"):
        shutil.copytree(case / name, themed.root / name, dirs_exist_ok=True)

    assert press("build").code == 0

    page = parsed(themed.root / "_site" / "posts" / "post" / "index.html")
    captions = [text_of(part) for part in page.iter("figcaption")]
    assert [caption.split(" ")[:2] for caption in captions] == [["Figure", "1"], ["Figure", "2"]]
    assert "In single quotes: 10,000 images." in captions[0]
    assert "10,000 does not" in captions[1]
    formulas = [part.get("alttext") for part in page.iter() if part.tag.endswith("math")]
    assert formulas == [r"\hat{images}"]
    assert "Figure 2" in [text_of(link) for link in page.iter("a") if link.get("class") == "ref"]
