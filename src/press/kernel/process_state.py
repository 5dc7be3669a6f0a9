"""The state of a kernel that lies outside its namespace: random generators, counters, settings."""

import contextlib
import importlib
import random
import sys
from typing import Any

State = dict[str, Any]


def read() -> State:
    state: State = {"modules": _modules(), "random": random.getstate()}
    for package, (read_package, _) in PACKAGES.items():
        if package in sys.modules:
            state[package] = read_package()
    return state


def put_back(state: State) -> None:
    for module in state["modules"]:
        if module not in sys.modules:
            # What a module does when it is loaded, the cells that are left out had it do.
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
    random.setstate(state["random"])
    for package, (_, put_back_package) in PACKAGES.items():
        if package in state:
            put_back_package(state[package])


def _modules() -> list[str]:
    return sorted(name for name in sys.modules if "." not in name and not name.startswith("_"))


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
    return dict(settings)


def _put_back_matplotlib(state: State) -> None:
    import matplotlib as mpl

    mpl.rcParams._update_raw(state)


def _tensorflow() -> State:
    """What decides the seeds of the operations to come."""
    from tensorflow.python.eager.context import context

    now = context()
    generator = getattr(now, "_rng", None)
    return {"seed": now._seed, "generator": generator and generator.getstate()}


def _put_back_tensorflow(state: State) -> None:
    from tensorflow.python.eager.context import context

    now = context()
    now._seed = state["seed"]
    if state["generator"]:
        now._rng = random.Random()
        now._rng.setstate(state["generator"])


def _keras() -> State:
    """The counters that layers are named by, and the generator behind layers without a seed."""
    from keras.src.backend.common import global_state

    generator = global_state.get_global_attribute("global_seed_generator")
    return {
        "names": dict(global_state.get_global_attribute("object_name_uids") or {}),
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
    global_state.set_global_attribute("object_name_uids", defaultdict(int, state["names"]))


PACKAGES = {
    "numpy": (_numpy, _put_back_numpy),
    "matplotlib": (_matplotlib, _put_back_matplotlib),
    "tensorflow": (_tensorflow, _put_back_tensorflow),
    "keras": (_keras, _put_back_keras),
}
