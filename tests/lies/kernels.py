"""Kernels that cost a fork: what press' own sessions do, without starting a process."""

import ast
import asyncio
import os
import pickle
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError

from press.kernel.protocol import KEPT, Answer, Request
from press.run.place import Place, environment_of
from press.run.session import Refused

from ..conftest import ROOT

SIZE = struct.Struct("!I")
PATIENCE = 20.0
"""Seconds that one cell may take, here where all are small."""


class Fails(Exception):
    """A cell that ended in an error."""


class Zygote:
    """A kernel that has begun and loaded some libraries, and forks whenever one is wanted."""

    def __init__(self, folder: Path, libraries: str) -> None:
        self.folder = folder / "code"
        self.kept = folder / "kept"
        self.local = folder / "local"
        for made in (self.folder, self.kept, self.local / "ipython"):
            made.mkdir(parents=True)
        self._ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [
                sys.executable,
                Path(__file__).with_name("zygote.py"),
                str(theirs.fileno()),
                self.local / "kernel.json",
                libraries,
            ],
            pass_fds=[theirs.fileno()],
            cwd=self.clean(),
            env=self._settings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if "LIES_DEBUG" in os.environ else subprocess.DEVNULL,
        )
        theirs.close()
        if not self._ours.recv(SIZE.size):
            raise RuntimeError("the kernel that was to fork did not begin")

    def clean(self) -> Path:
        """An empty folder for the next program."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.copy(ROOT / "code" / "matplotlibrc", self.folder)
        return self.folder

    def forget(self) -> None:
        shutil.rmtree(self.kept)
        self.kept.mkdir()

    def fork(self) -> "Kernel":
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._ours, [SIZE.pack(0)], [theirs.fileno()])
            (number,) = SIZE.unpack(self._ours.recv(SIZE.size))
        return Kernel(self, ours, number)

    def end(self, number: int) -> None:
        self._ours.send(SIZE.pack(number))

    def stop(self) -> None:
        self._ours.close()
        self._process.wait()

    def _settings(self) -> dict[str, str]:
        parts = {KEPT: str(self.kept / "parts"), "PRESS_DATASETS": "{}"}
        place = Place(self.folder, self.local, parts)
        return environment_of(place, self.local)


class Kernel:
    """Has what press uses of its `Session`."""

    was_asked_to_exit = False

    def __init__(self, zygote: Zygote, own: socket.socket, number: int) -> None:
        self.place = Place(zygote.folder, zygote.local, {})
        self.scratch = zygote.local
        self._zygote = zygote
        self._own = own
        self._number = number

    async def run(self, source: str) -> list[Mapping[str, Any]]:
        """The outputs of a cell; an error is one of them if it is the last thing to happen."""
        reply, messages = await self._asked(code=source, silent=False, store_history=True)
        outputs = [content for kind, content in messages if kind != "error"]
        if reply["status"] != "ok":
            raise Fails(f"{reply['ename']}: {reply['evalue']}")
        return [
            output
            for output in outputs
            if "data" in output or output.get("name") in ("stdout", "stderr")
        ]

    async def ask(self, request: Request[Answer]) -> Answer:
        try:
            return await self._answered(request)
        except Fails as error:
            raise DeadKernelError(str(error)) from error

    async def _answered(self, request: Request[Answer]) -> Answer:
        reply, _ = await self._asked(
            code=request.code,
            silent=True,
            store_history=False,
            user_expressions={"answer": request.expression},
        )
        if reply["status"] != "ok":
            raise Refused(f"{reply.get('ename')}: {reply.get('evalue')}")
        answer = reply["user_expressions"]["answer"]
        if answer["status"] != "ok":
            raise Refused(f"{answer['ename']}: {answer['evalue']}")
        return request.read(ast.literal_eval(answer["data"]["text/plain"]))

    async def _asked(self, **asked: Any) -> Any:
        def talk() -> Any:
            data = pickle.dumps(asked)
            self._own.settimeout(PATIENCE)
            self._own.sendall(SIZE.pack(len(data)) + data)
            (size,) = SIZE.unpack(self._read(SIZE.size))
            return pickle.loads(self._read(size))

        try:
            return await asyncio.to_thread(talk)
        except TimeoutError as error:
            raise Fails("the kernel hangs") from error

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._own.recv(size - len(parts))
            if not part:
                raise Fails("the kernel died")
            parts += part
        return bytes(parts)

    async def lives(self) -> bool:
        return True

    async def stop(self) -> None:
        self._own.close()
        self._zygote.end(self._number)
