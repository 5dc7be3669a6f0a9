"""Whether the site stands: made from all that there is now, and as Jekyll left it.

Files are told by their sizes and times, that of their last change among them, which nobody can set.
Told is more than Jekyll reads: whatever lies in the blog, but for what it never looks at.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from press import __version__
from press.blog import Blog
from press.files import from_yaml, stamp, write

MADE = ("_site", ".press", ".git", ".jekyll-cache", ".sass-cache", "__pycache__", "node_modules")
"""Folders that Jekyll does not read, wherever they are."""
SETTINGS = re.compile(r"JEKYLL_|BUNDLE_|RUBY|GEM_|LC_|LANG|TZ|SOURCE_DATE_EPOCH")
LOOSE = re.compile(r"/downloads/|(/.*)?/_posts/")
PLACES = re.compile(r"(_dir|load_paths|^include)$")
"""Settings that name folders and files for Jekyll to read."""
DATES = re.compile(r"^date:\s*[\"']?(\d{4}-\d{2}-\d{2})", re.MULTILINE)


@dataclass(frozen=True)
class Sources:
    """All that decides what Jekyll makes."""

    loose: Mapping[str, str]
    """By the path of a post or a download, what changes whenever that file does."""
    others: str
    """A digest of all else."""

    @property
    def digest(self) -> str:
        return _digest([self.others, *self.loose.values()])

    def changed_from(self, before: "Sources") -> list[str] | None:
        """The posts and downloads with other contents, if nothing else is new."""
        if self.others != before.others or self.loose.keys() != before.loose.keys():
            return None
        return [path for path, told in self.loose.items() if told != before.loose[path]]


@dataclass(frozen=True)
class Site:
    """One that Jekyll has made, as it lies there."""

    place: str
    files: str
    """A digest."""
    made_from: Sources


def standing(blog: Blog, destination: Path) -> Site | None:
    """The site at its place, if it is as Jekyll left it."""
    try:
        known = json.loads(_memory(blog).read_bytes())
        site = Site(known["place"], known["files"], Sources(**known["made_from"]))
        return site if site == _told(destination, site.made_from) else None
    except (OSError, ValueError, TypeError, KeyError, _Elsewhere):
        return None


def remember(blog: Blog, destination: Path, made_from: Sources) -> None:
    with suppress(_Elsewhere):
        write(_memory(blog), json.dumps(asdict(_told(destination, made_from))) + "\n")


def forget(blog: Blog) -> None:
    _memory(blog).unlink(missing_ok=True)


def _memory(blog: Blog) -> Path:
    return blog.local / "site.json"


def _told(destination: Path, made_from: Sources) -> Site:
    files = _digest(_files(destination, ()).values()) if destination.is_dir() else ""
    return Site(str(destination), files, made_from)


def sources(blog: Blog, command: list[str], gems: list[str]) -> Sources | None:
    """All that decides what Jekyll makes; none where that cannot be known."""
    try:
        config = from_yaml((blog.root / "_config.yml").read_bytes()) or {}
    except (OSError, yaml.YAMLError, ValueError):
        return None
    if not isinstance(config, dict) or _reaches_out(config):
        return None
    if config.get("future") is not True and _may_wait(blog):
        return None
    settings = sorted(item for item in os.environ.items() if SETTINGS.match(item[0]))
    try:
        files = _files(blog.root, MADE) | {path: _about(path) for path in gems}
    except (OSError, _Elsewhere):
        return None
    inside = len(str(blog.root))
    loose = {path: files.pop(path) for path in list(files) if LOOSE.match(path, inside)}
    others = _digest([__version__, *command, *map(str, settings), *files.values()])
    return Sources(loose, others)


def _digest(words: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(sorted(words)).encode("utf-8", "surrogateescape")).hexdigest()


class _Elsewhere(Exception):
    """A folder that is a link: what lies behind it is not followed."""


def _files(folder: Path, without: tuple[str, ...]) -> dict[str, str]:
    """By the path of each file below a folder, what changes whenever it does."""
    found: dict[str, str] = {}
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name in without:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_symlink() and entry.is_dir():
                    raise _Elsewhere
                else:
                    found[entry.path] = _about(entry.path)
    return found


def _about(path: str) -> str:
    try:
        return f"{path} {stamp(path)}"
    except FileNotFoundError:
        return f"{path} leads nowhere"


def _reaches_out(settings: Any) -> bool:
    """Whether Jekyll is to read what lies outside the blog, or in folders that it else leaves."""
    if isinstance(settings, list):
        return any(map(_reaches_out, settings))
    if not isinstance(settings, dict):
        return False
    return any(
        _reaches_out(value) or (PLACES.search(str(name)) and any(map(_lies_out, _texts(value))))
        for name, value in settings.items()
    )


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _lies_out(place: str) -> bool:
    parts = place.split("/")
    return place.startswith("/") or ".." in parts or not {*parts}.isdisjoint(MADE)


def _may_wait(blog: Blog) -> bool:
    """Whether a post is not shown before its day, which may have come; days differ by place."""
    soon = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    return any(
        max([path.name[:10], *DATES.findall(path.read_text("utf-8", "replace"))]) >= soon
        for path in blog.root.glob("**/_posts/**/*.*")
        if path.is_file()
    )
