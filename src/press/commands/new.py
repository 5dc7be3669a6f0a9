"""Begin a post: its text and its script, paired, that build as they are."""

import argparse
import re
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

import yaml

from press.blog import Blog, locked
from press.files import write
from press.machine.python import POSTS
from press.machine.versions import is_library, package_of, read_pins
from press.record.record import Record
from press.script.notebooks import Notebook, Part, read_notebook
from press.script.words import words_in
from press.site.prose import in_a_post
from press.voice.errors import PressError, Problems
from press.voice.terminal import result, say


def words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("title", nargs="?", metavar="TITLE")
    about = "begin with the cells and the prose of a notebook (.ipynb, or .py or .md of jupytext)"
    parser.add_argument("--from", dest="notebook", type=Path, metavar="FILE", help=about)


def main(blog: Blog, options: argparse.Namespace) -> None:
    if options.notebook:
        new_from(blog, options.notebook, options.title)
    elif options.title:
        new(blog, options.title)
    else:
        raise PressError("press new", "names no title", 'write: ./press new "A title"')


def new(blog: Blog, title: str) -> None:
    post, script = _places(blog, title)
    write(post, _begun("new-post.md").format(front=_front(title)))
    write(script, _begun("new-script.py.txt").format(title=title))
    result(f"{blog.shown(post)}\n{blog.shown(script)}")


def new_from(blog: Blog, source: Path, title: str | None) -> None:
    """A post with a notebook's prose and cells; it is run, to quote what the cells give."""
    notebook = read_notebook(source)
    packages = sorted(set(_packages(blog, notebook, source.parent)))
    front = _front(title or notebook.title, {"packages": packages} if packages else {})
    text = _text(front, notebook, None)
    post, script = _places(blog, title or notebook.title, begun=(notebook.script, text))
    write(script, notebook.script)
    write(post, text)
    result(f"{blog.shown(post)}\n{blog.shown(script)}")
    if unpinned := set(packages) - read_pins(blog.root, POSTS).keys():
        problem = f"names {', '.join(sorted(unpinned))}, as the notebook imports them"
        remedy = "if these are the right packages, run ./press pin, and then this again"
        raise PressError(f"{blog.shown(post)}:2", problem, remedy)
    try:
        record = _run(blog, script.stem)
    except (PressError, Problems):
        say(f"press: its figures and tables are not quoted yet: ./press status {script.stem}")
        raise
    write(post, _text(front, notebook, record))
    result(f"quoted: {len(record.figures)} figures, {len(record.tables)} tables")


def _packages(blog: Blog, notebook: Notebook, folder: Path) -> Iterator[str]:
    """What a notebook imports that is not Python's, press' or the blog's."""
    own, of_posts = read_pins(blog.root, "run"), read_pins(blog.root, POSTS)
    for name in sorted(notebook.imports):
        if _is_module(blog.code, name):
            continue
        if _is_module(folder, name) and not is_library(blog.root, name):
            problem = f"imports {name}, which lies beside it"
            raise PressError(str(folder), problem, f"copy {name} to code/ first")
        package = package_of(name)
        if package in of_posts.keys() - own.keys() or not is_library(blog.root, name):
            yield package


def _is_module(folder: Path, name: str) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()


def _run(blog: Blog, slug: str) -> Record:
    import asyncio

    from press.flow.plan import Order, plan_of
    from press.flow.together import follow_waiting

    with locked(blog):
        plan = plan_of(blog, Order((slug,)))
        asyncio.run(follow_waiting(blog, plan))
        if plan.errors:
            raise Problems(plan.errors)
        return plan.records[slug]


def _text(front: str, notebook: Notebook, record: Record | None) -> str:
    """The post; of a run that is not known yet only the cells are quoted."""
    shift = any(re.search(r"(?m)^#\s", part.prose) for part in notebook.parts)
    parts = (
        in_a_post(part.prose, deeper=shift) if part.prose else "\n\n".join(_quotes(part, record))
        for part in notebook.parts
    )
    return "\n\n".join([f"---\nlayout: post\n{front}---", *parts]) + "\n"


def _quotes(part: Part, record: Record | None) -> Iterator[str]:
    yield f'{{% include cell.html name="{part.cell}" %}}'
    if record is None:
        return
    caption = re.sub(r'["{}%<>\[\]*`]', "", part.below) or f"From the cell {part.cell}"
    kinds = (("figure", record.figures), ("table", record.tables))
    for kind, results in kinds:
        for name in (name for name, item in results.items() if item.cell == part.cell):
            alt = f' alt="What the cell {part.cell} draws."' if kind == "figure" else ""
            yield f'{{% include {kind}.html name="{name}" caption="{caption}."{alt} %}}'


def _places(blog: Blog, title: str, begun: Collection[str] = ()) -> tuple[Path, Path]:
    """Where the post and its script will be; what has been `begun` there may be begun again."""
    slug = slug_of(title)
    today = blog.posts / f"{date.today():%Y-%m-%d}-{slug}.md"
    post = next(blog.posts.glob(f"????-??-??-{slug}.*"), today)
    script = blog.code / f"{slug}.py"
    for path in (script, post):
        if path.exists() and blog.text(path) not in begun:
            raise PressError(blog.shown(path), "is there already", "choose another title")
    return post, script


def _front(title: str, more: dict[str, list[str]] | None = None) -> str:
    front = {"title": title, "tags": [], **(more or {})}
    return str(yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1000))


def _begun(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def slug_of(title: str) -> str:
    slug = "-".join(words_in(title))
    if not slug:
        raise PressError(
            "press new", f"the title {title!r} has no letter or digit", "choose another"
        )
    return slug
