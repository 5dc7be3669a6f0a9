"""The browsers that the tests drive, installed when first needed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from press.machine.system import AGAIN, apt_install
from press.voice.errors import PressError

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIREFOXES = ("firefox-esr", "firefox")
WEBKITS = ("WebKitWebDriver",)
DISPLAYS = ("Xvfb",)


def ensure_browsers() -> None:
    """Three engines: what is shown in one of them may be lost in another."""
    ensure_chromium()
    ensure_firefox()
    ensure_webkit()


def ensure_chromium() -> str:
    # What drives it, Playwright's own Node, needs libatomic, which a small Debian lacks.
    if not any(Path("/usr/lib").glob("*/libatomic.so.1")) and shutil.which("apt-get"):
        apt_install(["libatomic1"], "tests", "libatomic")
    return _ensure(CHROMIUMS, ["chromium"], "Chromium")


def ensure_firefox() -> str:
    return _ensure(FIREFOXES, ["firefox-esr"], "Firefox")


def ensure_webkit() -> str:
    """WebKit's driver; it shows its pages on a display, which `Xvfb` gives."""
    _ensure(DISPLAYS, ["xvfb"], "Xvfb")
    return _ensure(WEBKITS, ["webkit2gtk-driver"], "WebKit")


def _ensure(names: Sequence[str], packages: Sequence[str], what: str) -> str:
    if not _found(names) and shutil.which("apt-get"):
        apt_install(packages, "tests", what)
    if found := _found(names):
        return found
    raise PressError("tests", f"{what} is missing", f"install it and {AGAIN}")


def _found(names: Sequence[str]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)
