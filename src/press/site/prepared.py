"""What press has ready for the page of a post: the numbers of its figures and tables, its formulas,
its verdicts, and the sources that it lists.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from press.blog import Blog
from press.files import write
from press.site.formula import rendered
from press.site.post import Post
from press.site.quotes import numbers
from press.site.sources import Source
from press.voice.errors import PressError
from press.voice.terminal import say


def keep_prepared(
    blog: Blog,
    post: Post,
    verdicts: Sequence[Mapping[str, Any]],
    sources: Mapping[str, Source],
    *,
    check: bool,
) -> None:
    """Bring it up to date; with `check`, refuse what is not."""
    content = {
        **numbers(post.quotes),
        "formulas": rendered(post.path, post.formulas),
        "verdicts": verdicts,
        "sources": {key: asdict(source) for key, source in sources.items()},
    }
    filled = {name: item for name, item in content.items() if item}
    made = json.dumps(filled, indent=1, ensure_ascii=False) + "\n" if filled else ""
    path = blog.prepared(post.slug)
    stored = path.read_text("utf-8") if path.exists() else ""
    if made == stored:
        return
    if check:
        problem = "its formulas, verdicts, sources or the numbers of its figures changed"
        raise PressError(f"{post.path}:1", problem, f"run: ./press build {post.slug}")
    for told in _turned(stored, verdicts):
        say(f"{post.path}:1: {told}")
    if made:
        write(path, made)
    else:
        path.unlink()


def _turned(stored: str, verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Which claims have another verdict than before."""
    try:
        before = {item["claim"]: item["verdict"] for item in json.loads(stored)["verdicts"]}
    except (ValueError, KeyError, TypeError):  # none, or a file that was damaged
        before = {}
    for item in verdicts:
        was = before.get(item["claim"], item["verdict"])
        if was != item["verdict"]:
            yield f"the verdict on {item['claim']!r} was {was}, and is now {item['verdict']}"
