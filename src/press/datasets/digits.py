"""Small grey images of ten kinds: how data sets of them are kept, and what stands in for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

TRAIN = 1500


def read_npz(files: Mapping[str, Path]) -> "dict[str, np.ndarray]":
    """The arrays of the one file."""
    import numpy as np

    (path,) = files.values()
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def write_npz(files: Mapping[str, Path], arrays: "Mapping[str, np.ndarray]") -> None:
    import numpy as np

    (path,) = files.values()
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def digits() -> "dict[str, np.ndarray]":
    """A small real data set in MNIST's shape: 8 × 8 digits by other hands, enlarged."""
    import numpy as np
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    images = np.stack([_enlarged(image) for image in found.images[order]])
    labels = found.target[order].astype("uint8")
    return {
        "x_train": images[:TRAIN],
        "y_train": labels[:TRAIN],
        "x_test": images[TRAIN:],
        "y_test": labels[TRAIN:],
    }


def _enlarged(image: "np.ndarray") -> "np.ndarray":
    """8 × 8 pixels of 0 to 16 → a 20 × 20 digit in the middle of 28 × 28 pixels of 0 to 255."""
    import numpy as np
    from PIL import Image

    small = Image.fromarray((image * (255 / 16)).astype("uint8"))
    return np.pad(np.asarray(small.resize((20, 20), Image.Resampling.BICUBIC)), 4)
