"""Keras' models and their parts: how one is kept, and made again with all its state."""

import io
import pickle
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any

from press.kernel.keras_types import MADE_WHEN_NEEDED, POLICY, VARIABLES, told, unwrapped
from press.kernel.parts import attributes, is_own, module_of, named

CALLBACKS, TRACKED = ".callbacks", "keras.src.utils.tracking"
PLAIN = (str, int, float, bool, type(None), re.Pattern)
Step = tuple[Any, bool]
"""An attribute's name, or what stands in brackets."""
Place = tuple[Step, ...]
"""Of a part in its model: the way to it."""
Values = Mapping[Place, Any]
"""Of variables."""
Atoms = Mapping[Place, Mapping[str, Any]]
"""Of other parts, the attributes that are plain."""
Shared = list[tuple[Place, Place]]
"""Where a part stands a second time, and the first."""
State = tuple[Values, Atoms, Shared]


class Unkeepable(pickle.PicklingError):
    """A value whose copy would not go on as the original would."""


def is_model(item: Any) -> bool:
    return "keras" in sys.modules and issubclass(type(item), sys.modules["keras"].Model)


def is_part(item: Any) -> bool:
    """Whether it has a state that only Keras knows how to make."""
    import keras

    stateful = (keras.Layer, keras.Variable, keras.KerasTensor, keras.metrics.Metric)
    more = (keras.optimizers.Optimizer, keras.random.SeedGenerator, keras.losses.Loss)
    return isinstance(item, (*stateful, *more))


def is_traced(model: Any) -> bool:
    """Whether TensorFlow has turned its steps into a graph, which knows of no later assignment."""
    return any(vars(model).get(name) is not None for name in MADE_WHEN_NEEDED)


def models_in(namespace: Mapping[str, Any]) -> Iterator[Any]:
    """Those that its values hold as well."""
    if "keras" not in sys.modules:
        return
    seen: set[int] = set()
    waiting: list[Any] = list(namespace.values())
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind in PLAIN or id(item) in seen:
            continue
        seen.add(id(item))
        if is_model(item):
            yield item
        elif kind is dict:
            waiting += item.values()
        elif kind in (list, tuple):
            waiting += item
        elif CALLBACKS in module_of(kind) or is_own(kind):
            waiting += (part for _, part in attributes(item))


def part_of(model: Any, place: Place) -> Any:
    return _part, (model, place)


def _part(model: Any, place: Place) -> Any:
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
    history = vars(model).get("history")
    rest = {"history": history} if history is not None else {}
    compiled = vars(model).get("_compile_config")
    own = dict(_own_functions(compiled.config if compiled else None))
    made = (load, archive.getvalue(), _built(model), _state(model), own)
    return _model, made, rest, None, None, _finish_model


def _own_functions(compiled: Any) -> Iterator[tuple[str, FunctionType]]:
    """The losses and metrics of the script, which an archive has by their names alone."""
    if isinstance(compiled, FunctionType):
        yield compiled.__name__, compiled
    elif isinstance(compiled, list | tuple):
        for part in compiled:
            yield from _own_functions(part)
    elif isinstance(compiled, dict):
        for part in compiled.values():
            yield from _own_functions(part)


def reduced_alone(part: Any) -> Any:
    """A layer, an optimizer and the like that belong to no model."""
    import keras

    kind = type(part)
    if isinstance(part, keras.Variable | keras.KerasTensor) or kind.__name__ == "Lambda":
        raise Unkeepable(f"{kind.__name__} belongs to no model")
    if isinstance(part, keras.optimizers.Optimizer) and part.built:
        raise Unkeepable(f"{kind.__name__} has worked for a model that is not kept")
    built = part.get_build_config() if isinstance(part, keras.Layer) and part.built else None
    return _alone, (kind, part.get_config(), built, _state(part))


def _state(whole: Any) -> State:
    parts = dict(parts_of(whole))
    variables = {place: part for place, part in parts.items() if _is_variable(part)}
    values = {place: part.numpy() for place, part in variables.items()}
    atoms = {place: dict(_atoms(parts[place])) for place in parts.keys() - values.keys()}
    return values, atoms, _shared(whole)


def parts_of(model: Any) -> Iterator[tuple[Place, Any]]:
    """All that a model is made of, each once."""
    return ((place, part) for place, part, first in _met(model) if place == first)


def _met(model: Any) -> Iterator[tuple[Place, Any, Place]]:
    """Each part by all ways that lead to it, and the first of them."""
    firsts: dict[int, Place] = {}
    waiting: list[tuple[Place, Any]] = [((), model)]
    while waiting:
        place, item = waiting.pop()
        if isinstance(item, PLAIN) or named(type(item)) == POLICY:
            continue
        first = firsts.setdefault(id(item), place)
        if _is_variable(item) or _is_of_keras(item):
            yield place, item, first
        if first == place and not _is_variable(item):
            waiting += [((*place, step), part) for step, part in _within(item)]


def _is_of_keras(item: Any) -> bool:
    module = module_of(type(item))
    return hasattr(item, "__dict__") and module.startswith("keras.src.") and CALLBACKS not in module


def _within(item: Any) -> Iterator[tuple[Step, Any]]:
    if _is_of_keras(item):
        yield from (((name, True), part) for name, part in told(item))
    if isinstance(item, list | tuple):
        yield from (((n, False), part) for n, part in enumerate(item))
    elif isinstance(item, dict):
        yield from (((key, False), part) for key, part in unwrapped(item).items())


def _at(whole: Any, place: Place) -> Any:
    for key, is_attribute in place:
        whole = vars(whole)[key] if is_attribute else unwrapped(whole)[key]
    return whole


def _shared(whole: Any) -> Shared:
    """Where regularizers and the like stand a second time, which Keras would make twice."""
    return [
        (place, first)
        for place, part, first in _met(whole)
        if place != first and not is_part(part) and TRACKED not in module_of(type(part))
    ]


def _share(whole: Any, shared: Shared) -> None:
    for (*way, (key, is_attribute)), first in shared:
        owner, part = _at(whole, tuple(way)), _at(whole, first)
        if is_attribute:
            vars(owner)[key] = part
        elif unwrapped(owner)[key] is not part:
            raise Unkeepable("shares parts in a way that Keras does not know of")


def _is_variable(item: Any) -> bool:
    return named(type(item)) in VARIABLES


def _atoms(part: Any) -> Iterator[tuple[str, Any]]:
    for name, item in told(part):
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
    """A loss keeps its function as `fn`, a metric as `_fn`."""
    return bool({"fn", "_fn"} & getattr(part, "__dict__", {}).keys())


def _model(
    load: Callable[[io.BytesIO], Any],
    archive: bytes,
    built: Mapping[str, Any],
    state: State,
    own: Mapping[str, FunctionType],
) -> Any:
    with sys.modules["keras"].saving.custom_object_scope(own):
        model = load(io.BytesIO(archive))
    if not built["optimizer"]:
        fresh = type(model.optimizer).from_config(model.optimizer.get_config())
        model.optimizer = model._compile_config.config["optimizer"] = fresh
    if built["training"]:
        _build_training(model, sparse=built["sparse"])
    _set_state(model, state)
    return model


def _alone(
    kind: Any,
    config: Mapping[str, Any],
    built: Mapping[str, Any] | None,
    state: State,
) -> Any:
    part = kind.from_config(config)
    if built is not None:
        part.build_from_config(built)
    _set_state(part, state)
    return part


def _set_state(whole: Any, state: State) -> None:
    values, atoms, shared = state
    _share(whole, shared)
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

    def zeros(shape: Any, make: Callable[[tuple[int, ...]], Any]) -> Any:
        if isinstance(shape, dict):
            return {name: zeros(part, make) for name, part in shape.items()}
        if isinstance(shape, list):
            return [zeros(part, make) for part in shape]
        return make((1, *shape[1:]))

    x = zeros(model.input_shape, lambda shape: np.zeros(shape, "float32"))
    label = np.zeros((1,), "int64")
    y = zeros(model.output_shape, lambda shape: label if sparse else np.zeros(shape, "float32"))
    model._symbolic_build(data_batch=(x, y))


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
