"""What press adds to the kernel that runs a script, loaded there as an IPython extension.

It shows results as data, notes what assertions compare, hands Keras verified files, and makes the
kernel die with the press that started it.
"""

import ctypes
import os
import signal
import sys
import zlib
from typing import Any

from press.kernel import bytecode, claims, datasets, display, judged
from press.kernel.protocol import KEPT


def load_ipython_extension(shell: Any) -> None:
    _die_with_parent()
    bytecode.keep()
    if "debugpy" in sys.modules and sys.modules["debugpy"] is None:
        del sys.modules["debugpy"]  # it was kept out of the kernel, not out of scripts
    if KEPT in os.environ:
        # Imported late: it costs what only a run with snapshots needs.
        from press.kernel import snapshot

        snapshot.watch(shell)
    shell.compile.get_code_name = _code_name
    display.watch(shell)
    claims.watch(shell)
    judged.watch(shell)
    datasets.watch()


def _code_name(source: str, *_: object) -> str:
    """The file that a cell is said to stand in: the same one in every kernel."""
    return f"/press/ipykernel_0/{zlib.crc32(source.encode('utf-8', 'surrogatepass'))}.py"


def _die_with_parent() -> None:
    """Ask Linux to kill this kernel when press is gone, even if press had no time to do it."""
    if sys.platform != "linux":
        return
    pr_set_pdeathsig = 1
    parent = os.getppid()
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
