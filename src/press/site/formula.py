"""Turns the formulas of a post's Markdown into MathML, which browsers show without JavaScript."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from press.voice.errors import PressError

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
ALIGNED = re.compile("text-align: (left|center|right);")
ACCENTS = {"\u02c6": "^", "\u02dc": "~"}
"""WebKit sets modifier letters too high and aside."""


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
    """What the page needs to show a post's formulas, in a line and as a paragraph of their own."""
    return [
        {"tex": formula.tex, "mathml": inline} | ({"display": own} if own != inline else {})
        for formula in found
        for inline, own in [_both_at(formula, post)]
    ]


def _both_at(formula: Formula, post: str) -> tuple[str, str]:
    try:
        return mathml(formula.tex), mathml(formula.tex, display=True)
    except FormulaError as error:
        raise PressError(
            f"{post}:{formula.line}", f"this formula is not TeX ({error})", "mend it"
        ) from error


def mathml(tex: str, *, display: bool = False) -> str:
    """One formula as a <math> element on which a display attribute can still be set.

    It holds no backslash, since Liquid's `replace` gives backslashes a meaning.
    """
    math = ElementTree.fromstring(_converted(tex, display))
    for element in math.iter():
        _fit_for_the_page(element)
    rows = list(math)
    math.attrib.clear()
    math.set("alttext", tex)
    semantics = Element("semantics")
    semantics.append(rows[0] if len(rows) == 1 else _row(rows))
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


def _converted(tex: str, display: bool) -> str:
    if "{%" in tex or "{{" in tex:
        raise FormulaError("Liquid reads {{ and {% within formulas: write a space between")
    # Imported late: most builds convert nothing.
    from math_core import LatexError, LatexToMathML

    try:
        converter = LatexToMathML(fancy_error=False)
        made = converter.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        raise FormulaError(re.sub(r"^\d+: |\.$", "", str(error))) from error
    return made.replace("&ApplyFunction;", "&#8289;")  # the one name that is not XML's


def _fit_for_the_page(element: Element) -> None:
    """Says by attributes what the security policy forbids as style, and accents plainly."""
    if style := element.attrib.pop("style", ""):
        side = ALIGNED.match(style)
        if element.tag != "mtd" or not side:
            raise FormulaError(f"it needs the style {style}, which pages here do not allow")
        element.set("columnalign", side[1])
    if element.tag == "mtable":
        element.attrib.pop("scriptlevel", None)  # what it is anyway; validators know it elsewhere
    if element.tag == "mover" and element[1].text in ACCENTS:
        element[1].text = ACCENTS[element[1].text]
        element[1].attrib.clear()


def _row(elements: Sequence[Element]) -> Element:
    row = Element("mrow")
    row.extend(elements)
    return row
