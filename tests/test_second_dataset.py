"""A second data set costs one description: files of another form, another name, other terms."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from press.blog import Blog
from press.datasets.dataset import DataSet
from press.datasets.digits import digits
from press.datasets.known import KNOWN
from press.files import digest

from .conftest import Press, add_post

SCRIPT = """\
# %% load
from keras.datasets import fashion_mnist

(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()

# %% results tags=["values"]
{"training": len(x_train), "ink": int(x_test.sum()), "labels": int(y_test.sum())}
"""
NAMES = {
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_train": "train-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
}


def read_idx(files: Mapping[str, Path]) -> dict[str, np.ndarray]:
    return {array: _read(files[name]) for array, name in NAMES.items()}


def _read(path: Path) -> np.ndarray:
    data = gzip.decompress(path.read_bytes())
    images = data[3] == 3
    flat = np.frombuffer(data, np.uint8, offset=16 if images else 8)
    return flat.reshape(-1, 28, 28) if images else flat


def write_idx(files: Mapping[str, Path], arrays: Mapping[str, np.ndarray]) -> None:
    for array, name in NAMES.items():
        shape = arrays[array].shape
        head = bytes([0, 0, 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape)
        files[name].write_bytes(gzip.compress(head + arrays[array].tobytes(), mtime=0))


SMALL = digits()
FASHION = DataSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    credit="Zalando SE, MIT",
    variable="FASHION_MNIST",
    urls={name: f"http://127.0.0.1:9/{name}" for name in NAMES.values()},
    arrays={name: digest(array.tobytes()) for name, array in SMALL.items()},
    read=read_idx,
    write=write_idx,
    small=lambda: {name: 255 - array if name[0] == "x" else array for name, array in SMALL.items()},
    folder="datasets/fashion-mnist",
)


@pytest.fixture
def fashion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setitem(KNOWN, FASHION.name, FASHION)
    folder = tmp_path / "fashion"
    folder.mkdir()
    write_idx({name: folder / name for name in NAMES.values()}, SMALL)
    monkeypatch.setenv("FASHION_MNIST", str(folder))
    return folder


def values(blog: Blog) -> dict[str, int]:
    record = json.loads(blog.record("post").read_text())
    return {name: value["number"] for name, value in record["values"].items()}


@pytest.mark.usefixtures("fashion")
def test_a_script_gets_the_verified_files_and_its_record_says_whose_they_are(
    blog: Blog, press: Press
) -> None:
    add_post(blog, "post", SCRIPT)

    told = press("build")

    assert told.code == 0, told.err
    found = {"ink": int(SMALL["x_test"].sum()), "labels": int(SMALL["y_test"].sum())}
    assert values(blog) == {"training": 1500, **found}
    (source,) = json.loads(blog.record("post").read_text())["provenance"]["data"]
    assert source == {
        "name": "Fashion-MNIST",
        "digest": FASHION.digest,
        "credit": "Zalando SE, MIT",
    }


@pytest.mark.usefixtures("fashion")
def test_it_is_rehearsed_on_its_own_stand_in(blog: Blog, press: Press) -> None:
    add_post(blog, "post", SCRIPT)

    told = press("build", "--sample")

    assert told.code == 0, told.err
    ink = int((255 - SMALL["x_test"]).sum())
    assert values(Blog(blog.local / "sample"))["ink"] == ink


def test_files_that_are_not_it_stop_the_run(blog: Blog, press: Press, fashion: Path) -> None:
    add_post(blog, "post", SCRIPT)
    wrong = {**SMALL, "y_test": SMALL["y_test"][::-1].copy()}
    write_idx({name: fashion / name for name in NAMES.values()}, wrong)

    told = press("build")

    assert told.code == 1
    assert "is not Fashion-MNIST: y_test has the digest" in told.err
    assert "set FASHION_MNIST to a good copy, or move this file away" in told.err


def test_the_first_one_still_reaches_its_scripts(blog: Blog, press: Press) -> None:
    """Keras asks for some files by keyword, for others by position."""
    script = "# %% load\nimport keras\n(x, y), _ = keras.datasets.mnist.load_data()\n"
    add_post(blog, "post", f'{script}# %% results tags=["values"]\n{{"side": x.shape[1]}}\n')

    told = press("build", "--sample")

    assert told.code == 0, told.err
    assert values(Blog(blog.local / "sample")) == {"side": 28}
