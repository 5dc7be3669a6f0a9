"""Whether the site stands: made from all that there is now, and as Jekyll left it.

Files are told by their sizes and times, that of their last change among them, which nobody can set.
Told is more than Jekyll reads: whatever lies in the blog, but for what it never looks at.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from press import __version__
from press.blog import Blog
from press.files import write

MADE = ("_site", ".press", ".git", ".jekyll-cache", ".sass-cache", "__pycache__", "node_modules")
"""Folders that Jekyll does not read, wherever they are."""
SETTINGS = re.compile(r"JEKYLL_|BUNDLE_|RUBY|GEM_|LC_|LANG|TZ|SOURCE_DATE_EPOCH")
DATES = re.compile(r"^date:\s*[\"']?(\d{4}-\d{2}-\d{2})", re.MULTILINE)


def stands(blog: Blog, destination: Path, made_from: str | None) -> bool:
    """Whether the site at its place was made from this."""
    try:
        known = json.loads(_memory(blog).read_bytes())
    except (OSError, ValueError):
        return False
    return made_from is not None and known == _told(destination, made_from)


def remember(blog: Blog, destination: Path, made_from: str | None) -> None:
    if made_from is None:
        _memory(blog).unlink(missing_ok=True)
    else:
        write(_memory(blog), json.dumps(_told(destination, made_from)) + "\n")


def _memory(blog: Blog) -> Path:
    return blog.local / "site.json"


def _told(destination: Path, made_from: str) -> dict[str, Any]:
    made = _digest(_files(destination, ())) if destination.is_dir() else ""
    return {"destination": str(destination), "made": made, "from": made_from}


def sources(blog: Blog, command: list[str], gems: list[str]) -> str | None:
    """A digest of all that decides what Jekyll makes; none where that cannot be known."""
    try:
        config = yaml.safe_load((blog.root / "_config.yml").read_bytes()) or {}
    except (OSError, yaml.YAMLError):
        return None
    if not isinstance(config, dict) or _reaches_out(config):
        return None
    if config.get("future") is not True and _may_wait(blog):
        return None
    settings = sorted(item for item in os.environ.items() if SETTINGS.match(item[0]))
    try:
        files = [*_files(blog.root, MADE), *map(_about, gems)]
    except (OSError, _Elsewhere):
        return None
    return _digest([__version__, *command, *map(str, settings), *sorted(files)])


def _digest(words: list[str] | Iterator[str]) -> str:
    return hashlib.sha256("\0".join(sorted(words)).encode("utf-8", "surrogateescape")).hexdigest()


class _Elsewhere(Exception):
    """A folder that is a link: what lies behind it is not followed."""


def _files(folder: Path, without: tuple[str, ...]) -> Iterator[str]:
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
                    yield _about(entry.path)


def _about(path: str) -> str:
    """What changes whenever the file does."""
    try:
        known = os.stat(path)  # noqa: PTH116 — thrice as quick, for every file of the site
    except FileNotFoundError:
        return f"{path} leads nowhere"
    kind = stat.S_IFMT(known.st_mode)
    return f"{path} {kind} {known.st_ino} {known.st_size} {known.st_mtime_ns} {known.st_ctime_ns}"


def _reaches_out(config: Mapping[str, Any]) -> bool:
    """Whether Jekyll is to read what lies outside the blog."""
    return bool(re.search(r"(_dir|load_paths)\b[^\n]*(\.\.|:\s*/)", yaml.safe_dump(config)))


def _may_wait(blog: Blog) -> bool:
    """Whether a post is not shown before its day, which may have come; days differ by place."""
    soon = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    return any(
        max([path.name[:10], *DATES.findall(path.read_text("utf-8", "replace"))]) >= soon
        for path in blog.root.glob("**/_posts/*.*")
    )
