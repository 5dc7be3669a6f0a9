"""A new record takes the place of the old one, and what moved is told."""

from dataclasses import replace

from press.blog import Blog
from press.flow.posts import Work
from press.record.drift import Drift, drift, ledger_entry, table
from press.record.record import Filed, Record
from press.record.storage import sealed, write_record
from press.voice.terminal import duration, say


def settled(blog: Blog, work: Work, made: Filed[Record], seconds: float | None) -> Record:
    """Write the record; `seconds` are those of its run, none if nothing was run."""
    if seconds is None:
        write_record(blog, work.slug, made)
        say(f"{work.slug}: names and comments brought up to date; nothing was run")
        return sealed(made.record)
    old, record = work.record, made.record
    same_code = old is not None and old.keys.compute == record.keys.compute
    drifts = drift(old, record, work.post.tolerances) if old and same_code else []
    if old and same_code:
        record = replace(record, ledger=(*old.ledger, *ledger_entry(old, drifts)))
    write_record(blog, work.slug, replace(made, record=record))
    outcome = _outcome(drifts) if same_code else ""
    say(f"{work.slug}: ran in {duration(seconds)}{outcome}")
    return sealed(record)


def _outcome(drifts: list[Drift]) -> str:
    return f"; what moved:\n{table(drifts)}" if drifts else "; every result is as it was"
