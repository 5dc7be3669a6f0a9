"""Put together what the shards of a build have made, each in a copy of the blog: all or nothing."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from press.blog import Blog, locked
from press.errors import PressError, collected, noted
from press.files import digest
from press.flow.posts import Work, gather
from press.record.drift import drift, table
from press.record.freshness import read
from press.record.record import Filed, Record
from press.record.shaken import Shaken, current, keep, kept
from press.record.storage import read_record, write_record
from press.terminal import say


def words(parser: argparse.ArgumentParser) -> None:
    about = "a copy of the blog in which a shard was built, or its _data, img and downloads"
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help=about)


def main(blog: Blog, options: argparse.Namespace) -> None:
    with locked(blog):
        offers = _all_offers(blog, [Blog(folder.resolve()) for folder in options.folders])
        for offer in offers:
            _take(blog, offer)
    say("nothing is new there" if not offers else "what there is of the site: ./press build")


@dataclass(frozen=True)
class Offer:
    """What a folder has of a post that this blog has not."""

    work: Work
    folder: Path
    made: Filed[Record] | None
    seeds: Shaken | None


def _all_offers(blog: Blog, folders: Sequence[Blog]) -> list[Offer]:
    """All of them, sound and of the code that stands here; any other word is an error."""
    offers: list[Offer] = []
    with collected() as errors:
        gathered = gather(blog)
        errors += gathered.errors
        for there in folders:
            if not there.records.is_dir():
                remedy = "name the folder that has _data/runs in it"
                errors.append(PressError(str(there.root), "holds no records", remedy))
        for work in gathered.works:
            found: list[Offer] = []
            for there in folders:
                with noted(errors, str(there.record(work.slug))):
                    found += _offers(blog, there, work)
            errors += _twofold(found)
            offers += found[:1]
    return offers


def _offers(blog: Blog, there: Blog, work: Work) -> Iterator[Offer]:
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
        yield Offer(work, there.root, made, seeds)


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
        if not path.is_file():
            raise PressError(str(path), "is missing, and the record names it", "copy it along")
        files[name] = path.read_bytes()
        if digest(files[name]) != sha256:
            raise PressError(str(path), "is not the file that the run made", "copy it anew")
    return files


def _twofold(found: Sequence[Offer]) -> Iterator[PressError]:
    for other in found[1:]:
        yield PressError(
            str(Blog(other.folder).record(other.work.slug)),
            f"is another run than the one in {found[0].folder}",
            "leave one of the two folders out",
        )


def _take(blog: Blog, offer: Offer) -> None:
    slug = offer.work.slug
    if offer.made:
        write_record(blog, slug, offer.made)
        say(f"{slug}: from {offer.folder}{_moved(offer.work, offer.made.record)}")
    if offer.seeds:
        keep(blog, slug, offer.seeds)
        say(f"{slug}: what {len(offer.seeds.seeds)} other seeds gave, from {offer.folder}")


def _moved(work: Work, record: Record) -> str:
    if work.record is None or work.record.keys.compute != record.keys.compute:
        return ""
    drifts = drift(work.record, record, work.post.tolerances)
    return f"; what moved:\n{table(drifts)}" if drifts else "; every result is as it was"
