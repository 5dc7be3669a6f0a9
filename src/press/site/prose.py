"""Markdown as notebooks have it → as posts have it: formulas, headings, nothing for Liquid."""

import re

from press.site.formula import NOT_PROSE, FormulaError, mathml

INLINE = re.compile(r"(?<![\\$\w])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\w$])")
ENDS_RAW = re.compile(r"\{%-?\s*endraw\b")
PASTED = re.compile(r"!\[[^\]\n]*\]\(attachment:[^)\n]*\)")
"""A picture that lies within the notebook itself."""


def in_a_post(markdown: str, *, deeper: bool) -> str:
    """The same for a post; `deeper` where the headings begin at the level of the title."""
    pieces, end = [], 0
    for code in NOT_PROSE.finditer(markdown):
        pieces += [_prose(markdown[end : code.start()], deeper), code[0]]
        end = code.end()
    text = "".join([*pieces, _prose(markdown[end:], deeper)])
    # A text that speaks of Liquid may hold the very words that would end a raw one.
    text = text.replace("{%", "&#123;%") if ENDS_RAW.search(text) else text
    return f"{{% raw %}}\n{text}\n{{% endraw %}}" if "{{" in text or "{%" in text else text


def _prose(text: str, deeper: bool) -> str:
    text = PASTED.sub("", INLINE.sub(_formula, text))
    return re.sub(r"(?m)^(#{1,5})(?=[ \t])", r"#\1", text) if deeper else text


def _formula(match: re.Match[str]) -> str:
    try:
        mathml(match[1])
    except FormulaError:
        return match[0]
    return f"$${match[1]}$$"
