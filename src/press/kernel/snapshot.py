"""In the kernel: take a snapshot of what the cells so far have made, and lay one over it."""

import os
import random
import tempfile
from _thread import LockType, allocate_lock, start_new_thread
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from json import dumps as as_json
from pathlib import Path
from pickle import dumps, loads
from typing import Any

from press.kernel import (
    garbage,
    imports,
    keras_kept,
    memory,
    namespace,
    numpy_types,
    outside,
    process_state,
    restored,
)
from press.kernel.ourselves import unnoticed
from press.kernel.parts import Unknown
from press.kernel.proof import differences, proof
from press.kernel.protocol import HISTORY, KEPT
from press.kernel.sealed import Bytes, Vault, secret

AROUND = "what lies around"
"""Stands among the names for what has none, and may share parts with them."""
SHOWN = 4
"""How many pieces that differ are named."""
IN_PASSING = 1 << 30
"""Bytes of a snapshot that may be copied, to be written while the next cells run."""
writing: list[LockType] = []
"""One for each part that is being written, free when it is."""
beginning: list[process_state.Beginning] = []
"""What the kernel was like before the first cell."""


def note_ahead() -> None:
    """What each kernel that is a fork of this process would have to find out and note."""
    outside.ask_once()
    imports.note_ahead()


def watch(shell: Any) -> None:
    """Note from now on which cells reach outside the kernel: no snapshot holds what they did."""
    outside.watch(shell)
    imports.watch()
    shell.events.register("pre_execute", begin)


def begin() -> None:
    """From the first cell on counts what changes."""
    if not beginning:
        imports.begin()
        outside.begin()
        beginning.append(process_state.Beginning())


@unnoticed
def take(room: int) -> str:
    """Keep the namespace and what lies around it, if it is not too large for what it may save.

    As JSON, what was kept, or why it cannot be; nothing if it is too large.
    """
    shell = _shell()
    named = {id(item): item for item in shell.user_ns.values()}
    arrays = list(numpy_types.memory_of(named.values()))
    if sum(view.nbytes for view in arrays) > room:
        return "null"
    # When garbage is collected shows in what a script can ask for.
    with garbage.paused(), memory.hashed_once(ahead=arrays):
        return _taken(shell, _vault(), room)


def _taken(shell: Any, vault: Vault, room: int) -> str:
    try:
        proven = proof(shell, _names(shell), beginning[0])
        values = {name: shell.user_ns[name] for name in proven.names}
        around = restored.read(shell)
        with _without_traces(proven.classes):
            dumped = namespace.dump(shell.user_ns, {**values, AROUND: around})
    except Exception as error:
        return as_json({"refusal": _reason(error)})
    if dumped.size > room:
        return "null"
    settle()
    outside.look()
    put = _put_in_passing if dumped.size <= IN_PASSING else Vault.put
    state = dumps((dumped.data, restored.modules()))
    return as_json(
        {
            "state": put(vault, state),
            "arrays": [put(vault, array) for array in dumped.arrays],
            "missing": proven.left_out,
            "traced": any(map(keras_kept.is_traced, keras_kept.models_in(shell.user_ns))),
            "written": outside.writers(),
            "files": outside.files(),
            "found": outside.found(),
            "proof": proven.digests,
        }
    )


@contextmanager
def _without_traces(classes: Sequence[type]) -> Iterator[None]:
    """Pickling notes on a class which slots it has, and Keras draws a name for a file."""
    untouched = [part for part in classes if "__slotnames__" not in vars(part)]
    drawn, folder = random.getstate(), tempfile.tempdir
    try:
        yield
    finally:
        random.setstate(drawn)
        tempfile.tempdir = folder
        for part in untouched:
            if "__slotnames__" in vars(part):
                type.__delattr__(part, "__slotnames__")


def _reason(error: Exception) -> str:
    known = isinstance(error, Unknown)
    return str(error) if known else " ".join(f"{type(error).__name__}: {error}".split())[:200]


def settle() -> None:
    """Wait until all snapshots are written."""
    while writing:
        writing.pop().acquire()


def _put_in_passing(vault: Vault, data: Bytes) -> str:
    """Written soon, from a copy that no cell changes meanwhile."""
    name = vault.seal(data)
    if not vault.has(name):
        done = allocate_lock()
        done.acquire()
        writing.append(done)
        # Of such a thread the script's own `threading` knows nothing.
        start_new_thread(_write, (vault, name, bytes(data), done))
    return name


@unnoticed
def _write(vault: Vault, name: str, data: bytes, done: LockType) -> None:
    try:
        # A part that cannot be written is missing when it is looked for.
        with suppress(OSError):
            vault.write(name, data)
    finally:
        done.release()


@unnoticed
def lay(
    state: str,
    arrays: list[str],
    sources: list[str],
    before: dict[str, str],
    beside: tuple[list[int], dict[str, str], dict[str, Any]],
) -> None:
    """Bring the kernel to where it was behind these cells, and prove that it is there."""
    with garbage.paused(), memory.hashed_once():
        _lay(_shell(), _vault(), state, arrays, sources, before)
    writers, files, found = beside
    _hold_to(files, outside.files(files))
    outside.go_on(len(sources), writers, files, found)


def _lay(
    shell: Any,
    vault: Vault,
    state: str,
    arrays: list[str],
    sources: list[str],
    before: dict[str, str],
) -> None:
    found = [vault.get(state), *(vault.get(name, memory.room) for name in arrays)]
    whole = [item for item in found if item is not None]
    if len(whole) != len(found):
        raise LookupError("a part of the snapshot is missing or damaged")
    data, *buffers = whole
    begin()
    with imports.together():
        names, modules = loads(data)
        restored.load(modules)
        values = namespace.load(shell.user_ns, names, buffers)
        surroundings = values.pop(AROUND)
    for name in _names(shell):
        del shell.user_ns[name]
    shell.user_ns.update(values)
    for number, source in enumerate(sources, 1):
        shell.compile.cache(shell.transform_cell(source), number, source)
    shell.execution_count = len(sources) + 1
    restored.put_back(shell, surroundings)
    _hold_to(before, proof(shell, _names(shell), beginning[0]).digests)


def _hold_to(before: dict[str, str], now: dict[str, str]) -> None:
    places = differences(before, now)
    if places:
        told, more = ", ".join(places[:SHOWN]), len(places) - SHOWN
        others = f" and {more} more" if more > 0 else ""
        raise LookupError(f"{told}{others}: not as it was")


def _vault() -> Vault:
    known = secret()
    if known is None:
        raise LookupError("this user has no secret")
    return Vault(Path(os.environ[KEPT]), known, memory.digest)


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _names(shell: Any) -> list[str]:
    """In the order in which they were bound; what IPython has put there is not the script's."""
    nothing = object()
    return [
        name
        for name, value in shell.user_ns.items()
        if shell.user_ns_hidden.get(name, nothing) is not value
        and not HISTORY.fullmatch(name)
        and name not in ("__warningregistry__", "__builtins__")
    ]
