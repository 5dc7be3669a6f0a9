"""Posts that run side by side."""

import dataclasses
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from press.blog import Blog
from press.files import stamp
from press.flow import gathering
from press.kernel.protocol import Found
from press.record.freshness import read
from press.record.record import Record
from press.record.storage import read_record
from press.run.pool import usual_jobs

from .conftest import PATIENCE, ROOT, Press, add_post, waited
from .test_serve import descendants

SCRIPT = """\
# %% a
import random

random.seed({n})
import time

time.sleep(1)
random.random()
"""


def records(blog: Blog) -> list[Record]:
    found = [read_record(blog, f"post-{n}") for n in range(3)]
    return [
        dataclasses.replace(
            record,
            provenance=dataclasses.replace(
                record.provenance, date="", seconds=0, cell_seconds=(), digest=""
            ),
        )
        for record in found
        if record
    ]


def test_posts_run_side_by_side_and_give_what_they_give_alone(blog: Blog, press: Press) -> None:
    for n in range(3):
        add_post(blog, f"post-{n}", SCRIPT.format(n=n))

    told = press("build", "--jobs", "3")
    begun = [line.startswith("post-") and ": running" in line for line in told.err.splitlines()]
    together = records(blog)
    assert press("build", "--refresh", "--jobs", "1").code == 0

    assert told.code == 0
    assert begun[:3] == [True] * 3, "all three begin before one ends"
    assert len(together) == 3
    assert records(blog) == together


def test_a_failing_post_does_not_stop_the_others(blog: Blog, press: Press) -> None:
    add_post(blog, "post-0", "# %% a\n1 / 0\n")
    for n in (1, 2):
        add_post(blog, f"post-{n}", SCRIPT.format(n=n))

    told = press("build", "--jobs", "2")

    assert told.code == 1
    assert "code/post-0.py:2: cell 'a' raised ZeroDivisionError" in told.err
    assert len(records(blog)) == 2


def test_ctrl_c_ends_all_kernels(blog: Blog) -> None:
    for n in range(3):
        add_post(blog, f"post-{n}", "# %% a\nimport time\ntime.sleep(600)\n")
    command = [sys.executable, "-P", "-m", "press", "--blog", str(blog.root), "build", "--jobs=3"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    waited(lambda: len(descendants(process.pid)) >= 3)
    kernels = descendants(process.pid)

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert said.splitlines()[-1] == "press: stopped; the last good results are as they were"
    assert [pid for pid in kernels if Path(f"/proc/{pid}").exists()] == []
    assert not any(blog.local.glob("run-*"))


WRITER = """\
# %% a
import time
from pathlib import Path

time.sleep(1)
Path("{file}").write_text("{text}")
time.sleep(1)
"""
READER = """\
# %% a
import time
from pathlib import Path

for _ in range(600):
    if Path("shared.txt").exists():
        break
    time.sleep(0.1)
print(Path("shared.txt").read_text())
"""
KEEPER = """\
# %% a
import time
from pathlib import Path

Path("shared.txt").write_text("{text}")
time.sleep({pause})
print(Path("shared.txt").read_text())
"""


def test_what_another_post_writes_meanwhile_is_read_again(blog: Blog, press: Press) -> None:
    add_post(blog, "reader", READER)
    add_post(blog, "writer", WRITER.format(file="shared.txt", text="one"))

    told = press("build", "--jobs", "2")

    assert "reader: writer wrote code/shared.txt at the same time; it runs again" in told.err
    assert told.code == 0
    assert inputs_of(blog, "reader")["code/shared.txt"]
    assert inputs_of(blog, "writer")["code/shared.txt"] is None
    assert press("build", "--check").code == 0

    (blog.code / "writer.py").write_text(WRITER.format(file="shared.txt", text="two"))
    told = press("build")

    assert "reader: another post's run has changed what it read (code/shared.txt)" in told.err
    assert shown(blog, "reader") == "two"
    assert press("build", "--check").code == 0


STEP = """\
# %% a
from pathlib import Path

text = Path("{read}").read_text() + "{text}"
Path("{write}").write_text(text)
print(text)
"""


def test_what_a_change_reaches_by_way_of_other_posts_is_run_too(blog: Blog, press: Press) -> None:
    """In whatever order the posts stand."""
    (blog.code / "w.txt").write_text("w")
    first = STEP.format(read="w.txt", write="x.txt", text="1")
    for slug, script in {
        "c": first,
        "b": STEP.format(read="x.txt", write="y.txt", text="2"),
        "a": STEP.format(read="y.txt", write="z.txt", text="3"),
    }.items():
        add_post(blog, slug, script)
        assert press("build").code == 0
    assert press("build", "--check").code == 0

    (blog.code / "c.py").write_text(first.replace('"1"', '"one"'))

    assert press("build").code == 0
    assert press("build", "--check").code == 0
    assert shown(blog, "a") == "wone23"


def test_posts_that_need_what_others_write_run_behind_them(blog: Blog, press: Press) -> None:
    """However they stand, and without their being told in which order."""
    (blog.code / "w.txt").write_text("w")
    chain = [("c", "w", "x", "1"), ("b", "x", "y", "2"), ("a", "y", "z", "3")]
    for slug, reads, write, text in chain:
        step = STEP.format(read=f"{reads}.txt", write=f"{write}.txt", text=text)
        add_post(blog, slug, step)
    add_post(blog, "wrong", "# %% a\n1 / 0\n")

    told = press("build", "--jobs", "2")

    assert told.code == 1
    assert told.err.count("code/wrong.py:2: ") == 1
    assert "code/a.py" not in told.err
    assert shown(blog, "a") == "w123"
    (blog.code / "wrong.py").write_text("# %% a\n1\n")
    assert press("build").code == 0
    assert press("build", "--check").code == 0


def test_what_was_there_when_the_first_cell_began_is_no_product(blog: Blog) -> None:
    """Another post may have written it just before."""
    script = blog.code / "post.py"
    script.write_text('# %% a\nfrom pathlib import Path\nprint(Path("x.txt").read_text())\n')
    before = read(blog, script, None)
    (blog.code / "x.txt").write_text("by another one")
    found = Found(read={"code/x.txt": stamp(blog.code / "x.txt")})

    assert gathering._products(blog, before, found, None) == set()
    assert gathering._products(blog, before, Found(written=["code/x.txt"]), None) == {"code/x.txt"}


def test_two_posts_that_write_one_file_do_not_read_each_others(blog: Blog, press: Press) -> None:
    add_post(blog, "first", KEEPER.format(text="one", pause=2))
    add_post(blog, "second", KEEPER.format(text="two", pause=2))

    told = press("build", "--jobs", "2")

    assert (told.code, told.err.count("it runs again, alone")) == (0, 2)
    assert (shown(blog, "first"), shown(blog, "second")) == ("one", "two")


def test_posts_that_write_files_of_their_own_run_once(blog: Blog, press: Press) -> None:
    for slug in ("first", "second"):
        add_post(blog, slug, WRITER.format(file=f"{slug}.txt", text=slug))

    told = press("build", "--jobs", "2")

    assert (told.code, told.err.count(": ran in")) == (0, 2)
    assert inputs_of(blog, "first") == {"code/first.txt": None}


def inputs_of(blog: Blog, slug: str) -> dict[str, str | None]:
    record = read_record(blog, slug)
    assert record
    return {path: made for path, made in record.inputs.items() if path != "code/matplotlibrc"}


def shown(blog: Blog, slug: str) -> str:
    record = read_record(blog, slug)
    assert record
    return record.cells[0].output.strip()


@pytest.mark.parametrize(("threads", "cores", "jobs"), [(1, 2, 2), (2, 2, 1), (4, 2, 1), (2, 8, 4)])
def test_no_more_runs_than_there_are_cores_for(
    monkeypatch: pytest.MonkeyPatch, threads: int, cores: int, jobs: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    monkeypatch.setattr("os.cpu_count", lambda: cores)

    assert usual_jobs() == jobs
