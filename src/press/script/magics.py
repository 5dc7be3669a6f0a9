"""IPython's own lines in a cell: what of them is Python, and which do not work in a run."""

import re
from collections.abc import Iterator

PYTHON_INSIDE = re.compile(r"%%(time|timeit|capture|prun)\b")
"""Cell magics below which stands Python."""
CALLED = re.compile(
    r"get_ipython\(\)\.(?:run_(?:line|cell)_magic|magic|system|getoutput)\(\s*"
    r"['\"](?P<words>[^'\"]*)['\"](?:\s*,\s*['\"](?P<rest>[^'\"]*)['\"])?"
)
"""What nbconvert makes of such a line when it writes a notebook as a script."""
NOT_IN_A_RUN = (
    (
        r"([%!]\s*|!\s*python3?\s+-m\s+)(pip3?|conda|mamba|uv)\b",
        "changes the packages of a run while it goes on",
        "name them in the post's front matter (packages: [NAME]), run ./press pin, and remove it",
    ),
    (
        r"%matplotlib\s+(?!inline\b|--list|-l\b)\S",
        "opens windows",
        "remove it: figures are drawn without it",
    ),
    (
        r"%(run|load|loadpy)\s",
        "takes code from a file, where press would not see it change",
        "import it as a module of code/",
    ),
    (
        r"%(debug|pdb|gui|edit|ed|recall|rerun|pastebin|connect_info|qtconsole)\b",
        "is for somebody at the keyboard",
        "remove it",
    ),
    (
        r"%((re)?load_ext\s+)?tensorboard\b",
        "shows a live page, which no post can quote",
        "remove it, and plot the history of the training",
    ),
)


def not_in_a_run(source: str) -> Iterator[tuple[int, str, str, str]]:
    """The lines of a cell that would not do what they do in a notebook, each with why and a remedy.

    Not within a cell that another program reads, nor in a text of several lines.
    """
    lines = source.split("\n")
    if lines[0].startswith("%%") and not PYTHON_INSIDE.match(lines[0]):
        return
    for number, line in enumerate(lines):
        for pattern, problem, remedy in NOT_IN_A_RUN:
            if re.match(pattern, _as_typed(line.lstrip())):
                yield number, line.strip(), problem, remedy


def _as_typed(line: str) -> str:
    if called := CALLED.match(line):
        return f"%{called['words']} {called['rest'] or ''}".rstrip() + " "
    return line


def plain_python(source: str) -> str:
    """The cell with its IPython lines turned into strings, so that the rest can be parsed."""
    lines = source.split("\n")
    if lines[0].startswith("%%") and not PYTHON_INSIDE.match(lines[0]):
        return repr(source)
    return "\n".join(_without_magic(line) for line in lines)


def has_magic(source: str) -> bool:
    """Whether IPython may read what Python cannot: `x = !ls`, `x = %time y`, `%%bash`, `name?`."""
    return any(
        line.lstrip().startswith(("%", "!", "?"))
        or line.rstrip().endswith("?")
        or "= !" in line
        or "= %" in line
        for line in source.split("\n")
    )


def _without_magic(line: str) -> str:
    words = line.lstrip()
    if not words.startswith(("%", "!", "?")) and not words.rstrip().endswith("?"):
        return line
    return line[: len(line) - len(words)] + repr(words)
