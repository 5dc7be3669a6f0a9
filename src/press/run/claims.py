"""What assertions were checked with, in words."""

from typing import Any


def in_words(found: list[list[Any]]) -> str:
    """What an assertion was checked with: each side, and how far it went where it came up often."""
    sides: dict[tuple[int, ...], list[Any]] = {}
    for place, value in found:
        sides.setdefault(tuple(place), []).append(value)
    return "; ".join(_range(values) for _, values in sorted(sides.items()))


def _range(values: list[Any]) -> str:
    if len(set(values)) == 1:
        return _text(values[0])
    if any(isinstance(value, str) for value in values):
        return ", ".join(dict.fromkeys(_text(value) for value in values))
    return f"{_text(min(values))} to {_text(max(values))}"


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
