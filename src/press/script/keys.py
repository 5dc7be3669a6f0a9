"""The two keys of a script: must its code run again, must its record be written anew.

The compute key covers what can change a result: the parsed code of the cells and of the local
modules they import, the files they name, the style of the figures, the data set, and the packages
that the post names. Comments,
blank lines, layout and cell names are not in it. The display key is that of the script as written.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass

from press.blog import Blog
from press.files import digest
from press.script.cells import Script, parse_cell
from press.script.inputs import Inputs, data_of, parsed_module

ENGINE = 1
"""Counted up when press runs or collects differently, so that older results are run again."""
MAY_RAISE = "raises-exception"
"""The tag of a cell whose error is shown and ends nothing."""


@dataclass(frozen=True)
class Keys:
    compute: str
    display: str


def keys_of(blog: Blog, script: Script, inputs: Inputs) -> Keys:
    parts = [f"engine {ENGINE}"]
    parts += [what for cell in script.cells if (what := counted(cell.source, cell.tags))]
    parts += [f"{path} {canonical(parsed_module(blog, path))}" for path in sorted(inputs.modules)]
    parts += [f"{path} {inputs.files[path]}" for path in sorted(inputs.files)]
    parts += [f"data {data.digest}" for data in data_of(script)]
    parts += [f"package {package}" for package in inputs.packages]
    parts += [script.text] if shows_itself(script) else []
    display = display_key(script.text, inputs.packages)
    return Keys(compute=digest("\0".join(parts)), display=display)


SHOWS_ITSELF = re.compile(
    r"\b(getsource\w*|getcomments|getdoc|getframeinfo|linecache|traceback|exc_info|stack_info"
    r"|co_firstlineno|\w*lineno)\b"
)


def shows_itself(script: Script) -> bool:
    """Whether it asks for its own text, so that comments and blank lines can change a result."""
    return any(SHOWS_ITSELF.search(cell.source) for cell in script.cells)


def display_key(text: str, packages: Iterable[str]) -> str:
    return digest("\0".join([f"engine {ENGINE}", text, *packages]))


def counted(source: str, tags: Iterable[str]) -> str:
    """What of a cell counts for a run: its code, and whether that may raise an error."""
    code = code_of(source)
    return f"{code} {MAY_RAISE}" if code and MAY_RAISE in tags else code


def code_of(source: str) -> str:
    """What of a cell counts: its parsed code, and whether a last `;` hides its result."""
    tree = parse_cell(source)
    if tree is None:
        return "\n".join(line.rstrip() for line in source.split("\n"))
    return canonical(tree) + (";" if _ends_quietly(source) else "") if tree.body else ""


def canonical(node: object) -> str:
    """The tree in one line, the same in every Python: fields that hold nothing are left out."""
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={canonical(value)}"
            for name, value in ast.iter_fields(node)
            if name not in ("kind", "type_comment") and value is not None and value != []
        ]
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(canonical(item) for item in node)}]"
    return f"{type(node).__name__}:{node!r}"


def _ends_quietly(source: str) -> bool:
    if ";" not in source:
        return False
    passed_over = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return source.rstrip().endswith(";")
    words = [token.string for token in tokens if token.type not in passed_over]
    return bool(words) and words[-1] == ";"
