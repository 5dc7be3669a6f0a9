"""What press tells the person at the terminal: results go to stdout, everything else to stderr."""

import sys
from collections.abc import Sequence


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def result(text: str) -> None:
    print(text, flush=True)


def cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def table(rows: Sequence[Sequence[str]], margin: str = "  ") -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        margin
        + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
