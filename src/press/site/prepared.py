"""What press has ready for the page of a post: the numbers of its figures and tables, formulas."""

import json

from press.blog import Blog
from press.errors import PressError
from press.files import write
from press.site.formula import rendered
from press.site.post import Post
from press.site.quotes import numbers


def keep_prepared(blog: Blog, post: Post, *, check: bool) -> None:
    """Bring it up to date; with `check`, refuse what is not."""
    content = {**numbers(post.quotes), "formulas": rendered(post.path, post.formulas)}
    filled = {name: item for name, item in content.items() if item}
    made = json.dumps(filled, indent=1, ensure_ascii=False) + "\n" if filled else ""
    path = blog.prepared(post.slug)
    stored = path.read_text("utf-8") if path.exists() else ""
    if made == stored:
        return
    if check:
        problem = "its formulas, or the numbers of its figures, changed"
        raise PressError(f"{post.path}:1", problem, f"run: ./press build {post.slug}")
    if made:
        write(path, made)
    else:
        path.unlink()
