"""Jekyll turns posts and records into the site."""

import re
import subprocess
from pathlib import Path

from press.blog import Blog
from press.errors import PressError, Problems
from press.install import ensure_jekyll

OUTPUT = "_site"


def build_site(blog: Blog, baseurl: str | None = None, destination: Path | None = None) -> None:
    """Run Jekyll over the blog; the site that was there stays if Jekyll fails."""
    command = [*ensure_jekyll(blog.root), "build", "--quiet", "--source", str(blog.root)]
    command += ["--destination", str(destination or blog.root / OUTPUT), "--trace"]
    if baseurl is not None:
        command += ["--baseurl", baseurl]
    done = subprocess.run(
        command, cwd=blog.root, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode:
        raise Problems(_errors(blog, done.stdout + done.stderr))


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
