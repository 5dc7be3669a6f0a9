"""What posts quote of runs: the theme says what can be quoted, and every post is held to it."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from press.blog import Blog
from press.files import from_yaml
from press.site.formula import NOT_PROSE
from press.voice.errors import PressError, collected, noted

UNRENDERED = re.compile(
    r"\{%-?\s*(raw|comment)\s*-?%\}.*?\{%-?\s*end\1\s*-?%\}", re.DOTALL | re.IGNORECASE
)
INCLUDE = re.compile(r"\{%-?\s*include\s+(?P<kind>[\w-]+)\.html(?P<words>\s.*?)-?%\}", re.DOTALL)
PARAMETER = re.compile(
    r"""(?P<key>[\w-]+)\s*=\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>\S+))""",
    re.DOTALL,
)
FORMULA = re.compile(r"\$\$.*?\$\$", re.DOTALL)
PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w -]*)\}")


@dataclass(frozen=True)
class Quotable:
    """An include that quotes a run; the theme's `_data/quotes.yml` says what its fields mean."""

    names: Mapping[str, str] = field(default_factory=dict)
    several: Sequence[str] = ()
    required: Sequence[str] = ()
    texts: Sequence[str] = ()
    items: Sequence[str] = ()
    counted: bool = False
    refers: Sequence[str] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> set[str]:
        return {*self.names, *self.required, *self.texts, *self.refers, *self.others}


@dataclass(frozen=True)
class Quote:
    """Something of the run that a post shows, or refers to."""

    kind: str
    name: str
    line: int
    items: tuple[str, ...] = ()
    """What data must hold to be shown so, or a table."""
    counted: bool = False
    reference: bool = False


def quotable(blog: Blog) -> dict[str, Quotable]:
    """By the name of an include, what it quotes."""
    path = blog.quotes
    if not path.exists():
        return {}
    try:
        return {name: Quotable(**item) for name, item in from_yaml(blog.text(path)).items()}
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        place = f"{blog.shown(path)}:1"
        raise PressError(place, f"does not say what can be quoted ({reason})", "mend it") from error


def quotes_in(text: str, start: int, shown: str, quotables: Mapping[str, Quotable]) -> list[Quote]:
    """What a post quotes from `start` on, in its order."""
    rendered = UNRENDERED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    code = [match.span() for match in NOT_PROSE.finditer(rendered, start)]
    quotes: list[Quote] = []
    with collected() as errors:
        for include in INCLUDE.finditer(rendered, start):
            if kind := quotables.get(include["kind"]):
                line = line_at(text, include.start())
                with noted(errors, f"{shown}:{line}"):
                    if any(first < include.start() < last for first, last in code):
                        problem = f"this {include['kind']} stands within code, which shows its HTML"
                        raise PressError(f"{shown}:{line}", problem, "take it out of the code")
                    given = {match["key"]: match for match in PARAMETER.finditer(include["words"])}
                    quotes += _quoted(include["kind"], kind, given, shown, line)
        errors += _quoted_twice(quotes, shown)
    return quotes


def _quoted(
    include: str, kind: Quotable, given: Mapping[str, re.Match[str]], shown: str, line: int
) -> Iterator[Quote]:
    place = f"{shown}:{line}"
    for parameter in sorted(given.keys() - kind.parameters):
        remedy = _nearest(parameter, kind.parameters)
        raise PressError(place, f"{parameter!r} is no parameter of this {include}", remedy)
    for parameter, pattern in kind.others.items():
        if parameter in given and not re.fullmatch(pattern, words_of(given[parameter])):
            problem = f"{parameter} of this {include} cannot be {words_of(given[parameter])!r}"
            raise PressError(place, problem, f"write what fits {pattern}")
    for parameter in kind.required:
        if parameter not in given or not words_of(given[parameter]).strip():
            raise PressError(place, f"this {include} has no {parameter}", f'add {parameter}="…"')
    for parameter, what in kind.names.items():
        if bare := given[parameter]["bare"]:
            problem = f"the {what}'s name is not in quotes"
            raise PressError(place, problem, f'write {parameter}="{bare}"')
        words = words_of(given[parameter])
        several = [name.strip() for name in words.split(",")]
        for name in several if parameter in kind.several else [words]:
            items = tuple(kind.items) if what == "data" else ()
            counted = kind.counted or what == "data"
            yield Quote(what, name, line, items, counted)
    for text in (words_of(given[key]) for key in kind.texts if key in given):
        for name in PLACEHOLDER.findall(FORMULA.sub("", text)):
            yield Quote("value", name, line)
    if len(both := [what for what in kind.refers if what in given]) > 1:
        raise PressError(place, f"this {include} names {' and '.join(both)}", "name one of them")
    if referred := next(iter(both), None):
        yield Quote(referred, words_of(given[referred]), line, reference=True)
    elif kind.refers:
        remedy = "add " + " or ".join(f'{what}="…"' for what in kind.refers)
        raise PressError(place, f"this {include} names no {' and no '.join(kind.refers)}", remedy)


def words_of(parameter: re.Match[str]) -> str:
    words = parameter["double"] or parameter["single"] or parameter["bare"] or ""
    return words.replace('\\"', '"').replace("\\'", "'")


def _quoted_twice(quotes: Iterable[Quote], shown: str) -> Iterator[PressError]:
    first: dict[tuple[str, str], int] = {}
    for quote in quotes:
        if not quote.counted:
            continue
        line = first.setdefault((quote.kind, quote.name), quote.line)
        if line != quote.line:
            remedy = f'refer to it: {{% include ref.html {quote.kind}="{quote.name}" %}}'
            yield PressError(
                f"{shown}:{quote.line}",
                f"{quote.kind} {quote.name!r} is shown a second time (first at line {line})",
                "give it a cell of its own" if quote.kind == "data" else remedy,
            )


def line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def numbers(quotes: Iterable[Quote]) -> dict[str, dict[str, int]]:
    """The number of each figure and table, in the order in which the post shows them."""
    found: dict[str, dict[str, int]] = {}
    for quote in quotes:
        if quote.counted and quote.kind in ("figure", "table"):
            of_kind = found.setdefault(quote.kind, {})
            of_kind[quote.name] = len(of_kind) + 1
    return found


def unmet(
    path: str,
    quotes: Sequence[Quote],
    names: Mapping[str, Collection[str]],
    held: Mapping[str, Mapping[str, set[str]]],
    unquotable: Mapping[str, Sequence[str]],
) -> Iterator[PressError]:
    """What a post quotes and the run does not give, with the nearest names that exist.

    `held` are the items of data and the columns of tables that the run gives; `unquotable` is what
    else its cells show.
    """
    shown_here = {(quote.kind, quote.name) for quote in quotes if quote.counted}
    for quote in quotes:
        place = f"{path}:{quote.line}"
        if quote.reference:
            if (quote.kind, quote.name) not in shown_here:
                shown = _listed(name for other, name in shown_here if other == quote.kind)
                problem = f"refers to {quote.kind} {quote.name!r}, which the post does not show"
                yield PressError(place, problem, f"show it, or refer to one of: {shown}")
        elif quote.name not in names[quote.kind]:
            where = "the bibliography has" if quote.kind == "source" else "the run gives"
            problem = f"{where} no {quote.kind} {quote.name!r}"
            if other := unquotable.get(quote.name):
                problem += f": its cell shows {_listed(other)}, which a post cannot quote"
                remedy = "draw it with matplotlib, or end the cell in a picture or short DataFrame"
                yield PressError(place, problem, remedy)
            else:
                yield PressError(place, problem, _nearest(quote.name, names[quote.kind]))
        elif quote.items and (missing := {*quote.items} - held[quote.kind][quote.name]):
            known_items = _listed(held[quote.kind][quote.name])
            remedy = (
                "add it to the dict that the cell ends in"
                if quote.kind == "data"
                else "name another"
            )
            problem = f"{quote.kind} {quote.name!r} holds no {_listed(missing)}"
            yield PressError(place, problem, f"{remedy} (it holds: {known_items})")


def _nearest(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    return f"there are: {_listed(names)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
