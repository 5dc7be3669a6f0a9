"""Every kind of page in Firefox and WebKit: what Chromium shows must not be lost there."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from press.blog import Blog
from press.record.storage import read_record
from press.script.programs import written

from .conftest import served
from .engines import FRAME, Engine, Firefox, WebKit
from .test_page import DEMONSTRATION, KINDS
from .test_theme import COLOURS

# Links of the text are told by a line; so are values, which are links too.
UNMARKED = """
return [...document.querySelectorAll(".text a:not(.anchor, .origin, .names a, .titles a)")]
  .filter((link) => link.checkVisibility())
  .filter((link) => !getComputedStyle(link).textDecorationLine.includes("underline"))
  .map((link) => link.outerHTML.slice(0, 80));
"""
# Text that the right edge of its box goes through, in tables at rest.
CUT = """
const edgeOf = (cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return range.getBoundingClientRect();
};
return [...document.querySelectorAll(".text .scroll:not(.demo .scroll)")].flatMap((box) => {
  const { right } = box.getBoundingClientRect();
  return [...box.querySelectorAll("th, td")]
    .filter((cell) => edgeOf(cell).left < right - 0.5 && edgeOf(cell).right > right + 0.5)
    .map((cell) => cell.textContent);
});
"""


@pytest.fixture(scope="module")
def blog(this_blog: Blog) -> Blog:
    return this_blog


@pytest.fixture(scope="module")
def site(blog: Blog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its site with a page more, into which a test can put things."""
    site = tmp_path_factory.mktemp("engines") / "site"
    shutil.copytree(blog.root / "_site", site)
    (site / "frame.html").write_text(FRAME)
    return site


@pytest.fixture(scope="module", params=[Firefox, WebKit], ids=["Firefox", "WebKit"])
def engine(
    request: pytest.FixtureRequest, site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    with served(site) as address:
        engine: Engine = request.param(tmp_path_factory.mktemp("profile"))
        engine.address = address
        yield engine
        engine.close()


def test_every_page_is_whole_on_a_phone(engine: Engine, blog: Blog, thorough: bool) -> None:
    """Every day a page of each kind."""
    posts = [f"/posts/{path.stem}/" for path in blog.records.glob("*.json")] if thorough else []
    for path in sorted({*KINDS, *posts}):
        engine.open(path, 360)
        assert engine.run("return document.documentElement.scrollWidth") <= 360, path
        assert engine.run(UNMARKED) == [], path
        assert engine.run(CUT) == [], path


def test_the_line_under_a_link_is_drawn(engine: Engine) -> None:
    engine.open("/about/")
    engine.run(
        "const link = document.querySelector('.text a');"
        "link.id = 'link'; link.style.padding = '5px 0';"
    )
    colours = engine.picture("#link").getcolors(1 << 20) or []
    accent = [count for count, (red, _, blue) in colours if red - blue > 100]  # type: ignore[misc]
    assert sum(accent) > 20


def lightest_and_darkest(picture: Image.Image) -> tuple[int, int]:
    low, high = picture.convert("L").getextrema()
    return int(high), int(low)  # type: ignore[arg-type]


def nearest(picture: Image.Image, pair: list[str]) -> int:
    """Which of two colours the coloured parts of a picture have: 0 or 1."""
    pixels = np.asarray(picture, int).reshape(-1, 3)
    coloured = pixels[np.ptp(pixels, axis=1) > 60]
    most = np.median(coloured, axis=0)
    away = [np.abs(most - ImageColor.getrgb(colour)).sum() for colour in pair]
    assert min(away) < 60, most
    return int(np.argmin(away))


def test_figures_follow_the_system_and_the_switch(engine: Engine) -> None:
    for dark in (False, True):
        engine.set_dark(dark)
        engine.open(DEMONSTRATION)
        for switched in (False, True):
            if switched:
                engine.press(".scheme")
            picture = engine.picture("#figure-by-digit img")
            shown = nearest(picture, COLOURS["series-1"])
            assert shown == (dark != switched), (dark, switched)
        engine.run("localStorage.clear()")
    engine.set_dark(False)


def test_the_home_page_is_dark_in_the_dark(engine: Engine) -> None:
    engine.set_dark(True)
    engine.open("/")
    assert lightest_and_darkest(engine.picture(".front img"))[0] > 150
    engine.set_dark(False)


def test_sums_and_roots_are_drawn(engine: Engine, blog: Blog) -> None:
    engine.open(post_with(blog, "<msqrt>"))
    engine.wait(
        "document.fonts.status === 'loaded' && document.fonts.check('16px \"Held Out Math\"')"
    )
    # A root's sign stands before what is under it.
    engine.run("document.querySelector('msqrt').id = 'root'")
    root = engine.picture("#root")
    inner = engine.run(
        "const leftOf = (part) => part.getBoundingClientRect().left;"
        "const root = document.querySelector('#root');"
        "return leftOf(root.firstElementChild) - leftOf(root)"
    )
    sign = root.crop((0, 0, round(inner), root.height))
    light, darkest = lightest_and_darkest(sign)
    assert inner >= 5
    assert light - darkest > 80, "no root"

    # Where it stands by itself, and not within a fraction, a sum is set large.
    engine.open(post_with(blog, "<munderover><mo[^>]*>∑<"))
    engine.run(
        "const sums = [...document.querySelectorAll('munderover > mo')]"
        ".filter((sign) => sign.textContent === '∑' && !sign.closest('mfrac'));"
        "sums[0].id = 'sum'"
    )
    total = engine.picture("#sum")
    light, darkest = lightest_and_darkest(total)
    assert light - darkest > 80, "no sum"
    size = engine.run(
        "return parseFloat(getComputedStyle(document.querySelector('#sum')).fontSize)"
    )
    assert total.height > 1.15 * size, "the sum is no larger than in a line"


def post_with(blog: Blog, wanted: str) -> str:
    pages = sorted((blog.root / "_site" / "posts").glob("*/index.html"))
    found = next(page for page in pages if re.search(wanted, page.read_text("utf-8")))
    return f"/posts/{found.parent.name}/"


def test_the_first_press_copies(engine: Engine, blog: Blog) -> None:
    record = read_record(blog, "every-element")
    assert record
    text = blog.text(blog.root / record.script)
    engine.open(DEMONSTRATION)
    name = engine.run("return document.querySelector('[data-cell]').dataset.cell")
    cell = next(cell for cell in record.cells if cell.name == name)
    engine.press(".with-needs")
    engine.wait("document.querySelector('body > [role=status]').textContent !== ''")
    assert (
        engine.run("return document.querySelector('body > [role=status]').textContent") == "Copied"
    )

    engine.run(
        "const field = document.createElement('textarea'); field.id = 'pasted';"
        "document.body.prepend(field); field.focus()"
    )
    engine.type("#pasted", "\ue009v")
    engine.wait("document.querySelector('#pasted').value !== ''")
    assert engine.run("return document.querySelector('#pasted').value") == written(text, cell.needs)


def test_a_value_opens_where_it_stands(engine: Engine) -> None:
    engine.open(DEMONSTRATION, 360)
    engine.show("[data-of=accuracy]")
    engine.run("window.before = scrollY")
    engine.press("[data-of=accuracy]")
    engine.wait("document.querySelector('#origin')")
    assert engine.run("return Math.abs(scrollY - before)") < 300
    assert '"accuracy"' in engine.run("return document.querySelector('#origin code').textContent")
    box = engine.run(
        "const box = document.querySelector('#origin').getBoundingClientRect();"
        "return [box.left, box.right]"
    )
    assert 0 <= box[0] < box[1] <= 360

    engine.press("#origin a")
    engine.wait("document.querySelector('#proof').open && !document.querySelector('#origin')")
    engine.open(f"{DEMONSTRATION}#proof")
    engine.wait("document.querySelector('#proof').open")


def test_demos_work(engine: Engine) -> None:
    engine.open(DEMONSTRATION)
    for demo in (".pad", ".confusion", ".epochs"):
        engine.show(demo)
    engine.show(".pad")
    engine.wait("document.querySelector('.board .best')")
    engine.press(".pad .digits li:nth-child(3) button")
    wanted = engine.run(
        "return document.querySelector('.pad .digits li:nth-child(3)').textContent.trim()"
    )
    engine.wait(
        f"document.querySelector('.pad [aria-pressed=true]').textContent.trim() === '{wanted}'"
    )
    engine.show(".confusion")
    engine.wait("document.querySelector('.confusion td button')")
    engine.press(".confusion td button")
    engine.wait("document.querySelector('.behind .digits svg')")
    engine.show(".epochs")
    engine.wait("document.querySelector('.epochs.ready')")
    before = engine.run("return document.querySelector('.epochs output').textContent")
    engine.run(
        "const slider = document.querySelector('.epochs input'); slider.value = 0;"
        "slider.dispatchEvent(new Event('input'))"
    )
    assert engine.run("return document.querySelector('.epochs output').textContent") != before


@pytest.mark.parametrize(
    ("words", "found"),
    [("99.24%", "99.24%"), ("dropot", "dropout"), ("convolution", "convolution")],
)
def test_search_finds_and_shows_it(engine: Engine, words: str, found: str) -> None:
    engine.open(f"/search/?q={words.replace('%', '%25')}")
    engine.wait("document.querySelector('#results mark')")
    marked = engine.run("return document.querySelector('#results li mark').textContent")
    assert found in marked.lower()
