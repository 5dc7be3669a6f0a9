"""What readers can look into: the digits behind the numbers of a table, and training by epoch."""

import io
import json
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from press.machine.ruby import ensure_jekyll
from press.record.results import shape

from .conftest import ROOT, add_post, empty_blog, served, with_theme
from .test_page import LAYOUT_SHIFT, opened, violations
from .test_site import by_id, only, parsed, text_of

BASE = "/under/here"
POST = f"{BASE}/posts/look/"
COLUMNS = 5

# Label, answer: thirteen mistakes in seven cells, and right ones of 2 and 7.
MISTAKES = [(4, 9)] * 5 + [(9, 4), (9, 4), (2, 7), (2, 6), (3, 5), (3, 5), (3, 8), (8, 0)]
READ = [*MISTAKES, (2, 2), (7, 7), (7, 7)]
FOLLOWED = [7, 2, 1, 0, 4, 1, 4]
ANSWERS = [[3, 3, 3, 3, 3, 3, 3], [7, 2, 1, 0, 9, 1, 9], [7, 2, 1, 0, 4, 1, 9]]
WRONG = [[0, 1, 2, 3, 4, 5, 6], [4, 6], [6]]
FILTERS = [
    [[0, 100, -100, 50], [100, 100, 100, 100]],
    [[10, -20, 0, 0], [0, 0, 0, -100]],
    [[-60, 0, 0, 60], [0, 0, 0, 0]],
]


def counts() -> list[list[int]]:
    table = [[0] * 10 for _ in range(10)]
    for label, answer in READ:
        table[label][answer] += 1
    for digit in range(10):
        table[digit][digit] = 90 + digit
    table[3][5] = 4  # of two networks: two of the four are other digits, and not shown
    table[7][7] = 0
    table[6][1] = 1  # nobody kept its digit
    return table


CONFUSED: dict[str, Any] = {
    "counts": counts(),
    "labels": [label for label, _ in READ],
    "answers": [answer for _, answer in READ],
}
BY_EPOCH: dict[str, Any] = {
    "epochs": [0, 1, 2],
    "curves": {"training loss": [None, 0.32, 0.1234], "validation loss": [2.3, 0.4, 0.2]},
    "accuracy": ["9.8%", "95.0%", "97.9%"],
    "labels": FOLLOWED,
    "answers": ANSWERS,
    "filters": FILTERS,
}
ROUGH: dict[str, Any] = {
    "epochs": [3, 4],
    "accuracy": ["1%", "2%"],
    "labels": [1],
    "answers": [[1], [2]],
}

BODY = """\
Words.

More words.

And more.

{% include confusion.html name="confused" caption="How *one* network reads {test_images} digits." %}

- An item, with a look in it:

  {% include epochs.html name="by-epoch" caption="The network
     after each epoch." %}

- And one without curves and filters:

  {% include epochs.html name="rough" caption="Less." %}

{% include confusion.html name="bare" caption="Numbers alone." %}
"""


def place(n: int) -> str:
    """Where the sprite holds an image."""
    return f"{n % COLUMNS * 28} {n // COLUMNS * 28} 28 28"


def spot(n: int) -> tuple[int, int]:
    """Made-up images are told apart by the place of their one square, of 7 × 7 pixels."""
    return n % 4, n // 4


def sprite(path: Path, number: int) -> None:
    image = Image.new("L", (COLUMNS * 28, -(-number // COLUMNS) * 28))
    for n in range(number):
        x, y = spot(n)
        left, top = n % COLUMNS * 28 + 7 * x, n // COLUMNS * 28 + 7 * y
        image.paste(255, (left, top, left + 7, top + 7))
    image.save(path)


def data(folder: Path, name: str, content: dict[str, Any], images: int) -> dict[str, Any]:
    stem = f"img/look/{name}.12345678"
    (folder / f"{stem}.json").write_text(json.dumps(content))
    shapes = {item: shape(given) for item, given in content.items()}
    entry = {"file": f"{stem}.json", "cell": name, "content": content, "shapes": shapes}
    if not images:
        return {**entry, "images": None}
    sprite(folder / f"{stem}.png", images)
    kept = {"file": f"{stem}.png", "count": images, "side": 28, "columns": COLUMNS}
    return {**entry, "images": kept}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is served, with the blog somewhere below its root."""
    blog = with_theme(empty_blog(tmp_path_factory.mktemp("explore")))
    blog.figures("look").mkdir(parents=True)
    blog.records.mkdir(parents=True)
    add_post(blog, "look", None, BODY)
    entries = {
        "confused": data(blog.root, "confused", CONFUSED, len(READ)),
        "by-epoch": data(blog.root, "by-epoch", BY_EPOCH, len(FOLLOWED)),
        "rough": data(blog.root, "rough", ROUGH, 1),
        "bare": data(blog.root, "bare", {"counts": CONFUSED["counts"]}, 0),
    }
    record = {
        "script": "code/look.py",
        "values": {"test_images": {"text": "10,000"}},
        "data": entries,
        "provenance": {"date": "2026-11-20T12:00:00Z", "packages": {}, "threads": 1, "seconds": 1},
    }
    blog.record("look").write_text(json.dumps(record))
    folder = blog.root.parent / "served"
    command = [*ensure_jekyll(ROOT), "build", "--quiet", "--baseurl", BASE]
    command += ["--destination", str(folder / BASE[1:])]
    subprocess.run(command, cwd=blog.root, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def page(site: Path) -> Element:
    return parsed(site / POST[1:] / "index.html")


def come_to(page: Page, figure: str) -> Locator:
    """The figure in view, with its module at work."""
    found = page.locator(figure)
    found.scroll_into_view_if_needed()
    page.wait_for_selector(f"{figure} button, {figure}.ready")
    return found


def shown(figure: Locator, items: str = ".digits > li") -> list[str]:
    tiles = figure.locator(f"{items} > svg").all()
    return [tile.get_attribute("viewBox") or "" for tile in tiles]


def button(figure: Locator, label: int, answer: int) -> Locator:
    return figure.get_by_role("button", name=f"{label} read as {answer}:")


# Without JavaScript


def test_the_table_holds_the_numbers_of_the_record(page: Element) -> None:
    for name in ("confused", "bare"):
        table = only(by_id(page, f"confusion-{name}"), ".//table")
        rows = [[text_of(cell) for cell in row] for row in only(table, "tbody")]

        assert rows == [
            [str(label), *map(str, row)] for label, row in enumerate(CONFUSED["counts"])
        ]
        assert [head.get("scope") for head in table.iter("th")] == (
            ["col", "colgroup"] + ["col"] * 10 + ["row"] * 10
        )


def test_the_most_frequent_mistakes_are_the_darkest(page: Element) -> None:
    rows = list(only(by_id(page, "confusion-confused"), ".//tbody"))
    shades = {
        (label, answer): row[answer + 1].get("class")
        for label, row in enumerate(rows)
        for answer in range(10)
    }

    assert shades[4, 9] == "shade-4"
    assert shades[3, 5] == "shade-4"
    assert shades[9, 4] == "shade-2"
    assert shades[3, 8] == "shade-1"
    assert shades[5, 5] == "right"
    assert shades[7, 7] is None
    assert shades[0, 1] is None


def test_all_mistakes_stand_there_with_their_digits(page: Element) -> None:
    items = by_id(page, "confusion-confused").findall(".//details/ul/li")

    assert [text_of(item) for item in items] == [
        f"{label} → {answer}" for label, answer in MISTAKES
    ]
    assert [item[0].get("viewBox") for item in items] == [place(n) for n in range(len(MISTAKES))]


def test_epochs_are_a_table_of_what_the_record_says(page: Element) -> None:
    rows = {
        name: [
            [text_of(cell) for cell in row]
            for row in by_id(page, f"epochs-{name}").findall(".//tr")
        ]
        for name in ("by-epoch", "rough")
    }

    assert rows["by-epoch"] == [
        ["epoch", "accuracy", "training loss", "validation loss", "wrong of 7"],
        ["0", "9.8%", "–", "2.300", "7"],
        ["1", "95.0%", "0.320", "0.400", "2"],
        ["2", "97.9%", "0.123", "0.200", "1"],
    ]
    assert rows["rough"] == [
        ["epoch", "accuracy", "wrong of 1"],
        ["3", "1%", "0"],
        ["4", "2%", "1"],
    ]


def test_captions_are_filled_and_lists_stay_lists(page: Element) -> None:
    captions = {
        figure.get("id"): " ".join(text_of(only(figure, "figcaption")).split())
        for figure in page.iter("figure")
    }

    assert captions == {
        "confusion-confused": "Look How one network reads 10,000 digits.",
        "epochs-by-epoch": "Look The network after each epoch.",
        "epochs-rough": "Look Less.",
        "confusion-bare": "Look Numbers alone.",
    }
    assert len(page.findall(".//li/figure")) == 2


def test_without_javascript_everything_can_be_read(browser: Browser, address: str) -> None:
    page = opened(browser, 360, scripts=False)
    page.goto(address + POST)
    figure = page.locator("#epochs-by-epoch")

    assert page.locator("#confusion-confused table").is_visible()
    assert not page.locator("#confusion-confused .behind").is_visible()
    assert not figure.locator("input").is_visible()
    assert figure.locator("table").is_visible()
    assert figure.locator(".digits").inner_text().split() == [str(label) for label in FOLLOWED]
    assert shown(figure) == [place(n) for n in range(len(FOLLOWED))]
    page.click("#confusion-confused summary")
    assert page.locator("#confusion-confused .digits").is_visible()
    page.context.close()


def test_on_paper_all_is_open_and_nothing_asks_to_be_touched(
    browser: Browser, address: str
) -> None:
    page = opened(browser, 800)
    page.goto(address + POST)
    come_to(page, "#confusion-confused")
    figure = come_to(page, "#epochs-by-epoch")
    page.emulate_media(media="print")

    assert page.locator("#confusion-confused .digits").is_visible()
    assert not page.locator("#confusion-confused .behind p").is_visible()
    assert figure.locator("table").is_visible()
    assert figure.locator("polyline").first.is_visible()
    assert not figure.locator("input").is_visible()
    page.context.close()


# The digits behind a number


@pytest.mark.parametrize("way", ["mouse", "touch", "keyboard"])
def test_a_number_opens_exactly_the_digits_behind_it(
    browser: Browser, address: str, way: str
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800}, has_touch=way == "touch")
    page = context.new_page()
    page.goto(address + POST)
    figure = come_to(page, "#confusion-confused")

    for label, answer in dict.fromkeys(READ):
        chosen = button(figure, label, answer)
        if way == "mouse":
            chosen.click()
        elif way == "touch":
            chosen.tap()
        else:
            chosen.focus()
            page.keyboard.press("Enter")

        behind = [n for n, read in enumerate(READ) if read == (label, answer)]
        assert shown(figure, ".behind li") == [place(n) for n in behind]
        assert figure.locator("[aria-expanded=true]").all_inner_texts() == [chosen.inner_text()]
        names = {svg.get_attribute("aria-label") for svg in figure.locator(".behind svg").all()}
        assert names == {f"{label} read as {answer}"}
    context.close()


def test_what_opened_is_said_and_how_many_are_shown(browser: Browser, address: str) -> None:
    page = opened(browser, 1280)
    page.goto(address + POST)
    figure = come_to(page, "#confusion-confused")
    status = figure.get_by_role("status")
    hint = status.inner_text()

    said = {}
    for label, answer in [(4, 9), (2, 6), (3, 5), (2, 2), (7, 7)]:
        button(figure, label, answer).click()
        said[label, answer] = status.inner_text()
    button(figure, 7, 7).click()

    assert said == {
        (4, 9): "4 read as 9: 5 digits",
        (2, 6): "2 read as 6: 1 digit",
        (3, 5): "3 read as 5: 4 times, 2 digits shown",
        (2, 2): "2 read as 2: 92 times, 1 digit shown",
        (7, 7): "7 read as 7: 2 digits",
    }
    assert status.inner_text() == hint
    assert shown(figure, ".behind li") == []
    page.context.close()


def test_the_table_is_one_stop_and_arrows_reach_every_number(
    browser: Browser, address: str
) -> None:
    page = opened(browser, 1280)
    page.goto(address + POST)
    figure = come_to(page, "#confusion-confused")
    cells = [f"{label} read as {answer}" for label, answer in sorted(set(READ))]
    assert figure.locator("button").count() == len(cells)

    def pressed(key: str) -> str:
        page.keyboard.press(key)
        name = page.evaluate("document.activeElement.getAttribute('aria-label')")
        return str(name).split(":")[0]

    page.locator("#proof summary").focus()
    assert pressed("Tab") == cells[0]
    assert [pressed("ArrowRight") for _ in cells[1:]] == cells[1:]
    assert pressed("ArrowRight") == cells[-1]
    assert pressed("Home") == "2 read as 2"
    assert pressed("ArrowDown") == "3 read as 5"
    assert pressed("ArrowRight") == "3 read as 8"
    assert pressed("ArrowDown") == "4 read as 9"
    assert pressed("ArrowDown") == "7 read as 7"
    assert pressed("ArrowUp") == "4 read as 9"
    assert pressed("ArrowLeft") == "3 read as 8"
    assert pressed("End") == cells[-1]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Shift+Tab")
    assert pressed("Home") == cells[0]
    page.context.close()


@pytest.mark.parametrize("dark", [False, True])
def test_the_digits_are_drawn_in_the_ink_of_the_page(
    browser: Browser, address: str, dark: bool
) -> None:
    page = opened(browser, 1280, dark=dark)
    page.goto(address + POST)
    figure = come_to(page, "#confusion-confused")
    button(figure, 2, 6).click()
    page.mouse.move(0, 0)

    tile = figure.locator(".behind svg")
    picture = Image.open(io.BytesIO(tile.screenshot())).convert("L")
    picture = picture.resize((4, 4), Image.Resampling.NEAREST)
    levels = {(n % 4, n // 4): level for n, level in enumerate(picture.tobytes())}
    ink, ground = levels.pop(spot(READ.index((2, 6)))), levels.values()

    assert (ink > 180 and max(ground) < 40) if dark else (ink < 60 and min(ground) > 240)
    page.context.close()


# The epochs


def test_the_slider_shows_each_epoch(browser: Browser, address: str) -> None:
    page = opened(browser, 1280)
    page.goto(address + POST)
    figure = come_to(page, "#epochs-by-epoch")
    slider = figure.get_by_role("slider", name="epoch")
    assert slider.input_value() == "2"
    slider.focus()

    for at, words in [(2, "after epoch 2"), (1, "after epoch 1"), (0, "before training")]:
        assert slider.get_attribute("aria-valuetext") == words
        assert figure.locator("output").inner_text() == (
            f"{words.capitalize()}: accuracy {BY_EPOCH['accuracy'][at]}"
        )
        assert shown(figure) == [place(n) for n in range(len(FOLLOWED))]
        assert figure.locator(".wrong").all_inner_texts() == [
            f"{FOLLOWED[n]} → {ANSWERS[at][n]}" for n in WRONG[at]
        ]
        assert shown(figure, ".wrong") == [place(n) for n in WRONG[at]]
        assert figure.locator("li[aria-hidden=true]").count() == len(FOLLOWED) - len(WRONG[at])
        assert figure.locator(".followed").inner_text() == (
            f"Read wrongly, label → answer: {len(WRONG[at])} of 7 digits."
        )
        assert weights(figure) == FILTERS[at]
        marker = figure.locator(".marker")
        assert (marker.get_attribute("x1"), marker.get_attribute("x2")) == (f"{50 * at}%",) * 2
        page.keyboard.press("ArrowLeft")
    page.context.close()


def weights(figure: Locator) -> list[list[int]]:
    """The numbers that the tiles of the filters show."""
    tiles = []
    for tile in figure.locator(".filters svg").all():
        numbers = [0] * 4
        for path in tile.locator("path").all():
            sign = 1 if path.get_attribute("class") == "above" else -1
            strength = round(100 * float(path.get_attribute("fill-opacity") or 0))
            for pixel in (path.get_attribute("d") or "").split("M")[1:]:
                x, y = pixel.split("h")[0].split()
                numbers[int(x) + 2 * int(y)] = sign * strength
        tiles.append(numbers)
    return tiles


def test_the_slider_stands_below_its_place_in_the_chart(browser: Browser, address: str) -> None:
    page = opened(browser, 360)
    page.goto(address + POST)
    figure = come_to(page, "#epochs-by-epoch")
    slider, marker = figure.locator("input"), figure.locator(".marker")
    box = slider.bounding_box()
    assert box

    for share, at in ((0.01, 0), (0.5, 1), (0.99, 2)):
        page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        line = marker.bounding_box()
        assert line
        assert slider.input_value() == str(at)
        thumb = box["x"] + 8 + at / 2 * (box["width"] - 16)
        assert line["x"] + line["width"] / 2 == pytest.approx(thumb, abs=1)
    page.context.close()


def test_the_curves_are_those_of_the_record(browser: Browser, address: str) -> None:
    page = opened(browser, 1280)
    page.goto(address + POST)
    figure = come_to(page, "#epochs-by-epoch")

    points = [
        [tuple(map(float, point.split(","))) for point in (line or "").split()]
        for line in (
            line.get_attribute("points") for line in figure.locator(".chart polyline").all()
        )
    ]
    assert [[x for x, _ in line] for line in points] == [[0.5, 1], [0, 0.5, 1]]
    assert points[0][-1][1] == pytest.approx(1), "the lowest value is at the foot"
    assert points[1][0][1] == pytest.approx(0), "the highest at the head"
    assert figure.locator(".chart text").all_text_contents() == ["0.2", "0.5", "1", "2"]
    assert figure.locator(".key b").all_inner_texts() == ["0.123", "0.200"]
    assert figure.get_by_role("img", name="after epoch 2: training loss 0.123").count() == 1
    page.context.close()


def test_epochs_without_curves_and_filters(browser: Browser, address: str) -> None:
    page = opened(browser, 360)
    page.goto(address + POST)
    figure = come_to(page, "#epochs-rough")

    assert figure.locator("output").inner_text() == "After epoch 4: accuracy 2%"
    assert figure.locator(".wrong").all_inner_texts() == ["1 → 2"]
    page.context.close()


# The page


def test_axe_finds_nothing(browser: Browser, address: str, thorough: bool) -> None:
    looks = list(product((360, 1280), (False, True), (True, False)))
    # Every day two: both widths, both schemes and both ways.
    for width, dark, scripts in looks if thorough else (looks[0], looks[-1]):
        page = opened(browser, width, dark=dark, scripts=scripts)
        page.goto(address + POST)
        if scripts:
            button(come_to(page, "#confusion-confused"), 4, 9).click()
            come_to(page, "#epochs-rough")
            come_to(page, "#epochs-by-epoch").locator("input").fill("1")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert violations(page) == [], (width, dark, scripts)
        page.context.close()


def test_what_only_a_look_needs_comes_when_it_is_in_view(browser: Browser, address: str) -> None:
    page = browser.new_context(viewport={"width": 320, "height": 200}).new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url.removeprefix(address + BASE)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script(LAYOUT_SHIFT)

    def fetched() -> list[str]:
        looks = ("confusion.js", "epochs.js", "sprite.js", ".json")
        return [url for url in requests if url.endswith(looks)]

    page.goto(address + POST, wait_until="networkidle")
    assert fetched() == []
    come_to(page, "#confusion-confused")
    assert fetched() == [
        "/assets/js/confusion.js",
        "/assets/js/sprite.js",
        "/img/look/confused.12345678.json",
    ]
    come_to(page, "#epochs-by-epoch")
    assert "/img/look/by-epoch.12345678.json" in fetched()
    come_to(page, "#epochs-rough")
    page.wait_for_timeout(100)
    assert complaints == []
    assert page.evaluate("window.shift") <= 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.context.close()


def test_nothing_moves_when_the_modules_come(browser: Browser, address: str) -> None:
    heights = []
    for modules in (False, True):
        page = opened(browser, 320)
        if not modules:
            page.route("**/sprite.js", lambda route: route.abort())
        page.goto(address + POST)
        for name in ("confusion-confused", "epochs-by-epoch", "epochs-rough"):
            page.locator(f"#{name}").scroll_into_view_if_needed()
            page.wait_for_timeout(200)
        heights.append(page.evaluate("document.documentElement.scrollHeight"))
        page.context.close()

    assert heights[0] == heights[1]
