"""A kernel of our own: started clean, listened to while it works, and asked questions."""

import ast
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from zmq import RECONNECT_IVL, ZMQError
from zmq.asyncio import Context

from press.blog import SCRATCH
from press.kernel.protocol import EXTENSION, LAUNCH, Answer, Request, load, present
from press.run import forked, mothers
from press.run.outputs import clean
from press.run.place import Place, environment_of
from press.script.cells import Cell
from press.voice.errors import PressError

KNOCK = 5
"""Milliseconds between two tries to reach a kernel that has begun and does not listen yet."""
UNREADABLE = ValueError
"""How it shows that what a kernel says is no message any more, or one that has been said before."""
STEP = 0.5
"""Seconds between two looks at whether a kernel that is asked something still lives."""


class NotStarted(PressError):
    """A kernel that died or kept silent before it was of any use."""

    def __init__(self, why: str) -> None:
        remedy = "run ./press again; it may want memory"
        super().__init__("kernel", f"did not start ({why})", remedy)


class Refused(Exception):
    """The kernel could not do what it was asked."""


class _Specs(KernelSpecManager):
    """Knows the one kernel that press uses, whatever kernels the user has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        options = [
            f"--ext={EXTENSION}",
            "--InlineBackend.figure_formats={'svg', 'retina'}",
            "--HistoryManager.enabled=False",
        ]
        return KernelSpec(
            argv=[sys.executable, "-P", "-c", LAUNCH, "-f", "{connection_file}", *options],
            display_name="Python 3",
            language="python",
            metadata=forked.known(),
        )


class Session(NotebookClient):
    """nbclient with our kernel, and an ear for what cells print while they run."""

    def __init__(self, place: Place, time_limit: float) -> None:
        place.local.mkdir(exist_ok=True)
        self.place = place
        self.scratch = Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-", dir=place.local))
        # Sockets in a folder, whose path must be short, and not ports: another process may take a
        # port after it was found free and before the kernel, which is loading, has bound it.
        self.sockets = Path(tempfile.mkdtemp(prefix="press-"))
        # `stop` ends it whatever came before: where the garbage collector finds one with a socket
        # open, it waits without an end.
        self.wires = Context()
        self.wires.setsockopt(RECONNECT_IVL, KNOCK)
        manager = AsyncKernelManager(
            context=self.wires,
            kernel_spec_manager=_Specs(),
            connection_file=str(self._connection),
            transport="ipc",
            ip=str(self.sockets / "kernel"),
        )
        super().__init__(new_notebook(), km=manager, timeout=time_limit)
        self.log.disabled = True
        self.skip_cells_with_tag = ""  # every cell counts for the key, so every one is run
        self.was_asked_to_exit = False
        self.is_stuck = False
        """In a cell without an end, or behind one that broke what it speaks by: it says nothing."""
        self.on_cell_executed = self._note_exit
        self._hear: Callable[[str], None] = lambda _: None

    @property
    def _connection(self) -> Path:
        return self.scratch / "kernel.json"

    async def start(self, meanwhile: Callable[[], object]) -> None:
        folder, environment = str(self.place.folder), environment_of(self.place, self.scratch)
        mothers.begin(folder, environment)
        meanwhile()
        nowhere = subprocess.DEVNULL
        await self.async_start_new_kernel(
            cwd=folder, env=environment, stdout=nowhere, stderr=nowhere
        )
        await self._connect()
        await self._meet_extension()
        shutil.rmtree(self.sockets)  # those that have met need no names

    async def _connect(self) -> None:
        """Be its client once it answers; jupyter_client's own way ends with a pause of 0.2 s."""
        assert self.km is not None
        client: Any = self.km.client(context=self.wires)
        self.kc = client
        client.start_channels(stdin=False, hb=False, control=False)
        client.allow_stdin = False
        async with asyncio.timeout(self.startup_timeout):
            while True:
                client.kernel_info()
                try:
                    await client.get_shell_msg(timeout=STEP)
                    await client.get_iopub_msg(timeout=STEP)
                except Empty:
                    if await self.lives():
                        continue
                    raise NotStarted(self._failure()) from None
                return

    async def _meet_extension(self) -> None:
        """IPython goes on without an extension that it cannot load; its results would be lost."""
        try:
            await self.ask(present())
        except Refused as error:
            raise PressError(
                "kernel", f"cannot load {EXTENSION} ({error})", "install press anew"
            ) from error

    async def run_cell(self, cell: Cell, hear: Callable[[str], None]) -> list[Any]:
        """Run a cell and give its outputs; what it prints is heard at once."""
        self._hear = hear
        self._display_id_map.clear()  # what an earlier cell showed stays as it left it
        self.nb.cells = [new_code_cell(cell.source, metadata={"tags": list(cell.tags)})]
        try:
            await self.async_execute_cell(self.nb.cells[0], 0)
        except (CellTimeoutError, UNREADABLE):
            self.is_stuck = True
            raise
        return list(self.nb.cells[0].outputs)

    async def ask(self, request: Request[Answer]) -> Answer:
        """Run some code whose outputs nobody looks at, and give the value of an expression."""
        reply = await self._quietly(request, lambda _: None)
        answer = reply["user_expressions"]["answer"]
        if answer["status"] != "ok":
            raise Refused(f"{answer['ename']}: {answer['evalue']}")
        try:
            return request.read(ast.literal_eval(answer["data"]["text/plain"]))
        except (ValueError, TypeError, SyntaxError, LookupError) as error:
            raise Refused(f"its answer cannot be read: {error}") from error

    async def loads_quietly(self, libraries: Iterable[str]) -> bool:
        """Import what a script will import; false if a library has something to say then."""
        said: list[str] = []
        try:
            await self._quietly(load(libraries), lambda message: said.append(_text_of(message)))
        except Refused:
            return False
        return not clean("".join(said), {})

    async def lives(self) -> bool:
        assert self.km is not None
        return bool(await ensure_async(self.km.is_alive()))

    async def _quietly(self, request: Request[Any], hear: Callable[[Any], None]) -> Any:
        asked: Any = self.kc
        work = asyncio.ensure_future(
            asked.execute_interactive(
                request.code,
                silent=True,
                store_history=False,
                user_expressions={"answer": request.expression},
                allow_stdin=False,
                output_hook=hear,
            )
        )
        try:
            while not (await asyncio.wait({work}, timeout=STEP))[0]:
                if not await self.lives():
                    raise DeadKernelError("Kernel died")
        finally:
            work.cancel()
        reply = work.result()["content"]
        if reply["status"] != "ok":
            raise Refused(f"{reply.get('ename')}: {reply.get('evalue')}")
        return reply

    async def stop(self) -> None:
        try:
            if self.km is not None and self.km.has_kernel:
                await self._kill()
                await ensure_async(self.km.shutdown_kernel(now=True))
        finally:
            self.wires.destroy(linger=0)
            shutil.rmtree(self.scratch, ignore_errors=True)
            shutil.rmtree(self.sockets, ignore_errors=True)

    async def _kill(self) -> None:
        """End it and wait for that, where jupyter_client would look only ten times a second."""
        provisioner: Any = self.km and self.km.provisioner
        await provisioner.kill()
        await asyncio.to_thread(provisioner.process.wait)

    def _note_exit(self, execute_reply: dict[str, Any], **_: Any) -> None:
        payload = execute_reply["content"].get("payload", [])
        self.was_asked_to_exit = any(item.get("source") == "ask_exit" for item in payload)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] == "stream":
            self._hear(msg["content"]["text"])
        return super().process_message(msg, cell, cell_index)

    def _failure(self) -> str:
        """What ended a kernel that never answered, in its own words if it had any."""
        words = Path(f"{self._connection}.failed")
        return words.read_text() if words.exists() else self.cause_of_death()

    def cause_of_death(self) -> str:
        process = getattr(self.km and self.km.provisioner, "process", None)
        code = process.poll() if process else None
        if code == -signal.SIGKILL:
            return "killed; most often for want of memory"
        if code is not None and code < 0:
            return signal.Signals(-code).name
        return f"exit code {code}"


def _text_of(message: Any) -> str:
    return str(message["content"].get("text", "")) or message["msg_type"].partition("status")[0]


async def started(
    place: Place, time_limit: float, meanwhile: Callable[[], object] = lambda: None
) -> Session:
    """A kernel that is ready; what is to be done meanwhile is done while its process loads."""
    session = Session(place, time_limit)
    try:
        await session.start(meanwhile)
    except (RuntimeError, TimeoutError, ZMQError) as error:
        await session.stop()
        raise NotStarted(str(error) or "it kept silent") from error
    except BaseException:
        await session.stop()
        raise
    return session
