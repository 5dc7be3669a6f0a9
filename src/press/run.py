"""The cells of a script → what each left behind, run in a fresh kernel of its own."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from press.collect import ANSI, outcome_of
from press.errors import PressError
from press.inside import MNIST_FILE
from press.outcome import Outcome
from press.script import Cell, Script

THREADS = 2
"""Fixed, not the machine's number of cores: results depend on it, and should not on the machine."""


@dataclass(frozen=True)
class CellStarts:
    number: int
    cell: Cell


@dataclass(frozen=True)
class CellPrints:
    text: str


@dataclass(frozen=True)
class CellEnds:
    seconds: float


@dataclass(frozen=True)
class ClaimFails:
    error: PressError


Event = CellStarts | CellPrints | CellEnds | ClaimFails
Listener = Callable[[Event], None]


@dataclass(frozen=True)
class Run:
    outcomes: tuple[Outcome, ...]
    cell_seconds: tuple[float, ...]
    seconds: float


@dataclass(frozen=True)
class Conditions:
    """What a run depends on besides the script."""

    folder: Path
    mnist: Path | None
    scratch: Path
    """An empty folder that is removed after the run."""
    time_limit: float
    rehearsal: bool
    """On stand-in data a false claim is told, but does not end the run."""


def threads() -> int:
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) > 0 else THREADS


def run(script: Script, conditions: Conditions, listen: Listener) -> Run:
    return asyncio.run(_run(script, conditions, listen))


async def _run(script: Script, conditions: Conditions, listen: Listener) -> Run:
    started = time.perf_counter()
    cells = [new_code_cell(cell.source, metadata=_metadata(cell)) for cell in script.cells]
    client = _Client(new_notebook(cells=cells), conditions, listen)
    outcomes: list[Outcome] = []
    seconds: list[float] = []
    try:
        await client.start()
        for number, cell in enumerate(script.cells):
            listen(CellStarts(number, cell))
            begun = time.perf_counter()
            await _execute(client, number, cell, script, conditions, listen)
            seconds.append(time.perf_counter() - begun)
            listen(CellEnds(seconds[-1]))
            outcomes.append(outcome_of(cells[number].outputs, _places(conditions)))
    finally:
        await client.stop()
    return Run(tuple(outcomes), tuple(seconds), time.perf_counter() - started)


def _metadata(cell: Cell) -> dict[str, Any]:
    return {"tags": list(cell.tags)}


def _places(conditions: Conditions) -> dict[str, str]:
    """The folders of this machine that must not stand in a record."""
    blog = str(conditions.folder.parent)
    return {f"{blog}/": "", blog: ".", str(conditions.scratch): "scratch", str(Path.home()): "~"}


async def _execute(
    client: "_Client",
    number: int,
    cell: Cell,
    script: Script,
    conditions: Conditions,
    listen: Listener,
) -> None:
    try:
        await client.async_execute_cell(client.nb.cells[number], number)
        if client.was_asked_to_exit:
            raise PressError(f"{script.path}:{cell.line}", *_exit(cell))
    except CellExecutionError as failure:
        error = _failed(failure, cell, script)
        if not (conditions.rehearsal and "claim" in cell.tags):
            raise error from failure
        listen(ClaimFails(error))
    except CellTimeoutError as failure:
        raise PressError(
            f"{script.path}:{cell.line}",
            f"cell {cell.label} ran longer than {conditions.time_limit:g} s",
            "mend it, or allow more with --time-limit SECONDS",
        ) from failure
    except DeadKernelError as failure:
        # nbclient gives this name to a cancelled run as well.
        task = asyncio.current_task()
        if task and task.cancelling():
            raise asyncio.CancelledError from failure
        raise PressError(
            f"{script.path}:{cell.line}",
            f"the kernel died in cell {cell.label} ({client.cause_of_death()})",
            "mend the cell, or give it less to hold in memory",
        ) from failure


def _failed(failure: CellExecutionError, cell: Cell, script: Script) -> PressError:
    place = f"{script.path}:{_failing_line(failure, cell)}"
    if failure.ename == "SystemExit":
        return PressError(place, *_exit(cell))
    reason = shorten(" ".join(ANSI.sub("", failure.evalue).split()), 300, placeholder=" …")
    if failure.ename == "AssertionError" and "claim" in cell.tags:
        line = cell.source.split("\n")[_failing_line(failure, cell) - cell.line].strip()
        said = f" ({reason})" if reason and reason not in line else ""
        return PressError(
            place,
            f"the claim does not hold: {line}{said}",
            "correct the claim, or what it is about",
        )
    told = f"{failure.ename}: {reason}" if reason else failure.ename
    return PressError(place, f"cell {cell.label} raised {told}", "mend the cell")


def _exit(cell: Cell) -> tuple[str, str]:
    return f"cell {cell.label} calls exit", "remove the call"


def _failing_line(failure: CellExecutionError, cell: Cell) -> int:
    """The author's line of the error: the last one that the traceback gives for this cell."""
    traceback = ANSI.sub("", failure.traceback)
    frames = re.findall(r"Cell In\[(\d+)\], line (\d+)", traceback)
    current = max((int(count) for count, _ in frames), default=0)
    lines = [int(line) for count, line in frames if int(count) == current]
    return cell.line + min(lines[-1] if lines else 1, cell.source.count("\n") + 1) - 1


class _Specs(KernelSpecManager):
    """Knows the one kernel that press uses, whatever kernels the user has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        options = [
            "--ext=press.inside",
            "--InlineBackend.figure_formats={'svg', 'retina'}",
            "--HistoryManager.enabled=False",
        ]
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *options],
            display_name="Python 3",
            language="python",
        )


class _Client(NotebookClient):
    """nbclient with our kernel, and an ear for what cells print while they run."""

    def __init__(self, notebook: Any, conditions: Conditions, listen: Listener) -> None:
        connection = conditions.scratch / "kernel.json"
        manager = AsyncKernelManager(kernel_spec_manager=_Specs(), connection_file=str(connection))
        super().__init__(notebook, km=manager, timeout=conditions.time_limit)
        self.log.disabled = True
        self.was_asked_to_exit = False
        self.on_cell_executed = self._note_exit
        self._conditions = conditions
        self._listen = listen

    async def start(self) -> None:
        await self.async_start_new_kernel(
            cwd=str(self._conditions.folder),
            env=_environment(self._conditions),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await self.async_start_new_kernel_client()

    async def stop(self) -> None:
        if self.kc is not None:
            self.kc.stop_channels()
        if self.km is not None and self.km.has_kernel:
            await ensure_async(self.km.shutdown_kernel(now=True))

    def _note_exit(self, execute_reply: dict[str, Any], **_: Any) -> None:
        payload = execute_reply["content"].get("payload", [])
        self.was_asked_to_exit = any(item.get("source") == "ask_exit" for item in payload)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] == "stream":
            self._listen(CellPrints(msg["content"]["text"]))
        return super().process_message(msg, cell, cell_index)

    def cause_of_death(self) -> str:
        process = getattr(self.km and self.km.provisioner, "process", None)
        code = process.poll() if process else None
        if code == -signal.SIGKILL:
            return "killed; most often for want of memory"
        if code is not None and code < 0:
            return signal.Signals(-code).name
        return f"exit code {code}"


def _environment(conditions: Conditions) -> dict[str, str]:
    count = str(threads())
    ours = {
        "IPYTHONDIR": str(conditions.scratch / "ipython"),
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SOURCE_DATE_EPOCH": "0",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "OMP_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "TF_NUM_INTRAOP_THREADS": count,
        "TF_NUM_INTEROP_THREADS": count,
    }
    theirs = {key: text for key, text in os.environ.items() if key != MNIST_FILE}
    mnist = {MNIST_FILE: str(conditions.mnist)} if conditions.mnist else {}
    return {**theirs, **ours, **mnist}
