"""In the kernel: the mean of several runs, and the range that one further run falls into."""

import math
import statistics
from collections.abc import Sequence
from functools import cache
from typing import Any

SHARE = 0.95
"""Of further runs, this many fall into the range that is told."""


def mean_of(numbers: Sequence[float], format: str) -> dict[str, Any]:
    count, mean, sd = len(numbers), statistics.fmean(numbers), statistics.stdev(numbers)
    text, spread = f"{mean:{format}}", f"{sd:{format}}".rstrip("%")
    # The means of two sets of runs differ by about so much, seldom by three times that.
    spread_of_mean = 3 * sd * math.sqrt(2 / count) * (100 if text.endswith("%") else 1)
    # Mean and spread are themselves known from so few runs only: hence not two deviations.
    reach = student(count - 1) * sd * math.sqrt(1 + 1 / count)
    return {
        "text": f"{text} ± {spread}",
        "number": None,
        "tolerance": float(f"{spread_of_mean:.2g}"),
        "runs": count,
        "expected": f"{mean - reach:{format}} to {mean + reach:{format}}",
        "each": [f"{number:{format}}" for number in numbers],
    }


@cache
def student(freedom: int) -> float:
    """The factor within which Student's t of so many degrees of freedom stays in 95 of 100."""
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < SHARE else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    """How often t stays within tan(angle)·√freedom: a finite sum for whole degrees of freedom."""
    odd, cosine = freedom % 2, math.cos(angle)
    term, total = (cosine if odd else 1.0), 0.0
    for order in range(2 + odd, freedom + 1, 2):
        total += term
        term *= cosine**2 * (order - 1) / order
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total
