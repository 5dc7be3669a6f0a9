"""A trained Keras model → one small file that the reader's browser can compute with.

The file is the length of a header (uint32, little-endian), the header (JSON, padded with spaces so
that what follows lies at a multiple of 4), and all weights as little-endian float16: for each layer
its kernel, then its bias, in the order and the layout that Keras has.

The header says the shape of an image and what to compute. Ink goes in from 0 to 1, ten scores come
out. Layers that do nothing when a model answers, such as Dropout, are left out; an activation that
stands as a layer of its own behind weights is told as theirs.
"""

import struct
from collections.abc import Sequence
from json import dumps as as_json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
IMAGES = ([784], [28, 28], [28, 28, 1])
ANSWERS = 10
ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")
LARGEST = 65504.0
# A factor below this takes ink from 0 to 255 down to about 1.
SMALLEST_SCALE = 1 / 64

Layer = dict[str, Any]


class Unreadable(ValueError):
    """The model holds something that the page's reader does not know."""


def exported(model: Any) -> bytes:
    """The file of a built Sequential model that reads one image."""
    shape = _image(model)
    layers: list[Layer] = []
    weights: list[np.ndarray] = []
    for layer in model.layers:
        told, held = _layer(layer)
        weights += [_checked(layer, array) for array in held]
        if told is not None:
            _add(layers, told)
    if not layers or layers[-1]["shape"] != [ANSWERS]:
        last = layers[-1]["shape"] if layers else shape
        raise Unreadable(f"the model gives {_sizes(last)} scores, not {ANSWERS}")
    header = as_json({"format": FORMAT, "input": shape, "layers": layers}, separators=(",", ":"))
    padded = header.encode() + b" " * (-len(header.encode()) % 4)
    return struct.pack("<I", len(padded)) + padded + b"".join(a.tobytes() for a in weights)


def _image(model: Any) -> list[int]:
    import keras

    if not isinstance(model, keras.Sequential):
        raise Unreadable(f"the model is of the type {type(model).__name__}, not Sequential")
    if not model.built:
        raise Unreadable("the model is not built: give it an Input")
    shape = list(model.input_shape[1:])
    if shape not in IMAGES:
        wanted = ", ".join(_sizes(image) for image in IMAGES)
        raise Unreadable(f"the model reads {_sizes(shape)} values, not one image ({wanted})")
    return shape


def _layer(layer: Any) -> "tuple[Layer | None, list[np.ndarray]]":
    """What a layer computes, unless it is nothing, and its weights."""
    from keras import layers as known

    told: Layer | None
    match type(layer):
        case known.Conv2D:
            told = _conv(layer)
        case known.Dense:
            told = _dense(layer)
        case known.MaxPooling2D | known.AveragePooling2D:
            told = _pooling(layer, "max" if type(layer) is known.MaxPooling2D else "average")
        case known.GlobalAveragePooling2D:
            _want(layer, layer.data_format == "channels_last", "puts channels first")
            _want(layer, not layer.keepdims, "keeps dimensions")
            told = {"kind": "mean"}
        case known.Flatten | known.Reshape:
            told = {"kind": "shape"}
        case known.Rescaling:
            told = _rescaling(layer)
        case known.Activation | known.ReLU | known.Softmax:
            told = {"kind": "activation", "activation": _activation_layer(layer)}
        case known.Dropout | known.InputLayer:
            return None, []
        case _:
            raise Unreadable(f"{_named(layer)} is of a kind that the page's reader does not know")
    return told | {"shape": list(layer.output.shape[1:])}, layer.get_weights()


def _conv(layer: Any) -> Layer:
    _want(layer, layer.data_format == "channels_last", "puts channels first")
    _want(layer, layer.groups == 1, "has groups")
    _want(layer, set(layer.dilation_rate) == {1}, "is dilated")
    return {
        "kind": "conv",
        "kernel": list(layer.kernel.shape),
        "bias": layer.use_bias,
        "strides": list(layer.strides),
        "padding": layer.padding,
        "activation": _activation(layer),
    }


def _dense(layer: Any) -> Layer:
    _want(layer, len(layer.input.shape) == 2, "has an input that is not flat; put Flatten before")
    return {
        "kind": "dense",
        "kernel": list(layer.kernel.shape),
        "bias": layer.use_bias,
        "activation": _activation(layer),
    }


def _pooling(layer: Any, kind: str) -> Layer:
    _want(layer, layer.data_format == "channels_last", "puts channels first")
    return {
        "kind": kind,
        "size": list(layer.pool_size),
        "strides": list(layer.strides),
        "padding": layer.padding,
    }


def _rescaling(layer: Any) -> Layer:
    plain = all(isinstance(number, int | float) for number in (layer.scale, layer.offset))
    _want(layer, plain, "has a scale for each channel")
    _want(layer, abs(layer.scale) >= SMALLEST_SCALE, "wants ink up to 255, and is given it up to 1")
    return {"kind": "scale", "scale": layer.scale, "offset": layer.offset}


def _activation_layer(layer: Any) -> str:
    from keras import layers as known

    if type(layer) is known.ReLU:
        plain = layer.max_value is None and not layer.negative_slope and not layer.threshold
        _want(layer, plain, "is no plain ReLU")
        return "relu"
    if type(layer) is known.Softmax:
        _want(layer, layer.axis in (-1, len(layer.input.shape) - 1), "is not over the last axis")
        return "softmax"
    return _activation(layer)


def _activation(layer: Any) -> str:
    name = layer.get_config()["activation"]
    shown = name if isinstance(name, str) else getattr(layer.activation, "__name__", "of its own")
    _want(layer, name in ACTIVATIONS, f"has the activation {shown}")
    return str(name)


def _add(layers: list[Layer], told: Layer) -> None:
    """Append a layer, or give its activation to the weights before it."""
    before = layers[-1] if layers else {}
    if told["kind"] == "activation" and "kernel" in before and before["activation"] == "linear":
        before["activation"] = told["activation"]
    else:
        layers.append(told)


def _checked(layer: Any, array: "np.ndarray") -> "np.ndarray":
    import numpy as np

    _want(layer, bool(np.isfinite(array).all()), "has weights that are no finite numbers")
    large = float(np.abs(array).max(initial=0))
    _want(
        layer, large <= LARGEST, f"has weights up to {large:g}, beyond the {LARGEST:g} of float16"
    )
    return array.astype("<f2")


def _want(layer: Any, fine: bool, otherwise: str) -> None:
    if not fine:
        raise Unreadable(f"{_named(layer)} {otherwise}")


def _named(layer: Any) -> str:
    return f"the layer {layer.name} ({type(layer).__name__})"


def _sizes(shape: Sequence[int | None]) -> str:
    return " × ".join(map(str, shape))
