"""The browser that the tests drive, installed when first needed."""

import shutil
from pathlib import Path

from press.errors import PressError
from press.machine.system import AGAIN, apt_install

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def ensure_chromium() -> str:
    """The browser that the tests drive."""
    # What drives it, Playwright's own Node, needs libatomic, which a small Debian lacks.
    missing = [] if _chromium() else ["chromium"]
    missing += [] if any(Path("/usr/lib").glob("*/libatomic.so.1")) else ["libatomic1"]
    if missing and shutil.which("apt-get"):
        apt_install(missing, "tests", "Chromium")
    if found := _chromium():
        return found
    raise PressError("tests", "Chromium is missing", f"install Chromium or Chrome and {AGAIN}")


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)
