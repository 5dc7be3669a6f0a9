"""A post that begins with a notebook."""

import re
import shutil
from pathlib import Path

import pytest
from nbformat import NotebookNode, writes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from press.blog import Blog
from press.script.notebooks import read_notebook
from press.site.prose import in_a_post

from .conftest import Press

CELLS = [
    new_raw_cell("---\ntoc: true\n---"),
    new_markdown_cell("# How far it falls\n\nWith $g = 9.81$ and {{ braces }}."),
    new_code_cell("%matplotlib inline\nimport matplotlib.pyplot as plt\nimport pandas as pd"),
    new_markdown_cell("# The *fall*\n\n![pasted](attachment:image.png)\nSee below."),
    new_code_cell("for g in (9.81, 1.62):\n    plt.figure()\n    plt.plot([0, g])\n    plt.show()"),
    new_code_cell("# Both of them\npd.DataFrame({'g': [9.81, 1.62]})", metadata={"tags": ["wide"]}),
    new_code_cell("%%time\ntotal = 1"),
    new_code_cell("# Only a remark\n# of two lines"),
    new_code_cell(""),
    new_code_cell('"""\n\n"""'),
    new_markdown_cell("## The end\n\nIt costs $5, or `$x$` of it."),
]
POST = """\
title: How far it falls
tags: []
---

{% raw %}
With $$g = 9.81$$ and {{ braces }}.
{% endraw %}

{% include cell.html name="import-matplotlib-pyplot-as-plt" %}

## The *fall*


See below.

{% include cell.html name="the-fall" %}

{% include figure.html name="the-fall" caption="The fall." alt="What the cell the-fall draws." %}

{% include figure.html name="the-fall-2" caption="The fall." alt="What the cell the-fall draws." %}

{% include cell.html name="both-of-them" %}

{% include table.html name="both-of-them" caption="The fall." %}

{% include cell.html name="total" %}

Only a remark
of two lines

### The end

It costs $5, or `$x$` of it.
"""


def notebook(folder: Path, *cells: NotebookNode, name: str = "notebook.ipynb") -> Path:
    path = folder / name
    path.write_text(writes(new_notebook(cells=list(cells))))
    return path


def test_a_notebook_becomes_a_post_that_builds(themed: Blog, press: Press, tmp_path: Path) -> None:
    told = press("new", "--from", str(notebook(tmp_path, *CELLS)))

    assert told.code == 0, told.err
    post, script, quoted = told.out.splitlines()
    assert quoted == "quoted: 2 figures, 1 tables"
    text = (themed.root / post).read_text()
    assert text == f"---\nlayout: post\n{POST}"
    assert '# %% both-of-them tags=["wide"]\n' in (themed.root / script).read_text()
    assert press("build").code == 0
    page = (themed.root / "_site" / "posts" / "how-far-it-falls" / "index.html").read_text()
    assert re.findall(r'<figure class="\w+" id="([\w-]+)"', page) == [
        "figure-the-fall",
        "figure-the-fall-2",
        "table-both-of-them",
    ]
    assert press("status").out.startswith("how-far-it-falls  current")
    assert press("new", "--from", str(tmp_path / "notebook.ipynb")).err == (
        f"{post}: is there already; choose another title\n"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fall.py", '# %% [markdown]\n# # A fall\n#\n# Words.\n\n# %%\nx = 1\n\n# %% own "x"\nx\n'),
        (
            "fall.py",
            '"""\nTitle: A fall\nAuthor: Somebody\nDate created: 2026/11/25\n"""\n\n'
            '"""\nWords.\n"""\n\nx = 1\n\n"""\n## Own x\n"""\n\nx\n',
        ),
        (
            "fall.md",
            "---\njupyter:\n  jupytext:\n    text_representation:\n      extension: .md\n---\n\n"
            '# A fall\n\nWords.\n\n```python\nx = 1\n```\n\n```python name="own x"\nx\n```\n',
        ),
    ],
)
def test_texts_of_jupytext_are_notebooks(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    found = read_notebook(tmp_path / name)

    assert found.title == "A fall"
    assert [part.prose or part.cell for part in found.parts if part.prose != "## Own x"] == [
        "Words.",
        "x",
        "own-x",
    ]
    assert found.script == "# %% x\nx = 1\n\n# %% own-x\nx\n"


def test_a_run_that_fails_leaves_what_there_is(blog: Blog, press: Press, tmp_path: Path) -> None:
    source = notebook(tmp_path, new_code_cell("1 / 0"), name="A_zero.ipynb")

    told = press("new", "--from", str(source))

    assert told.code == 1
    assert told.out.splitlines()[1] == "code/a-zero.py"
    assert told.err.splitlines()[1:] == [
        "press: its figures and tables are not quoted yet: ./press status a-zero",
        "code/a-zero.py:2: cell 'cell' raised ZeroDivisionError: division by zero; mend the cell",
    ]


def test_packages_that_are_missing_are_named_and_wait_for_their_pins(
    blog: Blog, press: Press, tmp_path: Path
) -> None:
    source = notebook(tmp_path, new_code_cell("import json, idna, heldoutplots, numpy"))

    told = press("new", "A plot", "--from", str(source))

    (post,) = blog.posts.iterdir()
    assert "packages:\n- heldoutplots\n" in post.read_text()
    assert (told.code, told.err) == (
        1,
        f"_posts/{post.name}:2: names heldoutplots, as the notebook imports them; "
        "if these are the right packages, run ./press pin, and then this again\n",
    )
    (blog.root / "requirements").mkdir()
    (blog.root / "requirements" / "posts.txt").write_text("heldoutplots==1.0\n")
    again = press("new", "A plot", "--from", str(source))
    assert "needs heldoutplots, which this Python lacks" in again.err


def test_modules_beside_a_notebook_are_no_packages(
    blog: Blog, press: Press, tmp_path: Path
) -> None:
    (tmp_path / "heldouthelper.py").write_text("x = 1\n")
    source = notebook(tmp_path, new_code_cell("import heldouthelper\n\nheldouthelper.x"))

    assert press("new", "--from", str(source)).err == (
        f"{tmp_path}: imports heldouthelper, which lies beside it; "
        "copy heldouthelper to code/ first\n"
    )
    shutil.copy(tmp_path / "heldouthelper.py", blog.code)
    assert press("new", "--from", str(source)).code == 0


def test_what_is_no_notebook_is_told(blog: Blog, press: Press, tmp_path: Path) -> None:
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "r.ipynb").write_text(
        writes(
            new_notebook(
                metadata={"kernelspec": {"language": "R", "name": "ir", "display_name": "R"}}
            )
        )
    )

    assert press("new").err == 'press new: names no title; write: ./press new "A title"\n'
    for name, said in (
        ("absent.ipynb", "no such file or directory; name a notebook"),
        ("broken.ipynb", "jupytext cannot read it ("),
        ("r.ipynb", "is written for R; press runs Python only"),
    ):
        assert press("new", "--from", str(tmp_path / name)).err.startswith(
            f"{tmp_path}/{name}: {said}"
        )
    assert not list(blog.posts.iterdir())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("with $x^2$, no more", "with $$x^2$$, no more"),
        ("from $5 to $10", "from $5 to $10"),
        ("a `$x$` and\n\n```\n# $y$\n```\n", "a `$x$` and\n\n```\n# $y$\n```\n"),
        ("$$x$$", "$$x$$"),
        ("$\\nonsense{$", "$\\nonsense{$"),
        ("# One\n## Two", "## One\n### Two"),
    ],
)
def test_prose_of_notebooks_is_brought_into_form(before: str, after: str) -> None:
    assert in_a_post(before, deeper=True) == after
