"""The prose of a post as Markdown that stands between the cells of its script."""

import re
from collections.abc import Mapping
from typing import Any

from press.record.record import Record
from press.site.post import FRONT_MATTER, Post
from press.site.quotes import INCLUDE, PARAMETER, PLACEHOLDER, UNRENDERED, numbers, words_of
from press.site.sources import Source, enumerated, some

FORMULA = re.compile(r"\$\$(?P<tex>.+?)\$\$", re.DOTALL)
HERE_ONLY = re.compile(r"!?\[(?P<words>[^\]]+)\]\(\s*(?:\{[{%].*?[}%]\}|/)[^)]*\)", re.DOTALL)
LIQUID = re.compile(
    r"\{%-?\s*raw\s*-?%\}(?P<kept>.*?)\{%-?\s*endraw\s*-?%\}"
    r"|\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}"
    r"|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
ATTRIBUTES = re.compile(r"(?P<kept>(?P<fence>`+).*?(?P=fence)|\$\$.*?\$\$)|\{:.*?\}", re.DOTALL)


def between(text: str, post: Post, record: Record, sources: Mapping[str, Source]) -> dict[int, str]:
    """By the number of a script's cell, what is to be read before it.

    The script's order is kept, and so is the prose's: it goes on behind whatever cell it quoted.
    """
    names = [cell.name for cell in record.cells]
    counted = numbers(post.quotes)
    found: dict[int, str] = {}
    place, prose = 0, _opening(post.front)
    start = front.end() if (front := FRONT_MATTER.match(text)) else 0
    rendered = UNRENDERED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for include in INCLUDE.finditer(rendered, start):
        prose += _plain(text[start : include.start()])
        start = include.end()
        given = {match["key"]: words_of(match) for match in PARAMETER.finditer(include["words"])}
        cell = _cell(include["kind"], given, record)
        if cell in names and names.index(cell) >= place:
            found[place] = found.get(place, "") + prose
            place, prose = names.index(cell) + 1, ""
        prose += _told(include["kind"], given, counted, record, sources)
    found[place] = found.get(place, "") + prose + _plain(text[start:])
    return {number: tidy for number, words in found.items() if (tidy := _tidy(words))}


def _opening(front: Mapping[str, Any]) -> str:
    subtitle = f"*{front['subtitle']}*\n\n" if front.get("subtitle") else ""
    return f"# {front.get('title', '')}\n\n{subtitle}"


def _cell(kind: str, given: Mapping[str, str], record: Record) -> str | None:
    name = given.get("name") or given.get("data", "")
    if kind == "cell":
        return name
    for made in (record.figures, record.tables, record.data):
        if name in made:
            return made[name].cell
    return None


def _told(
    kind: str,
    given: Mapping[str, str],
    counted: Mapping[str, Mapping[str, int]],
    record: Record,
    sources: Mapping[str, Source],
) -> str:
    """What stands in the place of an include: a value, a source, a reference or a caption."""
    if kind == "value":
        return record.values[given["of"]].text
    if kind == "ref":
        what = "figure" if "figure" in given else "table"
        return f"{what.capitalize()} {counted[what][given[what]]}"
    if kind == "source":
        return _entry(sources[given["of"]])
    if kind == "cite":
        source = sources[given["source"]]
        return f"{some(source.surnames)} {source.year}".strip()
    if kind == "aside":
        return f" ({_filled(given['text'], record)})"
    if "caption" not in given:
        return ""
    number = counted.get(kind, {}).get(given.get("name", ""))
    label = f"{kind.capitalize()} {number}." if number else "On the page, to be tried:"
    return f"**{label}** {_filled(given['caption'], record)}"


def _filled(text: str, record: Record) -> str:
    values = record.values
    return _plain(
        PLACEHOLDER.sub(lambda slot: values[slot[1]].text if slot[1] in values else slot[0], text)
    )


def _entry(source: Source) -> str:
    title = f"[*{source.title}*]({source.url})" if source.url else f"*{source.title}*"
    named = [enumerated(source.authors), title, source.where, source.year]
    return ", ".join(part for part in named if part)


def _plain(markdown: str) -> str:
    """Without what only the site's own pages understand."""
    words = HERE_ONLY.sub(lambda link: link["words"], markdown)
    words = LIQUID.sub(lambda found: found["kept"] or "", words)
    return ATTRIBUTES.sub(lambda found: found["kept"] or "", words)


def _tidy(prose: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", FORMULA.sub(_formula, prose)).strip()


def _formula(match: re.Match[str]) -> str:
    """A notebook sets one off between double signs, and one within a line between single ones."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    alone = before.rstrip(" ").endswith("\n") and after.lstrip(" ")[:1] in ("", "\n")
    return match[0] if alone else f"${match['tex'].strip()}$"
