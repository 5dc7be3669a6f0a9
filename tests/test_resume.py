"""Going on from a snapshot gives what a run from nothing gives, or does not happen."""

import dataclasses
import json
import os
import pickle
import random
import shutil
import sqlite3
import types
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from press.blog import Blog
from press.kernel import imports, namespace
from press.kernel import restored as surroundings
from press.kernel.description import Description
from press.kernel.parts import Unknown
from press.kernel.protocol import Found, Taken
from press.kernel.sealed import Vault, secret
from press.machine.versions import versions_of
from press.record.storage import read_record
from press.run import replay as needs
from press.run import snapshots as resume
from press.run.outcome import NOTHING
from press.script.cells import Cell, Script

from .conftest import ROOT, Press, add_post

VARIED = """\
# %% setup
import random

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

rng = np.random.default_rng(1)
random.seed(2)
np.random.seed(3)

# %% arrays
grid = rng.normal(size=(400, 500))
row = grid[3]
turned = grid.T[::2]
step = 1


# %% functions
def moved(amount):
    return amount + step


class Box:
    held = 0

    def put(self, amount):
        self.held = moved(self.held) + amount
        return self


box = Box().put(2)
again = [box, box]
double = lambda value: 2 * moved(value)
left = iter([5, 6, 7, 8])
next(left)

# %% change
step = 10
again[0].put(1)
row[:] = 7
plt.rcParams["lines.linewidth"] = 4

# %% curve
fig, ax = plt.subplots(figsize=(3, 2))
ax.plot([random.random(), np.random.rand(), rng.normal(), next(left), double(1)])

# %% table
pd.DataFrame({"held": [again[1].held], "sum": [turned.sum()]})

# %% values tags=["values"]
{"box": box.held, "same": str(again[0] is box), "row": f"{grid[3].mean()}", "next": next(left),
 "drawn": f"{rng.normal()} {random.random()} {np.random.rand()}"}
"""

KERAS = """\
# %% setup
import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(1)

# %% data
rng = np.random.default_rng(2)
x, y = rng.normal(size=(200, 6, 6, 1)).astype("float32"), rng.integers(3, size=200)

# %% model
model = keras.Sequential([
    keras.Input((6, 6, 1)),
    layers.RandomTranslation(0.2, 0.2),
    layers.Flatten(),
    layers.Dense(8, activation="relu"),
    layers.BatchNormalization(),
    layers.Dropout(0.5),
    layers.Dense(3),
])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile("adam", loss, metrics=["accuracy"])

# %% first
history = model.fit(x, y, epochs=2, verbose=0)

# %% second
model.fit(x, y, epochs=2, verbose=2)

# %% other
other = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
other.summary()
other.compile("sgd", "sparse_categorical_crossentropy")
other.fit(np.ones((4, 2)), np.zeros(4, int), verbose=0)

def squared(y, p):
    return keras.ops.mean((y - p) ** 2)

two = [np.ones((4, 2)), np.ones((4, 3))]
left, right = keras.Input((2,)), keras.Input((3,))
pair = keras.Model([left, right], layers.Dense(2)(layers.concatenate([left, right])))
pair.compile("adam", squared, metrics=[squared])
pair.fit(two, np.ones((4, 2)), verbose=0)

# %% values tags=["values"]
{"pair": f"{pair.loss is squared} {pair.fit(two, np.zeros((4, 2)), verbose=0).history}",
 "loss": f"{model.evaluate(x, y, verbose=0)[0]:.9f}", "first": f"{history.history['loss']}",
 "weights": f"{sum(float(np.sum(w)) for w in other.get_weights()):.9f}",
 "drawn": f"{np.random.rand()} {float(keras.random.normal((1,))[0])}"}
"""

CLASSES = """\
# %% setup
import functools
from abc import ABC, abstractmethod
from collections import namedtuple
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import NamedTuple, TypeVar

# %% data
@dataclass
class Settings:
    rate: float
    layers: list = field(default_factory=list)

@dataclass(frozen=True, order=True)
class Score:
    value: float
    of: tuple = (1, 2)

settings, score = Settings(0.1, [3]), Score(2.0)

# %% tuples
Point = namedtuple("Point", "x y", defaults=[5])
class Step(NamedTuple):
    "One of many."
    number: int
    loss: float = 0.5
    def told(self):
        return f"{self.number}: {self.loss}"
point, step = Point(1), Step(2)

# %% kinds
T = TypeVar("T", bound=int)
class Shape(ABC):
    @abstractmethod
    def area(self): ...
class Square(Shape):
    def __new__(cls, side=2):
        made = super().__new__(cls)
        made.side = side
        return made
    def area(self):
        return self.side ** 2
    @staticmethod
    def unit():
        return Square(1)
square = Square(3)

# %% wrapped
def counted(function):
    @functools.wraps(function)
    def inner(*given):
        inner.calls += 1
        return function(*given)
    inner.calls = 0
    return inner
@counted
def double(x):
    "Twice."
    return 2 * x
@contextmanager
def opened():
    yield double(3)
double(1)

# %% values tags=["values"]
settings.layers.append(4)
with opened() as six:
    found = [asdict(settings), repr(settings), replace(score, value=1.0) < score, hash(score)]
{"data": f"{found} {Settings(1.0).layers}",
 "point": f"{point} {Point(2)._replace(x=7)} {Point._fields}",
 "step": f"{step.told()} {step._asdict()} {Step.__doc__} {Step.__new__.__defaults__}",
 "kinds": f"{square.area()} {Square.unit().side} {T!r} {T.__module__} {isinstance(square, Shape)}",
 "wrapped": f"{six} {double.calls} {double.__name__} {double.__doc__} {double.__wrapped__(4)}"}
"""


def results(blog: Blog, slug: str = "post") -> dict[str, Any]:
    """All that a record holds, but for the code and where and when it ran."""
    record = read_record(blog, slug)
    assert record
    unplaced: dict[str, Any] = {"source": "", "line": 0, "end_line": 0, "needs": ()}
    cells = [dataclasses.replace(cell, **unplaced) for cell in record.cells]
    values = {name: dataclasses.replace(item, line=0) for name, item in record.values.items()}
    kept = ("figures", "tables", "card")
    return {"cells": cells, "values": values, **{name: getattr(record, name) for name in kept}}


def edited(text: str, cell: int) -> str:
    """The script with a statement without effect at the start of one cell."""
    parts = text.split("# %% ")
    title, _, code = parts[cell].partition("\n")
    parts[cell] = f"{title}\npass\n{code}"
    return "# %% ".join(parts)


def said_cells_known(err: str) -> int:
    words = err.partition(" known from an earlier run")[0].rpartition("\n")[2]
    return int(words.split(": ")[1].split()[0]) if "known from" in err else 0


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("script", "cells"),
    [(VARIED, (7, 3, 4, 5, 6)), (KERAS, (7, 5, 4)), (CLASSES, (6, 3, 4, 5))],
    ids=["varied", "keras", "classes"],
)
def test_a_resumed_run_gives_what_a_whole_one_gives(
    blog: Blog, press: Press, script: str, cells: Sequence[int], thorough: bool
) -> None:
    add_post(blog, "post", script)
    assert press("build").code == 0
    whole = results(blog)

    for cell in cells if thorough else cells[:1]:
        add_post(blog, "post", edited(script, cell))
        told = press("build")

        assert told.code == 0, told.err
        assert said_cells_known(told.err) == cell - 1, told.err
        assert results(blog) == whole, f"after an edit of cell {cell}"
        add_post(blog, "post", script)


@pytest.mark.usefixtures("eager")
def test_a_mended_script_goes_on_where_it_failed(blog: Blog, press: Press) -> None:
    add_post(blog, "post", "# %% a\nx = 1\n\n# %% b\n1 / 0\n")
    assert press("build").code == 1

    add_post(blog, "post", "# %% a\nx = 1\n\n# %% b\nprint(x)\n")
    told = press("build")

    assert said_cells_known(told.err) == 1
    assert results(blog)["cells"][1].output == "1"


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "script",
    [
        "# %% a\nimport threading\nlock = threading.Lock()\n\n# %% b\nprint(lock.locked())\n",
        "# %% a\nfrom pathlib import Path\nPath('f').write_text('1')\n\n# %% b\nprint(1)\n",
        "# %% a\nimport os\nos.system('true')\n\n# %% b\nprint(1)\n",
    ],
    ids=["what cannot be kept", "a written file", "another process"],
)
def test_what_cannot_be_proved_equal_is_run_again(
    blog: Blog, press: Press, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(needs, "QUICK_WITH_IMPORTS", 0.0)
    add_post(blog, "post", script)
    assert press("build").code == 0
    add_post(blog, "post", edited(script, 2))

    told = press("build")

    assert told.code == 0
    assert said_cells_known(told.err) == 0


@pytest.mark.usefixtures("eager")
def test_what_wrote_files_before_a_snapshot_writes_them_again_once(
    blog: Blog, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "QUICK", 0.5)
    script = """\
# %% header
from pathlib import Path
Path("log.csv").write_text("epoch\\n");

# %% quick
a = 1

# %% slow
import time
time.sleep(0.7)

# %% line
with open("log.csv", "a") as file:
    file.write("1\\n");
del file

# %% more
b = 2

# %% shown
print(Path("log.csv").read_text())
"""
    add_post(blog, "post", script)
    assert press("build").code == 0
    whole = results(blog)

    for _ in range(2):  # the second goes on from a snapshot of the first
        script += "pass\n"
        add_post(blog, "post", script)
        told = press("build")
        assert results(blog)["cells"][5].output == whole["cells"][5].output == "epoch\n1"
        assert said_cells_known(told.err) == 5, told.err


@pytest.mark.usefixtures("eager")
def test_a_cell_that_is_run_again_beside_a_snapshot_has_no_more_time(
    blog: Blog, press: Press
) -> None:
    flag = blog.local / "flag"
    script = (
        f"# %% waits\nimport os, time\nwhile os.path.exists({str(flag)!r}):\n    time.sleep(0.1)\n"
        "\n# %% b\nx = 1\n\n# %% c\nprint(x)\n"
    )
    add_post(blog, "post", script)
    assert press("build").code == 0
    flag.touch()
    add_post(blog, "post", script + "pass\n")

    told = press("build", "--time-limit", "1")

    assert "cannot go on from a snapshot (it took longer than a cell may)" in told.err
    assert "code/post.py:2: cell 'waits' ran longer than" in told.err
    assert told.code == 1


SEEN = {
    "a folder of modules": (
        "lib/util.py",
        "import sys\nsys.path.insert(0, 'lib')\nfrom util import f\n",
        "f()",
    ),
    "a module by its name": (
        "util.py",
        "import importlib\nutil = importlib.import_module('util')\n",
        "util.f()",
    ),
    "files by a pattern": (
        "data/a.txt",
        "from pathlib import Path\n",
        "[path.read_text() for path in Path('data').glob('*.txt')]",
    ),
    "a file in another folder": (
        "data/a.txt",
        "import os\nos.chdir('data')\n",
        "open('a.txt').read()",
    ),
    "a database": (
        "data/a.db",
        "import sqlite3, os\nfrom contextlib import closing\nos.chdir('data')\n"
        "def rows(name):\n    with closing(sqlite3.connect(name)) as database:\n"
        "        return database.execute('select x from t').fetchall()\n",
        "rows('a' + '.db')",
    ),
    "memory of a file": (
        "data/a.bin",
        "import numpy as np\n",
        "bytes(np.memmap('data' + '/a.bin', mode='r+'))",
    ),
    "a name put together": (
        "data/a.txt",
        "from pathlib import Path\n",
        "(Path('data') / ('a' + '.txt')).read_text()",
    ),
}


def put(path: Path, word: str) -> None:
    if path.suffix != ".db":
        path.write_text(f"def f():\n    return {word!r}\n")
        return
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table t as select ? as x", [word])
        database.commit()


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name", SEEN)
def test_what_a_run_was_seen_to_read_counts(
    blog: Blog, press: Press, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Though no text names it: neither a record nor a snapshot outlives it."""
    monkeypatch.setattr(needs, "QUICK", 0.0)
    file, begin, read = SEEN[name]
    path = blog.code / file
    path.parent.mkdir(exist_ok=True)
    put(path, "old")
    script = f"# %% a\n{begin}\n# %% b\nx = {read}\n\n# %% c\nprint(x, {read})\n"
    add_post(blog, "post", script)
    assert press("build").code == 0
    add_post(blog, "post", script := f"{script}pass\n")
    assert said_cells_known(press("build").err) == 2, "nothing changed, and no snapshot was laid"

    put(path, "new")

    told = press("status", "--json").out
    assert (json.loads(told)[0]["state"], json.loads(told)[0]["reason"]) == (
        "changed",
        f"code/{file}",
    )
    add_post(blog, "post", f"{script}pass\n")
    assert press("build").code == 0
    assert "old" not in results(blog)["cells"][2].output
    assert results(blog)["cells"][2].output.count("new") == 2


def test_what_a_run_was_seen_to_read_counts_where_the_user_keeps_no_secret(
    blog: Blog, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/none")
    (blog.code / "data").mkdir()
    (blog.code / "data" / "a.txt").write_text("old")
    add_post(blog, "post", "# %% a\nimport os\nos.chdir('data')\nprint(open('a.txt').read())\n")
    assert press("build").code == 0

    (blog.code / "data" / "a.txt").write_text("new")
    assert press("build").code == 0

    assert results(blog)["cells"][0].output.strip() == "new"


@pytest.mark.usefixtures("eager")
def test_what_is_written_behind_a_run_that_has_read_it_is_told(blog: Blog, press: Press) -> None:
    """The script has another program write it, which the kernel does not hear."""
    (blog.code / "data.txt").write_text("old")
    script = (
        "# %% a\nimport subprocess\nname = 'data' + '.txt'\nx = open(name).read()\n\n"
        "# %% b\nsubprocess.run(['sh', '-c', f'printf new > {name}']);\n\n# %% c\nprint(x)\n"
    )
    add_post(blog, "post", script)

    told = press("build")

    assert told.code == 1
    assert "code/data.txt:1: was written while the script ran" in told.err


def test_what_compiled_code_writes_and_a_cell_reads_is_no_input(blog: Blog, press: Press) -> None:
    script = (
        "# %% a\nimport subprocess\nname = 'data' + '.txt'\n"
        "subprocess.run(['sh', '-c', f'printf new > {name}']);\nprint(open(name).read())\n\n"
        "# %% b\nprint(open(name).read())\n"
    )
    add_post(blog, "post", script)
    assert press("build").code == 0
    (blog.code / "data.txt").unlink()

    assert json.loads(press("status", "--json").out)[0]["state"] == "current"


@pytest.mark.parametrize("folder", ["../code-data", "linked", ".data", "data"])
def test_a_file_that_no_text_names_is_an_input_wherever_it_lies(
    blog: Blog, press: Press, folder: str
) -> None:
    (blog.root / "stuff").mkdir()
    (blog.code / "linked").symlink_to(blog.root / "stuff")
    place = blog.code / folder
    place.mkdir(exist_ok=True)
    (place / "a-1.txt").write_text("1")
    script = f"# %% a\nn = 1\nt = int(open(f'{folder}/a-{{n}}.txt').read())\nprint(t)\n"
    add_post(blog, "post", script)
    assert press("build").code == 0

    (place / "a-1.txt").write_text("7")

    assert json.loads(press("status", "--json").out)[0]["state"] == "changed"


def test_any_number_of_files_can_be_read(blog: Blog, press: Press) -> None:
    (blog.code / "many").mkdir()
    for n in range(1100):
        (blog.code / "many" / f"{n}.txt").write_text("1")
    body = "sum(int(open(f'many/{n}.txt').read()) for n in range(1100))"
    add_post(blog, "post", f"# %% a\nprint({body})\n")

    assert press("build").code == 0
    assert press("build", "--check").code == 0


def test_what_a_run_keeps_for_the_next_one_is_no_input(blog: Blog, press: Press) -> None:
    script = (
        "# %% a\nfrom pathlib import Path\nn = 1\npath = Path(f'kept-{n}.txt')\n"
        "if not path.exists():\n    path.write_text('1')\nprint(path.read_text())\n"
    )
    add_post(blog, "post", script)
    assert press("build").code == 0
    once = read_record(blog, "post")
    assert press("build", "--refresh").code == 0

    again = read_record(blog, "post")
    assert once
    assert again
    assert (once.inputs, once.keys) == (again.inputs, again.keys)
    (blog.code / "kept-1.txt").unlink()
    assert json.loads(press("status", "--json").out)[0]["state"] == "current"


def test_a_script_that_reads_itself_depends_on_its_comments(blog: Blog, press: Press) -> None:
    script = "# %% a\nname = 'po' + 'st.py'\nprint(len(open(name).read()))\n"
    add_post(blog, "post", script)
    assert press("build").code == 0
    assert press("build", "--check").code == 0

    add_post(blog, "post", f"# Longer.\n{script}")

    assert json.loads(press("status", "--json").out)[0]["state"] == "changed"


@pytest.mark.usefixtures("eager")
def test_a_snapshot_holds_nothing_of_another_environment(
    blog: Blog, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "QUICK", 0.0)
    script = "# %% a\nimport os\nx = os.environ['STEPS']\n\n# %% b\nprint(x, os.environ['STEPS'])\n"
    add_post(blog, "post", script)
    monkeypatch.setenv("STEPS", "1")
    assert press("build").code == 0
    add_post(blog, "post", f"{script}pass\n")
    monkeypatch.setenv("STEPS", "2")

    assert press("build").code == 0

    assert results(blog)["cells"][1].output == "2 2"


@pytest.mark.usefixtures("eager")
def test_a_script_that_shows_its_own_text_depends_on_its_comments(blog: Blog, press: Press) -> None:
    function = "# %% a\nimport inspect\n\n# %% b\ndef f():\n    # once\n    return 1\n\n"
    add_post(blog, "post", f"{function}# %% c\nprint(inspect.getsource(f))\n")
    assert press("build").code == 0
    edited = function.replace("once", "twice")
    add_post(blog, "post", f"{edited}# %% c\nprint(inspect.getsource(f))\n")
    assert json.loads(press("status", "--json").out)[0]["state"] == "changed"
    add_post(blog, "post", f"{edited}# %% c\nprint(inspect.getsource(f))\npass\n")

    assert press("build").code == 0

    assert "# twice" in results(blog)["cells"][2].output


@pytest.mark.usefixtures("eager")
def test_taking_a_snapshot_shows_no_warning_again(blog: Blog, press: Press) -> None:
    setup = "# %% a\nimport matplotlib.pyplot as plt\nimport numpy as np\n\n"
    mean = "# %% b\nx = np.mean(np.array([]))\n\n# %% c\nprint(np.mean(np.array([])))\n"
    add_post(blog, "post", setup + mean)
    assert press("build").code == 0

    assert "empty slice" in results(blog)["cells"][1].warnings
    assert results(blog)["cells"][2].warnings == ""
    assert press("verify").code == 0


def test_what_an_earlier_cell_showed_stays_as_it_left_it(blog: Blog, press: Press) -> None:
    script = (
        "# %% a\nfrom IPython.display import display\nbar = display('0', display_id=True)\n\n"
        "# %% b\nfor n in (1, 2):\n    bar.update(str(n))\ndisplay('end')\n"
    )
    add_post(blog, "post", script)

    assert press("build").code == 0

    assert [cell.output for cell in results(blog)["cells"]] == ["'0'", "'end'"]


def test_deep_code_is_read(blog: Blog, press: Press) -> None:
    pieces = " + ".join(["x"] * 900)
    add_post(blog, "post", f"# %% a\nx = 1\nprint({pieces})\n")

    assert press("build").code == 0

    assert results(blog)["cells"][0].output == "900"


HELPERS = """\
import functools
import random
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

HERE, WORDS = Path("."), re.compile("a")
rng = np.random.default_rng(0)
own = random.Random(0)
WEIGHTS = np.zeros(3)


class Kind(Enum):
    A = 1


@dataclass
class Holder:
    many: int = 3
    drawn = np.zeros(1)

    @property
    def more(self):
        return self.many + 1


@functools.lru_cache
def board():
    return [0, 0]


def step(kept=np.zeros(1)):
    WEIGHTS[:] += 1
    kept += 1
    Holder.drawn += 1
    return float(WEIGHTS.sum() + kept[0])


def nothing():
    return 0.0
"""


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("does", "known"),
    [
        ("float(rng.normal())", False),
        ("helpers.own.random()", False),
        ("helpers.step()", False),
        ("helpers.board().append(1)", False),
        ("helpers.nothing()", True),
    ],
)
def test_what_a_module_beside_the_script_holds_is_proved_or_run_again(
    blog: Blog, press: Press, does: str, known: bool
) -> None:
    (blog.code / "helpers.py").write_text(HELPERS)
    show = "print(rng.normal(), helpers.own.random(), helpers.step(), helpers.Holder.drawn)\n"
    show += "print(helpers.board())\n"
    script = f"# %% a\nimport helpers\nfrom helpers import rng\n\n# %% b\nx = {does}\n\n"
    add_post(blog, "post", f"{script}# %% c\n{show}")
    assert press("build").code == 0
    whole = results(blog)["cells"][2].output

    add_post(blog, "post", f"{script}# %% c\n{show}pass\n")
    told = press("build")

    assert told.code == 0, told.err
    assert results(blog)["cells"][2].output == whole
    if known:  # whatever may be run again is right
        assert said_cells_known(told.err) == 2, told.err


@pytest.mark.usefixtures("eager")
def test_a_damaged_snapshot_is_passed_over(blog: Blog, press: Press) -> None:
    script = "# %% a\nx = 1\n\n# %% b\ny = x + 1\n\n# %% c\nprint(y)\n"
    add_post(blog, "post", script)
    assert press("build").code == 0
    for part in (blog.local / "kept" / "parts").iterdir():
        part.write_bytes(part.read_bytes()[:-1] + b"?")
    add_post(blog, "post", edited(script, 3))

    assert press("build").code == 0
    assert results(blog)["cells"][2].output == "2"


@pytest.mark.usefixtures("eager")
def test_snapshots_that_cannot_be_written_cost_nothing_else(blog: Blog, press: Press) -> None:
    (blog.local / "kept").mkdir(parents=True)
    (blog.local / "kept" / "parts").write_text("a file where the folder would be")
    script = "# %% a\nx = 1\n\n# %% b\ny = x + 1\n\n# %% c\nprint(y)\n"
    add_post(blog, "post", script)

    told = press("build")

    assert (told.code, results(blog)["cells"][2].output) == (0, "2"), told.err
    add_post(blog, "post", edited(script, 3))
    again = press("build")
    assert (again.code, said_cells_known(again.err)) == (0, 0), again.err


@pytest.mark.usefixtures("eager")
def test_a_record_made_with_a_snapshot_says_so_until_it_is_made_whole(
    blog: Blog, press: Press
) -> None:
    script = "# %% a\nx = 1\n\n# %% [markdown]\n# b\n\n# %% c\ny = x + 1\n\n# %% d\nprint(y)\n"
    add_post(blog, "post", script)
    assert press("build").code == 0
    first = read_record(blog, "post")
    assert first
    assert first.provenance.resumed is None
    assert "snapshot" not in press("status").out
    add_post(blog, "post", edited(script, 4))

    assert press("build").code == 0

    record = read_record(blog, "post")
    assert record
    assert record.provenance.resumed
    assert record.provenance.resumed.cells == 2, "of those that hold code"
    assert record.provenance.resumed.date <= record.provenance.date
    day = first.provenance.date[:10]
    assert f"known from a snapshot of {day}: its first 2 cells" in press("status").out
    assert json.loads(press("status", "--json").out)[0]["resumed"]["cells"] == 2

    whole = press("build", "--whole")

    assert (whole.code, said_cells_known(whole.err)) == (0, 0), whole.err
    now = read_record(blog, "post")
    assert now
    assert now.provenance.resumed is None
    assert now.values == record.values
    assert "snapshot" not in press("status").out
    date = now.provenance.date
    assert press("build", "--whole").code == 0
    again = read_record(blog, "post")
    assert again
    assert again.provenance.date == date, "what is whole is not run again"


def test_refresh_runs_everything(blog: Blog, press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "AT_FIRST", resume.Thrift(0.0, 1e-9, 1e9))
    add_post(blog, "post", "# %% a\nx = 1\n\n# %% b\nprint(x)\n")
    assert press("build").code == 0

    assert said_cells_known(press("build", "--refresh").err) == 0


def test_every_installed_version_counts_but_those_of_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "shapes-1.0.dist-info").mkdir()
    (tmp_path / "pytest_xdist-9.0.dist-info").mkdir()

    found = set(resume._packages(ROOT))

    assert {"shapes-1.0", f"numpy-{np.__version__}"} <= found
    assert "pytest_xdist-9.0" not in found


def test_versions_are_those_of_what_is_imported() -> None:
    found = versions_of({"PIL", "numpy", "os", "shapes"})

    assert found.keys() == {"pillow", "numpy"}
    assert found["numpy"] == np.__version__


# What is worth a snapshot


@given(st.lists(st.floats(0, 600), max_size=30))
def test_all_snapshots_of_a_run_take_a_small_share_of_it(cells: list[float]) -> None:
    """Each is taken to use all the room it has."""
    takings: list[float] = []
    known = 0
    for number in range(1, len(cells) + 1):
        work = sum(cells[known:number])
        most = resume.room(work, sum(cells[:number]), takings, resumed=False)
        assert not most or work >= 1
        if most:
            takings.append(most / resume.SPEED)
            known = number
    assert sum(takings) <= 0.04 * sum(cells) + 1e-6


def test_after_a_long_training_less_work_is_worth_a_snapshot() -> None:
    assert not resume.room(9, 20, [1.0], resumed=False)
    assert not resume.room(9, 400, [1.0], resumed=False)
    assert resume.room(11, 400, [1.0], resumed=False)
    assert not resume.room(11, 400, [8.0, 8.0], resumed=False)
    assert resume.room(2, 400, [1.0], resumed=True)


# The cache


def kept_with_snapshots(folder: Path, cells: int = 6) -> tuple[resume.Kept, list[str]]:
    """A cache that holds a snapshot after every cell: its only array is the number of the cell."""
    script = Script("code/post.py", "", tuple(Cell(None, (), f"x = {n}", n) for n in range(cells)))
    vault = Vault(folder / "parts", b"s" * 32)
    kept = resume.Kept(folder, vault, script, ["here"], folder)
    for number in range(1, cells + 1):
        array = vault.put(bytes(1000) + bytes([number]))
        taken = Taken(
            vault.put(f"state {number}".encode()), (array,), (), False, (), {}, Found(), {}
        )
        outcome = dataclasses.replace(NOTHING, output=str(number))
        kept.add(taken, [outcome] * number, [1.0] * number)
    return kept, [script.cells[0].source]


def test_corrupt_files_never_give_anything_wrong(tmp_path: Path, thorough: bool) -> None:
    good = tmp_path / "good"
    kept_with_snapshots(good)
    draw = random.Random(1)
    found, often = 0, 1000 if thorough else 200
    for _ in range(often):
        folder = tmp_path / "bad"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(good, folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for path in draw.sample(files, draw.randint(1, 4)):
            corrupt(path, draw.choice(files), draw)
        kept, _ = kept_without_adding(folder)

        for snapshot, outcomes in kept.usable():
            vault = Vault(folder / "parts", b"s" * 32)
            state, array = vault.get(snapshot.state), vault.get(snapshot.arrays[0])
            assert [outcome.output for outcome in outcomes] == [
                str(snapshot.cells)
            ] * snapshot.cells
            assert state in (None, f"state {snapshot.cells}".encode())
            assert array in (None, bytes(1000) + bytes([snapshot.cells]))
            found += 1
    assert found > often, "most snapshots are untouched each time"


def kept_without_adding(folder: Path) -> tuple[resume.Kept, None]:
    script = Script("code/post.py", "", tuple(Cell(None, (), f"x = {n}", n) for n in range(6)))
    return resume.Kept(folder, Vault(folder / "parts", b"s" * 32), script, ["here"], folder), None


def corrupt(path: Path, other: Path, draw: random.Random) -> None:
    data = bytearray(path.read_bytes())
    match draw.choice(["flip", "cut", "swap", "remove", "empty"]):
        case "flip" if data:
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
            path.write_bytes(data)
        case "cut":
            path.write_bytes(data[: draw.randint(0, len(data))])
        case "swap":
            path.write_bytes(other.read_bytes() if other.exists() else b"")
        case "remove":
            path.unlink(missing_ok=True)
        case _:
            path.write_bytes(b"")


def test_a_snapshot_of_another_user_is_not_believed(tmp_path: Path) -> None:
    kept_with_snapshots(tmp_path)
    script = Script("code/post.py", "", tuple(Cell(None, (), f"x = {n}", n) for n in range(6)))
    stranger = resume.Kept(
        tmp_path, Vault(tmp_path / "parts", b"t" * 32), script, ["here"], tmp_path
    )

    assert list(stranger.usable()) == []


def test_other_circumstances_know_none_of_the_snapshots(tmp_path: Path) -> None:
    kept_with_snapshots(tmp_path)
    script = Script("code/post.py", "", tuple(Cell(None, (), f"x = {n}", n) for n in range(6)))
    vault = Vault(tmp_path / "parts", b"s" * 32)

    assert list(resume.Kept(tmp_path, vault, script, ["elsewhere"], tmp_path).usable()) == []


def test_the_least_recently_used_go_first(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = blog.local / "kept"
    kept, _ = kept_with_snapshots(folder)
    heads = {snapshot.cells: path for snapshot, path in heads_of(folder)}
    for age, cells in enumerate([3, 1, 2, 4, 5, 6]):
        os.utime(heads[cells], (10_000 - age, 10_000 - age))
    room = sum(path.stat().st_size for path in (folder / "parts").iterdir()) // 2
    monkeypatch.setattr(resume, "LIMIT", room)

    resume.tidy(blog)

    assert {snapshot.cells for snapshot, _ in heads_of(folder)} == {3, 1, 2}
    assert sum(path.stat().st_size for path in (folder / "parts").iterdir()) <= room
    assert [snapshot.cells for snapshot, _ in kept.usable()] == [3, 2, 1]


def heads_of(folder: Path) -> list[tuple[resume.Snapshot, Path]]:
    heads = (folder / "heads").iterdir()
    return [(resume._snapshot(path.read_text().partition(" ")[2]), path) for path in heads]


def test_a_secret_that_others_can_read_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = secret()

    assert made is not None
    assert secret() == made
    (tmp_path / "press" / "secret").chmod(0o644)
    assert secret() is None


# The namespace

STATEMENTS = [
    "a = rng.normal(size=(3, 4))",
    "b = a[1:]",
    "b = a.T",
    "a[0] += 1",
    "b *= 2",
    "f = lambda v: v + step",
    "step += 1",
    "out.append(f(step))",
    "out.append(float(a.sum()) + float(b.sum()))",
    "out.append(random.random())",
    "out.append(np.random.rand())",
    "out.append(float(rng.normal()))",
    "out.append(next(count))",
    "pair = (a, b)",
    "pair[0][0, 0] = step",
    "twice = [out, out]",
    "twice[0].append(len(twice[1]))",
    "holder['self'] = holder",
    "draw = random.choice",
    "out.append(draw([1, 2, 3, 4]))",
    "names |= {str(step), 'x', 'y'}",
    "out.append(sorted(names))",
]
START = (
    "import itertools, random\nimport numpy as np\nrandom.seed(1)\nnp.random.seed(2)\n"
    "rng = np.random.default_rng(3)\na = np.ones((3, 4))\nb = a[:2]\n"
    "step, out, names = 1, [], set()\n"
    "count, holder, pair, twice = iter(range(99)), {}, (a, b), [out, out]\n"
    "f = lambda v: v\ndraw = random.choice"
)


def told(names: dict[str, Any]) -> dict[str, str]:
    description = Description(names, imports.landmark)
    own = [name for name in names if not name.startswith("__")]
    return {name: description.digest(name, names[name]) for name in own}


def brought_back(names: dict[str, Any]) -> dict[str, Any]:
    own = [name for name in names if not name.startswith("__")]
    dumped = namespace.dump(names, {name: names[name] for name in own})
    back: dict[str, Any] = {"__builtins__": __builtins__}
    arrays = [bytearray(array) for array in dumped.arrays]
    back.update(namespace.load(back, dumped.data, arrays))
    return back


def test_a_set_that_would_go_on_in_another_order_is_told_apart() -> None:
    shuffled = set(range(0, 400, 8))
    for n in range(0, 392, 8):
        shuffled.discard(n)
    shuffled |= {0, 8}

    assert told({"s": shuffled}) != told(brought_back({"s": shuffled}))
    assert told({"s": {8, 1}}) == told(brought_back({"s": {8, 1}}))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), min_size=2, max_size=14), st.integers(0, 13))
def test_a_namespace_goes_on_as_if_nothing_had_happened(program: list[str], cut: int) -> None:
    cut = min(cut, len(program))
    straight = _ran({"__builtins__": __builtins__}, [START, *program])

    first: dict[str, Any] = {"__builtins__": __builtins__}
    _ran(first, [START, *program[:cut]])
    around = pickle.loads(pickle.dumps(surroundings.read(SHELL)))
    try:
        before = told(first)
    except Unknown:
        return
    second = brought_back(first)
    if told(second) != before:
        return
    random.seed(99)
    np.random.seed(99)
    surroundings.put_back(SHELL, around)
    resumed = _ran(second, program[cut:])

    assert resumed == straight


def _ran(names: dict[str, Any], program: list[str]) -> str:
    for statement in program:
        exec(statement, names)
    return json.dumps([names["out"], names["step"], names["a"].tolist(), names["b"].tolist()])


SHELL = types.SimpleNamespace(user_ns={}, compile=types.SimpleNamespace(flags=0))


def test_views_share_their_memory_again() -> None:
    grid = np.arange(12.0).reshape(3, 4)
    names = {"grid": grid, "row": grid[1], "turned": grid.T[::2], "strip": grid[:, 1]}

    back = brought_back(names)
    back["grid"][:] = 5

    del back["__builtins__"]
    assert {name: item.tolist() for name, item in back.items()} == {
        name: np.full_like(item, 5).tolist() for name, item in names.items()
    }


# What cells need


def cell(source: str) -> Cell:
    return Cell(None, (), source, 1)


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("", "print(x)", {"print", "x"}),
        ("", "x = 1\nprint(x)", {"print"}),
        ("", "if c:\n    x = 1\nprint(x)", {"c", "print", "x"}),
        ("", "for ax in axes:\n    ax.plot()", {"axes"}),
        ("", "x += 1", {"x"}),
        ("", "[n for n in rows if n > low]", {"rows", "low"}),
        ("def f(a):\n    return a + far", "f(1)", {"f", "far"}),
        ("", "with open(p) as file:\n    file.read()", {"open", "p"}),
        ("", "def g(a, b=far):\n    c = a\n    return c + near", {"far", "near"}),
    ],
)
def test_names_that_cells_need(before: str, after: str, names: set[str]) -> None:
    assert needs.needed([cell(before)] if before else [], [cell(after)]) == names


@pytest.mark.parametrize("after", ["eval('x')", "%time f()"])
def test_cells_that_may_need_anything(after: str) -> None:
    assert needs.needed([], [cell(after)]) is None


@pytest.mark.parametrize(
    ("after", "back"),
    [
        ("model.train_on_batch(x)", True),
        ("print(_)", True),
        ("Out[3]", True),
        ("get_ipython().run_line_magic('time', 'x')", True),
        ("for _ in range(3):\n    print(_)", False),
        ("first, _ = pair", False),
        ("model.fit(x)", False),
    ],
)
def test_what_is_in_no_snapshot_at_all(after: str, back: bool) -> None:
    assert needs.goes_back([], [cell(after)]) == back


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pandas as pd\npd.set_option('display.width', 9)", "pandas.set_option"),
        ("import numpy as np\nnp.add.at(x, 1, 2)", None),
        ("import numpy as np\nold = np.seterr(all='raise')", "numpy.seterr"),
        ("import lib\nlib.flag = 1", "lib.flag"),
        ("import lib\nlib.table['a'] = 1", "lib.table"),
        ("from lib import arrange\narrange()", "lib.arrange"),
        ("import matplotlib.pyplot as plt\nplt.rcParams['x'] = 1\nplt.show()", None),
        ("import keras\nkeras.utils.set_random_seed(1)", None),
        ("import keras\nkeras.config.set_floatx('float16')", "keras.config.set_floatx"),
        ("%load_ext something", "a magic command"),
    ],
)
def test_lasting_effects_on_libraries(source: str, found: str | None) -> None:
    assert needs.trace([cell(source)], []) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import gc\nprint(gc.collect())", "gc"),
        ("print(Base.__subclasses__())", "__subclasses__"),
        ("agc = gcd(4, 6)", ""),
    ],
)
def test_what_would_tell_a_script_of_a_snapshot(source: str, found: str) -> None:
    assert needs.doubt([cell("x = 1"), cell(source)]) == found


def test_what_runs_again_is_imports_and_what_lasts_with_all_that_it_hangs_on() -> None:
    cells = [
        cell("import lib\nimport numpy as np"),
        cell("width = [80]"),
        cell("x = np.ones(3)"),
        cell("width.append(90)"),
        cell("fitted = train(x)"),
        cell("lib.set_width(width[1])"),
        cell("lib.set_title(fitted.name)"),
        cell("x.sum()"),
    ]

    assert needs.replayed(cells, [6.0, *[0.1] * 3, 30.0, *[0.1] * 3]) == [0, 1, 3, 5]
    assert needs.trace(cells, [0, 1, 3, 5]) == "lib.set_title"
