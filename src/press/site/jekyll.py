"""Jekyll turns posts and records into the site."""

import re
import subprocess
from pathlib import Path

from press.blog import Blog
from press.errors import PressError, Problems
from press.machine.ruby import ensure_jekyll, files_of_jekyll
from press.site.standing import remember, sources, stands

OUTPUT = "_site"
WAITING = "require 'jekyll'; exit if $stdin.read.empty?; load Gem.bin_path('jekyll', 'jekyll')"
"""Ruby: load Jekyll, and begin when there is a word and then an end; without a word, end."""


class Jekyll:
    """Loads while press does its own work, and makes the site once that is done."""

    def __init__(
        self, blog: Blog, baseurl: str | None = None, destination: Path | None = None
    ) -> None:
        self._blog = blog
        self._destination = destination or blog.root / OUTPUT
        *bundle, _ = ensure_jekyll(blog.root)
        self._command = [*bundle, "ruby", "-e", WAITING, "build", "--quiet", "--trace"]
        self._command += ["--source", str(blog.root)]
        self._command += ["--destination", str(self._destination)]
        self._command += ["--baseurl", baseurl] if baseurl is not None else []
        made_from = self._sources()
        self._stood = made_from if self._stands(made_from) else None
        self._process = None if self._stood else self._load()

    def _sources(self) -> str | None:
        return sources(self._blog, self._command, files_of_jekyll(self._blog.root))

    def _stands(self, made_from: str | None) -> bool:
        return stands(self._blog, self._destination, made_from)

    def _load(self) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self._command,
            cwd=self._blog.root,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
            errors="replace",
        )

    def __enter__(self) -> "Jekyll":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.returncode is None:
            # It has only loaded so far: nobody waits for what will not be used.
            self._process.kill()
            self._process.communicate()

    def build(self) -> None:
        """Make the site, if it is not there yet; the one that was there stays if Jekyll fails."""
        made_from = self._sources()
        if made_from and (made_from == self._stood or self._stands(made_from)):
            return
        self._process = self._process or self._load()
        remember(self._blog, self._destination, None)
        said = self._process.communicate("begin")
        if self._process.returncode:
            raise Problems(_errors(self._blog, "".join(said)))
        if self._sources() == made_from:  # else something changed while Jekyll was reading
            remember(self._blog, self._destination, made_from)


def _errors(blog: Blog, log: str) -> list[PressError]:
    """Jekyll's complaints in press's words; the last lines of its log where they are not known."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", log).replace(f"{blog.root}/", "")
    liquid = re.findall(r"Liquid Exception: (?P<what>.+?) in (?P<path>\S+)$", text, re.MULTILINE)
    if liquid:
        return [_liquid_error(what, path) for what, path in liquid[:1]]
    data = re.search(
        r"(?:YAML|Error reading|could not read).*?\b(\S+\.(?:md|html|ya?ml|json))\b.*", text
    )
    if data:
        return [PressError(f"{data[1]}:1", f"Jekyll cannot read it ({data[0].strip()})", "mend it")]
    last = [line.strip() for line in text.splitlines() if line.strip() and "from " not in line[:12]]
    return [PressError("Jekyll", "failed: " + " / ".join(last[-4:]), "mend what it names")]


def _liquid_error(what: str, path: str) -> PressError:
    line = re.search(r"\(line (\d+)\)", what)
    reason = re.sub(r"^Liquid (syntax )?error \(line \d+\): ", "", what)
    return PressError(
        f"{path.rstrip(':')}:{line[1] if line else 1}",
        f"Liquid cannot read it ({reason})",
        "mend it",
    )
