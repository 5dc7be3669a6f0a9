"""How what is logged is filtered, and where it goes."""

import logging
import sys
from collections.abc import Iterator
from typing import Any

from press.kernel.parts import name_of


def told() -> Iterator[tuple[str, Any]]:
    """Those that are not as they are made."""
    yield (
        "logging",
        (logging.raiseExceptions, logging.root.manager.disable, _handler(logging.lastResort)),
    )
    for name, logger in [("root", logging.root), *logging.root.manager.loggerDict.items()]:
        if isinstance(logger, logging.Logger) and name != "IPKernelApp":
            settings = (logger.level, logger.disabled, logger.propagate, list(logger.filters))
            handlers = [_handler(handler) for handler in logger.handlers]
            more = {key: item for key, item in vars(logger).items() if key not in OF_LOGGERS}
            if settings != (logging.NOTSET, False, True, []) or handlers or more:
                yield f"the logger {name}", (settings, handlers, more)


OF_LOGGERS = {
    *("name", "level", "parent", "propagate", "handlers", "disabled", "filters", "manager"),
    *("_cache", "root"),
}


def _handler(handler: logging.Handler | None) -> list[Any]:
    if handler is None:
        return []
    parts = {n: item for n, item in vars(handler).items() if n not in ("lock", "stream")}
    stream = getattr(handler, "stream", None)
    known = [name for name in ("stdout", "stderr") if getattr(sys, name) is stream]
    return [name_of(handler), parts, known or stream]
