"""Shows tables, dicts and networks as data beside their usual text."""

import base64
import math
from collections.abc import Callable, Sequence
from typing import Any

from press.kernel.data import data
from press.kernel.loading import when_loaded
from press.kernel.network import Unreadable, exported
from press.kernel.protocol import DATA, MODEL, TABLE, VALUES
from press.kernel.runs import mean_of

MOST_ROWS = 1000
"""What a reader may be shown of a table; notebooks show the ends of larger ones."""


def watch(shell: Any) -> None:
    # Cut to their contents, figures would differ in width from one to the next.
    shell.config.InlineBackend.print_figure_kwargs = {"bbox_inches": None}
    _keep_svg(shell)
    formatter = shell.display_formatter
    _register(formatter, TABLE, "pandas", "DataFrame", _table)
    _register(formatter, TABLE, "pandas.io.formats.style", "Styler", _styled_table)
    _register(formatter, VALUES, "builtins", "dict", _values)
    _register(formatter, DATA, "builtins", "dict", data)
    _register(formatter, MODEL, "keras.src.models.sequential", "Sequential", _model)


def _keep_svg(shell: Any) -> None:
    """Whatever format a script asks for, as many notebooks do, figures are drawn as SVG too."""

    def begin() -> None:
        from matplotlib_inline.config import InlineBackend

        figures: Any = InlineBackend.instance(parent=shell)

        def keep(_: Any = None) -> None:
            if "svg" not in figures.figure_formats:
                figures.figure_formats = {"svg", *figures.figure_formats}

        figures.observe(keep, "figure_formats")
        keep()

    # With its import, not with the first figure: what that makes of matplotlib is no change then.
    when_loaded("matplotlib.pyplot", begin)


def draw_no_bitmaps() -> None:
    """From now on a figure is drawn as SVG alone."""
    from matplotlib_inline.config import InlineBackend

    figures: Any = InlineBackend.instance()
    figures.figure_formats = {"svg"}


def _register(formatter: Any, mime: str, module: str, name: str, show: Callable[..., Any]) -> None:
    from IPython.core.formatters import JSONFormatter
    from traitlets import ObjectName, Unicode

    if mime not in formatter.formatters:

        class Formatter(JSONFormatter):
            format_type = Unicode(mime)
            print_method = ObjectName("_repr_press_")

        formatter.formatters[mime] = Formatter(parent=formatter)
        formatter.active_types = [*formatter.active_types, mime]
    formatter.formatters[mime].for_type_by_name(module, name, show)


LONGEST = 200
"""Signs of a value's name; with a thousand of them Jekyll could not read a record."""


def _values(items: dict[Any, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(str(name)[:LONGEST], _named(str(name), item)) for name, item in items.items()]


def _named(name: str, item: Any) -> dict[str, Any]:
    problem = f"has a name of more than {LONGEST} signs"
    return _value(item) if len(name) <= LONGEST else {"problem": problem}


def _value(item: Any) -> dict[str, Any]:
    if (
        isinstance(item, dict)
        and "runs" in item
        and not set(item) - {"runs", "format", "tolerance"}
    ):
        try:
            return _mean(**item)
        except (TypeError, ValueError) as error:
            return {"problem": f"is given as `runs` that cannot be shown ({error})"}
    if isinstance(item, dict) and "value" in item and not set(item) - {"value", "tolerance"}:
        return _value(item["value"]) | _tolerance(item.get("tolerance"))
    plain = _plain(item)
    if isinstance(plain, bool) or not isinstance(plain, str | int | float):
        return {"problem": f"is of type {type(item).__name__}"}
    if isinstance(plain, float) and not math.isfinite(plain):
        return {"problem": f"is {plain}"}
    number = None if isinstance(plain, str) else plain
    return {"text": str(plain), "number": number}


def _mean(runs: Any, format: str = ".4g", tolerance: Any = None) -> dict[str, Any]:
    numbers = [_plain(run) for run in runs]
    plain = all(isinstance(n, int | float) and math.isfinite(n) for n in numbers)
    if len(numbers) < 2 or not plain:
        return {"problem": "is given as `runs`, which are no two or more finite numbers"}
    return mean_of(numbers, format) | _tolerance(tolerance)


def _model(model: Any) -> dict[str, Any]:
    try:
        data = exported(model)
    except (Unreadable, ValueError) as error:
        return {"problem": str(error)}
    return {"data": base64.b64encode(data).decode(), "parameters": model.count_params()}


def _tolerance(tolerance: Any) -> dict[str, Any]:
    plain = _plain(tolerance)
    if plain is None:
        return {}
    if isinstance(plain, bool) or not isinstance(plain, int | float) or not plain >= 0:
        return {"problem": f"has the tolerance {tolerance!r}, which is no number from 0 on"}
    return {"tolerance": plain}


def _plain(item: Any) -> Any:
    """A NumPy or TensorFlow scalar as a Python number; anything else as it is."""
    if getattr(item, "shape", None) == () and hasattr(item, "item"):
        return item.item()
    return item


def _table(frame: Any) -> dict[str, Any]:
    from pandas import RangeIndex

    if len(frame) > MOST_ROWS:
        return {"problem": f"a table of {len(frame):,} rows, more than {MOST_ROWS:,}"}
    plain_index = isinstance(frame.index, RangeIndex) and frame.index.name is None
    shown = frame if plain_index else _with_index_columns(frame)
    columns = [shown.iloc[:, i].tolist() for i in range(shown.shape[1])]
    return {
        "columns": [_heading(column) for column in shown.columns],
        "index": 0 if plain_index else frame.index.nlevels,
        "texts": _rows([_texts(column) for column in columns], len(shown)),
        "raw": _rows([[_raw(item) for item in column] for column in columns], len(shown)),
    }


def _with_index_columns(frame: Any) -> Any:
    names = [name if name is not None else "" for name in frame.index.names]
    return frame.reset_index(names=names, allow_duplicates=True)


def _styled_table(styler: Any) -> dict[str, Any]:
    """A table whose author has said how its entries read."""
    table = _table(styler.data)
    if "problem" in table:
        return table
    for i, row in enumerate(table["texts"]):
        for j in range(table["index"], len(row)):
            column = j - table["index"]
            row[j] = str(styler._display_funcs[(i, column)](styler.data.iloc[i, column]))
    return _without_hidden(table, styler)


def _without_hidden(table: dict[str, Any], styler: Any) -> dict[str, Any]:
    index = table["index"]
    hidden = {level for level in range(index) if styler.hide_index_[level]}
    gone = hidden | {index + column for column in styler.hidden_columns}

    def shown(row: list[Any]) -> list[Any]:
        return [item for number, item in enumerate(row) if number not in gone]

    def all_shown(rows: list[list[Any]]) -> list[list[Any]]:
        return [shown(row) for i, row in enumerate(rows) if i not in set(styler.hidden_rows)]

    return {
        "columns": shown(table["columns"]),
        "index": index - len(hidden),
        "texts": all_shown(table["texts"]),
        "raw": all_shown(table["raw"]),
    }


def _heading(column: Any) -> str:
    return " ".join(str(part) for part in column) if isinstance(column, tuple) else str(column)


def _rows(columns: Sequence[list[Any]], length: int) -> list[list[Any]]:
    return [[column[i] for column in columns] for i in range(length)]


def _texts(column: list[Any]) -> list[str]:
    """The entries of a column as pandas shows them: floats with the same number of digits.

    Where that would show no digit of a number but noughts, each has six of its own.
    """
    floats = [item for item in column if isinstance(item, float) and math.isfinite(item)]
    digits = max((len(f"{item:.6f}".rstrip("0").partition(".")[2]) for item in floats), default=0)
    small = any(item and not float(f"{item:.6f}") for item in floats)
    form = ".6g" if small else f".{max(digits, 1)}f"
    return [
        f"{item:{form}}" if isinstance(item, float) and math.isfinite(item) else str(item)
        for item in column
    ]


def _raw(item: Any) -> Any:
    plain = _plain(item)
    if isinstance(plain, bool) or not isinstance(plain, int | float) or not math.isfinite(plain):
        return None
    return plain
