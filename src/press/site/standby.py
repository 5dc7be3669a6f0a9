"""A process that has loaded Jekyll stands by: each site is made by a fork of it."""

import atexit
import itertools
import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from press.machine.ruby import ensure_jekyll, files_of_jekyll, options_of_ruby

LOADER = Path(__file__).with_suffix(".rb")
ROOMY = {
    "RUBY_GC_HEAP_INIT_SLOTS": "600000",
    "RUBY_GC_MALLOC_LIMIT": "100000000",
    "RUBY_GC_MALLOC_LIMIT_MAX": "100000000",
}
"""Makes Ruby look for garbage less often: 50 MB for a tenth of the time."""
HEEDED = ("BUNDLE", "GEM", "HOME", "JEKYLL", "LANG", "LC_", "LD_", "PATH", "RUBY", "XDG_")
"""How the variables begin that Ruby and gems heed when they are loaded."""
PLAIN = re.compile(r'\s*(#.*|source "[^"#]*"|gem "[^"#]*"(, "[^"#]*")*)?\s*')
"""A line of a Gemfile that means the same wherever the file lies."""


class Standby:
    def __init__(self, root: Path, command: Sequence[str]) -> None:
        self._environment = ROOMY | os.environ
        self._owner = os.getpid()
        self._said = TemporaryFile()  # noqa: SIM115 - it is open as long as the process lives
        self._process = subprocess.Popen(
            command,
            cwd=root,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            encoding="utf-8",
        )

    def is_ready(self) -> bool:
        return self._owner == os.getpid() and self._process.poll() is None

    def run(
        self, root: Path, arguments: Sequence[str], known: Mapping[str, Any]
    ) -> tuple[int, str]:
        """How a fork ended, and what it said."""
        now = ROOMY | os.environ
        changed = {
            name: now.get(name)
            for name in {*now, *self._environment}
            if now.get(name) != self._environment.get(name)
        }
        words = {"folder": str(root), "environment": changed, "arguments": arguments}
        try:
            answer = json.loads(self._asked(json.dumps({**words, "known": known})))
            return int(answer["code"]), str(answer["said"])
        except ValueError:  # it could not load, or was killed
            self.end()
            self._said.seek(0)
            return 1, self._said.read().decode("utf-8", "replace") or "Ruby was ended"
        except BaseException:  # nobody waits for the answer, which is not that to the next question
            self.end()
            raise

    def _asked(self, question: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{question}\n")
            self._process.stdin.flush()
        return self._process.stdout.readline()

    def end(self) -> None:
        """With its fork, which ends when nobody is left who could ask for one."""
        if self._owner == os.getpid():
            self._process.kill()
            self._process.communicate()


_numbers = itertools.count()
_standing_by: dict[str, Standby] = {}
"""The one there is, by what it has loaded."""


def number() -> int:
    """That of a build, for which what may have changed since the last one is loaded anew."""
    return next(_numbers)


def standby(root: Path, build: int) -> Standby:
    """The process for this blog, which may still be loading."""
    command = command_of(root)
    key = _key(root, command, build)
    if key not in _standing_by or not _standing_by[key].is_ready():
        end()
        _standing_by[key] = Standby(root, command)
    return _standing_by[key]


@atexit.register
def end() -> None:
    while _standing_by:
        _standing_by.popitem()[1].end()


def command_of(root: Path) -> list[str]:
    *bundle, _ = ensure_jekyll(root)
    return [*bundle, "ruby", *options_of_ruby(root), str(LOADER)]


def files_of(root: Path) -> list[str]:
    """What such a process has loaded."""
    return [*files_of_jekyll(root), str(LOADER), str(LOADER.with_name("standing.rb"))]


def _key(root: Path, command: Sequence[str], build: int) -> str:
    gemfile = (root / "Gemfile").read_text("utf-8", "replace")
    anywhere = all(map(PLAIN.fullmatch, gemfile.splitlines())) and not (root / ".bundle").exists()
    heeded = {name: os.environ[name] for name in os.environ if name.startswith(HEEDED)}
    files = [(name, Path(name).stat().st_mtime_ns) for name in files_of(root)]
    lock = root / "Gemfile.lock"
    locked = lock.read_text("utf-8", "replace") if lock.exists() else ""
    place = [] if anywhere else [str(root), build]
    return json.dumps([place, list(command), gemfile, locked, heeded, files], sort_keys=True)
