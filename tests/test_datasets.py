"""MNIST: found, fetched, and refused when it is not MNIST."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from press.datasets.dataset import DataSet
from press.datasets.mnist import MNIST
from press.files import digest
from press.voice.errors import PressError

from .conftest import served

ARRAYS = {name: np.arange(n, dtype="uint8") for n, name in enumerate(MNIST.arrays, start=3)}


def small(url: str = "http://127.0.0.1:9/mnist.npz") -> DataSet:
    """MNIST as if it were a few bytes."""
    digests = {name: digest(array.tobytes()) for name, array in ARRAYS.items()}
    return replace(MNIST, arrays=digests, urls={"mnist.npz": url})


@pytest.fixture(autouse=True)
def no_keras_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("MNIST_NPZ", raising=False)


def keras_file() -> Path:
    return MNIST.keras_files()["mnist.npz"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serves tmp_path/served."""
    (tmp_path / "served").mkdir()
    with served(tmp_path / "served") as address:
        yield f"{address}/mnist.npz"


def good_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return save(path, ARRAYS)


def save(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return path


def test_the_named_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good_file(keras_file())
    named = good_file(tmp_path / "mine.npz")
    monkeypatch.setenv("MNIST_NPZ", str(named))

    small().ready()
    assert small().files() == {"mnist.npz": named}


def test_keras_own_file_comes_next() -> None:
    file = good_file(keras_file())

    small().ready()
    assert small().files() == {"mnist.npz": file}


def test_it_is_fetched_to_where_keras_keeps_it(tmp_path: Path, server: str) -> None:
    served = good_file(tmp_path / "served" / "mnist.npz")

    small(server).ready()

    assert keras_file().read_bytes() == served.read_bytes()
    assert [path.name for path in keras_file().parent.iterdir()] == ["mnist.npz"]


def test_a_damaged_download_is_not_kept(tmp_path: Path, server: str) -> None:
    served = good_file(tmp_path / "served" / "mnist.npz")
    served.write_bytes(served.read_bytes()[:-30])

    with pytest.raises(PressError, match=re.escape(f"{server}: what was downloaded is damaged")):
        small(server).ready()
    assert not list(keras_file().parent.iterdir())


def test_a_file_that_appears_during_the_download_is_kept(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good_file(tmp_path / "served" / "mnist.npz")
    verify = DataSet.verify

    def appears(data: DataSet, *places: Mapping[str, Path]) -> None:
        if places:
            good_file(keras_file())
            keras_file().touch()
        verify(data, *places)

    monkeypatch.setattr(DataSet, "verify", appears)
    inode = (tmp_path / "served" / "mnist.npz").stat().st_ino

    small(server).ready()

    assert keras_file().stat().st_nlink == 1, "the download took its place"
    assert keras_file().stat().st_ino != inode


def test_without_file_and_network_it_says_what_to_do() -> None:

    with pytest.raises(PressError) as error:
        small().ready()

    assert str(error.value) == (
        f"MNIST: is neither at $MNIST_NPZ nor at {keras_file()}, and "
        "http://127.0.0.1:9/mnist.npz cannot be reached ([Errno 111] Connection refused); "
        "set MNIST_NPZ to a copy, or rehearse on a stand-in: ./press build --sample"
    )


def test_an_altered_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    file = tmp_path / "mnist.npz"
    other = {**ARRAYS, "y_test": np.zeros(6, "uint8")}
    save(file, other)
    before = file.read_bytes()

    with pytest.raises(PressError) as error:
        small().verify({"mnist.npz": file})

    found, wanted = digest(bytes(6)), small().arrays["y_test"]
    assert str(error.value) == (
        f"{file}: is not MNIST: y_test has the digest {found}, not {wanted}; "
        "set MNIST_NPZ to a good copy, or move this file away"
    )
    assert file.read_bytes() == before


def test_a_truncated_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    file = good_file(tmp_path / "mnist.npz")
    file.write_bytes(file.read_bytes()[:200])

    with pytest.raises(PressError) as error:
        small().verify({"mnist.npz": file})

    assert f"its digest is {digest(file.read_bytes())}" in str(error.value)
    assert all(wanted in str(error.value) for wanted in small().arrays.values())
    assert file.stat().st_size == 200


def test_a_file_without_an_array_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mnist.npz"
    np.savez_compressed(file, x_train=ARRAYS["x_train"])

    with pytest.raises(PressError, match=r": is not MNIST: no array y_train"):
        small().verify({"mnist.npz": file})


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PressError, match=r": is no readable .npz file; its digest is none"):
        small().verify({"mnist.npz": tmp_path})


def test_the_named_file_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_NPZ", str(tmp_path / "gone.npz"))

    with pytest.raises(PressError, match=r"gone.npz: there is no such file \(MNIST_NPZ names it\)"):
        small().ready()


def test_the_stand_in_is_small_real_and_shaped_like_mnist(tmp_path: Path) -> None:
    with np.load(MNIST.stand_in(tmp_path)["mnist.npz"]) as file:
        arrays = dict(file)

    assert arrays["x_train"].shape == (1500, 28, 28)
    assert arrays["x_test"].shape == (297, 28, 28)
    assert {array.dtype for array in arrays.values()} == {np.dtype("uint8")}
    assert set(arrays["y_train"]) == set(range(10))
    assert arrays["x_train"].max() == 255
