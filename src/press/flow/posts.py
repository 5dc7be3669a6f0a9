"""The posts with scripts: found, paired by their slug, and held to what they quote."""

import difflib
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from press.blog import SCRATCH, Blog
from press.files import ASIDE
from press.machine.versions import is_library
from press.record.record import Record
from press.record.storage import NewerRecord, read_record
from press.script.cells import find_scripts
from press.site.post import Post, find_posts, read_post
from press.site.quotes import quotable, unmet
from press.site.settings import FILE, quotes_of_settings
from press.site.sources import SOURCE
from press.voice.errors import PressError, noted


@dataclass(frozen=True)
class Work:
    """A post and its script, with the record of the last run if there is a sound one."""

    slug: str
    post: Post
    script: Path
    record: Record | None
    damage: PressError | None = None
    """Why there is a record, but no sound one."""
    made: frozenset[str] = frozenset()
    """Files that a run made whose results count for nothing."""


@dataclass(frozen=True)
class Gathered:
    works: tuple[Work, ...]
    plain_posts: tuple[Post, ...]
    errors: tuple[PressError, ...]


def gather(blog: Blog, wanted: Sequence[str] = ()) -> Gathered:
    """All posts, or those wanted, each read; one that cannot be read does not hide the others."""
    errors: list[PressError] = []
    scripts = find_scripts(blog)
    posts = find_posts(blog, errors)
    _check_wanted(wanted, posts)
    works: list[Work] = []
    plain: list[Post] = []
    errors += [] if wanted else _strays(blog, posts, scripts)
    quotables = quotable(blog)
    for slug in dict.fromkeys(wanted or posts):
        with noted(errors, f"{blog.shown(posts[slug])}:1"):
            post = read_post(blog, posts[slug], quotables)
            if slug in scripts:
                works.append(_work(blog, post, scripts[slug]))
            else:
                plain.append(post)
    return Gathered(tuple(works), tuple(plain), tuple(errors))


def scripts_of_posts(blog: Blog) -> dict[str, Path]:
    posts = find_posts(blog, [])
    return {slug: path for slug, path in find_scripts(blog).items() if slug in posts}


def _work(blog: Blog, post: Post, script: Path) -> Work:
    try:
        record = read_record(blog, post.slug)
        if record and record.script != blog.shown(script):
            place = f"{blog.shown(blog.record(post.slug))}:1"
            again = f"run: ./press build --refresh {post.slug}"
            raise PressError(place, f"is the record of {record.script}", again)
        return Work(post.slug, post, script, record)
    except NewerRecord:
        raise
    except PressError as error:
        return Work(post.slug, post, script, None, error)


def _check_wanted(wanted: Sequence[str], posts: Iterable[str]) -> None:
    for slug in wanted:
        if slug not in posts:
            slugs = sorted(posts)
            near = difflib.get_close_matches(slug, slugs, n=1, cutoff=0.4)
            remedy = (
                f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(slugs) or 'none'}"
            )
            raise PressError("_posts", f"no post has the slug {slug!r}", remedy)


def _strays(
    blog: Blog, posts: Mapping[str, Path], scripts: Mapping[str, Path]
) -> Iterator[PressError]:
    """Scripts and records that belong to no post."""
    for slug, path in scripts.items():
        place = f"{blog.shown(path)}:1"
        if slug in posts:
            continue
        if not _is_module(slug, scripts):
            remedy = f"write _posts/YYYY-MM-DD-{slug}.md, or remove the script"
            yield PressError(place, "has no post of its name", remedy)
        elif is_library(blog.root, slug):
            problem = f"has the name of the library {slug}, which is what scripts import"
            yield PressError(place, problem, "rename it")
    made = (blog.record("*"), blog.seeds("*"), blog.certificates("*"))
    for path in (found for each in made for found in sorted(each.parent.glob(each.name))):
        if path.stem not in scripts:
            yield PressError(
                f"{blog.shown(path)}:1",
                f"there is no script code/{path.stem}.py",
                "restore the script, or remove the record",
            )


def _is_module(slug: str, scripts: Mapping[str, Path]) -> bool:
    """Whether another script imports this file, or names it in a text, as `import_module` does."""
    name = re.escape(slug)
    imports = re.compile(rf"^\s*(?:from|import)\s.*?\b{name}\b|['\"]{name}['\"]", re.MULTILINE)
    return any(
        imports.search(path.read_text("utf-8", "replace"))
        for other, path in scripts.items()
        if other != slug
    )


def unmet_quotes(
    post: Post, record: Record | None, sources: Collection[str], *, scripted: bool
) -> Iterator[PressError]:
    """What a post quotes and neither its run nor the bibliography gives."""
    own = [quote for quote in post.quotes if quote.kind != SOURCE]
    others = [quote for quote in post.quotes if quote.kind == SOURCE]
    yield from unmet(post.path, others, {SOURCE: sources}, {}, {})
    if record:
        yield from unmet(post.path, own, record.names, record.held, record.unquotable)
    elif own and not scripted:
        yield PressError(
            f"{post.path}:{own[0].line}",
            f"quotes a run, but there is no script code/{post.slug}.py",
            "write the script, or remove the quote",
        )


def without_results(work: Work) -> Iterator[PressError]:
    """Why the page of a post that nobody asked for cannot be made."""
    quoted = next((quote for quote in work.post.quotes if quote.kind != SOURCE), None)
    if work.damage:
        yield work.damage
    elif quoted and not work.record:
        problem = f"quotes a run, but code/{work.script.name} has never been run"
        place = f"{work.post.path}:{quoted.line}"
        yield PressError(place, problem, f"run: ./press build {work.slug}")


def sweep(blog: Blog) -> None:
    """Remove what a press that was killed left behind."""
    for folder in blog.local.glob(f"{SCRATCH}*"):
        owner = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if not (owner.isdigit() and _lives(int(owner))):
            shutil.rmtree(folder, ignore_errors=True)
    folders = (blog.local, blog.records, blog.downloads, *(blog.root / "img").glob("*"))
    for folder in folders:
        for left in folder.glob(f".*{ASIDE}") if folder.is_dir() else ():
            left.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        pass
    return True


def unmet_settings(blog: Blog, records: Mapping[str, Record | None]) -> Iterator[PressError]:
    """What the site's settings show of runs and those do not give."""
    for slug, quote in quotes_of_settings(blog):
        if record := records.get(slug):
            yield from unmet(FILE, [quote], record.names, record.held, record.unquotable)
