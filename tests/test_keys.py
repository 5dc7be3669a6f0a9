"""The two keys: what makes code run again, and what does not."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from press.blog import Blog
from press.datasets.known import KNOWN
from press.datasets.mnist import MNIST
from press.script.cells import read_script
from press.script.inputs import data_of, inputs_of, seed_of
from press.script.keys import Keys, code_of, keys_of

SCRIPT = """\
# %% setup
import numpy as np

seed = 42
keras.utils.set_random_seed(seed)

# %% train tags=["a"]
losses = [1.0, 0.5]
for step in range(3):
    losses.append(losses[-1] / 2)
"""


def keys(folder: Path, text: str) -> Keys:
    blog = Blog(folder)
    blog.code.mkdir(exist_ok=True)
    path = blog.code / "post.py"
    path.write_text(text)
    script = read_script(blog, path)
    return keys_of(blog, script, inputs_of(blog, script))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# %% train", "# %% training"),
        ('tags=["a"]', 'tags=["values"]'),
        ("losses = [1.0, 0.5]", "losses = [1.0, 0.5]  # the first two"),
        ("losses = [1.0, 0.5]", "# the first two\nlosses = [1.0, 0.5]"),
        ("losses = [1.0, 0.5]", "losses = [\n    1.0,\n    0.5,\n]"),
        ("for step", "\n\n\nfor step"),
        ("# %% setup\n", "# %% [markdown]\n# Words.\n\n# %% setup\n"),
        ("import numpy as np", "# %% note\n# nothing but words\n\n# %% more\nimport numpy as np"),
    ],
)
def test_what_is_only_shown_does_not_run_again(tmp_path: Path, old: str, new: str) -> None:
    before, after = keys(tmp_path, SCRIPT), keys(tmp_path, SCRIPT.replace(old, new))

    assert after.compute == before.compute
    assert after.display != before.display


def test_files_are_found_by_every_name_and_in_modules_too(tmp_path: Path) -> None:
    blog = Blog(tmp_path)
    (blog.code / "data").mkdir(parents=True)
    (tmp_path / "_data").mkdir()
    for name in ("code/a.csv", "code/b.csv", "code/data/c.py", "_data/d.csv"):
        (tmp_path / name).write_text("x = 1\n")
    (blog.code / "data.py").write_text("open('./b.csv')\n")
    long = "Ж" * 130
    for name in ("code/scans/one/1.png", "code/scans/2.png", "code/scans/__pycache__/x.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    named = "open('./a.csv'), open('../_data/d.csv'), 'scans/', '.', '..', '../_data'"
    text = f"# %% a\nimport data\n{named}, '{long}'\n"
    (blog.code / "post.py").write_text(text)

    inputs = inputs_of(blog, read_script(blog, blog.code / "post.py"))

    files = {"code/a.csv", "code/b.csv", "_data/d.csv", "code/scans/one/1.png", "code/scans/2.png"}
    assert set(inputs.files) == files
    assert set(inputs.modules) == {"code/data.py"}  # which Python prefers to the folder


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("range(3)", "range(4)"),
        ("0.5]", "0.5, 0.25]"),
        ("/ 2", "// 2"),
        ("seed = 42", "seed = 43"),
        ("import numpy as np", "import numpy as numpy"),
        ("losses = [1.0", "losses = [1"),
        ("\nfor step", "\n# %% loop\nfor step"),
        ('tags=["a"]', 'tags=["raises-exception"]'),
    ],
)
def test_what_can_change_a_result_runs_again(tmp_path: Path, old: str, new: str) -> None:
    after = keys(tmp_path, SCRIPT.replace(old, new))

    assert after.compute != keys(tmp_path, SCRIPT).compute


def test_a_last_semicolon_hides_a_result_and_counts() -> None:
    assert code_of("x = 1\nx;") != code_of("x = 1\nx")
    assert code_of("x = 1\nx;  # hidden") == code_of("x = 1\nx;")
    assert code_of("x = ';'\nx") == code_of("x = ';'\nx  # ;")


def test_magic_lines_count_and_the_comments_beside_them_do_not() -> None:
    assert code_of("%time x = 1\ny = 2") == code_of("%time x = 1\ny = 2  # two")
    assert code_of("%time x = 1\ny = 2") != code_of("%time x = 2\ny = 2")
    assert code_of("%%bash\nls") != code_of("%%bash\nls -l")


@given(st.integers(0, 9), st.integers(0, 9))
def test_equal_code_has_equal_keys_and_other_code_has_others(a: int, b: int) -> None:
    first, second = (f"total = sum(range({n}))\nprint(total + {n})" for n in (a, b))

    assert (code_of(first) == code_of(second)) == (a == b)
    assert code_of(first) == code_of(first.replace("\n", "\n\n# words\n"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
def test_every_text_in_the_code_counts(text: str) -> None:
    assert code_of(f"x = {text!r}") != code_of(f"x = {text + 'a'!r}")


def test_local_modules_count_by_their_code(tmp_path: Path) -> None:
    script = "# %% a\nimport shapes\n"
    (tmp_path / "code").mkdir()
    module = tmp_path / "code" / "shapes.py"
    other = tmp_path / "code" / "circles.py"
    module.write_text("import circles\n\nPI = 3\n")
    other.write_text("radius = 1\n")
    before = keys(tmp_path, script).compute

    module.write_text("import circles  # round\n\nPI = 3\n")
    assert keys(tmp_path, script).compute == before
    other.write_text("radius = 2\n")
    assert keys(tmp_path, script).compute != before


def test_files_that_the_code_names_count(tmp_path: Path) -> None:
    script = "# %% a\ntext = open('data/n.txt').read()\n"
    (tmp_path / "code" / "data").mkdir(parents=True)
    file = tmp_path / "code" / "data" / "n.txt"
    file.write_text("7")
    before = keys(tmp_path, script).compute
    file.write_text("8")

    assert keys(tmp_path, script).compute != before


def test_the_style_of_the_figures_counts(tmp_path: Path) -> None:
    without = keys(tmp_path, SCRIPT).compute
    style = tmp_path / "code" / "matplotlibrc"
    style.write_text("lines.linewidth: 2\n")
    before = keys(tmp_path, SCRIPT).compute
    style.write_text("lines.linewidth: 3\n")

    assert len({without, before, keys(tmp_path, SCRIPT).compute}) == 3


def test_the_data_set_counts_where_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading = "# %% a\nfrom keras.datasets import mnist\n"
    before = keys(tmp_path, loading), keys(tmp_path, SCRIPT)

    monkeypatch.setitem(KNOWN, "mnist", replace(MNIST, arrays={"x_train": "another"}))

    assert keys(tmp_path, loading).compute != before[0].compute
    assert keys(tmp_path, SCRIPT).compute == before[1].compute


@pytest.mark.parametrize(
    "line",
    [
        "keras.datasets.mnist.load_data()",
        "from keras.datasets import mnist",
        "from keras.datasets.mnist import load_data",
        "import keras.datasets.mnist as digits",
    ],
)
def test_mnist_is_noticed(tmp_path: Path, line: str) -> None:
    blog = Blog(tmp_path)
    blog.code.mkdir()
    path = blog.code / "post.py"
    path.write_text(f"# %% a\n{line}\n")

    assert data_of(read_script(blog, path)) == [MNIST]


def test_the_seed_is_read_from_the_code(tmp_path: Path) -> None:
    blog = Blog(tmp_path)
    blog.code.mkdir()
    path = blog.code / "post.py"
    path.write_text(SCRIPT)

    assert seed_of(read_script(blog, path)) == 42
