"""Pandas' tables and columns: what is told of them."""

from typing import Any

from press.kernel.builtin_types import tell_reduced
from press.kernel.parts import Tell, Telling, module_of, named

CACHES = {"_cache", "_id", "_references", "_item_cache", "_cacher"}


def tell_labelled(tell: Telling, value: Any) -> None:
    """A table, column or index: what pickling keeps, and what else somebody has put on it."""
    tell.words(*sorted(vars(value).keys() - CACHES))
    references = getattr(value, "_references", None)
    if references is not None:
        tell.words(str(_living(references)))
    tell_reduced(tell, value)


def tell_block(tell: Telling, value: Any) -> None:
    """Who shares its memory decides whether a change makes a copy."""
    tell.same_place(value.refs)
    tell.words(str(_living(value.refs)))
    tell.items([(".values", value.values), (".mgr_locs", value.mgr_locs.indexer)])


def _living(references: Any) -> int:
    return sum(block() is not None for block in references.referenced_blocks)


LABELLED = (
    *("DataFrame", "Series", "Index", "RangeIndex", "MultiIndex", "CategoricalIndex"),
    *("DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "IntervalIndex"),
)
PLAIN = (
    *("pandas.Timestamp", "pandas.Timedelta", "pandas.Period", "pandas.Interval"),
    *("pandas.core.internals.managers.BlockManager", "pandas._libs.internals.BlockPlacement"),
    *("pandas.core.internals.managers.SingleBlockManager", "pandas.Flags", "pandas.StringDtype"),
    *("pandas.CategoricalDtype", "pandas.DatetimeTZDtype", "pandas.Int64Dtype"),
    *("pandas.BooleanDtype", "pandas.Float64Dtype", "pandas.Categorical"),
)

NAMED: dict[str, Tell] = {
    **{f"pandas.{name}": tell_labelled for name in LABELLED},
    **dict.fromkeys(PLAIN, tell_reduced),
}


def tell_named(kind: type) -> Tell | None:
    if module_of(kind) == "pandas.core.internals.blocks":
        return tell_block
    if module_of(kind) == "pandas.arrays":
        return tell_reduced
    return NAMED.get(named(kind))
