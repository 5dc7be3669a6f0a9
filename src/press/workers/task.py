"""One job, done by a worker: the only code of press that the engine calls there."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import press
from press.files import digest
from press.machine.identity import machine_id
from press.machine.python import POSTS
from press.machine.versions import LIGHTER, read_pins, version_of
from press.workers.job import Done, Job, job_in
from press.workers.loaded import Pressed

TOPIC = "press"
SEEDS = ".press/seeds/"
"""Where a press leaves what other seeds gave: the only thing of its own that goes back."""
OTHER_PRESS = "it has another press; update it to the same commit"
LOOK = 0.2
"""Seconds between two looks at whether the job is still wanted."""


def do(data: bytes) -> bytes:
    """What Dask calls."""
    from distributed import Status, get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        goes_on = worker.status not in (Status.closing, Status.closed, Status.failed)
        return goes_on and task is not None and task.state not in ("cancelled", "released")

    def hear(line: str) -> None:
        worker.log_event(TOPIC, line)

    place = Path(worker.local_directory)
    return replace(done(job_in(data), place, wanted, hear), worker=worker.address).packed()


def done(job: Job, place: Path, wanted: Callable[[], bool], hear: Callable[[str], None]) -> Done:
    if other := difference(job):
        return Done(said=other)
    with tempfile.TemporaryDirectory(prefix="press-", dir=place) as folder:
        root = Path(folder, "blog")
        for name, content in job.files.items():
            path = root / name
            if not path.resolve().is_relative_to(root.resolve()):
                return Done(said=f"{name} lies outside the blog")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        code, said = _pressed(root, job.words, wanted, hear)
        made = {name: content for name, content in _files(root) if job.files.get(name) != content}
        return Done(code, said, files=made)


def difference(job: Job) -> str:
    """In what this worker is not what the caller is; results would be of another making."""
    if job.press != own_digest():
        return OTHER_PRESS
    here = {name: version_of(name) for name in job.packages}
    apart = [
        f"{name} {here[name] or 'not at all'} (here: {version})"
        for name, version in job.packages.items()
        if here[name] != version
    ]
    return f"it has {', '.join(apart[:3])}; install the same packages there" if apart else ""


def packages_of(root: Path) -> dict[str, str]:
    """Those that results depend on, as they are installed here."""
    pins = {*read_pins(root, "run"), *read_pins(root, POSTS)} - {*LIGHTER.values()}
    return {name: version for name in sorted(pins) if (version := version_of(name))}


def resources_of(packages: Mapping[str, str]) -> dict[str, float]:
    """What a worker says of itself, so that only work that it is fit for reaches it."""
    return {making_of(packages): 1, machine_named(machine_id()): 1}


def making_of(packages: Mapping[str, str]) -> str:
    return f"press {digest(f'{own_digest()} {sorted(packages.items())}')[:12]}"


def machine_named(name: str) -> str:
    return f"machine {name}"


@cache
def own_digest() -> str:
    """Of press' own source."""
    folder = Path(press.__file__).parent
    parts = [
        f"{path.relative_to(folder).as_posix()} {digest(path.read_bytes())}"
        for path in sorted(folder.rglob("*.py"))
    ]
    return digest("\n".join(parts))


def _pressed(
    root: Path, words: tuple[str, ...], wanted: Callable[[], bool], hear: Callable[[str], None]
) -> tuple[int, str]:
    """A press of its own process, which ends with this one or when nobody waits for it."""
    said = root.parent / "said"
    said.touch()
    pressed = Pressed(("--blog", str(root), *words), said)
    try:
        lines = _lines(said, f"{root}/")
        ended = False
        while not ended and wanted():
            ended = pressed.waited(LOOK)
            for line in next(lines):
                hear(line)
    finally:
        pressed.end()
    text = said.read_text("utf-8", "replace").replace(f"{root}/", "")
    return 1 if pressed.code is None else pressed.code, text


def _lines(path: Path, root: str) -> Iterator[list[str]]:
    """What came since the last look, in whole lines."""
    with path.open("rb") as file:
        rest = b""
        while True:
            *whole, rest = (rest + file.read()).split(b"\n")
            yield [line.decode("utf-8", "replace").replace(root, "") for line in whole]


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        own = name.startswith((".press/", "_site/")) and not name.startswith(SEEDS)
        if path.is_file() and not own:
            yield name, path.read_bytes()
