"""The notebook that readers download: script, results, and the article around them."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from press.blog import Blog
from press.files import digest, write
from press.record.article import between
from press.record.earlier import outcomes_of
from press.record.record import Record
from press.run.outcome import Figure, Outcome, Table
from press.script.formats import cells_in
from press.script.keys import display_key
from press.site.post import Post
from press.site.sources import Source
from press.voice.errors import PressError

FORM = 1
"""Counted up when notebooks are made differently."""
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
MIMES = {".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif"}
KEPT = ("title", "name", "tags")


def keep_notebook(
    blog: Blog, post: Post, record: Record, sources: Mapping[str, Source], *, check: bool
) -> None:
    """Have the notebook of this text and this run; with `check`, refuse another."""
    path = blog.notebook(post.slug)
    text = blog.text(blog.root / post.path)
    source = digest(f"{FORM}\0{text}\0{record.provenance.digest}{sources or ''}")
    if path.exists() and source.encode() in path.read_bytes():
        return
    if check:
        problem = "is not of today's text or results"
        raise PressError(f"{blog.shown(path)}:1", problem, f"run: ./press build {post.slug}")
    script = blog.root / record.script
    words = blog.text(script)
    if display_key(words, post.packages) != record.keys.display:
        again = f"run: ./press build {post.slug}"
        raise PressError(f"{record.script}:1", "was edited since it was read", again)
    made = cells_in(words, script.suffix)
    prose = between(text, post, record, sources)
    write(path, notebook(made, prose, outcomes_of(blog, record), source))


def notebook(made: Any, prose: dict[int, str], outcomes: Sequence[Outcome], source: str) -> bytes:
    """It as it would be saved after a run, the same bytes for the same results.

    `source` names what it is made of, and is kept in it.
    """
    # Imported late: most builds make none.
    import nbformat
    from nbformat.v4 import new_markdown_cell

    made.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "made_of": source,
    }
    cells = []
    waiting = iter(enumerate(outcomes))
    for cell in made.cells:
        cell.metadata = {key: cell.metadata[key] for key in KEPT if key in cell.metadata}
        if cell.cell_type == "code" and cell.source.strip():
            number, outcome = next(waiting)
            cell.outputs = list(_outputs(outcome))
            if number in prose:
                cells.append(new_markdown_cell(prose[number]))
        cells.append(cell)
    cells += [new_markdown_cell(prose[len(outcomes)])] if len(outcomes) in prose else []
    for number, cell in enumerate(cells, start=1):
        cell.id = f"cell-{number}"
    made.cells = cells
    return f"{nbformat.writes(made, version=4).rstrip()}\n".encode()


def _outputs(outcome: Outcome) -> Iterator[Any]:
    from nbformat.v4 import new_output

    for name, text in (("stdout", outcome.output), ("stderr", outcome.warnings)):
        if text:
            yield new_output("stream", name=name, text=f"{text}\n")
    shown = [{"text/html": _html(table)} for table in outcome.tables]
    shown += [_drawn(figure) for figure in outcome.figures]
    for data in shown:
        yield new_output("display_data", data=data)


def _drawn(figure: Figure) -> dict[str, str]:
    import base64

    if figure.suffix == ".svg":
        return {"image/svg+xml": figure.data.decode()}
    return {MIMES[figure.suffix]: base64.b64encode(figure.data).decode()}


def _html(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    tags = ["th" if column < table.index else "td" for column in range(len(table.columns))]
    rows = [
        "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in zip(tags, row, strict=True))
        for row in table.rows
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
