"""Pandas' tables, columns and indexes: what is told of them, and how they are brought back.

Pandas counts who shows the same memory, and copies it before one of them changes it. Of those that
count some may be out of every name's reach, such as what a drawing has kept: in their place stand
others, so that a copy is made where it would have been made.
"""

from typing import Any

from press.kernel.builtin_types import tell_reduced
from press.kernel.parts import Tell, Telling, module_of, named

CACHES = {"_cache", "_id", "_references", "_item_cache", "_cacher"}


# What is told


def tell_labelled(tell: Telling, value: Any) -> None:
    """A table, column or index: what pickling keeps, and what else somebody has put on it."""
    tell.words(*sorted(vars(value).keys() - CACHES))
    _tell_references(tell, vars(value).get("_references"))
    tell_reduced(tell, value)


def tell_manager(tell: Telling, value: Any) -> None:
    tell.items([(".blocks", value.blocks), (".axes", list(value.axes))])


def tell_block(tell: Telling, value: Any) -> None:
    _tell_references(tell, value.refs)
    tell.items([(".values", value.values), (".mgr_locs", value.mgr_locs.indexer)])


def _tell_references(tell: Telling, references: Any) -> None:
    if references is not None:
        tell.same_place(references)
        tell.words(str(_living(references)))


def _living(references: Any) -> int:
    return sum(part() is not None for part in references.referenced_blocks)


# What is kept


def reduced(value: Any, kind: str) -> Any:
    if kind in TABLES:
        make, arguments, state = value.__reduce_ex__(4)[:3]
        return make, arguments, (state, list(vars(value))), None, None, _set_state
    if kind in MANAGERS:
        blocks = [(b.values, b.mgr_locs.indexer, b.refs) for b in value.blocks]
        return _manager, (type(value), blocks, list(value.axes))
    if kind == REFERENCES:
        return _references, (_living(value),)
    make, arguments, *_ = value.__reduce__()
    return _index, (make, arguments, vars(value).get("_references"))


def _set_state(value: Any, kept: tuple[Any, list[str]]) -> None:
    """With the attributes it had, where pandas would bring back others."""
    state, names = kept
    value.__setstate__(state)
    made = dict(vars(value))
    vars(value).clear()
    vars(value).update({name: made[name] for name in names if name in made})


def _manager(kind: Any, parts: list[tuple[Any, Any, Any]], axes: list[Any]) -> Any:
    from pandas._libs.internals import BlockPlacement
    from pandas.core.internals.blocks import new_block

    blocks = tuple(
        new_block(values, placement=BlockPlacement(places), ndim=len(axes), refs=references)
        for values, places, references in parts
    )
    return kind(blocks, axes) if len(axes) > 1 else kind(blocks[0], axes[0])


def _index(make: Any, arguments: tuple[Any, ...], references: Any) -> Any:
    index = make(*arguments)
    if references is not None:
        index._references = references
        references.add_index_reference(index)
    return index


awaited: list[tuple[Any, int]] = []
"""Counts that were made, and how many each is to count."""
standing_in: list[Any] = []


def _references(living: int) -> Any:
    from pandas._libs.internals import BlockValuesRefs

    references = BlockValuesRefs()
    awaited.append((references, living))
    return references


def fill() -> None:
    """Have each count what it counted before, when all that there is has been made."""
    while awaited:
        references, living = awaited.pop()
        for _ in range(living - _living(references)):
            standing_in.append(_block(references))


def _block(references: Any) -> Any:
    import numpy as np
    from pandas._libs.internals import BlockPlacement
    from pandas.core.internals.blocks import new_block

    return new_block(np.zeros(0), placement=BlockPlacement(slice(0, 0)), ndim=1, refs=references)


INDEXES = (
    *("Index", "RangeIndex", "MultiIndex", "CategoricalIndex"),
    *("DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "IntervalIndex"),
)
TABLES = {"pandas.DataFrame", "pandas.Series"}
MANAGERS = {
    "pandas.core.internals.managers.BlockManager",
    "pandas.core.internals.managers.SingleBlockManager",
}
REFERENCES = "pandas._libs.internals.BlockValuesRefs"
KEPT = {*TABLES, *MANAGERS, REFERENCES, *(f"pandas.{name}" for name in INDEXES)}
PLAIN = (
    *("pandas.Timestamp", "pandas.Timedelta", "pandas.Period", "pandas.Interval"),
    *("pandas._libs.internals.BlockPlacement", "pandas.Flags", "pandas.StringDtype"),
    *("pandas.CategoricalDtype", "pandas.DatetimeTZDtype", "pandas.Int64Dtype"),
    *("pandas.BooleanDtype", "pandas.Float64Dtype", "pandas.Categorical"),
)


def tell_timestamp(tell: Telling, value: Any) -> None:
    """Which of an hour's two when clocks are put back, pickling it forgets."""
    tell.words(str(value.fold))
    tell_reduced(tell, value)


NAMED: dict[str, Tell] = {
    **dict.fromkeys(TABLES, tell_labelled),
    **{f"pandas.{name}": tell_labelled for name in INDEXES},
    **dict.fromkeys(MANAGERS, tell_manager),
    **dict.fromkeys(PLAIN, tell_reduced),
    "pandas.Timestamp": tell_timestamp,
}


def tell_named(kind: type) -> Tell | None:
    if module_of(kind) == "pandas.core.internals.blocks":
        return tell_block
    if module_of(kind) == "pandas.arrays":
        return tell_reduced
    return NAMED.get(named(kind))
