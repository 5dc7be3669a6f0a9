"""Large arrays: hashed once while nobody writes into them, and read to where they stay."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from press.kernel import memory, namespace, numpy_types
from press.kernel.sealed import Vault

Array = np.ndarray[Any, Any]
COUNT = 1 << 19


def frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


LARGE: dict[str, Callable[[], Array]] = {
    "one row": lambda: np.arange(COUNT, dtype="f8"),
    "rows": lambda: np.arange(COUNT, dtype="f4").reshape(64, -1).copy(),
    "columns first": lambda: np.asfortranarray(np.arange(COUNT).reshape(64, -1)),
    "that nobody may write": lambda: frozen(np.arange(COUNT)),
    "yes and no": lambda: np.arange(4 * COUNT) % 3 == 0,
    "of fields": lambda: np.zeros(COUNT, [("a", "i4"), ("b", "f8")]),
    "dates": lambda: np.arange(COUNT).astype("M8[s]"),
    "the other way round": lambda: np.arange(COUNT, dtype=">f8"),
    "texts": lambda: np.arange(COUNT // 8).astype("U16"),
    "of four dimensions": lambda: np.ones((8, 32, 32, 64), "f4"),
}


def brought_back(vault: Vault, items: dict[str, Any]) -> dict[str, Any]:
    with memory.hashed_once(ahead=numpy_types.memory_of(items.values())):
        dumped = namespace.dump(items, dict(items))
        assert len(dumped.arrays) == len(LARGE)
        names = [vault.put(array) for array in dumped.arrays]
    with memory.hashed_once():
        arrays = [vault.get(name, memory.room) for name in names]
        return namespace.load({}, dumped.data, arrays)


def test_they_come_back_as_they_were_each_with_its_own_memory(tmp_path: Path) -> None:
    before = {name.replace(" ", "_"): make() for name, make in LARGE.items()}
    vault = Vault(tmp_path, b"s" * 32, memory.digest)

    after, again = brought_back(vault, before), brought_back(vault, before)

    for name, array in before.items():
        found = after[name]
        assert found.dtype == array.dtype
        assert (found.shape, found.strides) == (array.shape, array.strides)
        assert (found.flags.owndata, found.base) == (True, None)
        assert found.flags.writeable == array.flags.writeable
        assert found.tobytes("A") == array.tobytes("A")
        assert not np.shares_memory(found, again[name])
    assert not memory.hashed
    assert not memory.awaited


def test_a_digest_is_the_same_whoever_asks_and_when() -> None:
    arrays = [make() for make in LARGE.values()]
    views = list(numpy_types.memory_of(arrays))
    plain = [hashlib.sha256(view).digest() for view in views]

    assert [memory.digest(view) for view in views] == plain
    memory.hashed.clear()
    with memory.hashed_once(ahead=[*views, *views]):
        assert [memory.digest(view) for view in views] == plain
        assert [memory.digest(view) for view in views] == plain


def test_what_has_changed_since_has_another_digest() -> None:
    array = np.zeros(COUNT)
    with memory.hashed_once(ahead=[array.data]):
        before = memory.digest(array.data)
    array[-1] = 1
    with memory.hashed_once():
        assert memory.digest(array.data) != before


def test_only_arrays_with_memory_of_their_own_are_hashed_ahead() -> None:
    whole = np.zeros((4, COUNT))
    items = [whole, whole[1:], whole[:, ::2], np.array([{}]), np.zeros(0), "text", 7]

    assert [view.nbytes for view in numpy_types.memory_of(items)] == [whole.nbytes]


@pytest.mark.parametrize("damage", [b"", b"\1"])
def test_a_damaged_part_is_not_there(tmp_path: Path, damage: bytes) -> None:
    vault = Vault(tmp_path, b"s" * 32, memory.digest)
    name = vault.put(np.zeros(COUNT).data)
    part = tmp_path / name
    part.write_bytes(damage + part.read_bytes()[1:])

    assert vault.get(name, memory.room) is None
    memory.hashed.clear()
