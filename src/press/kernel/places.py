"""Where the objects of libraries stand."""

import sys
from typing import Any

Path = tuple[Any, ...]
"""The name of a module, then attributes (texts) or items (in a tuple of one) on the way down."""


def told(path: Path) -> str:
    return str(path[0]) + "".join(
        f"[{p[0]!r}]" if isinstance(p, tuple) else f".{p}" for p in path[1:]
    )


def found(path: Path) -> Any:
    """What stands at this place now."""
    item: Any = sys.modules[path[0]]
    for part in path[1:]:
        if isinstance(part, tuple):
            item = item[part[0]]
        else:
            for name in part.split("."):
                own = getattr(item, "__dict__", {})
                item = own[name] if name in own else getattr(item, name)
    return item
