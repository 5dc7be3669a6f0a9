"""The state of a kernel that no name of the script stands for, told piece by piece."""

import asyncio
import contextlib
import contextvars
import faulthandler
import gc
import locale
import os
import random
import resource
import signal
import socket
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from press.kernel import garbage, imports, loggers, restored
from press.kernel.parts import Unknown, attributes, is_of_script, module_of, name_of

OWN_NAMES = {
    *("parent_header", "_current_async_library", "current_effective_deadline"),
    *("decimal_context", "numpy.ufunc.extobj", "extobj", "format_options"),
}
"""Context variables in which the kernel itself remembers whom it answers, and those told apart."""


class Beginning:
    """What the process was like when press' part of it was loaded."""

    def __init__(self) -> None:
        self.threads = set(map(id, threading.enumerate()))
        self.files = _open_files()
        self.children = _children()
        self.handlers = _handlers()
        self.environment = dict(os.environ)
        self.context = dict(contextvars.copy_context().items())


def told(shell: Any, beginning: Beginning) -> Iterator[tuple[str, Any]]:
    """All that code can reach without a name, piece by piece."""
    yield "the environment", _changed(beginning.environment, os.environ)
    yield "the current folder", str(Path.cwd())
    yield "the umask", _status("Umask")
    yield "the locale", locale.setlocale(locale.LC_ALL)
    yield "the time zone", (time.tzname, time.timezone)
    yield from _settings()
    yield "the random generator", random.getstate()
    yield "IPython", list(_hooks(shell))
    yield "sys.meta_path", [_or_name(finder, shell.user_ns) for finder in sys.meta_path]
    yield from loggers.told()
    yield from _changed_handlers(beginning)
    yield from _changed_context(beginning)
    yield from ((f"warnings of {name}", kept) for name, kept in restored.registries(shell).items())
    for package, (read, _) in restored.PACKAGES.items():
        if package in sys.modules:
            yield from ((f"{package}: {name}", item) for name, item in read().items())
    _refuse_what_runs(beginning)


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str | None]]:
    return [
        (name, now.get(name)) for name in {**before, **now} if before.get(name) != now.get(name)
    ]


def _settings() -> Iterator[tuple[str, Any]]:
    yield "sys", [sys.getrecursionlimit(), sys.getswitchinterval(), sys.get_int_max_str_digits()]
    yield "sys.settrace", (sys.gettrace() is None, sys.getprofile() is None)
    yield "sys.set_asyncgen_hooks", [hook is None for hook in sys.get_asyncgen_hooks()]
    yield "sys.set_coroutine_origin_tracking_depth", sys.get_coroutine_origin_tracking_depth()
    yield "faulthandler", faulthandler.is_enabled()
    yield "threading.stack_size", _stack_size()
    yield "the processors that may be used", sorted(os.sched_getaffinity(0))
    for name, setting in SETTINGS.items():
        if name in sys.modules:
            yield name, setting(sys.modules[name])
    yield "socket.setdefaulttimeout", socket.getdefaulttimeout()
    yield "gc", (garbage.collects(), gc.get_threshold(), len(gc.callbacks))
    yield "the priority", os.getpriority(os.PRIO_PROCESS, 0)
    yield "limits", [resource.getrlimit(getattr(resource, name)) for name in LIMITS]
    yield "the signal mask", sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))
    timers = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
    yield "timers", [signal.getitimer(timer)[0] > 0 for timer in timers]


def _stack_size() -> int:
    """Asking for it sets it to nought."""
    size = threading.stack_size()
    threading.stack_size(size)
    return size


SETTINGS: Mapping[str, Callable[[Any], Any]] = {
    "decimal": lambda decimal: [
        repr(context)
        for context in (
            decimal.getcontext(),
            decimal.DefaultContext,
            decimal.BasicContext,
            decimal.ExtendedContext,
        )
    ],
    "csv": lambda csv: [csv.field_size_limit(), *map(_dialect, csv.list_dialects())],
    "numpy": lambda numpy: [
        *(numpy.geterr(), numpy.geterrcall(), numpy.getbufsize(), numpy.get_printoptions())
    ],
    "_tracemalloc": lambda tracemalloc: tracemalloc.is_tracing(),
    "matplotlib": lambda matplotlib: str(matplotlib.rcParams._get("backend")),
    "matplotlib_inline.config": lambda inline: [
        _plain(inline.InlineBackend.instance().trait_values(config=True))
        for _ in range(inline.InlineBackend.initialized())
    ],
    "scipy.special": lambda special: sorted(special.geterr().items()),
    "h5py": lambda h5py: [h5py.get_config().track_order, h5py.get_config().complex_names],
}
"""By module, what it keeps where its names do not show it."""


def _dialect(name: str) -> list[str]:
    import csv

    dialect = csv.get_dialect(name)
    return [name, *(repr(getattr(dialect, part)) for part in dir(dialect) if part[0] != "_")]


LIMITS = [name for name in dir(resource) if name.startswith("RLIMIT_")]


def _refuse_what_runs(beginning: Beginning) -> None:
    for thread in threading.enumerate():
        if id(thread) not in beginning.threads and not _is_the_kernels(thread):
            raise Unknown("a thread is at work", repr(thread.name))
    for number, frame in sys._current_frames().items():
        if number != threading.get_ident() and any(map(_runs_the_script, _outwards(frame))):
            raise Unknown("a thread is at work", str(number))
    for number, path in sorted(_open_files().items()):
        if beginning.files.get(number) != path:
            raise Unknown("is open", path)
    if _children() - beginning.children:
        raise Unknown("another process was started and has not ended")
    for task in asyncio.all_tasks(asyncio.get_event_loop_policy().get_event_loop()):
        code = getattr(task.get_coro(), "cr_code", None)
        if (
            code
            and "site-packages" not in code.co_filename
            and "/lib/python" not in code.co_filename
        ):
            raise Unknown("an asynchronous task is not through", code.co_qualname)


def _is_the_kernels(thread: threading.Thread) -> bool:
    """By what it runs: whoever begins a thread begins one of this class."""
    if isinstance(thread, threading._DummyThread):
        return True  # one of a compiled library, seen when it ran something
    work = getattr(thread, "_target", None)
    modules = {module_of(type(thread)), str(getattr(work, "__module__", ""))}
    return any(
        imports.is_changing(name) and name.partition(".")[0] not in ("threading", "concurrent")
        for name in modules
    )


def _outwards(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame:
        yield frame
        frame = frame.f_back


def _runs_the_script(frame: types.FrameType) -> bool:
    return frame.f_globals.get("__name__") == "__main__" and "get_ipython" in frame.f_globals


QUIET = ("socket:", "/dev/", "anon_inode:", "/proc/", "/sys/", "/memfd:")


def _open_files() -> dict[int, str]:
    found: dict[int, str] = {}
    libraries = (os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix))
    for link in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            path = str(link.readlink())
            if not path.startswith((*QUIET, *libraries)):
                found[int(link.name)] = path
    return found


def _children() -> set[str]:
    found: set[str] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found |= set(path.read_text().split())
    return found


def _status(name: str) -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line
    return ""


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _changed_handlers(beginning: Beginning) -> Iterator[tuple[str, Any]]:
    for number, handler in _handlers().items():
        # The kernel has its own for an interrupt, while a cell runs and after it.
        if handler is not beginning.handlers.get(number) and number != signal.SIGINT:
            yield f"the handler of {signal.Signals(number).name}", handler


def _changed_context(beginning: Beginning) -> Iterator[tuple[str, Any]]:
    for variable, value in contextvars.copy_context().items():
        if beginning.context.get(variable) is not value and not is_own(variable.name):
            yield f"the context variable {variable.name}", value


def is_own(name: str) -> bool:
    return name in OWN_NAMES or name.startswith("shell_parent")


def _hooks(shell: Any) -> Iterator[object]:
    """What has been told to IPython: it works on all later cells."""
    for name, hooks in shell.events.callbacks.items():
        names = [name_of(hook) for hook in hooks]
        yield [
            name,
            [hook for hook in names if not hook.startswith(("matplotlib_inline.", "press."))],
        ]
    yield [name_of(transformer) for transformer in shell.ast_transformers]
    manager = shell.input_transformer_manager
    for transforms in (
        manager.cleanup_transforms,
        manager.line_transforms,
        manager.token_transformers,
    ):
        yield [name_of(transform) for transform in transforms]
    for kind, magics in shell.magics_manager.magics.items():
        yield [(kind, name, _magic(magic)) for name, magic in sorted(magics.items())]
    for mime, formatter in shell.display_formatter.formatters.items():
        known = [(name_of(kind), show) for kind, show in formatter.type_printers.items()]
        known += [(".".join(kind), show) for kind, show in formatter.deferred_printers.items()]
        shown = sorted((kind, name_of(show)) for kind, show in known if kind not in DRAWN)
        yield [mime, formatter.enabled, shown, _plain(formatter.trait_values(config=True))]
    yield [
        shell.ast_node_interactivity,
        shell.autoawait,
        shell.compile.flags,
        shell.colors,
        str(shell.custom_exceptions),
    ]
    yield [list(shell.display_formatter.active_types), str(shell.config.InlineBackend)]


def _magic(magic: Any) -> str:
    """IPython loads its own when they are first asked for anything; that is no change."""
    if type(magic) not in (types.FunctionType, types.MethodType):
        return str(dict(attributes(magic)).get("magic_name", ""))  # an alias has one
    return "" if magic.__module__.startswith("IPython.") else name_of(magic)


def _plain(settings: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted((name, item) for name, item in settings.items() if type(item) in PLAIN)


PLAIN = (bool, int, float, str)
DRAWN = {"matplotlib.figure.Figure"}
"""Press itself says in which formats figures are drawn."""


def _or_name(item: Any, namespace: dict[str, Any]) -> Any:
    return item if is_of_script(item, namespace) else name_of(item)
