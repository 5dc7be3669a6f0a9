"""What moved between two states of the blog's records: as a table, as Markdown, as a page."""

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from press.blog import Blog
from press.record.drift import ABSENT, Drift, differences, drift, table
from press.record.record import FigureRecord, Record

TYPES = {"svg": "svg+xml", "jpg": "jpeg"}


@dataclass(frozen=True)
class Moved:
    """A post whose record is not the one that it was."""

    slug: str
    old: Record | None
    new: Record | None
    drifts: tuple[Drift, ...]
    conditions: tuple[str, ...]
    """In what the two runs differ that can move a result."""

    @property
    def told(self) -> str:
        if not self.old or not self.new:
            return "is new" if self.new else "is gone"
        same = "the same code" if self.old.keys.compute == self.new.keys.compute else "other code"
        return ", ".join([f"{same} run again", *self.conditions])


def moved(
    slug: str, old: Record | None, new: Record | None, tolerances: Mapping[str, float]
) -> Moved | None:
    if old == new:
        return None
    drifts = tuple(drift(old, new, tolerances)) if old and new else ()
    conditions = differences(old.provenance, new.provenance) if old and new else ()
    return Moved(slug, old, new, drifts, tuple(conditions))


def as_text(moves: Sequence[Moved]) -> Iterator[str]:
    for move in moves:
        yield f"{move.slug}: {move.told}"
        if move.old and move.new:
            yield table(list(move.drifts)) or "  every result is as it was"


def as_markdown(moves: Sequence[Moved]) -> Iterator[str]:
    if not moves:
        yield "No record changed."
    for move in moves:
        yield f"### {move.slug}\n\n{move.told[0].upper()}{move.told[1:]}.\n"
        if move.drifts:
            yield "| | before | now | difference | |\n| --- | --- | --- | --- | --- |"
            for row in map(_row, move.drifts):
                yield f"| {' | '.join(map(_cell, row))} |"
            yield ""
        elif move.old and move.new:
            yield "Every result is as it was.\n"


def _row(item: Drift) -> tuple[str, ...]:
    return item.what, item.old, item.new, item.difference, item.verdict


def _cell(text: str) -> str:
    """Text that Markdown reads as text."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{sign}" if sign in "\\`*_[]|~$" else sign for sign in escaped)


def as_page(moves: Sequence[Moved], before: Blog, now: Blog) -> str:
    """One file that needs no other."""
    body = "".join(_section(move, before, now) for move in moves) or "<p>No record changed.</p>"
    return PAGE.replace("BODY", body)


def _section(move: Moved, before: Blog, now: Blog) -> str:
    rows = "".join(
        f"<tr><th scope=row>{html.escape(item.what)}"
        + "".join(f"<td>{html.escape(text)}" for text in _row(item)[1:])
        for item in move.drifts
    )
    heads = "<tr><th><th>before<th>now<th>difference<th>verdict"
    figures = "".join(_pairs(move, before, now))
    return (
        f"<h2>{html.escape(move.slug)}</h2><p>{html.escape(move.told)}</p>"
        + (f"<div><table>{heads}{rows}</table></div>" if rows else "")
        + figures
    )


def _pairs(move: Moved, before: Blog, now: Blog) -> Iterator[str]:
    old = move.old.figures if move.old else {}
    new = move.new.figures if move.new else {}
    for name in {**old, **new}:
        pair = old.get(name), new.get(name)
        if pair[0] and pair[1] and pair[0].sha256 == pair[1].sha256:
            continue
        yield f"<h3>{html.escape(name)}</h3><section>"
        for blog, figure, when in ((before, pair[0], "before"), (now, pair[1], "now")):
            yield f"<figure><figcaption>{when}</figcaption>{_image(blog, figure)}</figure>"
        yield "</section>"


def _image(blog: Blog, figure: FigureRecord | None) -> str:
    path = blog.root / figure.file if figure else None
    if not figure or not path or not path.is_file():
        return ABSENT
    suffix = path.suffix[1:]
    content = base64.b64encode(path.read_bytes()).decode()
    source = f"data:image/{TYPES.get(suffix, suffix)};base64,{content}"
    return f'<img src="{source}" alt="" width="{figure.width}" height="{figure.height}">'


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>What moved</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
div { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #8886 }
section { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)) }
figure { margin: 0 1rem 1rem 0 }
img { max-width: 100%; height: auto }
</style>
<h1>What moved</h1>
BODY
</html>
"""
