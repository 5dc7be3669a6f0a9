"""Snippets that run alone, and downloads that run elsewhere."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from press.blog import Blog
from press.datasets.mnist import MNIST
from press.record.storage import read_record

from .conftest import ROOT, Press, add_post

SCRIPT = """\
# %% setup
import random

import matplotlib.pyplot as plt

# %% numbers
random.seed(1)
numbers = [random.random() for _ in range(4)]
unused = sorted(numbers)

# %% told
print(len(numbers), max(numbers))
numbers

# %% curve
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot(numbers)
"""
QUOTES = '{% include cell.html name="told" %}\n\n{% include cell.html name="curve" %}\n'


def test_snippets_that_run_alone_are_counted(blog: Blog, press: Press) -> None:
    add_post(blog, "post", SCRIPT, QUOTES)

    told = press("verify", "--snippets")

    assert told.code == 0, told.err
    assert told.out == "post: 2 of 2 snippets run alone and give what the whole script gives\n"
    assert not blog.record("post").exists(), "proving snippets writes nothing"


@pytest.mark.parametrize(
    ("hidden", "problem"),
    [
        ('vars(numbers_of)["count"] = 2', "gives something else than the cell"),
        ("exec('count = 3')", "fails (cell 'told' raised NameError: name 'count' is not defined)"),
    ],
)
def test_what_no_text_tells_is_found_by_running(
    blog: Blog, press: Press, hidden: str, problem: str
) -> None:
    script = (
        "# %% hidden\n"
        "def numbers_of():\n    return getattr(numbers_of, 'count', 1)\n\n"
        f"{hidden}\n\n"
        f"# %% told\nprint({'count' if 'exec' in hidden else 'numbers_of()'})\n"
    )
    add_post(blog, "post", script, '{% include cell.html name="told" %}')

    told = press("verify", "--snippets", "post")

    assert told.code == 1
    assert f"code/post.py:8: the runnable copy of cell 'told' {problem}" in told.err


# Downloads


@pytest.fixture(scope="module")
def everything(this_blog: Blog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of this blog, unpacked in an empty folder."""
    folder = tmp_path_factory.mktemp("empty")
    archive = (this_blog.root / "_site" / "downloads" / "everything.zip").read_bytes()
    zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
    return folder


def test_the_archive_has_all_posts(everything: Path) -> None:
    blog = Blog(ROOT)
    for path in blog.code.glob("*.py"):
        folder = everything / path.stem
        record = read_record(blog, path.stem)
        assert record
        assert record.requirements
        assert (folder / path.name).read_bytes() == path.read_bytes()
        notebook = blog.notebook(path.stem).read_bytes()
        assert (folder / f"{path.stem}.ipynb").read_bytes() == notebook
        pins = (blog.root / record.requirements.file).read_bytes()
        assert (folder / "requirements.txt").read_bytes() == pins
        read = record.inputs.keys() - record.products - {"code/matplotlibrc"}
        for name in read:
            there = (folder / name.removeprefix("code/")).read_bytes()
            assert there == (blog.root / name).read_bytes()


def test_requirements_are_what_the_run_had_and_can_be_had(everything: Path) -> None:
    asked: list[list[str]] = []
    for path in everything.glob("*/requirements.txt"):
        record = read_record(Blog(ROOT), path.parent.name)
        assert record
        pins = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        assert pins == [
            f"{name}=={version}" for name, version in record.provenance.packages.items()
        ]
        if pins in asked:
            continue
        asked.append(pins)
        # uv finds every one of them fulfilled here: they can be read, and name what was run.
        uv = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable]
        command = [*uv, "--dry-run", "--no-deps", "--no-index", "-r", str(path)]
        command += ["--override", str(ROOT / "requirements" / "tensorflow.in")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Would make no changes" in done.stderr


# Keras would fetch MNIST; here it gets the stand-in data, where the real file would lie.
OFFLINE = """\
import sys, runpy
import keras
from keras.src.datasets import mnist
mnist.get_file = lambda *_, **__: {data!r}
runpy.run_path({script!r}, run_name="__main__")
"""


@pytest.mark.parametrize("name", ["notebook", "script"])
def test_script_and_notebook_run_from_an_empty_folder(
    everything: Path, tmp_path: Path, name: str, thorough: bool
) -> None:
    data = str(MNIST.stand_in(tmp_path)["mnist.npz"])
    trained = ("first-glimpse-of-a-neural-network",) if thorough else ()
    for slug in ("every-element", *trained):
        code = program(everything / slug / f"{slug}.{'py' if name == 'script' else 'ipynb'}")
        # On other data claims may be false; what is proved here is that nothing is missing.
        kept = "\n".join(line for line in code.split("\n") if not line.startswith("assert "))
        folder = tmp_path / slug
        folder.mkdir()
        (folder / "post.py").write_text(kept)
        environment = {**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-c", OFFLINE.format(data=data, script="post.py")],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]


def program(path: Path) -> str:
    text = path.read_text()
    if path.suffix == ".py":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
