"""The pages in a real browser: readable by everyone, quick, and quiet."""

import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from press.blog import Blog
from press.record.storage import read_record
from press.script.programs import written

from .conftest import served, wait_for_frames

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
POST = "/posts/a-first-look-at-neural-networks/"
DEMONSTRATION = "/posts/every-element/"
CONVNET = "/posts/mnist-classification-using-keras/"
KINDS = [
    "/",
    POST,
    "/posts/mnist-classification-using-keras/",
    DEMONSTRATION,
    "/about/",
    "/archive/",
    "/tags/",
    "/categories/",
    "/series/",
    "/ledger/",
    "/verdicts/",
    "/search/",
    "/404.html",
]
# What a page loads for its demos alone.
DEMOS = re.compile(
    r"/(demos\.css|(canvas|confusion|epochs|ink|layers|lesson|likeness|pad|prepare|reader|sights|sprite)\.js)$"
    r"|/img/.+\.(bin|json|png)$"
)
ALL_RULES = """
() => {
  // Contrast of 7:1 is more than level AA asks for; everything else is asked for.
  const rules = axe.getRules().map(({ ruleId }) => [ruleId, { enabled: true }]);
  const apart = { "color-contrast-enhanced": { enabled: false } };
  const all = { ...Object.fromEntries(rules), ...apart };
  return axe.run(document, { resultTypes: ["violations"], rules: all });
}
"""
COPIES = """
async (button) => {
  const said = document.querySelector("body > [role=status]");
  const found = [];
  for (const cell of document.querySelectorAll("[data-cell]")) {
    said.textContent = "";
    cell.querySelector(button).click();
    while (said.textContent === "") await new Promise((later) => setTimeout(later));
    found.push([cell.dataset.cell, await navigator.clipboard.readText()]);
  }
  return found;
}
"""
LAYOUT_SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def blog(this_blog: Blog) -> Blog:
    return this_blog


@pytest.fixture(scope="module")
def address(blog: Blog) -> Iterator[str]:
    with served(blog.root / "_site") as address:
        yield address


def opened(browser: Browser, width: int, *, dark: bool = False, scripts: bool = True) -> Page:
    page = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
        bypass_csp=True,
        permissions=["clipboard-read", "clipboard-write"],
    ).new_page()
    if not scripts:
        page.route("**/*.js", lambda route: route.abort())
    return page


def violations(page: Page) -> list[tuple[str, str]]:
    """By axe's rules: which, and where first."""
    page.evaluate(AXE)
    found = page.evaluate(ALL_RULES)["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]


@pytest.mark.parametrize("path", KINDS)
def test_axe_finds_nothing(browser: Browser, address: str, path: str, thorough: bool) -> None:
    looks = list(product((360, 1280), (False, True), (True, False)))
    # Every day one, another for each page in turn: all eight are among them.
    looks = looks if thorough else [looks[KINDS.index(path) % len(looks)]]
    for width, dark, scripts in looks:
        page = opened(browser, width, dark=dark, scripts=scripts)
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert violations(page) == [], (width, dark, scripts)
        page.context.close()


@pytest.mark.parametrize("path", KINDS)
def test_a_page_is_light_quiet_and_steady(
    browser: Browser, address: str, blog: Blog, path: str
) -> None:
    page = browser.new_context(viewport={"width": 320, "height": 740}).new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script(LAYOUT_SHIFT)

    page.goto(address + path, wait_until="networkidle")
    at_first = [url for url in requests if not DEMOS.search(url)]
    height = page.evaluate("document.documentElement.scrollHeight")
    for _ in range(0, height, 600):
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(20)

    assert complaints == []
    assert [url for url in requests if not url.startswith((address, "data:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("window.shift") <= 0.01
    assert page.context.cookies() == []
    assert page.evaluate("Object.keys(localStorage)") == []
    weights = weights_of(blog.root / "_site", at_first)
    assert weights["html"] <= 25_000
    assert weights["css"] <= 8_000
    font = any(url.endswith("/math.woff2") for url in requests)
    assert len(at_first) <= 12 + font
    assert font == (page.locator("math").count() > 0)
    assert weights["js"] <= 6_000
    page.context.close()


@pytest.mark.parametrize("path", [POST, "/posts/mnist-classification-using-keras/", DEMONSTRATION])
@pytest.mark.parametrize("width", [320, 1280])
def test_a_demo_that_is_slow_to_load_moves_nothing(
    browser: Browser, address: str, path: str, width: int
) -> None:
    page = opened(browser, width)
    page.add_init_script(LAYOUT_SHIFT)
    held: list[Route] = []
    page.route("**/img/**", lambda route: held.append(route))
    page.goto(address + path, wait_until="domcontentloaded")
    demos = page.query_selector_all("[data-module]")
    assert demos
    for demo in demos:
        demo.scroll_into_view_if_needed()
        page.wait_for_timeout(100)  # it is laid out without its data
        while held:
            held.pop().continue_()
        page.wait_for_timeout(100)
    assert page.evaluate("window.shift") <= 0.001
    page.context.close()


def weights_of(site: Path, urls: list[str]) -> Counter[str]:
    weights: Counter[str] = Counter()
    for path in {urlsplit(url).path for url in urls if url.startswith("http")}:
        file = site / path.lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        weights[file.suffix.lstrip(".")] += len(gzip.compress(file.read_bytes()))
    return weights


def copied(page: Page, button: str) -> set[tuple[str, str]]:
    """By cell, what the clipboard holds after such a button was pressed."""
    found = {(name, text) for name, text in page.evaluate(COPIES, button)}
    assert found
    return found


def test_copies_are_the_cells_byte_for_byte_and_the_programs_that_the_record_names(
    browser: Browser, address: str, blog: Blog, thorough: bool
) -> None:
    paths = sorted(blog.records.glob("*.json"))
    for path, width in product(paths, (360, 1280) if thorough else (360,)):
        record = read_record(blog, path.stem)
        assert record
        text = blog.text(blog.root / record.script)
        page = opened(browser, width)
        page.goto(f"{address}/posts/{path.stem}/")
        cells = {cell.name: cell.source for cell in record.cells}
        assert copied(page, "button.copy") <= cells.items()
        programs = {cell.name: written(text, cell.needs) for cell in record.cells}
        assert copied(page, "button.with-needs") <= programs.items()
        page.context.close()


def test_a_value_opens_a_card_where_it_stands(browser: Browser, address: str) -> None:
    page = opened(browser, 1280)
    page.goto(address + DEMONSTRATION)
    value = page.locator("a[data-of=accuracy]").first
    card = page.get_by_role("group", name="Where this number comes from")

    value.hover()
    card.wait_for()
    assert "accuracy: cell results, line" in (card.text_content() or "")
    assert '"accuracy":' in (card.locator("code").text_content() or "")
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    page.mouse.move(0, 0)

    value.focus()
    page.keyboard.press("ArrowRight")
    card.filter(has_text="test images: cell results").wait_for()
    focused = page.locator("[data-of]:focus")
    assert focused.get_attribute("aria-describedby") == "origin"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#origin') !== null")
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.dataset.of") == "test_images"

    mean = page.locator("a[data-of=accuracy_of_parts]")
    mean.hover()
    page.wait_for_function("document.querySelector('#origin')?.textContent.includes('of 5 runs')")
    page.context.close()


def test_a_touch_opens_it_too_and_the_reader_stays(browser: Browser, address: str) -> None:
    page = browser.new_context(
        viewport={"width": 360, "height": 800}, has_touch=True, bypass_csp=True
    ).new_page()
    page.goto(address + DEMONSTRATION)
    value = page.locator("a[data-of=accuracy]").first
    value.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    value.tap()
    card = page.locator("#origin")
    card.wait_for()
    assert page.evaluate("scrollY") == before
    box = card.bounding_box()
    assert box
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
    card.get_by_role("link").tap()
    page.wait_for_function("document.querySelector('#proof').open")
    card.wait_for(state="hidden")
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_address_with_proof_opens_the_panel(
    browser: Browser, address: str, scripts: bool
) -> None:
    page = opened(browser, 1280, scripts=scripts)
    page.goto(f"{address}{POST}#proof")
    page.locator("#proof dl").wait_for()
    assert page.locator("#proof dd").first.evaluate("(part) => part.checkVisibility()")
    page.context.close()


STOPS = """
(() => {
  const seen = [...document.querySelectorAll("a[href], button, input, summary, [tabindex]")]
    .filter((one) => one.tabIndex >= 0 && one.checkVisibility({ contentVisibilityAuto: true }));
  const boxes = seen.filter((one) => one.matches("pre, .scroll, .formula"));
  return {
    idle: boxes.filter((box) => box.scrollWidth <= box.clientWidth).length,
    in_a_bar: Math.max(...[...document.querySelectorAll(".bar")]
      .map((bar) => seen.filter((one) => bar.contains(one)).length)),
    in_a_paragraph: Math.max(...[...document.querySelectorAll(".text p")]
      .map((text) => seen.filter((one) => one.dataset.of && text.contains(one)).length)),
    of: seen.length,
  };
})()
"""


@pytest.mark.parametrize("width", [360, 1280])
def test_what_belongs_together_is_one_stop_of_the_tab_key(
    browser: Browser, address: str, width: int
) -> None:
    page = opened(browser, width)
    page.goto(address + CONVNET)
    page.wait_for_timeout(300)
    stops = page.evaluate(STOPS)
    assert stops["idle"] == 0
    assert stops["in_a_bar"] == 1
    assert stops["in_a_paragraph"] == 1
    assert width == 360 or stops["of"] <= 137
    bar = page.locator("[data-cell] .bar").first
    bar.locator("a").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.className") == "copy"
    page.context.close()


def test_on_a_phone_contents_and_progress_stay_at_hand(browser: Browser, address: str) -> None:
    page = browser.new_context(viewport={"width": 360, "height": 640}).new_page()
    page.goto(address + CONVNET)
    first = page.locator(".text > p").first.bounding_box()
    assert first
    assert first["y"] < 560, "some lines of the text stand on the first screen"
    page.evaluate("scrollTo({ top: document.body.scrollHeight / 2, behavior: 'instant' })")
    page.wait_for_timeout(200)
    contents = page.locator(".contents")
    box = contents.bounding_box()
    assert box
    assert 0 <= box["y"] < 10
    read = float(contents.evaluate("(part) => part.style.getPropertyValue('--read')"))
    assert 0.4 < read < 0.6
    assert contents.locator("summary span").inner_text() != ""
    contents.locator("summary").click()
    contents.get_by_role("link").last.click()
    page.wait_for_function("!document.querySelector('.contents details').open")
    page.context.close()


def test_words_in_figures_are_nine_pixels_high_on_a_phone(
    browser: Browser, address: str, blog: Blog
) -> None:
    page = opened(browser, 360)
    page.goto(address + DEMONSTRATION)
    for image in page.locator(".figure img[src*='/img/']").all():
        shown = image.bounding_box()
        source = (image.get_attribute("src") or "").partition("#")[0]
        drawn = (blog.root / "_site" / source.lstrip("/")).read_text("utf-8")
        width = int(image.get_attribute("width") or 0)
        assert shown
        larger = float(re.findall(r"transform:scale\(([\d.]+)\)", drawn)[0])
        # Glyphs are drawn at 100 units; a point is four thirds of a pixel.
        sizes = [100 * float(size) * 4 / 3 for size in re.findall(r"scale\((0\.\d+) -0", drawn)]
        assert min(sizes) * larger * shown["width"] / width >= 9
    page.context.close()


def colours(page: Page, selector: str) -> list[tuple[int, int, int]]:
    """The colours of a figure on the screen, the most frequent first."""
    figure = page.locator(selector)
    figure.scroll_into_view_if_needed()
    figure.evaluate("(image) => image.decode()")
    wait_for_frames(page)
    image = Image.open(io.BytesIO(figure.screenshot())).convert("RGB")
    found = image.getcolors(image.width * image.height) or []
    return [colour for _, colour in sorted(found, reverse=True)]  # type: ignore[misc]


def test_figures_follow_the_system_and_the_switch(browser: Browser, address: str) -> None:
    figure = "#figure-learning-curves img"
    shown: dict[bool, list[tuple[int, int, int]]] = {}
    after_switch: dict[bool, tuple[int, int, int]] = {}
    for dark in (False, True):
        page = opened(browser, 1280, dark=dark)
        page.goto(address + POST)
        shown[dark] = colours(page, figure)
        page.evaluate("scrollTo(0, 0)")
        page.click(".scheme")
        switched = colours(page, figure)
        page.reload()
        assert switched[0] == colours(page, figure)[0], "the switch does not last"
        page.context.close()
        after_switch[not dark] = switched[0]

    assert min(shown[False][0]) > 240, "a light page has a light ground"
    assert max(shown[True][0]) < 40, "a dark page has a dark ground"
    assert min(map(max, shown[False])) < 60, "and dark words"
    assert max(map(min, shown[True])) > 180, "and light words"
    assert after_switch == {dark: found[0] for dark, found in shown.items()}


def test_search_works_by_keyboard(browser: Browser, address: str) -> None:
    page = opened(browser, 1280)
    page.goto(address + POST)
    page.keyboard.press("/")
    page.wait_for_url("**/search/#query")
    page.wait_for_function("document.activeElement.id === 'query'")
    page.keyboard.type("overfitting")
    page.wait_for_selector("#results a")

    assert page.locator("#results a").first.get_attribute("href")
    page.context.close()


@pytest.mark.parametrize(
    ("typed", "marked", "said"),
    [
        ("99.24", "99.24", ""),
        ("dropot", "dropout", "with “dropout”"),
        ("learning rate", "learning", ""),
    ],
)
def test_search_finds_numbers_whole_forgives_a_slip_and_shows_the_sentence(
    browser: Browser, address: str, typed: str, marked: str, said: str
) -> None:
    page = opened(browser, 1280)
    page.goto(f"{address}/search/")
    page.fill("#query", typed)
    page.wait_for_selector("#results mark")
    first = page.locator("#results li > p").first
    assert first.locator("mark").first.inner_text().lower() == marked
    assert len(first.inner_text()) < 400
    assert said in page.locator("#found").inner_text()
    page.fill("#query", "9.24")
    page.wait_for_timeout(200)
    assert page.locator("#results", has_text="99.24").count() == 0
    page.context.close()


def test_hidden_posts_are_in_no_list(blog: Blog) -> None:
    site = blog.root / "_site"
    lists = ["index.html", "feed.xml", "search.json", "ledger/index.html"]
    lists += [f"{name}/index.html" for name in ("archive", "tags", "categories", "series")]
    assert [name for name in lists if "every-element" in (site / name).read_text("utf-8")] == []


def test_home_says_where_to_begin_and_what_was_settled_last(blog: Blog) -> None:
    home = (blog.root / "_site" / "index.html").read_text("utf-8")
    start = yaml.safe_load(blog.text(blog.root / "_config.yml"))["start"]
    beginning = home.partition('id="start"')[2].partition("</ol>")[0]
    assert re.findall(r'href="/posts/([^/]+)/"', beginning) == start

    newest = home.partition('id="newest"')[2].partition("</ul>")[0]
    shown = re.findall(r'<li><b>([^<]+)</b> <a href="/posts/([^/]+)/">', newest)
    settled = [
        slug
        for path in sorted(blog.posts.glob("*.md"), reverse=True)
        if (slug := path.stem[11:]) and "\nverdicts:" in path.read_text("utf-8")
    ]
    assert len(shown) == 3
    assert {slug for _, slug in shown} <= set(settled)
    for verdict, slug in shown:
        told = json.loads((blog.root / "_data" / "pages" / f"{slug}.json").read_text("utf-8"))
        assert told["verdicts"][0]["verdict"] == verdict


@pytest.mark.parametrize(
    ("slug", "first"), [("a-first-look-at-neural-networks", True), ("every-element", False)]
)
def test_a_slider_opens_where_its_post_says(blog: Blog, slug: str, first: bool) -> None:
    page = (blog.root / "_site" / "posts" / slug / "index.html").read_text("utf-8")
    found = re.search(r'type="range" min="0" max="(\d+)" value="(\d+)"', page)
    assert found
    last, opened_on = found.groups()
    assert opened_on == ("0" if first else last)


def test_feed_sitemap_and_metadata_can_be_parsed(blog: Blog) -> None:
    site = blog.root / "_site"
    feed = ElementTree.parse(site / "feed.xml")
    ElementTree.parse(site / "sitemap.xml")
    index = json.loads((site / "search.json").read_text("utf-8"))

    contents = feed.findall(".//{http://www.w3.org/2005/Atom}content")
    assert contents
    assert all("<figure" in (content.text or "") for content in contents)
    assert len(index) >= len(contents)


def test_the_ledger_says_of_every_post_what_changed(blog: Blog) -> None:
    site = blog.root / "_site"
    entries = {
        item["url"].split("/")[-2]: item for item in json.loads((site / "ledger.json").read_text())
    }
    page = (site / "ledger" / "index.html").read_text()

    for path in blog.records.glob("*.json"):
        record = json.loads(path.read_text("utf-8"))
        now = {name: value["text"] for name, value in record["values"].items()}
        compute = record["keys"]["compute"]
        entries_of_code = [one for one in record["ledger"] if one.get("compute") == compute]
        then = [item for entry in entries_of_code for item in entry["values"].items()]
        changed = {name for name, text in then if name in now and read(text) != read(now[name])}
        section = page.partition(f'<h2 id="{path.stem}">')[2].partition("<h2")[0]
        assert entries[path.stem]["ledger"] == record["ledger"]
        assert (entries[path.stem]["verdict"] == "as first published") == (not changed)
        rows = re.findall(r'<tr><th scope="row">(.+?)</th>(.+?)</tr>', section)
        assert {name for name, _ in rows} == {name.replace("_", " ") for name in changed}
        for name, row in rows:
            text = now[name.replace(" ", "_")]
            assert f"<td>{text}</td>" in row, name


def read(text: str) -> str:
    return text.partition(" ±")[0]


def test_every_post_describes_itself_as_data(blog: Blog) -> None:
    for path in sorted(blog.posts.glob("*.md")):
        slug = path.stem[11:]
        html = (blog.root / "_site" / "posts" / slug / "index.html").read_text("utf-8")
        data = json.loads(
            html.split('<script type="application/ld+json">')[1].split("</script>")[0]
        )

        assert data["@type"] == "BlogPosting"
        assert data["url"].endswith(f"/posts/{slug}/")
        assert data["isBasedOn"]["url"].endswith(f"/code/{slug}.py")


def test_the_seconds_of_cells_are_those_of_the_run(
    blog: Blog, browser: Browser, address: str
) -> None:
    record = read_record(blog, "every-element")
    assert record
    took = dict(
        zip([cell.name for cell in record.cells], record.provenance.cell_seconds, strict=True)
    )
    first, second = took["step-by-step"] / 5, took["average-digits"]
    page = opened(browser, 1280)
    page.goto(address + DEMONSTRATION)

    rows = page.locator(".times-of tbody tr").all()

    assert [row.locator("th, td").all_inner_texts() for row in rows] == [
        ["step by step", f"{first:.1f}", "1.0"],
        ["average digits", f"{second:.1f}", f"{first / second:.1f}"],
    ]
