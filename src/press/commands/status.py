"""What is current, what changed and why, and what a run would cost; nothing is run to know it.

Of posts that are asked for by name: what they can quote.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from press.blog import Blog
from press.commands.words import add_slugs
from press.flow.leaning import standing
from press.flow.posts import Work, gather
from press.record.freshness import cost, judge
from press.record.record import Record
from press.script.cells import Script, read_script
from press.voice.errors import collected
from press.voice.terminal import cells, duration, result


def words(parser: argparse.ArgumentParser) -> None:
    add_slugs(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")


def main(blog: Blog, options: argparse.Namespace) -> None:
    status(blog, options.slugs, as_json=options.json)


def status(blog: Blog, slugs: Sequence[str], *, as_json: bool) -> None:
    gathered = gather(blog, slugs)
    rows = [_row(blog, work) for work in gathered.works]
    if as_json:
        result(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        width = max((len(row["slug"]) for row in rows), default=0)
        for row, work in zip(rows, gathered.works, strict=True):
            result(f"{row['slug']:{width}}  {_told(row)}")
            for line in quotable(read_script(blog, work.script), work.record) if slugs else ():
                result(line)
    with collected() as errors:
        errors += gathered.errors


def _row(blog: Blog, work: Work) -> dict[str, Any]:
    if work.damage:
        return {"slug": work.slug, "state": "damaged", "reason": str(work.damage), "seconds": None}
    state = judge(blog, work.script, work.record, work.post.packages)
    resumed = work.record.provenance.resumed if work.record else None
    return {
        "slug": work.slug,
        "state": state.kind,
        "reason": state.reason,
        "line": state.line,
        "seconds": cost(work.record),
        "seeds": standing(blog, work, state),
        "resumed": asdict(resumed) if resumed else None,
    }


def _told(row: dict[str, Any]) -> str:
    reason = f" ({row['reason']})" if row["reason"] else ""
    seconds = row["seconds"]
    cost = f"a run takes about {duration(seconds)}" if seconds else "what a run takes is not known"
    seeds = f"; {row['seeds']}" if row.get("seeds") else ""
    known = f"; {_known(row['resumed'])}" if row.get("resumed") else ""
    return f"{row['state']}{reason}; {cost}{seeds}{known}"


def _known(resumed: Mapping[str, Any]) -> str:
    day = str(resumed["date"]).partition("T")[0]
    return (
        f"known from a snapshot of {day}: its first {cells(resumed['cells'])} "
        "(./press build --whole runs them again)"
    )


def quotable(script: Script, record: Record | None) -> Iterator[str]:
    """By cell, the names that a post can quote; what a cell gives is known from its last run."""
    width = max((len(cell.quoted_as) for cell in script.cells), default=0)
    for cell in script.cells:
        given = []
        for kind in ("figures", "tables", "values", "models", "data") if record else ():
            names = [n for n, item in vars(record)[kind].items() if item.cell == cell.quoted_as]
            given += [f"{kind}: {', '.join(names)}"] if names else []
        line = f"  line {cell.line:<4} {cell.quoted_as:{width}}  {'; '.join(given)}"
        yield line.rstrip()
