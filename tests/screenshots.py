"""Takes README's pictures: `.press/venv/bin/python -m tests.screenshots`, after a build."""

import http.server
import threading
from functools import partial

from playwright.sync_api import sync_playwright

from press.install import ensure_chromium

from .conftest import ROOT

PICTURES = {
    "home-light": ("/", 1280, "light", ""),
    "post-dark": (
        "/posts/a-first-look-at-neural-networks/",
        1280,
        "dark",
        "#figure-learning-curves",
    ),
}


def main() -> None:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(ROOT / "_site"))
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=ensure_chromium(), args=["--no-sandbox"]
        )
        for name, (path, width, scheme, place) in PICTURES.items():
            page = browser.new_page(
                viewport={"width": width, "height": 800},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page.goto(f"http://127.0.0.1:{server.server_port}{path}{place}")
            page.wait_for_timeout(500)
            page.screenshot(path=ROOT / ".github" / f"{name}.png")
        server.shutdown()


if __name__ == "__main__":
    main()
