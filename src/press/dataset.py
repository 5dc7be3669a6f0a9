"""MNIST: find it, fetch it, prove that it is MNIST, or stand in for it."""

import os
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from press.blog import ASIDE
from press.errors import PressError
from press.key import digest

if TYPE_CHECKING:
    import numpy as np

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
ARRAYS = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
DIGEST = digest("".join(ARRAYS.values()))
SAMPLE = "sample"


def mnist_file() -> Path:
    """Where MNIST has to be: at the place that MNIST_NPZ names, or Keras' own."""
    chosen = os.environ.get("MNIST_NPZ")
    return Path(chosen).absolute() if chosen else keras_file()


def mnist() -> Path:
    """The verified file, fetched if Keras has none yet."""
    path = mnist_file()
    if not path.exists() and path == keras_file():
        fetch(URL, path)
    known = path.stat() if path.is_file() else None
    _verified(path, known and (known.st_mtime_ns, known.st_size))
    return path


@cache
def _verified(path: Path, _: object) -> None:
    """Verify a file once, as long as nobody writes it anew."""
    verify(path)


def keras_file() -> Path:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return home / "datasets" / "mnist.npz"


def verify(path: Path) -> None:
    """Refuse a file whose four arrays are not those of MNIST; touch nothing."""
    remedy = "set MNIST_NPZ to a good copy, or move this file away"
    for name, data in _arrays(path, remedy).items():
        found = digest(data)
        if found != ARRAYS[name]:
            raise PressError(
                str(path),
                f"is not MNIST: {name} has the digest {found}, not {ARRAYS[name]}",
                remedy,
            )


def _arrays(path: Path, remedy: str) -> "dict[str, bytes]":
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: np.ascontiguousarray(file[name]).tobytes() for name in ARRAYS}
    except FileNotFoundError as error:
        raise PressError(str(path), "there is no such file (MNIST_NPZ names it)", remedy) from error
    except PermissionError as error:
        raise PressError(str(path), "cannot be read (no permission)", remedy) from error
    except KeyError as error:
        raise PressError(str(path), f"is not MNIST: no array {error.args[0]}", remedy) from error
    except Exception as error:
        found = digest(path.read_bytes()) if path.is_file() else "none"
        raise PressError(
            str(path),
            f"is no readable .npz file; its digest is {found}, the arrays should have "
            + ", ".join(f"{name} {wanted}" for name, wanted in ARRAYS.items()),
            remedy,
        ) from error


def fetch(url: str, path: Path) -> None:
    """Download MNIST to where Keras keeps it; put it there only when it is proved whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _aside(path)
    try:
        with urllib.request.urlopen(url, timeout=60) as response, aside.open("wb") as file:
            while block := response.read(1 << 16):
                file.write(block)
        verify(aside)
        # A link, unlike a rename, never replaces a file that has appeared there meanwhile.
        os.link(aside, path)
    except FileExistsError:
        pass
    except PressError as error:
        raise PressError(url, f"what was downloaded is damaged ({error})", "try again") from error
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise PressError(
            "MNIST",
            f"is neither at $MNIST_NPZ nor at {path}, and {url} cannot be reached ({reason})",
            "set MNIST_NPZ to a copy, or rehearse on a stand-in: ./press build --sample",
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def stand_in(path: Path) -> Path:
    """Write a small real data set in MNIST's shape: 8 × 8 digits by other hands, enlarged."""
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    images = np.stack([_enlarged(image) for image in digits.images[order]])
    labels = digits.target[order].astype("uint8")
    train = 1500
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _aside(path)
    with aside.open("wb") as file:
        np.savez_compressed(
            file,
            x_train=images[:train],
            y_train=labels[:train],
            x_test=images[train:],
            y_test=labels[train:],
        )
    aside.replace(path)  # whole at once: another run may be reading it
    return path


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{ASIDE}")


def _enlarged(image: "np.ndarray") -> "np.ndarray":
    """8 × 8 pixels of 0 to 16 → a 20 × 20 digit in the middle of 28 × 28 pixels of 0 to 255."""
    import numpy as np
    from PIL import Image

    small = Image.fromarray((image * (255 / 16)).astype("uint8"))
    return np.pad(np.asarray(small.resize((20, 20), Image.Resampling.BICUBIC)), 4)
