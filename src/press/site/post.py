"""A post → its front matter and what it quotes of its run, with line numbers."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from press.blog import Blog
from press.files import from_yaml
from press.site.formula import Formula, formulas
from press.site.quotes import Quotable, Quote, line_at, quotes_in
from press.voice.errors import PressError

FILE_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-(?P<slug>.+)\.(md|markdown)")
TAKEN_FOR_ONE = re.compile(r"\d{2,4}-\d{1,2}-\d{1,2}-[^/]*\.[^.]+")
"""The name of what Jekyll publishes as a post."""
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<yaml>.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
PACKAGE = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,. -]+\])?( *([<>~=!]=|[<>]) *[\w.*]+,?)*")
TEXTS = ("title", "subtitle", "description", "series", "permalink", "headline", "figure", "layout")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
THEME = re.compile(r"^\s*(remote_)?theme:", re.MULTILINE)
VERDICT = {
    *("claim", "by", "year", "source", "published", "ours", "holds", "partly", "why", "figure")
}
UNDATED = "undated"
RULE = (ast.BoolOp, ast.Compare, ast.BinOp, ast.UnaryOp)
SIGNS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.USub)
FRONT_MATTER_QUOTES = {"figure": "figure", "headline": "value"}


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

    @property
    def verdicts(self) -> Sequence[Mapping[str, Any]]:
        """What others claimed, each with the rule by which the run decides."""
        return self.front.get("verdicts") or ()

    @property
    def packages(self) -> tuple[str, ...]:
        """What its script needs besides press' own packages, as pip would be told."""
        return tuple(sorted(self.front.get("packages") or ()))


def slug_of(path: Path) -> str:
    name = FILE_NAME.fullmatch(path.name)
    return name["slug"] if name else path.stem


def find_posts(blog: Blog, errors: list[PressError]) -> dict[str, Path]:
    """Every post by its slug; of two posts of one slug the second is an error."""
    found: dict[str, Path] = {}
    for path in sorted(blog.posts.rglob("*")):
        name = FILE_NAME.fullmatch(path.name)
        if not name:
            if TAKEN_FOR_ONE.fullmatch(path.name) and path.is_file():
                problem = "is a post for Jekyll, but press would not read it"
                remedy = "name it YYYY-MM-DD-slug.md"
                errors.append(PressError(f"{blog.shown(path)}:1", problem, remedy))
            continue
        first = found.setdefault(name["slug"], path)
        if first != path:
            problem = f"{blog.shown(first)} has the same slug"
            errors.append(PressError(f"{blog.shown(path)}:1", problem, "rename or remove one"))
    return found


def read_post(blog: Blog, path: Path, quotables: Mapping[str, Quotable]) -> Post:
    """The post; `quotables` is what the theme can quote."""
    shown = blog.shown(path)
    text = blog.text(path)
    slug = slug_of(path)
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
    _check_layout(blog, front.get("layout"), shown, text)
    start = front_matter.end()
    quotes = [*_front_quotes(front, text), *quotes_in(text, start, shown, quotables)]
    return Post(shown, slug, front, tuple(quotes), tuple(formulas(text)))


def _front(source: str, shown: str) -> dict[str, Any]:
    try:
        front = from_yaml(source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        reason = getattr(error, "problem", None) or "no YAML"
        raise PressError(
            f"{shown}:{line}", f"the front matter is not YAML ({reason})", "mend it"
        ) from error
    except ValueError as error:  # a date such as the thirtieth of February
        raise PressError(
            f"{shown}:2", f"the front matter holds no date ({error})", "mend it"
        ) from error
    if not isinstance(front, dict):
        raise PressError(f"{shown}:2", "the front matter holds no keys", "write it as `key: value`")
    if "slug" in front:
        raise PressError(
            f"{shown}:2", "the front matter sets a slug", "remove it; the file's name is the slug"
        )
    _check_kinds(front, shown)
    _check_tolerances(front.get("tolerances"), shown)
    _check_packages(front.get("packages"), shown)
    for verdict in _items(front.get("verdicts"), shown):
        _check_verdict(verdict, shown)
    return front


def _check_kinds(front: Mapping[str, Any], shown: str) -> None:
    """Jekyll would name its layout, and not the post, or show what nobody meant."""
    for key in TEXTS:
        if not isinstance(front.get(key, ""), str | None):
            raise PressError(f"{shown}:2", f"`{key}` is no text", "put it in quotes")
    for key in ("tags", "categories"):
        given = front.get(key) or []
        items = given if isinstance(given, list) else [given]
        if not all(isinstance(item, str) for item in items):
            remedy = f'put each in quotes, as in {key}: ["2024"]'
            raise PressError(f"{shown}:2", f"`{key}` holds what is no text", remedy)
    for key in ("date", "last_modified_at"):
        if not isinstance(front.get(key), date | None) and not DAY.match(str(front[key])):
            raise PressError(f"{shown}:2", f"`{key}` is no date", "write it as 2026-11-30")


def _check_layout(blog: Blog, layout: str | None, shown: str, text: str) -> None:
    """Without its layout a page would be bare; those of a theme elsewhere cannot be seen here."""
    folder = blog.root / "_layouts"
    if layout in (None, "none", "null") or not folder.is_dir():
        return
    known = (folder / f"{layout}.html").is_file() or any(folder.glob(f"{layout}.*"))
    if not known and not THEME.search(blog.text(blog.root / "_config.yml")):
        names = ", ".join(sorted(path.stem for path in folder.glob("*.*")))
        line = _line_of(text, "layout")
        raise PressError(f"{shown}:{line}", f"there is no layout {layout!r}", f"there are: {names}")


def _items(verdicts: object, shown: str) -> Sequence[object]:
    if verdicts is None:
        return ()
    if isinstance(verdicts, list):
        return verdicts
    raise PressError(f"{shown}:2", "`verdicts` is no list", "begin each with `- claim: …`")


def _check_verdict(verdict: object, shown: str) -> None:
    given = set(verdict) if isinstance(verdict, dict) else set()
    absent = [key for key in ("claim", "by", "year", "source") if key not in given]
    if absent or given - VERDICT or not isinstance(verdict, dict):
        foreign = ", ".join(sorted(map(str, given - VERDICT)))
        wrong = f"lacks {', '.join(absent)}" if absent else f"has {foreign}"
        remedy = f"of these it may have: {', '.join(sorted(VERDICT))}"
        raise PressError(f"{shown}:2", f"a verdict {wrong}", remedy)
    if "holds" not in given and not {"published", "ours"} <= given:
        remedy = "write `holds: value > 1`, or `published: 97%` and `ours: value`"
        raise PressError(f"{shown}:2", f"nothing decides on {verdict['claim']!r}", remedy)
    if not isinstance(verdict["year"], int) and verdict["year"] != UNDATED:
        remedy = f"write it as year: 2017, or year: {UNDATED}"
        raise PressError(f"{shown}:2", f"{verdict['year']!r} is no year", remedy)
    for key in ("ours", "figure"):
        if not isinstance(verdict.get(key, ""), str):
            problem = f"`{key}: {verdict[key]}` in a verdict is no name"
            raise PressError(f"{shown}:2", problem, "name one that the run gives")
    for key in ("holds", "partly"):
        try:
            if key in verdict and not names_in_rule(str(verdict[key])):
                raise ValueError("it names no value")
        except (SyntaxError, ValueError) as error:
            rule = verdict[key]
            remedy = "compare values, numbers, and their sums, products and abs()"
            raise PressError(f"{shown}:2", f"{rule!r} is no rule ({error})", remedy) from error


def _compares(rule: ast.expr) -> bool:
    parts = rule.values if isinstance(rule, ast.BoolOp) else ()
    return isinstance(rule, ast.Compare) or (bool(parts) and all(map(_compares, parts)))


def names_in_rule(rule: str) -> set[str]:
    """The values that a rule compares; ValueError or SyntaxError if it is none."""
    found: set[str] = set()
    called: set[int] = set()
    body = ast.parse(rule, mode="eval").body if rule else None
    if body and not _compares(body):
        raise ValueError("it compares nothing")
    for node in ast.walk(body) if body else ():
        match node:
            case ast.Call(func=ast.Name(id="abs") as function, args=[_], keywords=[]):
                called.add(id(function))
            case ast.Name(id=name) if id(node) not in called:
                found.add(name)
            case ast.Constant(value=int() | float()) | ast.Name():
                continue
            case ast.expr() if not isinstance(node, RULE):
                raise ValueError(f"it has {ast.unparse(node)}")
            case ast.cmpop() | ast.operator() | ast.unaryop() if not isinstance(node, SIGNS):
                raise ValueError(f"it has the sign {type(node).__name__}")
    return found


def rules_of(verdict: Mapping[str, Any]) -> str:
    """All that it compares, as one rule."""
    return " and ".join(f"({verdict[key]}\n)" for key in ("holds", "partly") if key in verdict)


def _check_packages(packages: object, shown: str) -> None:
    items = packages if isinstance(packages, list) else [None]
    if packages is not None and not all(
        isinstance(item, str) and PACKAGE.fullmatch(item) for item in items
    ):
        remedy = "write it as packages: [seaborn, scikit-learn>=1.5]"
        raise PressError(f"{shown}:2", "`packages` is no list of packages", remedy)


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
    """What the front matter says of the run, and what it sets tolerances for."""
    for key, kind in FRONT_MATTER_QUOTES.items():
        if isinstance(front.get(key), str):
            yield Quote(kind, front[key], _line_of(text, key))
    for verdict in front.get("verdicts") or ():
        line = _line_of(text, "verdicts")
        names = names_in_rule(rules_of(verdict)) | (
            {verdict["ours"]} if "ours" in verdict else set()
        )
        yield from (Quote("value", name, line) for name in sorted(names))
        if "figure" in verdict:
            yield Quote("figure", verdict["figure"], line)
    for name in front.get("tolerances") or ():
        table, of, column = str(name).partition("/")
        line = _line_of(text, str(name), "tolerances")
        yield Quote("table" if of else "value", table, line, (column,) if of else ())


def _line_of(text: str, *keys: str) -> int:
    """The line of the first of these keys that begins one."""
    for key in keys:
        start = text.find(key)
        while start >= 0:
            before = text[text.rfind("\n", 0, start) + 1 : start]
            if not before.strip(" '\"") and text.startswith((":", "':", '":'), start + len(key)):
                return line_at(text, start)
            start = text.find(key, start + 1)
    return 1
