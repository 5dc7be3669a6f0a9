"""Reading scripts: cells, names, tags, and the author's lines."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from press.blog import Blog
from press.script.cells import Script, find_scripts, read_script
from press.voice.errors import PressError

STATEMENTS = st.sampled_from(
    [
        "x = 1",
        "print('a')",
        "def f():\n    return 2",
        "y = [\n    1,\n\n    2,\n]",
        "# words",
        "x\n\n\ny = 3",
    ]
)
NAMES = st.lists(st.from_regex(r"[a-z]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True), unique=True)


def read(folder: Path, text: str, suffix: str = ".py") -> Script:
    blog = Blog(folder)
    blog.code.mkdir(exist_ok=True)
    path = blog.code / f"post{suffix}"
    path.write_text(text)
    return read_script(blog, path)


def test_titles_name_cells_and_tags_are_kept(tmp_path: Path) -> None:
    script = read(tmp_path, '# %% results tags=["values", "wide"]\n{"a": 1}\n\n# %%\nx = 1\n')

    assert [cell.name for cell in script.cells] == ["results", None]
    assert script.cells[0].tags == ("values", "wide")


def test_markdown_cells_and_empty_cells_are_no_code(tmp_path: Path) -> None:
    script = read(tmp_path, "# %% [markdown]\n# words\n\n# %% empty\n\n# %% a\nx = 1\n")

    assert [cell.name for cell in script.cells] == ["a"]


def test_magics_are_uncommented_and_keep_their_lines(tmp_path: Path) -> None:
    script = read(tmp_path, "# %% a\nx = 1\n\n# %% b\n# %matplotlib inline\n# !ls\ny = 2\n")

    assert script.cells[1].source == "%matplotlib inline\n!ls\ny = 2"
    assert (script.cells[1].line, script.cells[1].end_line) == (5, 7)


@pytest.mark.parametrize(
    ("suffix", "text", "line"),
    [
        (".py", '# A title\n\nimport math\n\n# + name="root"\nroot = 2\n\nroot\n# -\n', 6),
        (".md", '# A title\n\n```python name="root"\nroot = 2\n```\n', 4),
        (".Rmd", "# A title\n\n```{python root}\nroot = 2\n```\n", 4),
    ],
)
def test_other_text_formats_are_read(tmp_path: Path, suffix: str, text: str, line: int) -> None:
    cell = read(tmp_path, text, suffix).cells[-1]

    assert (cell.name, cell.line) == ("root", line)


@given(st.lists(STATEMENTS, min_size=1, max_size=6), st.data())
def test_every_cell_is_found_at_its_line(
    tmp_path_factory: pytest.TempPathFactory, sources: list[str], data: st.DataObject
) -> None:
    names = data.draw(
        st.lists(
            st.from_regex(r"[a-z]{1,8}", fullmatch=True),
            min_size=len(sources),
            max_size=len(sources),
            unique=True,
        )
    )
    gaps = data.draw(st.lists(st.integers(0, 3), min_size=len(sources), max_size=len(sources)))
    text = "".join(
        f"# %% {name}\n{source}\n" + "\n" * gap
        for name, source, gap in zip(names, sources, gaps, strict=True)
    )
    script = read(tmp_path_factory.mktemp("blog"), text)

    assert [cell.name for cell in script.cells] == names
    lines = text.split("\n")
    for cell in script.cells:
        assert "\n".join(lines[cell.line - 1 : cell.end_line]) == cell.source


def test_modules_and_plain_markdown_are_told_from_scripts(tmp_path: Path) -> None:
    blog = Blog(tmp_path)
    blog.code.mkdir()
    (blog.code / "post.py").write_text("# %% a\nx = 1\n")
    (blog.code / "README.md").write_text("# About this folder\n")
    (blog.code / "book.md").write_text("---\njupyter:\n  jupytext: {}\n---\n")

    assert sorted(find_scripts(blog)) == ["book", "post"]


def test_a_script_of_two_formats_is_refused(tmp_path: Path) -> None:
    blog = Blog(tmp_path)
    blog.code.mkdir()
    (blog.code / "post.py").write_text("# %% a\nx = 1\n")
    (blog.code / "post.md").write_text("---\njupyter:\n  jupytext: {}\n---\n")

    with pytest.raises(PressError, match=r"^code/post.py:1: code/post.md has the same slug; "):
        find_scripts(blog)


def named(folder: Path, text: str) -> list[str]:
    return [cell.quoted_as for cell in read(folder, text).cells]


def test_a_cell_without_a_title_is_quoted_by_its_first_words(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        "# %% a\nx = 1\n\n# %%\n# Draw the loss, epoch by epoch, on\nx\n\n# %%\n# ---\ny = 2\n",
    )

    assert [cell.name for cell in script.cells] == ["a", None, None]
    assert [cell.quoted_as for cell in script.cells] == ["a", "draw-the-loss-epoch-by", "y"]
    assert script.cells[1].label == "at line 5"


@settings(deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=6), STATEMENTS, st.data())
def test_a_cell_put_in_never_takes_over_the_name_of_another(
    tmp_path_factory: pytest.TempPathFactory, sources: list[str], new: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(sources)))
    grown = [*sources[:place], new, *sources[place:]]
    before, after = (
        read(tmp_path_factory.mktemp("blog"), "".join(f"# %%\n{source}\n\n" for source in some))
        for some in (sources, grown)
    )

    names = [cell.quoted_as for cell in after.cells]
    assert len(set(names)) == len(names)
    old = {cell.quoted_as: cell.source for cell in before.cells}
    for cell in after.cells:
        assert old.get(cell.quoted_as, cell.source) == cell.source


def test_a_plain_program_is_one_cell_between_its_texts(tmp_path: Path) -> None:
    text = '# coding\n"""A title."""\nx = 1\n\ny = """text"""\n\n\n'
    text += '"""\n## More\n"""\n\n# why\nz = 2\n"z"\n'

    script = read(tmp_path, text)

    assert [(cell.line, cell.source) for cell in script.cells] == [
        (3, 'x = 1\n\ny = """text"""'),
        (12, '# why\nz = 2\n"z"'),
    ]
    assert [cell.quoted_as for cell in script.cells] == ["x", "why"]
