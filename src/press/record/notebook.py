"""The executed notebook that readers download: the script's cells with what they gave."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_output

from press.run.outcome import Figure, Outcome, Table
from press.script.cells import Script
from press.script.formats import cells_in


def notebook(script: Script, outcomes: Sequence[Outcome]) -> bytes:
    """The notebook as it would be saved after a run, the same bytes for the same results."""
    made = cells_in(script.text, Path(script.path).suffix)
    made.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    waiting = iter(outcomes)
    for number, cell in enumerate(made.cells, start=1):
        cell.id = f"cell-{number}"
        cell.metadata = {key: cell.metadata[key] for key in KEPT if key in cell.metadata}
        if cell.cell_type == "code" and cell.source.strip():
            cell.outputs = list(_outputs(next(waiting)))
    text, _ = NotebookExporter().from_notebook_node(made)
    return f"{text.rstrip()}\n".encode()


KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT = ("title", "name", "tags")


def _outputs(outcome: Outcome) -> Sequence[Any]:
    texts = {"stdout": outcome.output, "stderr": outcome.warnings}
    return [
        *(
            new_output("stream", name=name, text=f"{text}\n")
            for name, text in texts.items()
            if text
        ),
        *(_shown({"text/html": _html(table)}) for table in outcome.tables),
        *(_shown(_drawn(figure)) for figure in outcome.figures),
    ]


def _shown(data: dict[str, Any]) -> Any:
    return new_output("display_data", data=data)


def _drawn(figure: Figure) -> dict[str, Any]:
    import base64

    if figure.suffix == ".svg":
        return {"image/svg+xml": figure.data.decode()}
    return {"image/png": base64.b64encode(figure.data).decode()}


def _html(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    tags = ["th" if column < table.index else "td" for column in range(len(table.columns))]
    rows = [
        "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in zip(tags, row, strict=True))
        for row in table.rows
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
