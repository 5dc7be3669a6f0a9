"""Takes README's pictures: `.press/venv/bin/python -m tests.screenshots`, after a build."""

from playwright.sync_api import sync_playwright

from press.machine.browser import ensure_chromium

from .conftest import ROOT, served

PICTURES = {
    "home-light": ("/", 1280, "light", ""),
    "post-dark": (
        "/posts/a-first-look-at-neural-networks/",
        1280,
        "dark",
        "#figure-learning-curves",
    ),
    "pad-light": ("/posts/mnist-classification-using-keras/", 1280, "light", ".pad"),
}


def main() -> None:
    with served(ROOT / "_site") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=ensure_chromium(), args=["--no-sandbox"]
        )
        for name, (path, width, scheme, place) in PICTURES.items():
            page = browser.new_page(
                viewport={"width": width, "height": 800},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            page.goto(f"{address}{path}")
            if place:
                page.locator(place).evaluate("(part) => part.scrollIntoView({ block: 'center' })")
            page.wait_for_timeout(1500)
            page.screenshot(path=ROOT / ".github" / f"{name}.png")


if __name__ == "__main__":
    main()
