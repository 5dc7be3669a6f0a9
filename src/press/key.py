"""The two keys of a script: must its code run again, must its record be written anew.

The compute key covers what can change a result: the parsed code of the cells and of the local
modules they import, the files they name, the style of the figures, and the data set. Comments,
blank lines, layout and cell names are not in it. The display key is that of the script as written.
"""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from press.blog import Blog
from press.errors import PressError
from press.script import Script, parse, parse_cell

ENGINE = 1
"""Counted up when press runs or collects differently, so that older results are run again."""
STYLE = "matplotlibrc"
"""Beside the scripts; Matplotlib reads it on its own."""
MAY_RAISE = "raises-exception"
"""The tag of a cell whose error is shown and ends nothing."""


@dataclass(frozen=True)
class Keys:
    compute: str
    display: str


@dataclass(frozen=True)
class Inputs:
    """What a script reads besides its own text: local modules, the style, and files it names."""

    modules: Mapping[str, str]
    files: Mapping[str, str]

    def digests(self) -> dict[str, str]:
        return {**self.modules, **self.files}


def digest(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def keys_of(blog: Blog, script: Script, inputs: Inputs, data: str | None) -> Keys:
    parts = [f"engine {ENGINE}"]
    parts += [what for cell in script.cells if (what := counted(cell.source, cell.tags))]
    parts += [f"{path} {canonical(_module(blog, path))}" for path in sorted(inputs.modules)]
    parts += [f"{path} {inputs.files[path]}" for path in sorted(inputs.files)]
    if data and uses_mnist(script):
        parts.append(f"data {data}")
    return Keys(compute=digest("\0".join(parts)), display=display_key(script.text))


def display_key(text: str) -> str:
    return digest(f"engine {ENGINE}\0{text}")


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


def uses_mnist(script: Script) -> bool:
    names: set[str] = set()
    for node in _nodes(script):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.alias):
            names.update(node.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            names.update((node.module or "").split("."))
    return "mnist" in names


def imported(script: Script) -> set[str]:
    """The top-level names of the packages that a script imports."""
    return {name.partition(".")[0] for name in _imports(_nodes(script))}


def seed_of(script: Script) -> int | None:
    """The seed that a script sets: the argument of its first set_random_seed, if it is plain."""
    constants: dict[str, object] = {}
    for node in _nodes(script):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            constants.update(
                {
                    target.id: node.value.value
                    for target in node.targets
                    if isinstance(target, ast.Name)
                }
            )
    for node in _nodes(script):
        if isinstance(node, ast.Call) and _called(node) in (
            "set_random_seed",
            "default_rng",
            "seed",
        ):
            argument = node.args[0] if node.args else None
            value: object = argument.value if isinstance(argument, ast.Constant) else None
            if isinstance(argument, ast.Name):
                value = constants.get(argument.id)
            if isinstance(value, int):
                return value
    return None


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", None) or getattr(call.func, "id", ""))


def inputs_of(blog: Blog, script: Script, products: Iterable[str] = ()) -> Inputs:
    """The modules and files that the script reads, with the digests of their bytes.

    Files that an earlier run made itself (`products`) are results, not inputs.
    """
    modules = _modules(blog, script)
    named = {
        f"code/{node.value}"
        for node in _nodes(script)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if _names_file(blog.code, node.value)
    }
    style = {f"code/{STYLE}"} if (blog.code / STYLE).is_file() else set()
    files = (named - set(products) - set(modules) - {script.path}) | style
    return Inputs(
        modules={path: digest((blog.root / path).read_bytes()) for path in sorted(modules)},
        files={path: digest((blog.root / path).read_bytes()) for path in sorted(files)},
    )


def _names_file(folder: Path, text: str) -> bool:
    if not 0 < len(text) < 200 or text.startswith(("/", "~", ".")) or "\n" in text or "\0" in text:
        return False
    return (folder / text).is_file()


def _modules(blog: Blog, script: Script) -> set[str]:
    """The local modules that the script imports, and those that they import."""
    found: set[str] = set()
    waiting = _imports(_nodes(script))
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for path in _module_files(blog.code, name):
            shown = blog.shown(path)
            if shown not in found:
                found.add(shown)
                waiting |= _imports(ast.walk(_module(blog, shown)))
    return found


def _module_files(folder: Path, name: str) -> list[Path]:
    """The file of a module; of a package all its files, as any of them may be loaded."""
    top = name.partition(".")[0]
    if (folder / top).is_dir():
        return sorted((folder / top).rglob("*.py"))
    return [folder / f"{top}.py"] if (folder / f"{top}.py").is_file() else []


def _imports(nodes: Iterable[ast.AST]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def _nodes(script: Script) -> list[ast.AST]:
    trees = [parse_cell(cell.source) for cell in script.cells]
    return [node for tree in trees if tree for node in ast.walk(tree)]


def _module(blog: Blog, path: str) -> ast.Module:
    try:
        return parse(blog.text(blog.root / path))
    except SyntaxError as error:
        raise PressError(
            f"{path}:{error.lineno or 1}", f"syntax error ({error.msg})", "mend the code"
        ) from error
