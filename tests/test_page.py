"""The pages in a real browser: readable by everyone, quick, and quiet."""

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Browser, ElementHandle, Page, Route

from press.blog import Blog
from press.cli import main
from press.record.storage import read_record
from press.script.programs import written

from .conftest import committed, served, wait_for_frames

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
POST = "/posts/a-first-look-at-neural-networks/"
DEMONSTRATION = "/posts/every-element/"
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
    "/search/",
    "/404.html",
]
ALL_RULES = """
() => {
  // Contrast of 7:1 is more than level AA asks for; everything else is asked for.
  const rules = axe.getRules().map(({ ruleId }) => [ruleId, { enabled: true }]);
  const apart = { "color-contrast-enhanced": { enabled: false } };
  const all = { ...Object.fromEntries(rules), ...apart };
  return axe.run(document, { resultTypes: ["violations"], rules: all });
}
"""
COPIED = "document.querySelector('body > [role=status]').textContent !== ''"
LAYOUT_SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    blog = committed(tmp_path_factory.mktemp("pages"))
    assert main(["--blog", str(blog.root), "build", "--check"]) == 0
    return blog


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


@pytest.mark.parametrize("path", KINDS)
def test_axe_finds_nothing(browser: Browser, address: str, path: str, thorough: bool) -> None:
    for width, dark, scripts in product((360, 1280), (False, True), (True, False)):
        # Every day each width, each scheme and each way are seen together with each of the others.
        if not thorough and scripts == ((width > 360) ^ dark):
            continue
        page = opened(browser, width, dark=dark, scripts=scripts)
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate(AXE)
        found = page.evaluate(ALL_RULES)
        page.context.close()
        rules = [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]
        assert rules == [], (width, dark, scripts)


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
    at_first = len(requests)
    height = page.evaluate("document.documentElement.scrollHeight")
    for _ in range(0, height, 600):
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(20)

    assert complaints == []
    assert [url for url in requests if not url.startswith((address, "data:"))] == []
    assert at_first <= 12
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("window.shift") <= 0.01
    assert page.context.cookies() == []
    assert page.evaluate("Object.keys(localStorage)") == []
    weights = weights_of(blog.root / "_site", requests[:at_first])
    assert weights["html"] <= 25_000
    assert weights["css"] <= 8_000
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
        page.wait_for_timeout(300)  # it is laid out without its data
        while held:
            held.pop().continue_()
        page.wait_for_timeout(300)
    assert page.evaluate("window.shift") <= 0.001
    page.context.close()


def weights_of(site: Path, urls: list[str]) -> Counter[str]:
    weights: Counter[str] = Counter()
    for path in {urlsplit(url).path for url in urls if url.startswith("http")}:
        file = site / path.lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        weights[file.suffix.lstrip(".")] += len(gzip.compress(file.read_bytes()))
    return weights


def copied(page: Page, cell: ElementHandle, button: str) -> str:
    """What the clipboard holds after the button of a cell was pressed."""
    found = cell.query_selector(button)
    assert found
    page.evaluate("document.querySelector('body > [role=status]').textContent = ''")
    found.click()
    page.wait_for_function(COPIED)
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_copy_gives_the_cells_of_the_script_byte_for_byte(
    browser: Browser, address: str, blog: Blog, thorough: bool
) -> None:
    paths = sorted(blog.records.glob("*.json"))
    for path, width in product(paths, (360, 1280) if thorough else (360,)):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        sources = {cell["name"]: cell["source"] for cell in cells}
        page = opened(browser, width)
        page.goto(f"{address}/posts/{path.stem}/")
        shown = page.query_selector_all("[data-cell]")
        assert shown
        for cell in shown:
            name = cell.get_attribute("data-cell") or ""
            assert copied(page, cell, "button.copy") == sources[name], name
        page.context.close()


def test_the_runnable_copy_is_the_program_that_the_record_names(
    browser: Browser, address: str, blog: Blog
) -> None:
    for path in sorted(blog.records.glob("*.json")):
        record = read_record(blog, path.stem)
        assert record
        text = blog.text(blog.root / record.script)
        programs = {cell.name: written(text, cell.needs) for cell in record.cells}
        page = opened(browser, 1280)
        page.goto(f"{address}/posts/{path.stem}/")
        cells = page.query_selector_all("[data-cell]")
        assert cells
        for cell in cells:
            name = cell.get_attribute("data-cell") or ""
            assert copied(page, cell, "button.with-needs") == programs[name], name
        page.context.close()


def test_a_value_tells_where_it_comes_from(browser: Browser, address: str) -> None:
    page = opened(browser, 1280)
    page.goto(address + DEMONSTRATION)
    value = page.locator("a[data-of=accuracy]").first
    note = page.get_by_role("tooltip")

    value.hover()
    note.wait_for()
    assert "accuracy: cell results, line" in (note.text_content() or "")
    page.keyboard.press("Escape")
    note.wait_for(state="hidden")

    value.focus()
    page.keyboard.press("Tab")
    note.wait_for()
    assert "test images: cell results" in (note.text_content() or "")
    focused = page.locator("[data-of]:focus")
    assert focused.get_attribute("aria-describedby") == "origin"
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#proof').open")

    mean = page.locator("a[data-of=accuracy_of_parts]")
    mean.hover()
    page.wait_for_function("document.querySelector('#origin').textContent.includes('of 5 runs')")
    page.context.close()


def test_a_touch_tells_first_and_leads_to_the_proof_then(browser: Browser, address: str) -> None:
    page = browser.new_context(
        viewport={"width": 360, "height": 800}, has_touch=True, bypass_csp=True
    ).new_page()
    page.goto(address + DEMONSTRATION)
    value = page.locator("a[data-of=accuracy]").first
    value.tap()
    page.get_by_role("tooltip").wait_for()
    assert not page.url.endswith("#proof")
    value.tap()
    page.wait_for_url("**#proof")
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


def test_feed_sitemap_and_metadata_can_be_parsed(blog: Blog) -> None:
    site = blog.root / "_site"
    feed = ElementTree.parse(site / "feed.xml")
    ElementTree.parse(site / "sitemap.xml")
    index = json.loads((site / "search.json").read_text("utf-8"))

    contents = feed.findall(".//{http://www.w3.org/2005/Atom}content")
    assert contents
    assert all("<figure" in (content.text or "") for content in contents)
    assert len(index) >= len(contents)


def test_the_ledger_says_of_every_post_what_moved(blog: Blog) -> None:
    site = blog.root / "_site"
    entries = {
        item["url"].split("/")[-2]: item for item in json.loads((site / "ledger.json").read_text())
    }
    page = (site / "ledger" / "index.html").read_text()

    for path in blog.records.glob("*.json"):
        record = json.loads(path.read_text("utf-8"))
        moved = sum(len(entry["verdicts"]) for entry in record["ledger"])
        assert entries[path.stem]["ledger"] == record["ledger"]
        assert (entries[path.stem]["verdict"] == "as first published") == (moved == 0)
        for entry in record["ledger"]:
            for name, text in entry["values"].items():
                if name in record["values"]:
                    row = page.partition(f'<th scope="row">{name.replace("_", " ")}</th>')[2]
                    row = row.partition("</tr>")[0]
                    assert f"<td>{text}</td>" in row, name
                    assert f"<td>{record['values'][name]['text']}</td>" in row, name
                    assert row.endswith(f"<td>{entry['verdicts'][name]}</td>"), name


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
