"""The bibliography: what posts call a source by its key, told once for all of them in BibTeX."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from press.blog import Blog
from press.site.quotes import Quote, line_at
from press.voice.errors import PressError

SOURCE = "source"
ENTRY = re.compile(r"^@(?P<kind>\w+)\s*\{\s*(?P<key>[^\s,{}]+)\s*,", re.MULTILINE)
FIELD = re.compile(r"\s*(?P<name>\w+)\s*=\s*(?=[{\"\d])")
PLAIN = re.compile(r"\d+|\"(?:[^\"{}]|\{[^{}]*\})*\"")
BRACES = re.compile(r"[{}]")
PLACES = ("journal", "booktitle", "howpublished", "publisher", "institution")
REMEDY = "write each as `name = {words},`, and close the entry with }"


@dataclass(frozen=True)
class Source:
    """What a page says of one."""

    authors: tuple[str, ...]
    surnames: tuple[str, ...]
    title: str
    where: str
    year: str
    url: str


def read_sources(blog: Blog, errors: list[PressError]) -> dict[str, Source]:
    """By key, those of the bibliography; one that cannot be read does not hide the others."""
    path = blog.sources
    if not path.is_file():
        return {}
    shown, text = blog.shown(path), blog.text(path)
    found: dict[str, Source] = {}
    for entry in ENTRY.finditer(text):
        key, place = entry["key"], f"{shown}:{line_at(text, entry.start())}"
        try:
            fields = dict(_fields(text, entry.end()))
        except ValueError as error:
            problem = f"source {key!r} cannot be read ({error})"
            errors.append(PressError(place, problem, REMEDY))
            continue
        if missing := {"author", "title"} - fields.keys():
            problem = f"source {key!r} has no {' and no '.join(sorted(missing))}"
            errors.append(PressError(place, problem, "add it"))
        elif key in found:
            problem = f"source {key!r} stands here a second time"
            errors.append(PressError(place, problem, "give it another key"))
        else:
            found[key] = _source(fields)
    return found


def shown_of(quotes: Iterable[Quote], sources: Mapping[str, Source]) -> dict[str, Source]:
    """Those that a post lists."""
    return {quote.name: sources[quote.name] for quote in quotes if quote.kind == SOURCE}


def enumerated(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def some(names: Sequence[str]) -> str:
    """As one names them in a sentence."""
    return enumerated(names) if len(names) < 3 else f"{names[0]} and others"


RESOLVER = "https://doi.org/"
ADDRESSES = {"doi", "url"}


def _fields(text: str, at: int) -> Iterator[tuple[str, str]]:
    while field := FIELD.match(text, at):
        value, at = _value(text, field.end())
        if "\\" in value:
            raise ValueError(f"{field['name']} has a command of TeX; write the letter itself")
        name, words = field["name"].lower(), " ".join(value.split())
        yield name, words if name in ADDRESSES else words.replace("--", "–")
        while text[at : at + 1] == "," or text[at : at + 1].isspace():
            at += 1
    if text[at : at + 1] != "}":
        raise ValueError(f"after {' '.join(text[:at].split()[-3:])!r}")


def _value(text: str, at: int) -> tuple[str, int]:
    """What a field says, with the braces around it that keep names together, and where it ends."""
    if plain := PLAIN.match(text, at):
        return plain[0].strip('"'), plain.end()
    depth = 0
    for brace in BRACES.finditer(text, at):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[at + 1 : brace.start()], brace.end()
    raise ValueError("a brace is not closed")


def _source(fields: Mapping[str, str]) -> Source:
    names = [_name(name) for name in re.split(r"\s+and\s+(?![^{]*\})", fields["author"])]
    doi = f"{RESOLVER}{fields['doi'].removeprefix(RESOLVER)}" if "doi" in fields else ""
    return Source(
        authors=tuple(" ".join(part for part in name if part) for name in names),
        surnames=tuple(surname for _, surname in names),
        title=_bare(fields["title"]),
        where=_bare(next((fields[name] for name in PLACES if name in fields), "")),
        year=fields.get("year", ""),
        url=fields.get("url", doi),
    )


def _name(name: str) -> tuple[str, str]:
    """What stands before the surname, and that; names in braces are taken as they are."""
    if name.startswith("{"):
        return "", _bare(name)
    surname, comma, given = name.partition(",")
    if not comma:
        given, _, surname = name.rpartition(" ")
    return _bare(given.strip()), _bare(surname.strip())


def _bare(words: str) -> str:
    return BRACES.sub("", words)
