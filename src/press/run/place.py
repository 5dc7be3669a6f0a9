"""Where kernels work, and what they find in their environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from press.kernel.protocol import KEPT
from press.machine.processor import threads
from press.run import mothers


@dataclass(frozen=True)
class Place:
    """Where a kernel works."""

    folder: Path
    local: Path
    """Where it may keep a folder of its own while it lives."""
    settings: Mapping[str, str]
    """Environment variables for the kernel besides the user's own and ours."""


def environment_of(place: Place, scratch: Path) -> dict[str, str]:
    count = str(threads())
    ours = {
        "IPYTHONDIR": str(scratch / "ipython"),
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SOURCE_DATE_EPOCH": "0",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "TF_NUM_INTRAOP_THREADS": count,
        "TF_NUM_INTEROP_THREADS": count,
    }
    return {**os.environ, **ours, **place.settings}


def make_ready() -> None:
    """Load what kernels load, for all that is forked from this process."""
    here = Path.cwd()
    mothers.load(str(here), environment_of(Place(here, here, {KEPT: ""}), here))


def begin_loading(folder: Path, local: Path, keeps: bool) -> None:
    """Have that loaded, while this process does something else, for kernels in this folder."""
    place = Place(folder, local, {KEPT: ""} if keeps else {})
    mothers.begin(str(place.folder), environment_of(place, place.local))
