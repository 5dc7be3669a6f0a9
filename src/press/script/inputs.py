"""What a script reads besides its own text: local modules, files it names, data sets, a style."""

import ast
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from press.blog import Blog
from press.datasets.dataset import DataSet
from press.datasets.known import KNOWN
from press.files import digest, stamp
from press.machine.versions import is_library
from press.script.cells import Script, parse, parse_cell
from press.script.names import last_name
from press.voice.errors import PressError

STYLE = "matplotlibrc"
"""Beside the scripts; Matplotlib reads it on its own."""
LONGEST = 200
"""Characters of a text that may name a file."""
MARK = re.compile(r"\..*|.*~|Thumbs\.db|desktop\.ini|__pycache__")
"""Names of what editors, systems and Python leave in a folder."""
SEEDING = {"set_random_seed", "default_rng", "seed"}


@dataclass(frozen=True)
class Inputs:
    """What a script reads besides its own text: local modules, the style, and files it names."""

    modules: Mapping[str, str]
    files: Mapping[str, str]
    packages: tuple[str, ...] = ()
    """What the post names besides press' own packages."""
    unnamed: frozenset[str] = frozenset()
    """The files that no text of the script names: a run was seen to read them."""
    stamps: Mapping[str, str] = field(default_factory=dict, compare=False)
    """By path, what tells whether somebody has written the file since it was read here."""

    def digests(self) -> dict[str, str]:
        return {**self.modules, **self.files}

    def named(self) -> dict[str, str]:
        """The digests of what the text of the script tells of."""
        return {path: told for path, told in self.digests().items() if path not in self.unnamed}


def data_of(script: Script) -> list[DataSet]:
    """The data sets that a script names."""
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
    return [data for name, data in KNOWN.items() if name in names]


def imported(script: Script) -> set[str]:
    """The top-level names of the packages that a script imports."""
    return {name.partition(".")[0] for name in _words(_trees(script))[1]}


def seed_of(script: Script) -> int | None:
    """The seed that a script sets: the argument of its first set_random_seed, if it is plain."""
    nodes = _nodes(script)
    values = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and node.args and last_name(node.func) in SEEDING:
            argument = node.args[0]
            value = values.get(argument.id) if isinstance(argument, ast.Name) else argument
            if isinstance(value, ast.Constant) and isinstance(value.value, int):
                return value.value
    return None


def inputs_of(
    blog: Blog,
    script: Script,
    products: Iterable[str] = (),
    packages: tuple[str, ...] = (),
    seen: Iterable[str] = (),
) -> Inputs:
    """The modules and files that the script reads, with the digests of their bytes.

    Files that an earlier run made itself (`products`) are results, not inputs. Those that it was
    `seen` to read are, whether the script names them or not.
    """
    modules, named = _named(blog, _trees(script))
    style = {f"code/{STYLE}"} if (blog.code / STYLE).is_file() else set()
    others = {path for path in seen if (blog.root / path).is_file()}
    named -= {script.path}  # its text counts by its code, unless a run was seen to read it
    files = ((named | others) - set(products) - set(modules)) | style
    stamps = {path: stamp(blog.root / path) for path in sorted({*modules, *files})}
    return Inputs(
        modules={path: digest((blog.root / path).read_bytes()) for path in sorted(modules)},
        files={path: digest((blog.root / path).read_bytes()) for path in sorted(files)},
        packages=packages,
        unnamed=frozenset(files - named - style),
        stamps=stamps,
    )


def named_in(blog: Blog, text: str) -> set[str] | None:
    """The modules and files that a text names now; nobody knows, if it is not plain Python."""
    tree = parse_cell(text)
    return set().union(*_named(blog, [tree])) if tree else None


def _named(blog: Blog, trees: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """The local modules that code imports, and the files that it or they name."""
    texts, waiting = _words(trees)
    modules: set[str] = set()
    while waiting:
        for path in {blog.shown(path) for path in _module_files(blog, waiting.pop())} - modules:
            modules.add(path)
            more, imports = _words([parsed_module(blog, path)])
            texts |= more
            waiting |= imports
    return modules, {file for text in texts for file in _files(blog, text)}


def _words(trees: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """The texts in code, and what it imports; in each build, so `ast.walk` would be felt."""
    texts: set[str] = set()
    imports: set[str] = set()
    waiting: list[Any] = [*trees]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind is list:
            waiting += node
        elif kind is ast.Constant:
            if isinstance(node.value, str):
                texts.add(node.value)
        elif kind is ast.Import:
            imports.update(alias.name for alias in node.names)
        elif kind is ast.ImportFrom:
            imports.update([node.module] if node.module and not node.level else [])
        elif kind is not ast.Name and isinstance(node, ast.AST):
            waiting += vars(node).values()
    return texts, imports


def written_since(root: Path, stamps: Mapping[str, str]) -> list[str]:
    """The files that were written, or are gone, since they were read."""
    return [path for path, known in stamps.items() if _stamp(root / path) != known]


def _stamp(path: Path) -> str:
    try:
        return stamp(path)
    except FileNotFoundError:
        return "gone"


def _files(blog: Blog, text: str) -> list[str]:
    """The file of the blog that a text names, as code in `code/` would find it.

    Of a folder within `code/`, all that lie in it.
    """
    if not text or len(text) > LONGEST or text.startswith(("/", "~")) or not text.isprintable():
        return []
    if not os.path.lexists(f"{blog.code}/{text.partition('/')[0]}"):
        return []
    path = Path(os.path.normpath(blog.code / text))
    try:
        if path.is_relative_to(blog.root) and path.is_file():
            return [blog.shown(path)]
        if blog.code in path.parents and path.is_dir():
            found = (file for file in path.rglob("*") if not _is_mark(file.relative_to(path)))
            return [blog.shown(file) for file in found if file.is_file()]
    except OSError:  # a name that is too long for one
        pass
    return []


def _is_mark(path: Path) -> bool:
    """Whether it is one of an editor or a system, or what Python keeps."""
    return any(MARK.fullmatch(part) for part in path.parts)


def _module_files(blog: Blog, name: str) -> list[Path]:
    """The file of a local module; of a package all its files, as any of them may be loaded."""
    top = name.partition(".")[0]
    folder, file = blog.code / top, blog.code / f"{top}.py"
    if not (folder.is_dir() or file.is_file()) or is_library(blog.root, top):
        return []
    is_package = (folder / "__init__.py").is_file() or not file.is_file()
    return sorted(folder.rglob("*.py")) if is_package else [file]


def _nodes(script: Script) -> list[ast.AST]:
    return [node for tree in _trees(script) for node in ast.walk(tree)]


def _trees(script: Script) -> list[ast.Module]:
    trees = [parse_cell(cell.source) for cell in script.cells]
    return [tree for tree in trees if tree]


def parsed_module(blog: Blog, path: str) -> ast.Module:
    try:
        return parse(blog.text(blog.root / path))
    except SyntaxError as error:
        raise PressError(
            f"{path}:{error.lineno or 1}", f"syntax error ({error.msg})", "mend the code"
        ) from error
