"""The state of a kernel that lies outside its namespace: read, and put back into another one."""

import contextlib
import importlib
import random
import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any

State = dict[str, Any]
REGISTRY = "__warningregistry__"


def read(shell: Any) -> State:
    state: State = {
        "random": random.getstate(),
        "warnings": registries(shell),
        "future": shell.compile.flags,
    }
    for package, (read_package, _) in PACKAGES.items():
        if package in sys.modules:
            state[package] = read_package()
    return state


def load(modules: list[str]) -> None:
    """What a module does when it is loaded, the cells that are left out had it do."""
    for module in modules:
        if module not in sys.modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)


def put_back(shell: Any, state: State) -> None:
    for package, (_, put_back_package) in PACKAGES.items():
        if package in state:
            put_back_package(state[package])
    _put_back_registries(shell, state["warnings"])
    shell.compile.flags = state["future"]
    random.setstate(state["random"])


def modules() -> list[str]:
    """In the order in which they were loaded."""
    return [name for name in sys.modules if name != "__main__"]


def _numpy() -> State:
    import numpy as np

    state: State = np.random.get_state(legacy=False)
    return state


def _put_back_numpy(state: State) -> None:
    import numpy as np

    np.random.set_state(state)


def _matplotlib() -> State:
    import matplotlib as mpl

    settings: Any = mpl.rcParams
    # Its own way to go through them changes how often the filters of warnings have changed.
    return {name: settings._get(name) for name in dict.keys(settings) if name != "backend"}


def _put_back_matplotlib(state: State) -> None:
    import matplotlib as mpl

    settings: Any = mpl.rcParams
    settings._update_raw(
        {name: item for name, item in state.items() if settings._get(name) != item}
    )


def _tensorflow() -> State:
    """What decides the seeds of the operations to come."""
    from tensorflow.python.eager.context import context
    from tensorflow.python.util import deprecation

    now = context()
    generator = getattr(now, "_rng", None)
    return {
        "seed": now._seed,
        "generator": generator and generator.getstate(),
        "warnings": len(deprecation._PRINTED_WARNING),
    }


def _put_back_tensorflow(state: State) -> None:
    from tensorflow.python.eager.context import context

    now = context()
    now._seed = state["seed"]
    if state["generator"]:
        now._rng = random.Random()
        now._rng.setstate(state["generator"])


def _keras() -> State:
    """The counters that layers are named by, and the generator behind layers without a seed."""
    import keras
    from keras.src.backend.common import global_state

    generator = global_state.get_global_attribute("global_seed_generator")
    return {
        "names": dict(global_state.get_global_attribute("object_name_uids") or {}),
        "policy": keras.config.dtype_policy().name,
        "settings": {
            name: item
            for name, item in sorted(vars(global_state.GLOBAL_STATE_TRACKER).items())
            if type(item) in (bool, int, str)
        },
        "seed": generator and (generator._initial_seed, generator.state.numpy()),
    }


def _put_back_keras(state: State) -> None:
    from collections import defaultdict

    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import SeedGenerator

    if state["seed"]:
        seed, drawn = state["seed"]
        generator = SeedGenerator(seed)
        generator.state.assign(drawn)
        global_state.set_global_attribute("global_seed_generator", generator)
    for name, item in state["settings"].items():
        global_state.set_global_attribute(name, item)
    global_state.set_global_attribute("object_name_uids", defaultdict(int, state["names"]))


def _pillow() -> State:
    """How many of its formats it has looked for so far."""
    from PIL import Image

    return {"formats": Image._initialized}


def _put_back_pillow(state: State) -> None:
    from PIL import Image

    if state["formats"] > 0:
        Image.preinit()
    if state["formats"] > 1:
        Image.init()


PACKAGES = {
    "numpy.random": (_numpy, _put_back_numpy),
    "matplotlib": (_matplotlib, _put_back_matplotlib),
    "tensorflow": (_tensorflow, _put_back_tensorflow),
    "PIL.Image": (_pillow, _put_back_pillow),
    "keras": (_keras, _put_back_keras),
}


# Which warnings have been shown, and are not shown again


def registries(shell: Any) -> dict[str, dict[Any, Any]]:
    """By module, as far as they still count."""
    version = _version()
    found = {}
    for name, module in [("__main__", shell.user_ns), *_dicts_of_modules()]:
        shown = module.get(REGISTRY)
        if isinstance(shown, dict) and shown.get("version") == version and len(shown) > 1:
            found[name] = {key: shown[key] for key in shown if key != "version"}
    return found


def _dicts_of_modules() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, module in list(sys.modules.items()):
        if isinstance(module, types.ModuleType) and name != "__main__":
            yield name, vars(module)


def _version() -> int | None:
    """How often the filters have changed in this process; a registry notes it when it is asked."""
    registry: dict[Any, Any] = {}
    with contextlib.suppress(Warning):
        warnings.warn_explicit("", PendingDeprecationWarning, "press", 1, "press", registry)
    version = registry.get("version")
    return version if isinstance(version, int) else None


def _put_back_registries(shell: Any, found: dict[str, dict[Any, Any]]) -> None:
    for name, module in [("__main__", shell.user_ns), *_dicts_of_modules()]:
        if name not in found:
            module.pop(REGISTRY, None)
    version = _version()
    for name, shown in found.items():
        module = shell.user_ns if name == "__main__" else vars(sys.modules[name])
        module[REGISTRY] = {**shown, "version": version}
