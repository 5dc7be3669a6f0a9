"""The system's packages, and commands in general."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from press.voice.errors import PressError
from press.voice.terminal import say

OFFLINE = re.compile(
    "temporary failure|name resolution|name or service not known|failed to establish a new"
    "|network is unreachable|no route to host|could not (resolve|connect|reach)|unable to connect"
    "|timed? ?out|connection refused|proxyerror",
    re.IGNORECASE,
)
AGAIN = "run ./press again"


def apt_install(packages: Sequence[str], place: str, what: str) -> None:
    say(f"press: installing {what} with apt-get (only this once)")
    install = ["install", "-y", "--no-install-recommends", *packages]
    done, log = _apt_get(install)
    if not done:  # the lists of packages may be missing or old
        _, update_log = _apt_get(["update"])
        done, log = _apt_get(install)
        log = update_log + log
    if not done:
        remedy = f"run: sudo apt-get install {' '.join(packages)}"
        raise failure(place, f"{what} is missing", log, remedy)


def _apt_get(arguments: list[str]) -> tuple[bool, str]:
    ask = [] if sys.stdin.isatty() else ["-n"]
    sudo = [] if os.geteuid() == 0 else ["sudo", *ask]
    settings = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]
    wait = ["-qq", "-o", "DPkg::Lock::Timeout=600"]
    return run([*sudo, *settings, "apt-get", *wait, *arguments])


def run(
    command: Sequence[str], folder: Path | None = None, aside: Path | None = None
) -> tuple[bool, str]:
    """Run a command silently: whether it went well, and all it said.

    With a folder aside it leaves nothing elsewhere, and all its processes end when we do.
    """
    group = None if aside is None else 0
    place = {} if aside is None else {"TMPDIR": str(aside)}
    try:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | place,
            process_group=group,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        return False, str(error)
    with child:
        try:
            log, _ = child.communicate()
        except BaseException:
            if aside:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
            raise
    return child.returncode == 0, log


def failure(place: str, problem: str, log: str, remedy: str = "see the lines above") -> PressError:
    """The error for a command that failed, after the end of what it said."""
    if OFFLINE.search(log):
        remedy = f"connect this machine and {AGAIN}"
        return PressError(place, f"{problem} and there is no network", remedy)
    lines = [line for line in log.splitlines() if line.strip() and not line.startswith("\tfrom ")]
    say("\n".join(lines[-8:]))
    return PressError(place, problem, remedy)
