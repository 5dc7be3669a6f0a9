"""Turns the formulas of a post's Markdown into MathML, which browsers show without JavaScript."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from press.errors import PressError

# Front matter, and code in all its forms: no formula begins in them.
NOT_PROSE = re.compile(
    r"""
      \A---\n .*? ^---$
    | ^[ \t]* (?P<fence>~{3,}|`{3,}) .*? ^[ \t]* (?P=fence) [~`]* [ \t]*$
    | \{%-? \s* (?P<tag>raw|comment|highlight)\b .*? \{%-? \s* end(?P=tag) \s* -?%\}
    | (?P<ticks>(?<!`)`+(?!`)) .*? (?<!`) (?P=ticks) (?!`)
    """,
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
FORMULA = re.compile(r"(?<!\\)\$\$((?:(?!\n[ \t]*\n).)+?)\$\$", re.DOTALL)  # in one paragraph
LIST_ITEM = re.compile(r"[ \t]*(?:(?:[-*+]|\d+\.)[ \t]+)?")

CHILDREN = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3,
    "munder": 2, "mover": 2, "munderover": 3,
}  # fmt: skip


class FormulaError(ValueError):
    """TeX that has no rendering."""


@dataclass(frozen=True)
class Formula:
    tex: str
    line: int


def formulas(markdown: str) -> list[Formula]:
    """The formulas of a post, each TeX once and as kramdown will print it, with its first line."""
    prose = NOT_PROSE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), markdown)
    lines: dict[str, int] = {}
    for match in FORMULA.finditer(prose):
        tex = _outdented(match[1], _indent(prose, match.start())).strip()
        lines.setdefault(tex, prose.count("\n", 0, match.start()) + 1)
    return [Formula(tex, line) for tex, line in lines.items()]


def rendered(post: str, found: Sequence[Formula]) -> list[dict[str, str]]:
    """What the page needs to show a post's formulas."""
    return [{"tex": formula.tex, "mathml": _mathml_at(formula, post)} for formula in found]


def _mathml_at(formula: Formula, post: str) -> str:
    try:
        return mathml(formula.tex)
    except FormulaError as error:
        raise PressError(
            f"{post}:{formula.line}", f"this formula is not TeX ({error})", "mend it"
        ) from error


def mathml(tex: str) -> str:
    """One formula as a <math> element on which a display attribute can still be set.

    It holds no backslash, since Liquid's `replace` gives backslashes a meaning.
    """
    math = _parsed(tex)
    rows = list(math)
    for element in math.iter():
        _set_names_upright(element)
    math.attrib.clear()
    math.set("alttext", tex)
    semantics = Element("semantics")
    semantics.extend(rows)
    annotation = ElementTree.SubElement(semantics, "annotation", encoding="application/x-tex")
    annotation.text = tex
    math[:] = [semantics]
    return ElementTree.tostring(math, encoding="unicode").replace("\\", "&#92;")


def _indent(prose: str, start: int) -> int:
    """How far the text is indented by the list item that the formula at `start` stands in."""
    line = prose[prose.rfind("\n", 0, start) + 1 : start]
    item = LIST_ITEM.match(line)
    return item.end() if item else 0


def _outdented(tex: str, indent: int) -> str:
    return re.sub(rf"(?<=\n)[ \t]{{1,{indent}}}", "", tex) if indent else tex


def _parsed(tex: str) -> Element:
    if "{%" in tex or "{{" in tex:
        raise FormulaError("Liquid reads {{ and {% within formulas: write a space between")
    # Imported late: most builds convert nothing.
    from latex2mathml.converter import convert

    source = tex.replace("{aligned}", "{split}")  # the same thing under the name that is known
    try:
        math = ElementTree.fromstring(convert(source, xmlns="", display="block"))
    except ElementTree.ParseError as error:
        raise FormulaError("a & stands outside an alignment or a matrix") from error
    except Exception as error:  # latex2mathml's errors have no common parent
        raise FormulaError(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__)) from error
    for element in math.iter():
        if "\\" in (element.text or ""):
            raise FormulaError(f"{element.text} is not a known command")
        if len(element) != CHILDREN.get(element.tag, len(element)):
            raise FormulaError("a fraction, an index or an accent lacks a part")
    return math


def _set_names_upright(parent: Element) -> None:
    """Makes operators that are words, such as max, identifiers, and sets them off what follows."""
    children = list(parent)
    for place, child in reversed(list(enumerate(children))):
        if child.tag == "mo" and len(child.text or "") > 1 and (child.text or "").isalpha():
            child.tag = "mi"
        follower = children[place + 1] if place + 1 < len(children) else None
        in_a_row = parent.tag in ("mrow", "mtd") and follower is not None and follower.tag != "mo"
        if in_a_row and _is_name(child):
            parent.insert(place + 1, Element("mspace", width="0.17em"))


def _is_name(element: Element) -> bool:
    base = element[0] if element.tag in ("msub", "msup", "msubsup") else element
    return base.tag in ("mi", "mo") and len(base.text or "") > 1 and (base.text or "").isalpha()
