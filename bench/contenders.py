"""Those that are compared: what each is fed, how it is called, and where its pages come out.

All are fed from one percent script. What a tool wants to have written differently is generated.
"""

import ast
import base64
import hashlib
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat.v4 import new_code_cell

ROOT = Path(__file__).resolve().parents[1]
THEME = (
    "_includes",
    "_layouts",
    "assets",
    "pages",
    "_config.yml",
    "_data/colours.yml",
    "_data/quotes.yml",
    "_data/sources.bib",
    "_data/words.yml",
    "404.html",
    "favicon.svg",
    "feed.xml",
    "Gemfile",
    "index.html",
    "ledger.json",
    "robots.txt",
    "search.json",
    "sitemap.xml",
    "code/matplotlibrc",
)
EMBEDDED = re.compile(r'src="data:image/\w+;base64,\s*([^"]+)"')

SPHINX = """\
project = "bench"
extensions = ["{extension}"]
html_theme = "alabaster"
"""
GALLERY = """\
sphinx_gallery_conf = {"examples_dirs": "posts", "gallery_dirs": "auto_examples",
                       "abort_on_example_error": True}
"""
MYST = """\
nb_execution_mode = "cache"
nb_execution_timeout = -1
nb_execution_raise_on_error = True
"""
POST = """\
---
layout: post
title: {title}
---
{body}
"""
FIGURE = """\
{{% include figure.html name="{name}" caption="Of the trained network." alt="A plot." %}}"""


@dataclass(frozen=True)
class Cell:
    name: str
    text: str
    is_code: bool


@dataclass(frozen=True)
class Contender:
    name: str
    root: Path
    command: tuple[str, ...]
    lay: Callable[[Path], None]
    """Puts in a new folder what is no post."""
    sources: Callable[[str, str], Mapping[str, str]]
    """The slug and the script of a post → files."""
    page: str
    """Where the page of a slug comes out."""
    pictures: str = ""
    """Which files are its figures, where they are not within the page."""

    def begin(self) -> None:
        """A folder without posts, in which nothing was ever made."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        self.lay(self.root)

    def write_all(self, posts: Mapping[str, str]) -> None:
        for slug, script in posts.items():
            self.write(slug, script)

    def write(self, slug: str, script: str) -> None:
        for name, text in self.sources(slug, script).items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_text("utf-8") != text:
                path.write_text(text, "utf-8")

    @property
    def is_for_sites(self) -> bool:
        return bool(self.pictures)

    def shown(self, slug: str) -> str:
        """The page of a post; nothing if there is none."""
        path = self.root / self.page.format(slug)
        return path.read_text("utf-8") if path.exists() else ""

    def figures(self, slug: str) -> set[str]:
        """The digests of the page's figures."""
        within = [base64.b64decode(data) for data in EMBEDDED.findall(self.shown(slug))]
        files = self.root.glob(self.pictures.format(slug)) if self.pictures else ()
        contents = [*within, *(path.read_bytes() for path in files)]
        return {hashlib.sha256(content).hexdigest() for content in contents}


def contenders(folder: Path) -> dict[str, Contender]:
    """All of them, each in a folder of its own; the bare script shows only what it prints."""
    python, press = sys.executable, str(ROOT / "press")
    sphinx = (python, "-m", "sphinx", "-q", "-b", "html", ".", "_build/html")
    convert = (python, "-m", "nbconvert", "--log-level=WARN", "--execute", "--to", "html")
    every = [
        Contender(
            "bare script", folder / "bare", (python, "post.py"), _nothing, _bare, "../bare.said.txt"
        ),
        Contender(
            "nbconvert",
            folder / "nbconvert",
            (*convert, "post.ipynb"),
            _nothing,
            lambda slug, script: {f"{slug}.ipynb": notebook(script)},
            "{}.html",
        ),
        Contender(
            "Sphinx-Gallery",
            folder / "gallery",
            sphinx,
            _lay_gallery,
            lambda slug, script: {f"posts/plot_{slug}.py": example(script)},
            "_build/html/auto_examples/plot_{}.html",
            "_build/html/_images/sphx_glr_plot_{}_0*.png",
        ),
        Contender(
            "MyST-NB",
            folder / "myst",
            sphinx,
            _lay_myst,
            lambda slug, script: {f"posts/{slug}.md": myst(script)},
            "_build/html/posts/{}.html",
            "_build/html/_images/*.png",
        ),
        Contender(
            "press",
            folder / "press",
            (press, "--blog", str(folder / "press"), "build"),
            lay_blog,
            _press,
            "_site/posts/{}/index.html",
            "_site/img/{}/*.svg",
        ),
    ]
    return {contender.name: contender for contender in every}


# What each is fed


def _bare(slug: str, script: str) -> dict[str, str]:
    return {f"{slug}.py": script}


def notebook(script: str, first: str = "") -> str:
    book = _book(script)
    if first:
        book.cells.insert(0, new_code_cell(first))
    return str(nbformat.writes(book))


def myst(script: str) -> str:
    return str(jupytext.writes(_book(script), "md:myst"))


def example(script: str) -> str:
    """Sphinx-Gallery's form: the title in a docstring, prose in comments, `# %%` between."""
    first, *others = _cells(script)
    title, body = _title_and_body(first.text)
    rule = "=" * len(title)
    parts = [f'"""\n{title}\n{rule}\n\n{body}\n"""\n']
    for cell in others:
        text = cell.text if cell.is_code else re.sub("^", "# ", cell.text, flags=re.MULTILINE)
        parts.append(f"# %%\n{text}\n")
    return "\n".join(parts)


def _press(slug: str, script: str) -> dict[str, str]:
    """What press wants: the code in a script, the prose in a post that quotes every cell."""
    first, *others = _cells(script)
    title, body = _title_and_body(first.text)
    parts = [body]
    for cell in others:
        parts.append(f'{{% include cell.html name="{cell.name}" %}}' if cell.is_code else cell.text)
        if cell.is_code and "plt.subplots" in cell.text:
            parts.append(FIGURE.format(name=cell.name))
    code = [f"# %% {cell.name}\n{cell.text}\n" for cell in others if cell.is_code]
    return {
        f"_posts/2026-01-01-{slug}.md": POST.format(title=title, body="\n\n".join(parts)),
        f"code/{slug}.py": "\n".join(code),
    }


def _title_and_body(text: str) -> tuple[str, str]:
    title, _, body = text.partition("\n\n")
    return title.removeprefix("# "), body


def _cells(script: str) -> list[Cell]:
    return [
        Cell(cell.metadata.get("title", ""), cell.source, cell.cell_type == "code")
        for cell in _book(script).cells
    ]


def _book(script: str) -> Any:
    book = jupytext.reads(script, fmt="py:percent")
    # A comment for a linter, before the first cell, is none.
    book.cells = [c for c in book.cells if c.cell_type != "code" or ast.parse(c.source).body]
    book.metadata.pop("jupytext", None)  # else no header is written, by which MyST-NB knows code
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return book


# What else lies in their folders


def _nothing(root: Path) -> None:
    """A script or a notebook needs nothing beside it."""


def _lay_gallery(root: Path) -> None:
    (root / "posts").mkdir()
    (root / "posts" / "README.rst").write_text("Posts\n=====\n")
    (root / "conf.py").write_text(SPHINX.format(extension="sphinx_gallery.gen_gallery") + GALLERY)
    (root / "index.rst").write_text("Bench\n=====\n\n.. toctree::\n\n   auto_examples/index\n")


def _lay_myst(root: Path) -> None:
    (root / "conf.py").write_text(SPHINX.format(extension="myst_nb") + MYST)
    (root / "index.md").write_text("# Bench\n\n```{toctree}\n:glob:\n\nposts/*\n```\n")


def lay_blog(root: Path) -> None:
    """The blog with its real theme, and no posts."""
    copy_from_blog(root, THEME)
    (root / "_posts").mkdir()


def copy_from_blog(root: Path, names: Iterable[str]) -> None:
    for name in names:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
