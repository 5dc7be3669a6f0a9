"""Kernels that are forks: what a script can see of one is what a process of its own would show."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from nbclient.exceptions import DeadKernelError

from press.kernel.protocol import KEPT, Request
from press.run import forked, mothers
from press.run.place import Place
from press.run.session import NotStarted, started

from .conftest import PATIENCE, waited

SEEN = """
import builtins, gc, locale, os, random, resource, signal, sys, threading, time, warnings
def target(number):
    return os.readlink(f"/proc/self/fd/{number}").partition(":")[0]
seen = {
    "modules": sorted(name for name in sys.modules if name not in ("pwd", "press.kernel.mother")),
    "path": sys.path,
    "words": sys.argv,
    "flags": str(sys.flags),
    "hash": hash("a word"),
    "folder": os.getcwd(),
    "threads": sorted(one.name for one in threading.enumerate()),
    "environment": {name: os.environ[name] for name in os.environ if name not in APART},
    "zone": time.tzname,
    "collects": [gc.isenabled(), gc.get_threshold()],
    "locale": [locale.getlocale(), sys.getfilesystemencoding()],
    "leads": os.getsid(0) == os.getpgid(0) == os.getpid(),
    "signals": [str(signal.getsignal(n)).partition(" at ")[0] for n in (1, 2, 13, 15, 17)],
    "files": [target(number) for number in range(3)],
    "builtins": sorted(vars(builtins)),
    "warnings": len(warnings.filters),
    "main": sorted(vars(sys.modules["__main__"])),
    "limits": [resource.getrlimit(n) for n in range(8)],
}
"""
APART = {"IPYTHONDIR", "JPY_PARENT_PID", "JPY_SESSION_NAME", "MPLBACKEND"}
"""Variables that differ from one kernel to the next; press sets none of them for scripts."""


def asked(kernel: Any, expression: str, code: str = "") -> Any:
    """In the kernel, as a cell would see it."""
    return kernel.ask(Request(expression, lambda answer: answer, code))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, tmp_path / "local", {KEPT: str(tmp_path / "kept"), "TZ": "Asia/Tokyo"})


def with_kernel(place: Place, look: Callable[[Any], Any]) -> Any:
    async def looked() -> Any:
        kernel = await started(place, PATIENCE)
        try:
            return await look(kernel)
        finally:
            await kernel.stop()

    return asyncio.run(looked())


def has_ended(process: int) -> bool:
    return not psutil.pid_exists(process) or psutil.Process(process).status() == "zombie"


@pytest.mark.parametrize("kept", [True, False], ids=["snapshots", "none"])
def test_a_fork_shows_what_a_process_of_its_own_does(
    kept: bool, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dict(place.settings) if kept else {"TZ": "Asia/Tokyo"}
    place = Place(place.folder, place.local, settings)
    code = SEEN.replace("APART", repr(APART))

    async def look(kernel: Any) -> Any:
        return isinstance(kernel.km.provisioner.process, mothers.Fork), await asked(
            kernel, "seen", code
        )

    is_fork, of_fork = with_kernel(place, look)
    monkeypatch.setattr(forked, "known", dict)
    is_other, of_process = with_kernel(place, look)

    assert (is_fork, is_other) == (True, False)
    for name in of_process:
        assert of_fork[name] == of_process[name], name
    assert of_fork["zone"] == ("JST", "JST")


ANEW = """
from press.kernel import abstract, functions, imports
for known in (imports.contents, imports.attributes, imports.landmarks, imports.seen):
    known.clear()
functions.noted.clear()
abstract.noted.clear()
imports.note()
"""
NOTED = """
import json
from press.kernel import abstract, changes, functions, imports
from press.kernel.places import told
noted = {
    "containers": [told(image.path) for image in imports.contents.values()],
    "attributes": [told(image.path) for image in imports.attributes.values()],
    "landmarks": [told(path) for path in imports.landmarks.values()],
    "functions": [told(one.path) for one in functions.noted.values()],
    "abstract": [told(path) for _, path, _ in abstract.noted.values()],
    "changes": [change.place for change in changes.changes()],
}
"""


def test_what_a_mother_has_noted_is_what_its_fork_would_have(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noted(before: str = "") -> dict[str, list[str]]:
        def look(kernel: Any) -> Any:
            return asked(kernel, "json.dumps(noted)", before + NOTED)

        return json.loads(with_kernel(place, look))  # type: ignore[no-any-return]

    of_fork = noted()
    monkeypatch.setattr(forked, "known", dict)
    of_process, anew = noted(), noted(ANEW)

    replaced = {one for one in of_fork["functions"] if one.startswith("pdb.Pdb.")}
    for name, found in of_process.items():
        assert set(of_fork[name]) - replaced == set(found) - replaced, name
        assert name == "changes" or set(anew[name]) <= set(found), name


READ = """
import os, sys
read = set()
class Told(type(os.environ)):
    def __getitem__(self, name):
        read.add(name)
        return super().__getitem__(name)
    def __contains__(self, name):
        read.add(name)
        return super().__contains__(name)
    def __iter__(self):
        raise AssertionError("all variables are read")
os.environ.__class__ = Told
from press.kernel import mother
sys.modules["debugpy"] = None
for name in (*mother.LOADED, mother.WITH_SNAPSHOTS):
    __import__(name)
print(*read)
"""


def test_what_loading_reads_makes_another_mother(place: Place) -> None:
    done = subprocess.run([sys.executable, "-P", "-c", READ], capture_output=True, text=True)
    names = set(done.stdout.split()) - {"JPY_PARENT_PID"}  # a mother sets that herself
    assert "TERM" in names, done.stderr
    assert [name for name in names if not name.startswith(mothers.TAKEN_OVER)] == []


def test_two_forks_draw_their_own_numbers(place: Place) -> None:
    async def look(kernel: Any) -> Any:
        draws = "[random.random(), os.urandom(4), tempfile.mkdtemp(), uuid.uuid4().hex]"
        return await asked(kernel, draws, "import os, random, tempfile, uuid")

    first, second = (with_kernel(place, look) for _ in range(2))

    assert not set(map(str, first)) & set(map(str, second))


def test_a_fork_ends_with_whoever_asked_for_it(place: Place) -> None:
    async def look(kernel: Any) -> int:
        process = kernel.km.provisioner.process
        number = process.pid
        kernel.km = None
        process.returncode = 0  # as if this press were gone, and nobody asked how it ended
        process._hears.close()
        return int(number)

    number = with_kernel(place, look)

    waited(lambda: has_ended(number))


def test_a_kernel_leaves_nothing_open_even_when_its_end_is_cut(place: Place) -> None:
    async def look() -> Any:
        kernel = await started(place, PATIENCE)
        ending = asyncio.ensure_future(kernel.stop())
        await asyncio.sleep(0)  # it has begun
        ending.cancel()
        await asyncio.wait({ending})
        assert ending.cancelled()
        return kernel

    kernel = asyncio.run(look())

    assert kernel.wires.closed
    assert not kernel.scratch.exists()
    number = kernel.km.provisioner.process.pid
    waited(lambda: has_ended(number))


def test_a_mother_that_was_killed_is_replaced(place: Place) -> None:
    async def look(kernel: Any) -> int:
        return int(await asked(kernel, "os.getppid()", "import os"))

    first = with_kernel(place, look)
    os.kill(first, signal.SIGKILL)
    waited(lambda: has_ended(first))

    assert with_kernel(place, look) not in (first, os.getpid())


def test_how_a_fork_ended_is_known(place: Place) -> None:
    async def look(kernel: Any) -> list[str]:
        process = kernel.km.provisioner.process
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == process.poll() == -signal.SIGKILL
        process.kill()
        return [kernel.cause_of_death()]

    assert with_kernel(place, look) == ["killed; most often for want of memory"]


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_what_a_kernel_has_begun_ends_with_it(place: Place, end: str) -> None:
    async def look(kernel: Any) -> int:
        code = "import os, signal, subprocess\nasleep = subprocess.Popen(['sleep', '1000'])"
        number = int(await asked(kernel, "asleep.pid", code))
        with pytest.raises(DeadKernelError):
            await asked(kernel, end)
        return number

    number = with_kernel(place, look)

    waited(lambda: has_ended(number))


def test_a_kernel_that_cannot_be_says_why(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ipykernel").mkdir()
    (tmp_path / "ipykernel" / "__init__.py").write_text("raise ImportError('no such luck')\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")

    with pytest.raises(NotStarted, match="no such luck"):
        with_kernel(place, lambda kernel: asked(kernel, "1"))


def test_where_none_can_be_a_kernel_is_a_process(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pidfd_open")

    assert forked.known() == {}
    monkeypatch.setattr(mothers.Mother, "fork", lambda *_: (_ for _ in ()).throw(OSError()))
    monkeypatch.undo()
    assert forked.NAME in KernelProvisionerFactory.instance().provisioners
