"""Jekyll turns posts and records into the site."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from press.blog import Blog
from press.site.post import FRONT_MATTER
from press.site.standby import command_of, files_of, number, standby
from press.site.standing import Site, Sources, forget, remember, sources, standing
from press.voice.errors import PressError, Problems

OUTPUT = "_site"
AGAIN = 75
"""How it ends when it finds that pages which were to stand may not."""


class Jekyll:
    """Loads while press does its own work, and makes the site once that is done."""

    def __init__(
        self, blog: Blog, baseurl: str | None = None, destination: Path | None = None
    ) -> None:
        self._blog, self._build = blog, number()
        self._destination = destination or blog.root / OUTPUT
        self._arguments = ["build", "--quiet", "--trace", "--source", str(blog.root)]
        self._arguments += ["--destination", str(self._destination)]
        self._arguments += ["--baseurl", baseurl] if baseurl is not None else []
        site, made_from = standing(blog, self._destination), self._sources()
        self._is_made_from = made_from if site and site.made_from == made_from else None
        if not self._is_made_from:
            standby(blog.root, self._build)

    def _sources(self) -> Sources | None:
        command = [*command_of(self._blog.root), *self._arguments]
        return sources(self._blog, command, files_of(self._blog.root))

    def build(self) -> None:
        """Make the site, if it is not there yet; the one that was there stays if Jekyll fails."""
        made_from = self._sources()
        if made_from and made_from == self._is_made_from:
            return
        site = standing(self._blog, self._destination)
        if site and site.made_from == made_from:
            return
        forget(self._blog)
        code, said = self._run(_words(self._blog, made_from, site))
        if code == AGAIN:
            code, said = self._run(_words(self._blog, made_from, None))
        if code:
            raise Problems(_errors(self._blog, said))
        if made_from and self._sources() == made_from:  # else Jekyll was reading meanwhile
            remember(self._blog, self._destination, made_from)

    def _run(self, words: Mapping[str, Any]) -> tuple[int, str]:
        return standby(self._blog.root, self._build).run(self._blog.root, self._arguments, words)


def _words(blog: Blog, made_from: Sources | None, site: Site | None) -> Mapping[str, Any]:
    """What Jekyll is told: where it keeps texts, and which were there when it made the site."""
    if made_from is None:
        return {}
    memory = str(blog.local / "texts.json")
    words = {"memory": memory, "made_from": made_from.digest, "again": AGAIN}
    changed = made_from.changed_from(site.made_from) if site else None
    if site is None or changed is None:
        return words
    return {**words, "stood": site.made_from.digest, "changed": changed}


def _errors(blog: Blog, log: str) -> list[PressError]:
    """Jekyll's complaints in press's words; the last lines of its log where they are not known."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", log).replace(f"{blog.root}/", "")
    liquid = re.findall(r"Liquid Exception: (?P<what>.+?) in (?P<path>\S+)$", text, re.MULTILINE)
    if liquid:
        return [_liquid_error(blog, what, path.rstrip(":")) for what, path in liquid[:1]]
    data = re.search(
        r"(?:YAML|Error reading|could not read).*?\b(\S+\.(?:md|html|ya?ml|json))\b.*", text
    )
    if data:
        return [PressError(f"{data[1]}:1", f"Jekyll cannot read it ({data[0].strip()})", "mend it")]
    last = [line.strip() for line in text.splitlines() if line.strip() and "from " not in line[:12]]
    return [PressError("Jekyll", "failed: " + " / ".join(last[-4:]), "mend what it names")]


def _liquid_error(blog: Blog, what: str, path: str) -> PressError:
    """Liquid counts its lines from behind the front matter."""
    line = re.search(r"\(line (\d+)\)", what)
    file = blog.root / path
    front = FRONT_MATTER.match(blog.text(file)) if line and file.is_file() else None
    first = front[0].count("\n") if front else 0
    reason = re.sub(r"^Liquid (syntax )?error \(line \d+\): ", "", what)
    return PressError(
        f"{path}:{first + int(line[1]) if line else 1}",
        f"Liquid cannot read it ({reason})",
        "mend it",
    )
