"""What is done to a module when a script first imports it, so that no other script waits for it."""

import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any


class _Finder:
    """Stands before those that find modules, until it has been asked for its own."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self.name = name
        self.then = then

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        loader: Any = spec and spec.loader
        if loader is not None:
            load = loader.exec_module

            def load_and_tell(module: Any) -> None:
                del loader.exec_module  # no trace is left
                load(module)
                self.then()

            loader.exec_module = load_and_tell
        return spec


def when_loaded(name: str, then: Callable[[], None]) -> None:
    if name in sys.modules:
        then()
    else:
        sys.meta_path.insert(0, _Finder(name, then))
