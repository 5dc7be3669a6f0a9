"""A post → its front matter and what it quotes of its run, with line numbers."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from press.blog import Blog
from press.errors import PressError, collected
from press.formula import Formula, formulas

FILE_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-(?P<slug>.+)\.(md|markdown)")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<yaml>.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
UNRENDERED = re.compile(
    r"\{%-?\s*(raw|comment)\s*-?%\}.*?\{%-?\s*end\1\s*-?%\}", re.DOTALL | re.IGNORECASE
)
INCLUDE = re.compile(r"\{%-?\s*include\s+(?P<kind>[\w-]+)\.html(?P<words>\s.*?)-?%\}", re.DOTALL)
PARAMETER = re.compile(
    r"""(?P<key>\w+)\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>\S+))"""
)
FORMULA = re.compile(r"\$\$.*?\$\$", re.DOTALL)
PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")

NAMED_BY = {
    "cell": {"name": "cell"},
    "figure": {"name": "figure"},
    "table": {"name": "table"},
    "value": {"of": "value"},
    "digit-pad": {"model": "model", "data": "data"},
    "confusion": {"name": "data"},
    "epochs": {"name": "data"},
}
"""By include, the parameters that name something of the run, and what."""
REQUIRED = {
    "cell": ("name",),
    "value": ("of",),
    "table": ("name", "caption"),
    "figure": ("name", "caption", "alt"),
    "digit-pad": ("model", "data", "caption"),
    "confusion": ("name", "caption"),
    "epochs": ("name", "caption"),
}
ITEMS = {
    "digit-pad": ("labels",),
    "confusion": ("counts", "labels", "answers"),
    "epochs": ("epochs", "accuracy", "labels", "answers"),
}
"""What the data that an include shows must hold."""
SHOWN_ONCE = {"figure", "table", "data"}
FRONT_MATTER_QUOTES = {"figure": "figure", "headline": "value"}


@dataclass(frozen=True)
class Quote:
    """Something of the run that the post shows: a cell, a figure, a table or a value."""

    kind: str
    name: str
    line: int
    items: tuple[str, ...] = ()
    """What data must hold to be shown so."""


@dataclass(frozen=True)
class Post:
    path: str
    slug: str
    front: Mapping[str, Any]
    quotes: tuple[Quote, ...]
    formulas: tuple[Formula, ...]

    @property
    def tolerances(self) -> Mapping[str, float]:
        """Tolerances that the post's author sets: of a value by its name, of a table/column."""
        return self.front.get("tolerances") or {}


def find_posts(blog: Blog, errors: list[PressError]) -> dict[str, Path]:
    """Every post by its slug; of two posts of one slug the second is an error."""
    found: dict[str, Path] = {}
    for path in sorted(blog.posts.rglob("*")):
        name = FILE_NAME.fullmatch(path.name)
        if not name:
            continue
        first = found.setdefault(name["slug"], path)
        if first != path:
            problem = f"{blog.shown(first)} has the same slug"
            errors.append(PressError(f"{blog.shown(path)}:1", problem, "rename or remove one"))
    return found


def read_post(blog: Blog, slug: str, path: Path) -> Post:
    shown = blog.shown(path)
    text = blog.text(path)
    if not SLUG.fullmatch(slug):
        raise PressError(
            f"{shown}:1",
            f"the slug {slug!r} holds more than small letters, digits and hyphens",
            "rename the file",
        )
    front_matter = FRONT_MATTER.match(text)
    if not front_matter:
        raise PressError(f"{shown}:1", "has no front matter", "begin the file with --- lines")
    front = _front(front_matter["yaml"], shown)
    quotes = [*_front_quotes(front, text), *_quotes(text, front_matter.end(), shown)]
    return Post(shown, slug, front, tuple(quotes), tuple(formulas(text)))


def _front(source: str, shown: str) -> dict[str, Any]:
    try:
        front = yaml.safe_load(source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        reason = getattr(error, "problem", None) or "no YAML"
        raise PressError(
            f"{shown}:{line}", f"the front matter is not YAML ({reason})", "mend it"
        ) from error
    if not isinstance(front, dict):
        raise PressError(f"{shown}:2", "the front matter holds no keys", "write it as `key: value`")
    if "slug" in front:
        raise PressError(
            f"{shown}:2", "the front matter sets a slug", "remove it; the file's name is the slug"
        )
    _check_tolerances(front.get("tolerances"), shown)
    return front


def _check_tolerances(tolerances: object, shown: str) -> None:
    if tolerances is None:
        return
    numbers = isinstance(tolerances, dict) and all(
        isinstance(number, int | float) and number >= 0 for number in tolerances.values()
    )
    if not numbers:
        raise PressError(
            f"{shown}:2",
            "`tolerances` is no map of names to numbers",
            "write `value_name: 0.3` or `table-name/column: 0.3`",
        )


def _front_quotes(front: Mapping[str, Any], text: str) -> Iterator[Quote]:
    for key, kind in FRONT_MATTER_QUOTES.items():
        if isinstance(front.get(key), str):
            start = re.search(rf"^{key}\s*:", text, re.MULTILINE)
            yield Quote(kind, front[key], _line(text, start.start() if start else 0))


def _quotes(text: str, start: int, shown: str) -> list[Quote]:
    rendered = UNRENDERED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    quotes: list[Quote] = []
    with collected() as errors:
        for include in INCLUDE.finditer(rendered, start):
            line = _line(text, include.start())
            try:
                quotes += _quoted(include["kind"], include["words"], f"{shown}:{line}", line)
            except PressError as error:
                errors.append(error)
        errors += _quoted_twice(quotes, shown)
    return quotes


def _quoted(kind: str, words: str, place: str, line: int) -> list[Quote]:
    given = {match["key"]: match for match in PARAMETER.finditer(words)}
    if kind == "ref":
        return _referred(given, place, line)
    if kind not in NAMED_BY:
        return []
    for parameter in REQUIRED[kind]:
        if parameter not in given or not _words(given[parameter]).strip():
            raise PressError(place, f"this {kind} has no {parameter}", f'add {parameter}="…"')
    for parameter, what in NAMED_BY[kind].items():
        if bare := given[parameter]["bare"]:
            raise PressError(
                place, f"the {what}'s name is not in quotes", f'write {parameter}="{bare}"'
            )
    texts = [_words(given[key]) for key in ("caption", "alt") if key in given]
    placeholders = [name for text in texts for name in PLACEHOLDER.findall(FORMULA.sub("", text))]
    named = [
        Quote(what, name.strip(), line, ITEMS.get(kind, ()) if what == "data" else ())
        for parameter, what in NAMED_BY[kind].items()
        for name in _words(given[parameter]).split(",")
    ]
    return [*named, *(Quote("value", placeholder, line) for placeholder in placeholders)]


def _referred(given: Mapping[str, re.Match[str]], place: str, line: int) -> list[Quote]:
    for kind in ("figure", "table"):
        if kind in given:
            return [Quote(f"{kind} reference", _words(given[kind]), line)]
    raise PressError(place, "this ref names no figure and no table", 'add figure="…" or table="…"')


def _words(parameter: re.Match[str]) -> str:
    return parameter["double"] or parameter["single"] or parameter["bare"] or ""


def _quoted_twice(quotes: list[Quote], shown: str) -> Iterator[PressError]:
    first: dict[tuple[str, str], int] = {}
    for quote in quotes:
        if quote.kind not in SHOWN_ONCE:
            continue
        line = first.setdefault((quote.kind, quote.name), quote.line)
        if line != quote.line:
            remedy = f'refer to it: {{% include ref.html {quote.kind}="{quote.name}" %}}'
            yield PressError(
                f"{shown}:{quote.line}",
                f"{quote.kind} {quote.name!r} is shown a second time (first at line {line})",
                "give it a cell of its own" if quote.kind == "data" else remedy,
            )


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def unmet(
    post: Post, known: Mapping[str, Collection[str]], held: Mapping[str, set[str]]
) -> Iterator[PressError]:
    """What the post quotes and the run does not give, with the nearest names that exist.

    `held` are the items of the data that the run gives.
    """
    shown_here = {(quote.kind, quote.name) for quote in post.quotes}
    for quote in post.quotes:
        kind, _, reference = quote.kind.partition(" ")
        place = f"{post.path}:{quote.line}"
        if reference:
            if (kind, quote.name) not in shown_here:
                shown = _listed(name for other, name in shown_here if other == kind)
                yield PressError(
                    place,
                    f"refers to {kind} {quote.name!r}, which the post does not show",
                    f"show it, or refer to one of: {shown}",
                )
        elif quote.name not in known[kind]:
            near = difflib.get_close_matches(quote.name, known[kind], n=3, cutoff=0.5)
            remedy = (
                f"did you mean {' or '.join(map(repr, near))}?"
                if near
                else f"there are: {_listed(known[kind])}"
            )
            yield PressError(place, f"the run gives no {kind} {quote.name!r}", remedy)
        elif missing := set(quote.items) - held.get(quote.name, set()):
            yield PressError(
                place,
                f"data {quote.name!r} holds no {_listed(missing)}",
                f"add it to the dict that the cell ends in (it holds: {_listed(held[quote.name])})",
            )


def _listed(names: Collection[str] | Iterator[str]) -> str:
    return ", ".join(sorted(names)) or "none"
