"""What needs press's own environment: the state of the machine, many records, and a browser."""

import importlib.metadata
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from press.blog import Blog
from press.machine.browser import ensure_chromium
from press.machine.python import ensure
from press.machine.ruby import ensure_jekyll
from press.voice.errors import PressError

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 20.0
"""Seconds between two saves: an author looks at what came of the first."""
COMES = """
([name, before]) => {
  const image = document.querySelector(`#figure-${name} img`);
  image?.scrollIntoView();
  return image && image.src !== before && image.complete && image.naturalWidth > 0 && image.src;
}
"""


def ready() -> dict[str, Any]:
    """Have everything that is measured installed, and say what it is."""
    ensure("test", ROOT)
    jekyll = ensure_jekyll(ROOT)
    ensure_chromium()
    from press.datasets.mnist import MNIST
    from press.machine.processor import cpu, threads
    from press.machine.versions import LIGHTER, version_of

    MNIST.ready()
    return {
        "jekyll": jekyll,
        "mnist": str(MNIST.files()["mnist.npz"]),
        "threads": threads(),
        "cpu": cpu(),
        "versions": {
            item.metadata["Name"].lower(): item.version
            for item in importlib.metadata.distributions()
        }
        | {name: version_of(name) for name in LIGHTER},
    }


def fill(root: str) -> None:
    """Give every post the results of the one that has run: their code gives the same."""
    ensure("run", ROOT)
    from press.record.freshness import read
    from press.record.make import earlier, make
    from press.record.storage import read_record, write_record

    blog = Blog(Path(root))
    (known,) = blog.records.glob("*.json")
    record = read_record(blog, known.stem)
    assert record
    for path in sorted(blog.code.glob("*.py")):
        if not blog.record(path.stem).exists():
            findings = earlier(blog, read(blog, path, record), record)
            write_record(blog, path.stem, make(path.stem, findings))


def serve(root: str, slug: str, name: str, count: str) -> list[float]:
    """Seconds from saving the script with another title in a figure to that figure in Chromium."""
    from playwright.sync_api import sync_playwright

    script = Path(root) / "code" / f"{slug}.py"
    seconds = []
    with served(root) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=ensure_chromium(),
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        page = browser.new_page()
        page.goto(f"{address}posts/{slug}/")
        shown = page.wait_for_function(COMES, arg=[name, ""]).json_value()
        for number in range(int(count)):
            time.sleep(PATIENCE)
            edited = re.sub(r"plot \d+", f"plot {1000 + number}", script.read_text("utf-8"))
            begun = time.perf_counter()
            script.write_text(edited, "utf-8")
            shown = page.wait_for_function(COMES, arg=[name, shown], timeout=300_000).json_value()
            seconds.append(time.perf_counter() - begun)
        browser.close()
    return seconds


@contextmanager
def served(root: str) -> Iterator[str]:
    command = [str(ROOT / "press"), "--blog", root, "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        for line in process.stderr:
            if address := re.match(r"http://127\.0\.0\.1:\d+/", line):
                break
        else:
            sys.exit("bench: press does not serve")
        # What it says from here on must be read, or it would wait for a reader some day.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield address[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    tasks: dict[str, Callable[..., Any]] = {"ready": ready, "fill": fill, "serve": serve}
    try:
        print(json.dumps(tasks[what](*words)))
    except PressError as error:
        sys.exit(str(error))
