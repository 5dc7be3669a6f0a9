"""One real kernel, started once, that forks for every program: `python zygote.py SOCKET LIBRARIES`.

Each child is a kernel behind its start, which answers over a socket of its own instead of ZeroMQ.
It shows a cell's outputs as the real one would: only the sending is replaced.
"""

import asyncio
import os
import random
import signal
import socket
import struct
import sys
from pickle import dumps, loads  # before a program puts others in their place
from typing import Any

SIZE = struct.Struct("!I")


def main(number: str, connection: str, libraries: str) -> None:
    app = kernel(connection)
    load = "\n".join(f"import {name}; del {name.partition('.')[0]}" for name in libraries.split())
    app.shell.run_cell(load, silent=True, store_history=False)
    control = socket.socket(fileno=int(number))
    control.send(SIZE.pack(0))
    children: set[int] = set()
    while True:
        word, handles, _, _ = socket.recv_fds(control, SIZE.size, 1)
        if not word:
            break
        (asked,) = SIZE.unpack(word)
        while children and (ended := os.waitpid(-1, os.WNOHANG)[0]):
            children.discard(ended)
        if not handles:
            if asked in children:
                os.kill(asked, signal.SIGKILL)
                os.waitpid(asked, 0)
                children.discard(asked)
            continue
        child = os.fork()
        if child == 0:
            control.close()
            live(app, socket.socket(fileno=handles[0]))
        os.close(handles[0])
        children.add(child)
        control.send(SIZE.pack(child))
    for child in children:
        os.kill(child, signal.SIGKILL)
    os._exit(0)


def kernel(connection: str) -> Any:
    """As `ipykernel_launcher` does it, up to where it would begin to listen."""
    from ipykernel.kernelapp import IPKernelApp

    options = ["--ext=press.kernel.extension", "--HistoryManager.enabled=False"]
    figures = "--InlineBackend.figure_formats={'svg'}"
    app: Any = IPKernelApp.instance()
    app.initialize(["-f", connection, figures, *options])
    return app


def live(app: Any, own: socket.socket) -> None:
    try:
        # What hangs on addresses shall differ between two children as between two processes.
        junk = [bytes(random.SystemRandom().randrange(600)) for _ in range(os.getpid() % 3000)]
        listening(app)
        serve(app.kernel, own)
    finally:
        del junk
        os._exit(0)


def listening(app: Any) -> None:
    outputs: list[Any] = []

    def send(_: Any, message: Any, content: Any = None, *__: Any, **___: Any) -> None:
        if isinstance(message, str):
            message = {"header": {"msg_type": message}, "content": content}
        outputs.append((message["header"]["msg_type"], message["content"]))

    app.session.send = send
    streams: list[Any] = [sys.stdout, sys.stderr]
    for stream in streams:
        stream._master_pid = os.getpid()
    app.kernel.outputs = outputs
    app.kernel.streams = streams


def serve(kernel: Any, own: socket.socket) -> None:
    """The loop runs no code of ours, as it runs none in a real kernel."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    while size := own.recv(SIZE.size, socket.MSG_WAITALL):
        asked = loads(own.recv(SIZE.unpack(size)[0], socket.MSG_WAITALL))
        reply = loop.run_until_complete(kernel.do_execute(**asked))
        for stream in kernel.streams:
            stream.flush()
        loop.run_until_complete(asyncio.sleep(0))
        answer = dumps((reply, [*kernel.outputs]))
        kernel.outputs.clear()
        own.sendall(SIZE.pack(len(answer)) + answer)


if __name__ == "__main__":
    del sys.path[0]
    main(*sys.argv[1:])
