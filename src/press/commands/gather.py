"""Put together what the shards of a build have made, each in a copy of the blog: all or nothing."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from press.blog import Blog, locked
from press.flow.offers import Offer, offers, take
from press.flow.posts import gather
from press.voice.errors import PressError, collected, noted
from press.voice.terminal import say


def words(parser: argparse.ArgumentParser) -> None:
    about = "a copy of the blog in which a shard was built, or its _data, img and downloads"
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help=about)


def main(blog: Blog, options: argparse.Namespace) -> None:
    with locked(blog):
        found = _all_offers(blog, [Blog(folder.resolve()) for folder in options.folders])
        for offer in found:
            take(blog, offer)
    say("nothing is new there" if not found else "what there is of the site: ./press build")


def _all_offers(blog: Blog, folders: Sequence[Blog]) -> list[Offer]:
    """All of them, sound and of the code that stands here; any other word is an error."""
    chosen: list[Offer] = []
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
                    found += offers(blog, there, work, str(there.root))
            errors += _twofold(found)
            chosen += found[:1]
    return chosen


def _twofold(found: Sequence[Offer]) -> Iterator[PressError]:
    for other in found[1:]:
        yield PressError(
            str(Path(other.source, "_data", "runs", f"{other.work.slug}.json")),
            f"is another run than the one in {found[0].source}",
            "leave one of the two folders out",
        )
