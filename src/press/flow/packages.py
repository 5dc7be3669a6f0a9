"""What scripts need is put in before they run; what posts need besides is pinned before that."""

from collections.abc import Iterable, Iterator

from press.blog import Blog
from press.flow.posts import Work
from press.machine.python import POSTS, Environment, ensure
from press.machine.versions import missing, name_of, read_pins
from press.voice.errors import PressError, noted

PINS = f"requirements/{POSTS}.txt"


def ready(blog: Blog, works: Iterable[Work], errors: list[PressError]) -> list[Work]:
    """Have what these posts need; of a post that cannot have it, say why, and leave it out."""
    found = list(_each(blog, works, errors))
    needy = [work for work in found if work.post.packages]
    for work in needy[:1]:  # before the others: it brings what they need with it
        with noted(errors, f"{work.post.path}:1"):
            ensure(POSTS, blog.root)
            needy = []
    ensure("run", blog.root)
    return [work for work in found if work not in needy]


def _each(blog: Blog, works: Iterable[Work], errors: list[PressError]) -> Iterator[Work]:
    for work in works:
        with noted(errors, f"{work.post.path}:1"):
            _check(blog, work)
            yield work


def _check(blog: Blog, work: Work) -> None:
    """Whether a post's packages are pinned, and pinned as press' own are."""
    names = [name_of(package) for package in work.post.packages]
    pins, own = read_pins(blog.root, POSTS), read_pins(blog.root, "run")
    if unpinned := [name for name in names if name not in pins]:
        problem = f"needs {', '.join(unpinned)}, which {PINS} does not pin"
        raise PressError(f"{work.post.path}:2", problem, "run: ./press pin")
    if names and (other := [name for name in pins.keys() & own if pins[name] != own[name]]):
        name = min(other)
        problem = f"pins {name} {pins[name]}, and press has {own[name]}"
        raise PressError(f"{PINS}:1", problem, "run: ./press pin")
    if not Environment(blog.root).is_ours and (absent := missing(names)):
        problem = f"needs {', '.join(absent)}, which this Python lacks"
        raise PressError(f"{work.post.path}:2", problem, f"run: pip install -r {PINS}")
