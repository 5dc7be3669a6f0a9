"""What we do ourselves in a kernel is no cell's doing."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
busy = threading.local()
"""`here` tells of a thread whether it is we who are at work in it, and no cell."""


def at_work() -> bool:
    return getattr(busy, "here", False)


def unnoticed(work: Callable[P, R]) -> Callable[P, R]:
    @wraps(work)
    def unnoticed_work(*args: P.args, **kwargs: P.kwargs) -> R:
        before, busy.here = at_work(), True
        try:
            return work(*args, **kwargs)
        finally:
            busy.here = before

    return unnoticed_work
