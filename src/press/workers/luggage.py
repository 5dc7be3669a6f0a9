"""What goes to a worker with a post: its script, and all of the blog that it may read."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from press.blog import Blog
from press.flow.posts import Work, scripts_of_posts
from press.machine.python import POSTS
from press.script.cells import read_script
from press.script.inputs import inputs_of

SHARED = ("_data/quotes.yml", "_data/colours.yml", "_config.yml", f"requirements/{POSTS}.txt")
TEXT = {".py", ".md", ".txt", ".json", ".yml"}


class Luggage:
    """Scripts of other posts stay at home, unless something that goes along has their names."""

    def __init__(self, blog: Blog) -> None:
        self._blog = blog
        self._scripts = scripts_of_posts(blog)
        own = set(self._scripts.values())
        self._beside = [
            path
            for path in sorted(blog.code.rglob("*"))
            if path.is_file() and path not in own and "__pycache__" not in path.parts
        ]
        self._named = set(self._names(self._beside))

    def of(self, work: Work) -> dict[str, bytes]:
        """By their paths, the files that a copy of the blog needs for this post alone."""
        blog = self._blog
        products = {blog.root / name for name in work.record.products} if work.record else set()
        paths = [blog.root / work.post.path, work.script, blog.record(work.slug)]
        paths += [path for path in self._beside if path not in products]
        paths += self._others(work)
        known = work.record.inputs if work.record else {}
        read = [*inputs_of(blog, read_script(blog, work.script)).files, *known]
        paths += [path for path in map(blog.root.joinpath, read) if path not in products]
        paths += [blog.root / name for name in SHARED]
        paths += [blog.root / name for name in work.record.files] if work.record else []
        return {blog.shown(path): path.read_bytes() for path in paths if path.is_file()}

    def _others(self, work: Work) -> list[Path]:
        """Scripts of other posts that are named here, or in one that is."""
        named = {work.slug}
        new = self._named | set(self._names([work.script]))
        while new - named:
            named |= new
            new = set(self._names(self._scripts[slug] for slug in new))
        return [self._scripts[slug] for slug in sorted(named - {work.slug})]

    def _names(self, paths: Iterable[Path]) -> Iterator[str]:
        """The posts whose scripts these files have the names of."""
        for path in paths:
            if path.suffix in TEXT and path.is_file():
                text = path.read_text("utf-8", "replace")
                yield from (slug for slug in self._scripts if slug in text)
