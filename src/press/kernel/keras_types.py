"""Keras' models and their parts: what is told of them."""

import re
from collections.abc import Callable
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
    | _exclude_from_weight_decay_cache
    """,
    re.VERBOSE,
)
"""How Keras finds its way about in a model; it sets these anew when it makes one."""
NONE_IF_EMPTY = {"_jit_compile", "_exclude_from_weight_decay"}
MADE_WHEN_NEEDED = {"train_function", "test_function", "predict_function"}


def tell_part(tell: Telling, value: Any) -> None:
    """A model, a layer, a metric or what they hold: by all attributes that are not Keras' own."""
    tell.items((f".{name}", _as_value(item)) for name, item in told(value))
    losses = dict(attributes(value)).get("_losses")
    if losses:
        tell.words(f"{len(losses)} losses")
    kind = next((kind for kind in (list, dict, set) if isinstance(value, kind)), None)
    if kind:
        tell.content(kind, value)


def _as_value(item: Any) -> Any:
    """Which of several policies that are alike it is, Keras itself does not remember."""
    return sorted(vars(item).items()) if named(type(item)) == POLICY else item


def told(value: Any) -> list[tuple[str, Any]]:
    return sorted(
        (name, item)
        for name, item in attributes(value)
        if not OWN_WAYS.fullmatch(name)
        and not (name in NONE_IF_EMPTY and not item)
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
    tell.content(kind, unwrapped(value))


def unwrapped(value: Any) -> Any:
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
