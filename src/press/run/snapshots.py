"""What runs leave behind for later ones: snapshots of the kernel, and what the cells had shown.

A snapshot is found by all that led to it: the code of the cells before it, the versions, the data,
the inputs and the settings. So an edit makes only the snapshots behind it unknown. They are a cache
of this machine: whatever is missing, damaged or from elsewhere is run again.
"""

import json
import os
import pickle
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from press.blog import Blog
from press.files import digest, write
from press.kernel.protocol import Found, Taken
from press.kernel.sealed import NO_SECRET, Vault, secret
from press.machine.clock import now
from press.machine.processor import cpu, threads, traits
from press.machine.versions import pinned_versions
from press.run.outcome import Outcome
from press.run.replay import assigns_within, doubt, goes_back, needed, replayed, trace
from press.script.cells import Cell, Script
from press.script.inputs import Inputs, data_of, written_since
from press.script.keys import ENGINE, code_of, shows_itself

FORMAT = 15
"""Counted up when snapshots are made or laid differently."""
LIMIT = 4 << 30
"""Bytes on disk; the snapshots not used for longest go first."""
SPEED = 500_000_000
"""Bytes that are read, sealed and copied in a second, roughly and rather too low."""
ASKS = re.compile(r"\b(environb?|getenv|expandvars|expanduser)\b|Path\.home")
"""The names of what tells code of its environment."""
SETTINGS = ("TF_", "KERAS_", "XLA_", "OMP_", "OPENBLAS_", "MKL_", "NPY_", "PYTHON", "CUDA_", "MPL")


@dataclass(frozen=True)
class Thrift:
    """When a snapshot is worth its while."""

    least: float
    """Seconds of work that are worth one at all."""
    times: float
    """It must save this many times what making it takes."""
    share: float
    """What all together may take of the work done so far."""


AT_FIRST = Thrift(least=1.0, times=10, share=0.04)
BEHIND = Thrift(least=0.5, times=1, share=1)
"""In a run that goes on from a snapshot: an author is at work there and soon comes again."""


@dataclass(frozen=True)
class Snapshot(Taken):
    cells: int
    """How many cells stand before it."""
    outcomes: str
    seconds: tuple[float, ...]
    date: str

    @property
    def parts(self) -> set[str]:
        return {self.state, self.outcomes, *self.arrays}


def room(work: float, all_work: float, takings: Sequence[float], *, resumed: bool) -> int:
    """How many bytes may be kept to save seconds of work, after snapshots that took so many."""
    thrift = BEHIND if resumed else AT_FIRST
    left = thrift.share * all_work - sum(takings)
    likely = takings[-1] if takings else 0.0
    if work < max(thrift.least, thrift.times * likely) or left < likely:
        return 0
    return round(min(work / thrift.times, left) * SPEED)


class Kept:
    """The snapshots of one script under the circumstances of one run."""

    def __init__(
        self,
        folder: Path,
        vault: Vault,
        script: Script,
        circumstances: Sequence[str],
        root: Path,
        stamps: Mapping[str, str] | None = None,
    ) -> None:
        """`stamps` are those of the files below `root` that the circumstances tell of."""
        self.parts = vault.folder
        self._vault = vault
        self._heads = folder / "heads"
        self._cells = script.cells
        self._names = list(_chain(script.cells, circumstances))
        doubtful = doubt(script.cells)
        self._never = (
            f"the script asks for {doubtful}, which a snapshot changes" if doubtful else ""
        )
        if not vault.is_safe:
            self._never = "this user can keep no secret to seal it with: the home cannot be written"
        self._root, self._stamps = root, stamps or {}

    def usable(self) -> Iterator[tuple[Snapshot, tuple[Outcome, ...]]]:
        """Snapshots that the rest of the script can go on from, the furthest first."""
        if self._never:
            return
        for cells in range(len(self._cells), 0, -1):
            snapshot = self._read(self._names[cells])
            if not snapshot or not self._suffices(snapshot):
                continue
            outcomes = self._vault.get(snapshot.outcomes)
            if outcomes is not None:
                os.utime(self._heads / self._names[cells])
                yield snapshot, pickle.loads(outcomes)

    def forget(self) -> None:
        """Whatever was kept of this very script."""
        for name in self._names:
            (self._heads / name).unlink(missing_ok=True)

    def again(self, snapshot: Snapshot) -> list[Cell]:
        """The cells before the snapshot to run once more for what they do beside it."""
        cells = self._cells[: snapshot.cells]
        numbers = replayed(cells, snapshot.seconds, snapshot.written)
        return [cells[number] for number in numbers]

    def sources(self, snapshot: Snapshot) -> list[str]:
        return [cell.source for cell in self._cells[: snapshot.cells]]

    def saves(self, seconds: Sequence[float], written: Sequence[int] = (), known: int = 0) -> float:
        """Seconds that a snapshot after these cells saves, beside one that is known."""
        again = replayed(self._cells[: len(seconds)], seconds, written)
        return sum(
            took for number, took in enumerate(seconds[known:], known) if number not in again
        )

    def hindrance(self, seconds: Sequence[float], taken: Taken | None = None) -> str:
        """Why a snapshot after these cells cannot hold all that they have done, if it cannot."""
        if self._never:
            return self._never
        written, found = (taken.written, taken.found) if taken else ((), Found())
        cells = self._cells[: len(seconds)]
        again = replayed(cells, seconds, written)
        if beyond := {*written} - {*again}:
            labels = [cell.label for number, cell in enumerate(cells) if number in beyond]
            who = f"cell {labels[0]}" if labels else "it"
            return f"while {who} ran, files were written or other processes reached"
        if meanwhile := written_since(self._root, {**self._stamps, **found.read}):
            return f"{meanwhile[0]} was written while the script ran"
        path = trace(cells, again)
        return f"{path} may have changed what no snapshot holds" if path else ""

    def add(self, taken: Taken, outcomes: Sequence[Outcome], seconds: Sequence[float]) -> None:
        snapshot = {
            **asdict(taken),
            "cells": len(outcomes),
            "outcomes": self._vault.put(pickle.dumps(tuple(outcomes))),
            "seconds": list(seconds),
            "date": now(),
        }
        name = self._names[len(outcomes)]
        text = json.dumps(snapshot)
        write(self._heads / name, f"{self._seal(name, text)} {text}")

    def _read(self, name: str) -> Snapshot | None:
        head = self._heads / name
        try:
            seal, _, text = head.read_text("utf-8").partition(" ")
        except (OSError, UnicodeDecodeError):
            return None
        return _snapshot(text) if seal == self._seal(name, text) else None

    def _seal(self, name: str, text: str) -> str:
        """Binds a snapshot to what led to it: under another name it is not believed."""
        return self._vault.seal(f"{name} {text}".encode())

    def _suffices(self, snapshot: Snapshot) -> bool:
        before, after = self._cells[: snapshot.cells], self._cells[snapshot.cells :]
        if goes_back(before, after) or written_since(self._root, snapshot.found.read):
            return False
        if snapshot.traced and assigns_within(before, after):
            return False
        names = needed(before, after)
        return not snapshot.missing or (names is not None and not names & set(snapshot.missing))


def kept(blog: Blog, script: Script, inputs: Inputs) -> Kept:
    """The snapshots of a script; none where they could not be told from somebody else's."""
    folder = blog.local / "kept"
    vault = Vault(folder / "parts", secret() or NO_SECRET)
    circumstances = _circumstances(blog, script, inputs)
    return Kept(folder, vault, script, circumstances, blog.root, inputs.stamps)


def tidy(blog: Blog) -> None:
    """Forget the snapshots that were not used for longest, until the rest fits its space."""
    folder = blog.local / "kept"
    parts = Vault(folder / "parts", NO_SECRET)
    needed: set[str] = set()
    heads = sorted(folder.glob("heads/*"), key=lambda head: head.stat().st_mtime, reverse=True)
    for head in heads:
        wanted = needed | _parts_of(head)
        if parts.size(wanted) <= LIMIT:
            needed = wanted
        else:
            head.unlink()
    parts.keep_only(needed)


def _parts_of(head: Path) -> set[str]:
    try:
        return _snapshot(head.read_text("utf-8").partition(" ")[2]).parts
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _snapshot(text: str) -> Snapshot:
    tree = json.loads(text)
    lists = {name: tuple(item) for name, item in tree.items() if isinstance(item, list)}
    return Snapshot(**{**tree, **lists, "found": Found(**tree["found"])})


def _circumstances(blog: Blog, script: Script, inputs: Inputs) -> list[str]:
    """All that a result depends on besides the code of the cells."""
    settings = sorted(f"{k}={text}" for k, text in os.environ.items() if k.startswith(SETTINGS))
    return [
        f"format {FORMAT}",
        f"engine {ENGINE}",
        sys.version,
        cpu(),
        *traits(),
        f"{threads()} threads",
        str(blog.code),
        *sorted(_packages(blog.root)),
        *settings,
        f"{sorted(inputs.named().items())}",
        *([script.text] if shows_itself(script) else []),
        *_environment(blog, script, inputs),
        *(data.digest for data in data_of(script)),
    ]


def _environment(blog: Blog, script: Script, inputs: Inputs) -> list[str]:
    """All of it, for code that asks for any: a snapshot may hold what it was once told."""
    texts = [script.text, *(blog.text(blog.root / path) for path in inputs.modules)]
    return sorted(map("=".join, os.environ.items())) if any(map(ASKS.search, texts)) else []


def _packages(root: Path) -> Iterator[str]:
    """All that is installed, by the names of its folders: `numpy-2.4.6`. Tools change no result."""
    tools = pinned_versions(root, "test").keys() - pinned_versions(root, "run").keys()
    for folder in sys.path:
        for about in Path(folder).glob("*.*-info"):
            if about.stem.partition("-")[0].replace("_", "-").lower() not in tools:
                yield about.stem


def _chain(cells: Sequence[Cell], circumstances: Sequence[str]) -> Iterator[str]:
    name = digest("\0".join(circumstances))
    yield name
    for cell in cells:
        name = digest("\0".join([name, code_of(cell.source), *cell.tags]))
        yield name
