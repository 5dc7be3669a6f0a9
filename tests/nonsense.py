"""Fifty drawings that are no digits: strokes, as shares of a square.

Letters and signs that hands write like a digit (B, I, O, S, Z, l, q) are not among them.
"""

from itertools import pairwise
from typing import Any

import numpy as np

Drawing = list[list[list[float]]]


def arc(x: float, y: float, wide: float, high: float, start: float, end: float) -> Any:
    """Part of an ellipse, clockwise in degrees from the right."""
    turn = np.radians(np.linspace(start, end, 24))
    return np.stack([x + wide * np.cos(turn), y + high * np.sin(turn)], 1).tolist()


def around(x: float, y: float, radius: float) -> Any:
    return arc(x, y, radius, radius, 0, 360)


def along(curve: Any, start: float, end: float) -> Any:
    t = np.linspace(start, end, 60)
    return np.stack(curve(t), 1).tolist()


def lines(*text: str) -> Drawing:
    """Strokes from one place to the next, each place two digits: tenths across and down."""
    return [[[int(p[0]) / 9, int(p[1]) / 9] for p in stroke.split()] for stroke in text]


def scribble(seed: int) -> Drawing:
    """Back and forth between places drawn by lot, smoothly."""
    places = np.random.default_rng(seed).random((9, 2))
    share = np.linspace(0, 1, 8, endpoint=False)[:, None]
    eased = share * share * (3 - 2 * share)
    parts = [a + eased * (b - a) for a, b in pairwise(places)]
    return [np.concatenate(parts).tolist()]


STAR = [[0.5 + 0.5 * np.sin(4 * np.pi * k / 5), 0.5 - 0.5 * np.cos(4 * np.pi * k / 5)]
        for k in range(6)]  # fmt: skip
NONSENSE: dict[str, Drawing] = {
    "A": lines("09 40 89", "26 66"),
    "C": [arc(0.5, 0.5, 0.45, 0.5, -45, -315)],
    "E": lines("80 00 09 89", "04 64"),
    "F": lines("80 00 09", "04 64"),
    "G": [[*arc(0.5, 0.5, 0.45, 0.5, -45, -360), [0.55, 0.5]]],
    "H": lines("00 09", "80 89", "04 84"),
    "K": lines("00 09", "70 04 79"),
    "L": lines("10 19 79"),
    "M": lines("09 00 45 90 99"),
    "N": lines("09 00 79 70"),
    "P": [*lines("09 00"), [[0, 0], *arc(0.3, 0.25, 0.35, 0.25, -90, 90), [0, 0.5]]],
    "R": [*lines("09 00", "25 79"), [[0, 0], *arc(0.3, 0.25, 0.35, 0.25, -90, 90), [0, 0.5]]],
    "T": lines("00 90", "40 49"),
    "U": [[[0, 0], *arc(0.4, 0.6, 0.4, 0.4, 180, 0), [0.8, 0]]],
    "V": lines("00 49 80"),
    "W": lines("00 29 43 69 90"),
    "X": lines("00 99", "90 09"),
    "Y": lines("00 44 80", "44 49"),
    "at": [[*around(0.5, 0.5, 0.2), [0.7, 0.65], *arc(0.5, 0.5, 0.47, 0.47, 20, -300)]],
    "hash": lines("30 29", "70 69", "03 93", "06 96"),
    "percent": [around(0.2, 0.2, 0.17), around(0.8, 0.8, 0.17), [[0.9, 0], [0.1, 1]]],
    "question": [[*arc(0.5, 0.25, 0.25, 0.25, 180, 400), [0.5, 0.7]], around(0.5, 1, 0.03)],
    "plus": lines("40 49", "04 94"),
    "asterisk": lines("40 49", "02 97", "92 07"),
    "pi": lines("00 90", "30 29", "70 79"),
    "infinity": [[*arc(0.25, 0.5, 0.25, 0.2, 0, 360), *arc(0.75, 0.5, 0.25, 0.2, 180, -180)]],
    "star": [STAR],
    "square": lines("00 90 99 09 00"),
    "triangle": lines("40 98 08 40"),
    "house": lines("09 04 40 84 89 09"),
    "heart": [along(lambda t: (0.5 + 0.5 * np.sin(t) ** 3,
                               0.45 - (13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t)
                                       - np.cos(4 * t)) / 32), 0, 2 * np.pi)],
    "spiral": [along(lambda t: (0.5 + 0.027 * t * np.cos(t), 0.5 + 0.027 * t * np.sin(t)), 0, 18)],
    "smiley": [around(0.5, 0.5, 0.5), around(0.33, 0.35, 0.03), around(0.67, 0.35, 0.03),
               arc(0.5, 0.55, 0.25, 0.25, 20, 160)],
    "face": [around(0.2, 0.2, 0.05), around(0.8, 0.2, 0.05), arc(0.5, 0.5, 0.4, 0.4, 20, 160)],
    "stick figure": [around(0.5, 0.15, 0.15), *lines("43 46", "14 84", "29 46 79")],
    "tree": lines("49 46", "16 40 86 16"),
    "cube": lines("03 63 69 09 03 30 90 96 69", "63 90"),
    "zigzag": lines("02 28 42 68 82 98"),
    "wave": [along(lambda t: (t, 0.5 + 0.25 * np.sin(19 * t)), 0, 1)],
    "arrow": lines("05 95", "62 95 68"),
    "arrow up": lines("49 40", "14 40 84"),
    "three lines": lines("00 90", "05 95", "09 99"),
    "three bars": lines("00 09", "50 59", "90 99"),
    "grid": lines("00 90 99 09 00", "04 94", "40 49"),
    "dots": [around(x, y, 0.02) for x, y in ((0, 0), (0.6, 0.2), (0.2, 0.7), (1, 1), (0.8, 0.4))],
    "target": [around(0.5, 0.5, 0.5), *lines("40 49", "04 94")],
    "stairs": lines("09 07 27 24 54 52 82 80"),
    "blot": [[[0.1 * (n % 2) * 9 + 0.05, 0.08 * n] for n in range(12)]],
    "scribble": scribble(1),
    "another scribble": scribble(2),
}  # fmt: skip
