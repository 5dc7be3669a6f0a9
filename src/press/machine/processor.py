"""What of this machine a result can depend on."""

import os
import platform
import re
from pathlib import Path

THREADS = 1
"""Fixed, as results depend on it. Networks of this size hardly gain by a second thread, and two
posts side by side, each with its own core, take little longer than one."""

INFO = Path("/proc/cpuinfo")
MAKE = ("cpu family", "model", "CPU implementer", "CPU part")
VECTORS = re.compile(r"avx|fma|f16c|sse4|ssse3|amx|asimd|sve|sme(?!p)")
LIMITS = (
    "DNNL_MAX_CPU_ISA",
    "NPY_DISABLE_CPU_FEATURES",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "TF_ENABLE_ONEDNN_OPTS",
)


def threads() -> int:
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) > 0 else THREADS


def cpu() -> str:
    return _facts().get("model name") or platform.processor() or platform.machine()


def traits() -> tuple[str, ...]:
    """What of the processor its name does not tell, and a result can depend on: its family and
    model, the vector instructions it has, and settings that keep libraries from using them.
    """
    facts = _facts()
    flags = (facts.get("flags") or facts.get("Features", "")).split()
    return (
        *(f"{what} {facts[what]}" for what in MAKE if what in facts),
        *sorted(flag for flag in flags if VECTORS.match(flag)),
        *(f"{name}={os.environ[name]}" for name in LIMITS if name in os.environ),
    )


def _facts() -> dict[str, str]:
    """What Linux tells of the first processor; nothing elsewhere."""
    first = INFO.read_text().partition("\n\n")[0] if INFO.exists() else ""
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): told.strip() for name, _, told in pairs}
