"""What of this machine a result can depend on."""

import os
import platform
from pathlib import Path

THREADS = 1
"""Fixed, as results depend on it. Networks of this size hardly gain by a second thread, and two
posts side by side, each with its own core, take little longer than one."""


def threads() -> int:
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) > 0 else THREADS


def cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
