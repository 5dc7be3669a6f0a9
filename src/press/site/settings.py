"""What `_config.yml` shows of runs: the front page's pad, and what tells that a drawing is none."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from press.blog import Blog
from press.files import from_yaml
from press.site.quotes import Quote, line_at
from press.voice.errors import PressError

FILE = "_config.yml"
KINDS = {
    "pad": {"models": "model", "data": "data"},
    "likeness": {"data": "data", "alarms": "value"},
}
ITEMS = {"pad": ("labels",), "likeness": ("share", "ink")}


def quotes_of_settings(blog: Blog) -> Iterator[tuple[str, Quote]]:
    """Each with the slug of the post whose run it is."""
    text, settings = _read(blog)
    for key in KINDS.keys() & settings.keys():
        found = re.search(rf"^{key}:", text, re.MULTILINE)
        line = line_at(text, found.start()) if found else 1
        yield from _quotes(key, settings[key], line)


def baseurl_of(blog: Blog) -> str:
    """The folder of the server that the site is for, if its settings name one."""
    return str(_read(blog)[1].get("baseurl") or "")


def _read(blog: Blog) -> tuple[str, Mapping[str, Any]]:
    path = blog.root / FILE
    text = blog.text(path) if path.exists() else ""
    try:
        loaded = from_yaml(text)
    except (yaml.YAMLError, ValueError) as error:  # the latter of a day that is none
        reason = " ".join(str(error).split())
        raise PressError(f"{FILE}:1", f"is no YAML ({reason})", "mend it") from error
    return text, loaded if isinstance(loaded, dict) else {}


def _quotes(key: str, given: object, line: int) -> Iterator[tuple[str, Quote]]:
    told: Mapping[str, Any] = given if isinstance(given, dict) else {}
    if missing := {"post", *KINDS[key]} - told.keys():
        problem = f"`{key}` lacks {', '.join(sorted(missing))}"
        raise PressError(f"{FILE}:{line}", problem, "add it, or leave out the whole")
    for word, kind in KINDS[key].items():
        for name in str(told[word]).split(","):
            items = ITEMS[key] if kind == "data" else ()
            yield str(told["post"]), Quote(kind, name.strip(), line, items)
