"""What another copy of the blog has of this one's posts: checked, and taken whole or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass

from press.blog import Blog
from press.files import digest
from press.flow.posts import Work
from press.record.drift import drift, table
from press.record.freshness import read
from press.record.record import Filed, Record
from press.record.shaken import Shaken, current, keep, kept
from press.record.storage import read_record, write_record
from press.voice.errors import PressError
from press.voice.terminal import say


@dataclass(frozen=True)
class Offer:
    """What a folder has of a post that this blog has not."""

    work: Work
    source: str
    """Where it comes from."""
    made: Filed[Record] | None
    seeds: Shaken | None


def offers(blog: Blog, there: Blog, work: Work, source: str) -> Iterator[Offer]:
    """At most one."""
    record = _read(there, work)
    if record is None:
        return
    made = None if work.record == record else Filed(record, _files(there, record))
    seeds = kept(there, work.slug)
    if seeds is None or not current(seeds, record) or seeds == kept(blog, work.slug):
        seeds = None
    if (made or seeds) and read(blog, work.script, record, work.post.packages).keys != record.keys:
        raise PressError(
            str(there.record(work.slug)),
            f"is not of the code/{work.slug}.py that stands here",
            "gather what was built from the same commit",
        )
    if made or seeds:
        yield Offer(work, source, made, seeds)


def _read(there: Blog, work: Work) -> Record | None:
    """The record there; the error tells where that is, as there are several of its name."""
    try:
        return read_record(there, work.slug)
    except PressError as error:
        raise PressError(str(there.root / error.place), error.problem, error.remedy) from error


def _files(there: Blog, record: Record) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, sha256 in record.files.items():
        path = there.root / name
        if not path.resolve().is_relative_to(there.root.resolve()):
            raise PressError(str(path), "lies outside the blog", "do not take anything from there")
        if not path.is_file():
            raise PressError(str(path), "is missing, and the record names it", "copy it along")
        files[name] = path.read_bytes()
        if digest(files[name]) != sha256:
            raise PressError(str(path), "is not the file that the run made", "copy it anew")
    return files


def take(blog: Blog, offer: Offer) -> None:
    slug = offer.work.slug
    if offer.made:
        write_record(blog, slug, offer.made)
        say(f"{slug}: from {offer.source}{_moved(offer.work, offer.made.record)}")
    if offer.seeds:
        keep(blog, slug, offer.seeds)
        say(f"{slug}: what {len(offer.seeds.seeds)} other seeds gave, from {offer.source}")


def _moved(work: Work, record: Record) -> str:
    if work.record is None or work.record.keys.compute != record.keys.compute:
        return ""
    drifts = drift(work.record, record, work.post.tolerances)
    return f"; what moved:\n{table(drifts)}" if drifts else "; every result is as it was"
