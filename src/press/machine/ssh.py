"""The server of ssh, by which the tests reach workers; installed when first needed."""

import shutil
from pathlib import Path

from press.machine.system import AGAIN, apt_install
from press.voice.errors import PressError

SERVER = Path("/usr/sbin/sshd")


def ensure_ssh() -> None:
    if SERVER.exists() and shutil.which("ssh"):
        return
    if shutil.which("apt-get"):
        apt_install(["openssh-server", "openssh-client"], "tests", "ssh")
    if not SERVER.exists():
        raise PressError("tests", f"{SERVER} is missing", f"install OpenSSH and {AGAIN}")
