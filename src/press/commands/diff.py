"""Tell what moved between the records of a commit and those of another, or those that lie here."""

import argparse
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from press.blog import Blog
from press.flow.posts import gather
from press.record.moved import Moved, as_markdown, as_page, as_text, moved
from press.record.storage import read_record
from press.voice.errors import PressError, collected, noted
from press.voice.terminal import result, say

LAST = "HEAD"


def words(parser: argparse.ArgumentParser) -> None:
    about = f"a commit, or two: REV..REV (default: from {LAST} to what lies here)"
    parser.add_argument("revisions", nargs="?", default=LAST, metavar="REV", help=about)
    parser.add_argument("--markdown", action="store_true", help="tell it as Markdown")
    about = "write a page to FILE, with the figures side by side"
    parser.add_argument("--page", type=Path, metavar="FILE", help=about)


def main(blog: Blog, options: argparse.Namespace) -> None:
    first, _, last = options.revisions.partition("..")
    with (
        _at(blog, first or LAST) as before,
        _at(blog, last) if last else _here(blog) as now,
        collected() as errors,
    ):
        moves = list(_moves(before, now, errors))
        if options.page:
            options.page.write_text(as_page(moves, before, now), "utf-8")
            say(f"the page: {options.page}")
        told = "\n".join((as_markdown if options.markdown else as_text)(moves))
        result(told or "no record changed")


def _moves(before: Blog, now: Blog, errors: list[PressError]) -> Iterator[Moved]:
    tolerances = _tolerances(now)
    slugs = {path.stem for blog in (before, now) for path in blog.records.glob("*.json")}
    for slug in sorted(slugs):
        with noted(errors, now.shown(now.record(slug))):
            old, new = read_record(before, slug, trusting=True), read_record(now, slug)
            if move := moved(slug, old, new, tolerances.get(slug, {})):
                yield move


def _tolerances(blog: Blog) -> Mapping[str, Mapping[str, float]]:
    """Of posts that can be read; of others those that press takes by itself hold."""
    return {work.slug: work.post.tolerances for work in gather(blog).works}


@contextmanager
def _here(blog: Blog) -> Iterator[Blog]:
    yield blog


@contextmanager
def _at(blog: Blog, revision: str) -> Iterator[Blog]:
    """The blog as it was in a commit."""
    remedy = "name a commit of this blog, such as HEAD~1"
    if revision.startswith("-"):
        raise PressError(revision, "is no commit", remedy)
    with tempfile.TemporaryDirectory(prefix="press-") as folder, tempfile.TemporaryFile() as file:
        command = ["git", "-C", str(blog.root), "archive", "--format=tar", revision, "--", "."]
        try:
            done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True)
        except FileNotFoundError as error:
            raise PressError("git", "is not there", "install git") from error
        if done.returncode:
            problem = (done.stderr.strip().splitlines() or ["is not known"])[-1]
            raise PressError(revision, problem, remedy)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            # As the first releases of Python 3.11 know it: an attribute that they pass over.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            try:
                archive.extractall(folder)
            except tarfile.FilterError as error:
                problem = f"holds what may not be unpacked ({error})"
                raise PressError(revision, problem, "name a commit without it") from error
        yield Blog(Path(folder))
