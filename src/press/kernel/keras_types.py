"""Keras' models: what is told of them, and how one is kept and made again with all its state."""

import io
import pickle
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from press.kernel.parts import Telling, attributes, module_of, named

OWN_WAYS = re.compile(
    r"""
    _tracker | tracker | _tracked | _lock | _nodes | _inbound_nodes | _outbound_nodes |
    _nodes_by_depth | _operations_by_depth | _called | _losses | _loss_ids |
    _losses_override | _eval_epoch_iterator | _compiled_trainable_state | build | quantize
    | _call_signature | _distribution_strategy | _distribute_strategy |
    _trainable_variables_indices | _saved_model_inputs_spec | _saved_model_arg_spec |
    stored_ids | _keras_history | _auto_config | _build_shapes_dict | _self_\w+
    """,
    re.VERBOSE,
)
"""How Keras finds its way about in a model; it sets these anew when it makes one."""
MADE_WHEN_NEEDED = {"train_function", "test_function", "predict_function"}
CALLBACKS = ".callbacks"
PLAIN = (str, int, float, bool, type(None))
Atoms = Mapping[str, Mapping[str, Any]]
"""By the place of a part in its model, its attributes that are plain."""


class Unkeepable(pickle.PicklingError):
    """A value whose copy would not go on as the original would."""


def is_model(item: Any) -> bool:
    return "keras" in sys.modules and issubclass(type(item), sys.modules["keras"].Model)


# What is told


def tell_part(tell: Telling, value: Any) -> None:
    """A model, a layer, a metric or what they hold: by all attributes that are not Keras' own."""
    tell.items((f".{name}", _as_value(item)) for name, item in _told(value))
    kind = next((kind for kind in (list, dict, set) if isinstance(value, kind)), None)
    if kind:
        tell.content(kind, value)


def _as_value(item: Any) -> Any:
    """Which of several policies that are alike it is, Keras itself does not remember."""
    return sorted(vars(item).items()) if named(type(item)) == POLICY else item


def _told(value: Any) -> list[tuple[str, Any]]:
    return sorted(
        (name, item)
        for name, item in attributes(value)
        if not OWN_WAYS.fullmatch(name)
        and not (name == "_jit_compile" and not item)
        and not (name in MADE_WHEN_NEEDED and _is_made_by_keras(item))
    )


def _is_made_by_keras(item: Any) -> bool:
    return item is None or str(getattr(item, "__module__", "")).startswith("keras.src.")


def tell_variable(tell: Telling, value: Any) -> None:
    array = value.numpy()
    tell.words(str(array.dtype), str(array.shape))
    tell.data(array.tobytes())


def tell_wrapper(tell: Telling, value: Any) -> None:
    """A list or dict that TensorFlow keeps an eye on."""
    kind = next(kind for kind in (list, dict, tuple) if isinstance(value, kind))
    tell.content(kind, _unwrapped(value))


def _unwrapped(value: Any) -> Any:
    return list(value) if isinstance(value, list) else getattr(value, "__wrapped__", value)


def tell_dtype(tell: Telling, value: Any) -> None:
    tell.words(value.name)


POLICY = "keras.src.dtype_policies.dtype_policy.DTypePolicy"
TENSOR = "tensorflow.python.framework.ops.EagerTensor"
VARIABLES = {
    "tensorflow.python.ops.resource_variable_ops.ResourceVariable",
    "tensorflow.python.ops.resource_variable_ops.UninitializedVariable",
    "tensorflow.python.eager.polymorphic_function.polymorphic_function.UnliftedInitializerVariable",
}
ALIKE = dict.fromkeys(VARIABLES, "a variable")
"""It depends on where one was made of what class it is."""
NAMED = {
    **dict.fromkeys(VARIABLES, tell_variable),
    TENSOR: tell_variable,
    "tensorflow.python.trackable.data_structures.ListWrapper": tell_wrapper,
    "tensorflow.python.trackable.data_structures._DictWrapper": tell_wrapper,
    "tensorflow.python.trackable.data_structures._TupleWrapper": tell_wrapper,
    "tensorflow.python.framework.dtypes.DType": tell_dtype,
}


def tell_named(kind: type) -> Callable[[Telling, Any], None] | None:
    tell = NAMED.get(named(kind))
    return tell_part if tell is None and module_of(kind).startswith("keras.src.") else tell


# What is kept


def is_part(item: Any) -> bool:
    """Whether it has a state that only Keras knows how to make."""
    import keras

    stateful = (keras.Layer, keras.Variable, keras.KerasTensor, keras.metrics.Metric)
    more = (keras.optimizers.Optimizer, keras.random.SeedGenerator, keras.losses.Loss)
    return isinstance(item, (*stateful, *more))


def part_of(model: Any, place: str) -> Any:
    return _part, (model, place)


def _part(model: Any, place: str) -> Any:
    return dict(parts_of(model))[place]


def reduced_tensor(tensor: Any) -> Any:
    """By way of an array of its own, where TensorFlow would show its memory."""
    make, _ = tensor.__reduce__()
    return make, (tensor.numpy(),)


def reduced_model(model: Any) -> Any:
    for part in (model, *model._flatten_layers()):
        if not type(part).__module__.startswith("keras.") or type(part).__name__ == "Lambda":
            raise Unkeepable(f"has a layer that Keras cannot make again: {type(part).__name__}")
    load, (archive,) = model.__reduce__()
    values, atoms = _state(model)
    history = vars(model).get("history")
    rest = {"history": history} if history is not None else {}
    made = (load, archive.getvalue(), _built(model), values, atoms)
    return _model, made, rest, None, None, _finish_model


def reduced_alone(part: Any) -> Any:
    """A layer, an optimizer and the like that belong to no model."""
    import keras

    kind = type(part)
    if isinstance(part, keras.Variable | keras.KerasTensor) or kind.__name__ == "Lambda":
        raise Unkeepable(f"{kind.__name__} belongs to no model")
    if isinstance(part, keras.optimizers.Optimizer) and part.built:
        raise Unkeepable(f"{kind.__name__} has worked for a model that is not kept")
    built = part.get_build_config() if isinstance(part, keras.Layer) and part.built else None
    return _alone, (kind, part.get_config(), built, *_state(part))


def _state(whole: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """By their places, the values of its variables, and what else is plain."""
    parts = dict(parts_of(whole))
    variables = {place: part for place, part in parts.items() if _is_variable(part)}
    values = {place: part.numpy() for place, part in variables.items()}
    return values, {place: dict(_atoms(parts[place])) for place in parts.keys() - values.keys()}


def parts_of(model: Any) -> Iterator[tuple[str, Any]]:
    """All that a model is made of, each once, by the attributes on the way to it."""
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", model)]
    while waiting:
        place, item = waiting.pop()
        if id(item) in seen or isinstance(item, PLAIN) or named(type(item)) == POLICY:
            continue
        seen.add(id(item))
        module = module_of(type(item))
        if _is_variable(item):
            yield place, item
        elif (
            hasattr(item, "__dict__")
            and module.startswith("keras.src.")
            and CALLBACKS not in module
        ):
            yield place, item
            waiting += [(f"{place}.{name}", part) for name, part in _told(item)]
        if isinstance(item, list | tuple):
            waiting += [(f"{place}[{n}]", part) for n, part in enumerate(item)]
        elif isinstance(item, dict):
            waiting += [(f"{place}[{key}]", part) for key, part in _unwrapped(item).items()]


def _is_variable(item: Any) -> bool:
    return named(type(item)) in VARIABLES


def _atoms(part: Any) -> Iterator[tuple[str, Any]]:
    for name, item in _told(part):
        if isinstance(item, PLAIN) or _is_plain(item):
            yield name, item


def _is_plain(item: Any) -> bool:
    return type(item) is tuple and all(isinstance(part, PLAIN) or _is_plain(part) for part in item)


def _built(model: Any) -> dict[str, Any]:
    """How far a model has come beyond what Keras makes of one that it loads."""
    metrics, loss = (vars(model).get(name) for name in ("_compile_metrics", "_compile_loss"))
    optimizer = getattr(model, "optimizer", None)
    return {
        "optimizer": optimizer is None or optimizer.built,
        "training": bool((metrics and metrics.built) or (loss and loss.built)),
        "sparse": "sparse" in repr([vars(part) for _, part in parts_of(model) if _judges(part)]),
    }


def _judges(part: Any) -> bool:
    return "_fn" in getattr(part, "__dict__", ())


def _model(
    load: Callable[[io.BytesIO], Any],
    archive: bytes,
    built: Mapping[str, Any],
    values: Mapping[str, Any],
    atoms: Atoms,
) -> Any:
    model = load(io.BytesIO(archive))
    if not built["optimizer"]:
        fresh = type(model.optimizer).from_config(model.optimizer.get_config())
        model.optimizer = model._compile_config.config["optimizer"] = fresh
    if built["training"]:
        _build_training(model, sparse=built["sparse"])
    _set_state(model, values, atoms)
    return model


def _alone(
    kind: Any,
    config: Mapping[str, Any],
    built: Mapping[str, Any] | None,
    values: Mapping[str, Any],
    atoms: Atoms,
) -> Any:
    part = kind.from_config(config)
    if built is not None:
        part.build_from_config(built)
    _set_state(part, values, atoms)
    return part


def _set_state(whole: Any, values: Mapping[str, Any], atoms: Atoms) -> None:
    for place, part in parts_of(whole):
        if place in values:
            if tuple(part.shape) != values[place].shape:
                raise Unkeepable("has variables that Keras does not make again")
            part.assign(values[place])
        elif place in atoms:
            _set_atoms(part, atoms[place])


def _build_training(model: Any, *, sparse: bool) -> None:
    """Have the loss and the metrics made that the first batch would have made."""
    import numpy as np

    shapes = model.input_shape, model.output_shape
    x, y = (np.zeros((1, *shape[1:]), "float32") for shape in shapes)
    model._symbolic_build(data_batch=(x, np.zeros((1,), "int64") if sparse else y))


def _set_atoms(part: Any, atoms: Mapping[str, Any]) -> None:
    own = object.__getattribute__(part, "__dict__")
    for name in dict(_atoms(part)).keys() - atoms.keys():
        del own[name]
    for name, item in atoms.items():
        if name not in own or own[name] != item or type(own[name]) is not type(item):
            own[name] = item


def _finish_model(model: Any, rest: Mapping[str, Any]) -> None:
    for name, item in rest.items():
        vars(model)[name] = item
