"""Libraries are compiled once, which no cell is held to have done; neighbours of scripts never."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from press.blog import Blog
from press.record.storage import read_record
from tests.conftest import Press, add_post

SCRIPT = """\
# %% library
import mdurl

# %% ways
ways = {"there": mdurl.encode, "back": mdurl.decode}

# %% told
print(ways["there"]("a way"))
"""
IN_A_PROCESS = """\
import importlib.util, sys, types, warnings
from importlib.machinery import SourceFileLoader
from pathlib import Path
from press.kernel import bytecode, ourselves

library, beside = sys.argv[1:]
bytecode.LIBRARIES = (library + "/",)
heard = []

def hear(event, details):
    if event in ("os.mkdir", "os.rename") and not ourselves.at_work():
        heard.append(event)

sys.addaudithook(hear)
bytecode.keep()
bytecode.keep()
sys.path[:0] = [library, beside]
filters = list(warnings.filters)
import of_library, of_author
assert filters == warnings.filters
print(heard, ourselves.at_work())

class Altered(SourceFileLoader):
    def get_data(self, path):
        return b"altered = True"

class Finds:
    def find_spec(self, name, path, target=None):
        if name == "altered":
            loader = Altered(name, library + "/altered.py")
            return importlib.util.spec_from_file_location(name, loader.path, loader=loader)

sys.meta_path.insert(0, Finds())
import altered
assert altered.altered
SourceFileLoader("by_path", Path(beside, "by_path.py")).exec_module(types.ModuleType("by_path"))
"""


def test_kept_of_libraries_and_noticed_by_nobody(tmp_path: Path) -> None:
    for name in ("library", "author"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"of_{name}.py").write_text("told = 1 is 1\n")
    (tmp_path / "library" / "altered.py").write_text("altered = False\n")
    (tmp_path / "author" / "by_path.py").write_text("import sys\n")
    command = [sys.executable, "-B", "-c", IN_A_PROCESS]
    places = [str(tmp_path / name) for name in ("library", "author")]

    told = subprocess.run([*command, *places], capture_output=True, text=True, check=True)

    assert told.stdout == "[] False\n"
    assert told.stderr.count("SyntaxWarning") == 1
    assert "of_author.py:1: SyntaxWarning" in told.stderr
    (kept,) = (tmp_path / "library").glob("__pycache__/*.pyc")
    assert kept.name.startswith("of_library.")
    assert not (tmp_path / "author" / "__pycache__").exists()


@pytest.fixture
def kept() -> Path:
    """Where that of a small library will lie, which nobody has imported yet."""
    spec = importlib.util.find_spec("mdurl")
    assert spec
    assert spec.origin
    kept = Path(spec.origin).parent / "__pycache__"
    shutil.rmtree(kept, ignore_errors=True)
    return kept


def test_a_kernel_keeps_it_of_libraries_alone(blog: Blog, press: Press, kept: Path) -> None:
    (blog.code / "neighbour.py").write_text("import mdurl\n")
    add_post(blog, "post", "# %%\nimport neighbour\n")

    told = press("build")

    assert told.code == 0, told.err
    assert list(kept.glob("__init__.*.pyc"))
    assert not (blog.code / "__pycache__").exists()


@pytest.mark.usefixtures("eager", "kept")
def test_a_run_goes_on_behind_a_library_that_is_compiled_by_now(blog: Blog, press: Press) -> None:
    add_post(blog, "post", SCRIPT)
    assert press("build").code == 0
    add_post(blog, "post", SCRIPT.replace("a way", "the way"))

    told = press("build")

    assert told.code == 0, told.err
    record = read_record(blog, "post")
    assert record
    assert record.provenance.resumed
    assert record.provenance.resumed.cells == 2
    assert record.cells[2].output == "the%20way"
