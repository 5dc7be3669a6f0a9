"""Begin a post: its text and its script, paired, that build as they are."""

import argparse
import re
import unicodedata
from datetime import date
from pathlib import Path

import yaml

from press.blog import Blog
from press.errors import PressError
from press.files import write
from press.terminal import result


def words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("title", metavar="TITLE")


def main(blog: Blog, options: argparse.Namespace) -> None:
    new(blog, options.title)


def new(blog: Blog, title: str) -> None:
    slug = slug_of(title)
    post = blog.posts / f"{date.today():%Y-%m-%d}-{slug}.md"
    script = blog.code / f"{slug}.py"
    taken = [script, *blog.posts.glob(f"????-??-??-{slug}.*")]
    for path in taken:
        if path.exists():
            raise PressError(blog.shown(path), "is there already", "choose another title")
    front = yaml.safe_dump({"title": title, "tags": []}, allow_unicode=True, sort_keys=False)
    write(post, _begun("new-post.md").format(front=front))
    write(script, _begun("new-script.py.txt").format(title=title))
    result(f"{blog.shown(post)}\n{blog.shown(script)}")


def _begun(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def slug_of(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not slug:
        raise PressError(
            "press new", f"the title {title!r} has no letter or digit", "choose another"
        )
    return slug
