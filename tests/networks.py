"""Reads back the files of networks that pages compute with, as an independent reader would."""

import json
import struct
from typing import Any

import numpy as np


def described(data: bytes) -> dict[str, Any]:
    """The header of a file."""
    (length,) = struct.unpack_from("<I", data)
    header: dict[str, Any] = json.loads(data[4 : 4 + length])
    assert header["format"] == 1
    return header


def weights_of(data: bytes) -> list[np.ndarray]:
    """The weights of a file, as `model.set_weights` takes them."""
    (length,) = struct.unpack_from("<I", data)
    flat = np.frombuffer(data, "<f2", offset=4 + length).astype("float32")
    arrays = []
    for layer in described(data)["layers"]:
        for shape in _shapes(layer):
            size = int(np.prod(shape))
            arrays.append(flat[:size].reshape(shape))
            flat = flat[size:]
    assert not flat.size, "more weights than the header tells"
    return arrays


def _shapes(layer: dict[str, Any]) -> list[list[int]]:
    if "kernel" not in layer:
        return []
    return [layer["kernel"], layer["kernel"][-1:]] if layer["bias"] else [layer["kernel"]]
