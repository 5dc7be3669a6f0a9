"""Libraries are compiled once, at their first import; what lies beside a script, each time.

Python tells old bytecode by the second and the size of its source. That is enough for what an
installer puts in; a module that its author edits twice in a second would be taken for what it was.
"""

import os
import sys
import sysconfig
import warnings
from pathlib import Path
from typing import Any

from press.kernel.ourselves import unnoticed

LIBRARIES = tuple(
    f"{place}{os.sep}"
    for place in (*map(sysconfig.get_path, ("purelib", "platlib")), Path(__file__).parents[1])
)


IGNORED: Any = ("ignore", None, Warning, None, 0)


def keep() -> None:
    """From now on in this process. Whatever it begins is told by its environment to keep none."""
    if not sys.dont_write_bytecode:
        return
    loader: Any = sys.modules["_frozen_importlib_external"].SourceFileLoader
    write, compiled = unnoticed(loader._cache_bytecode), loader.source_to_code

    def write_for_libraries(self: Any, source: Any, bytecode: str, data: bytes) -> None:
        if type(self) is loader and _is_of_library(source):
            write(self, source, bytecode, data)

    def compiled_in_silence(self: Any, data: Any, path: Any, **how: Any) -> Any:
        if type(self) is not loader or not _is_of_library(path):
            return compiled(self, data, path, **how)
        # What the compiler warns of would be told in one run and in no other. `catch_warnings`
        # would let everything that was told already be told again.
        filters: Any = warnings.filters
        filters.insert(0, IGNORED)
        try:
            return compiled(self, data, path, **how)
        finally:
            filters.remove(IGNORED)

    loader._cache_bytecode, loader.source_to_code = write_for_libraries, compiled_in_silence
    sys.dont_write_bytecode = False


def _is_of_library(source: Any) -> bool:
    return str(source).startswith(LIBRARIES)
