"""The flow: what runs, what does not, and what stays when something goes wrong."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from press.blog import SCRATCH, Blog
from press.cli import main
from press.files import digest
from press.record.downloads import ARCHIVE
from press.record.storage import read_record
from press.script import keys as key

from .conftest import PATIENCE, ROOT, Press, add_post, empty_blog, waited

SCRIPT = """\
# %% setup
import matplotlib.pyplot as plt

# %% train
losses = [1 / n for n in range(1, 6)]
print(f"trained to {losses[-1]:.2f}")

# %% curve
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot(losses)

# %% results tags=["values"]
{"loss": f"{losses[-1]:.2f}", "epochs": len(losses)}
"""


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    blog = empty_blog(tmp_path_factory.mktemp("built"))
    add_post(blog, "post", SCRIPT)
    assert main(["--blog", str(blog.root), "build"]) == 0
    return blog


@pytest.fixture
def built(blog: Blog, built_once: Blog) -> Blog:
    """A blog whose one post has been run."""
    shutil.copytree(built_once.root, blog.root, dirs_exist_ok=True)
    return blog


def edit(blog: Blog, old: str, new: str) -> None:
    script = blog.code / "post.py"
    assert old in script.read_text()
    script.write_text(script.read_text().replace(old, new))


def state(press: Press) -> dict[str, object]:
    (row,) = json.loads(press("status", "--json").out)
    assert isinstance(row, dict)
    return row


def snapshot(blog: Blog) -> dict[str, bytes]:
    folders = (blog.records, blog.root / "img", blog.downloads)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(blog.root)): path.read_bytes() for path in files}


def results(blog: Blog) -> dict[str, object]:
    """The record without what may change from run to run."""
    tree: dict[str, object] = json.loads(blog.record("post").read_text())
    del tree["provenance"]
    return tree


# What runs and what does not


def test_a_second_build_runs_nothing_and_changes_nothing(built: Blog, press: Press) -> None:
    before = snapshot(built)

    told = press("build")

    assert (told.code, told.out, told.err) == (0, "", "")
    assert snapshot(built) == before


def test_status_tells_each_state(blog: Blog, press: Press) -> None:
    add_post(blog, "post", SCRIPT)
    assert press("status").out == "post  never run; what a run takes is not known\n"
    press("build")
    assert re.fullmatch(r"post  current; a run takes about \d+(\.\d+)? s\n", press("status").out)

    edit(blog, "range(1, 6)", "range(1, 7)")
    row = state(press)
    assert (row["state"], row["reason"], row["line"]) == ("changed", "cell 'train'", 5)


def test_the_style_a_tag_and_press_itself_make_a_result_old(
    built: Blog, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (built.code / "matplotlibrc").open("a") as style:
        style.write("lines.linewidth: 9\n")
    assert state(press)["reason"] == "code/matplotlibrc"
    (built.code / "matplotlibrc").unlink()
    assert state(press)["reason"] == "code/matplotlibrc"
    press("build")
    assert state(press)["state"] == "current"
    shutil.copy(ROOT / "code" / "matplotlibrc", built.code)
    assert state(press)["reason"] == "code/matplotlibrc"
    press("build")
    assert state(press)["state"] == "current"

    edit(built, "# %% train", '# %% train tags=["raises-exception"]')
    assert (state(press)["state"], state(press)["reason"]) == ("changed", "cell 'train'")
    edit(built, ' tags=["raises-exception"]', "")
    assert state(press)["state"] == "current"

    monkeypatch.setattr(key, "ENGINE", key.ENGINE + 1)
    assert state(press)["reason"] == (
        "the packages that the post names, or what press does with scripts"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("losses = [", "# one loss a step\nlosses = ["),
        ("# %% train", "# %% training"),
        ("\n# %% curve", "\n\n\n# %% curve"),
        ("# %% train", '# %% train tags=["slow"]'),
    ],
)
def test_words_and_names_run_nothing_and_reach_the_record(
    built: Blog, press: Press, old: str, new: str
) -> None:
    edit(built, old, new)
    assert state(press)["state"] == "relabelled"

    told = press("build")

    assert told.err == "post: names and comments brought up to date; nothing was run\n"
    assert state(press)["state"] == "current"
    relabelled = results(built)
    press("build", "--refresh")
    assert results(built) == relabelled, "a run gives another record than relabelling"


@pytest.mark.parametrize("tag", ["values", "claim", "model", "data"])
def test_a_tag_that_asks_for_what_the_record_has_not_kept_runs_the_cell(
    blog: Blog, press: Press, tag: str
) -> None:
    """The cell is blamed for nothing that the run, of which little was kept, did not show."""
    mixed = "# %% a\nassert 2 > 1\n{'rows': [1, 2], 'n': 1}\n"
    add_post(blog, "post", mixed)
    press("build")

    edit(blog, "# %% a", f'# %% a tags=["{tag}"]')

    assert (state(press)["state"], state(press)["reason"]) == (
        "changed",
        f"cell 'a' is tagged {tag}",
    )
    told = press("build")
    assert "post: running 1 cell" in told.err
    if tag in ("claim", "data"):
        assert told.code == 0
        once = results(blog)
        press("build", "--refresh")
        assert results(blog) == once


def test_a_local_module_s_comments_run_nothing_and_its_code_does(blog: Blog, press: Press) -> None:
    (blog.code / "shapes.py").write_text("PI = 3\n")
    add_post(blog, "post", "# %% a\nimport shapes\n\nshapes.PI\n")
    press("build")
    (blog.code / "shapes.py").write_text("PI = 3  # about\n")
    assert state(press)["state"] == "relabelled"
    press("build")
    assert state(press)["state"] == "current"

    (blog.code / "shapes.py").write_text("PI = 4\n")
    assert (state(press)["state"], state(press)["reason"]) == ("changed", "code/shapes.py")


def test_a_figure_follows_the_name_of_its_cell(built: Blog, press: Press) -> None:
    (old,) = built.figures("post").glob("*.svg")
    edit(built, "# %% curve", "# %% loss-curve")
    press("build")

    (new,) = built.figures("post").glob("*.svg")
    assert new.name == old.name.replace("curve", "loss-curve")


def test_a_post_s_prose_runs_nothing(built: Blog, press: Press) -> None:
    (post,) = built.posts.iterdir()
    post.write_text(post.read_text() + "\nMore words.\n")

    assert state(press)["state"] == "current"
    assert press("build").err == ""


def test_a_missing_figure_is_made_again(built: Blog, press: Press) -> None:
    before = snapshot(built)
    (figure,) = built.figures("post").glob("*.svg")
    figure.unlink()
    assert state(press)["reason"] == f"{built.shown(figure)} is missing"

    press("build")

    assert snapshot(built).keys() == before.keys()


def test_check_runs_nothing_and_names_what_is_stale(built: Blog, press: Press) -> None:
    assert press("build", "--check").code == 0
    edit(built, "range(1, 6)", "range(1, 7)")

    told = press("build", "--check")

    assert (told.code, told.err) == (
        1,
        "code/post.py:5: changed since its last run (cell 'train'); run: ./press build post\n",
    )


def test_other_versions_age_a_result_and_do_not_retrain(
    built: Blog, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("press.record.freshness.pinned_versions", lambda *_: {"matplotlib": "99.0"})

    assert state(press)["state"] == "aged"
    assert str(state(press)["reason"]).endswith("→ 99.0")
    assert press("build", "--check").code == 0


def test_a_refresh_changes_nothing_but_provenance(built: Blog, press: Press) -> None:
    before, figures = results(built), sorted(built.figures("post").iterdir())

    told = press("build", "--refresh")

    assert told.err.endswith("post: ran in … s; every result is as it was\n")
    assert results(built) == before
    assert sorted(built.figures("post").iterdir()) == figures


def test_a_value_that_moved_is_told_and_kept_in_the_ledger(blog: Blog, press: Press) -> None:
    count = 'from pathlib import Path\nruns = Path("../runs")\n'
    count += "runs.write_text(str(int(runs.read_text()) + 1 if runs.exists() else 1))\n"
    add_post(
        blog,
        "post",
        f'# %% run\n{count}\n# %% results tags=["values"]\n{{"runs": runs.read_text()}}\n',
    )
    press("build")

    told = press("build", "--refresh", "post")

    assert told.err.endswith("what moved:\n  value 'runs'  1 → 2  +1 of ±2  within tolerance\n")
    (entry,) = json.loads(blog.record("post").read_text())["ledger"]
    assert entry["values"] == {"runs": "1"}

    (post,) = blog.posts.iterdir()
    post.write_text(post.read_text().replace("title:", "tolerances: {runs: 0}\ntitle:"))
    assert state(press)["state"] == "current"
    told = press("build", "--refresh", "post")
    assert told.err.endswith("what moved:\n  value 'runs'  2 → 3  +1 of ±0  moved\n")
    assert len(json.loads(blog.record("post").read_text())["ledger"]) == 2


def test_files_that_a_run_makes_are_results(blog: Blog, press: Press) -> None:
    script = '# %% a\nfrom pathlib import Path\nPath("model.keras").write_text("x")\n'
    add_post(blog, "post", script)
    press("build")

    assert (blog.code / "model.keras").exists()
    assert state(press)["state"] == "current"
    assert press("verify").code == 0


def test_a_card_lies_on_the_paper_of_the_page(blog: Blog, press: Press) -> None:
    (blog.root / "_data" / "colours.yml").write_text('paper: ["#f3ecdc", "#0e1a2b"]\n')
    add_post(blog, "post", SCRIPT)
    press("build")

    (card,) = blog.figures("post").glob("card.*.png")
    corner = Image.open(card).convert("RGB").getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert max(abs(a - b) for a, b in zip(corner, (0xF3, 0xEC, 0xDC), strict=True)) <= 1


# Verify


def test_verify_proves_the_record_and_writes_nothing(built: Blog, press: Press) -> None:
    before = snapshot(built)

    told = press("verify")

    assert (told.code, told.out) == (0, "post: holds, byte for byte (2 values, 1 figure)\n")
    assert snapshot(built) == before


def test_verify_finds_what_a_script_reads_and_not_what_it_makes(blog: Blog, press: Press) -> None:
    """From folders, and outside of `code/`; what it makes has the name of what it reads."""
    for name in ("far/list.txt", "code/scans/1.txt", "code/scans/out.txt"):
        (blog.root / name).parent.mkdir(exist_ok=True)
        (blog.root / name).write_text(name)
    script = (
        "# %% a\nfrom pathlib import Path\nprint(Path('../far/list.txt').read_text())\n"
        "for path in sorted(Path('scans').iterdir()):\n    print(path.read_text())\n"
        "print(Path('out.txt').exists())\nPath('out.txt').write_text('made')\n"
    )
    add_post(blog, "post", script)
    assert press("build").code == 0

    assert press("verify").code == 0
    with zipfile.ZipFile(blog.root / ARCHIVE) as archive:
        assert {"far/list.txt", "post/scans/1.txt", "post/scans/out.txt"} <= {*archive.namelist()}
        assert "post/out.txt" not in archive.namelist()
    (blog.code / "scans" / "2.txt").write_text("new")
    assert (state(press)["state"], state(press)["reason"]) == ("changed", "code/scans/2.txt")


READS = """\
# %% a
import time
from pathlib import Path

import helper

time.sleep(0.6)

# %% b
d = Path("data.csv").read_text()
for line in Path("edit.txt").read_text().splitlines():
    name, words = line.split("|")
    Path(name).write_text(words)
time.sleep(0.6)

# %% c tags=["values"]
{"d": d, "x": helper.X}
"""


@pytest.mark.parametrize("path", ["helper.py", "data.csv"])
def test_what_is_written_while_a_script_runs_is_not_taken_for_what_it_read(
    blog: Blog, press: Press, path: str
) -> None:
    """Nor by a snapshot: the script stands here for somebody who saves a file meanwhile."""
    before = {"helper.py": "X = 1\n", "data.csv": "old", "edit.txt": ""}
    for name, words in before.items():
        (blog.code / name).write_text(words)
    edit = blog.code / "edit.txt"
    add_post(blog, "post", READS.replace("edit.txt", str(blog.local / "edit.txt")))
    edit.rename(blog.local / "edit.txt")
    assert press("build").code == 0
    good = results(blog)
    (blog.local / "edit.txt").write_text(f"{blog.code / path}|X = 2\n")

    told = press("build", "--refresh")

    assert told.code == 1
    assert f"code/{path}:1: was written while the script ran, so that nobody knows what" in told.err
    assert results(blog) == good
    (blog.local / "edit.txt").write_text("")
    (blog.code / path).write_text(before[path])
    assert press("build", "--refresh").code == 0
    assert results(blog) == good


def test_the_pages_of_posts_that_nobody_asked_for_are_held_to_their_runs_too(
    themed: Blog, press: Press
) -> None:
    values = "# %% v tags=['values']\n{'a': 1}\n"
    add_post(themed, "one", values, '{% include value.html of="a" %}')
    add_post(themed, "two", values, '{% include value.html of="misspelt" %}')

    told = press("build", "one", "one")

    assert told.err.count("one: running") == 1
    assert (
        "_posts/2026-11-20-two.md:5: quotes a run, but code/two.py has never been run" in told.err
    )
    assert not (themed.root / "_site").exists()
    assert press("build", "two").code == 1
    told = press("build", "one")
    assert "the run gives no value 'misspelt'" in told.err
    add_post(themed, "two", values, '{% include value.html of="a" %}')
    assert press("build", "one").code == 0


@pytest.mark.parametrize("name", ["2026-11-20-x.html", "2026-1-2-x.md", "26-01-02-x.MD"])
def test_a_post_that_press_would_not_read_is_told(blog: Blog, press: Press, name: str) -> None:
    (blog.posts / name).write_text("---\ntitle: A\n---\n")

    told = press("build")

    assert told.code == 1
    assert f"_posts/{name}:1: is a post for Jekyll, but press would not read it; name" in told.err


def test_a_record_of_another_script_is_told(built: Blog, press: Press) -> None:
    for path in (*built.posts.iterdir(), built.code / "post.py", built.record("post")):
        path.rename(path.with_name(path.name.replace("post", "other")))

    told = press("build")

    assert told.code == 1
    assert "_data/runs/other.json:1: is the record of code/post.py; run: ./press" in told.err
    assert press("build", "--refresh", "other").code == 0


@pytest.mark.parametrize("command", ["build", "status", "verify", "serve"])
def test_a_folder_that_is_no_blog_is_told(tmp_path: Path, command: str) -> None:
    words = ["--blog", str(tmp_path / "typo"), command]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "press", *words], capture_output=True, text=True
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Gemfile: there is none, so this is no blog; go to its folder")


def test_what_lives_is_not_swept(blog: Blog, press: Press) -> None:
    living, dead = (blog.local / f"{SCRATCH}{owner}-x" for owner in (os.getpid(), 2**22 + 1))
    for folder in (living, dead, blog.local / f"{SCRATCH}old"):
        folder.mkdir(parents=True)

    assert press("build").code == 0

    assert [path.name for path in blog.local.glob(f"{SCRATCH}*")] == [living.name]


def test_odd_files_break_nothing(themed: Blog, press: Press) -> None:
    """An editor's mark beside the script, and a file of press' own that a merge has damaged."""
    body = '{% include figure.html name="f" caption="A." alt="A." %}'
    add_post(themed, "post", "# %% f\nimport matplotlib.pyplot as plt\nplt.plot([1])\n", body)
    (themed.code / ".#post.py").symlink_to("somebody@machine:1")
    assert press("build").code == 0
    good = themed.prepared("post").read_text()
    themed.prepared("post").write_text("<<<<<<< HEAD\n")

    assert press("build").code == 0
    assert themed.prepared("post").read_text() == good
    assert press("verify").code == 0


def test_names_and_numbers_beyond_measure_break_nothing(themed: Blog, press: Press) -> None:
    script = "# %% a\n{'x' * 1100: 1}\n\n# %% b tags=['values']\n{'short': '3e89127'}\n"
    add_post(themed, "post", script, '{% include value.html of="short" %}')

    assert press("build").code == 0


def test_verify_names_the_number_that_was_edited(built: Blog, press: Press) -> None:
    path = built.record("post")
    path.write_text(path.read_text().replace('"text": "0.20"', '"text": "0.21"'))
    line = path.read_text()[: path.read_text().index('"text": "0.21"')].count("\n") + 1

    told = press("verify")

    assert told.code == 1
    assert told.err.splitlines()[-1] == (
        f"_data/runs/post.json:{line}: value 'loss' is '0.21' here and '0.20' in a new run; "
        "find out why, then run: ./press build --refresh post"
    )


def test_verify_names_the_figure_that_was_touched(built: Blog, press: Press) -> None:
    (figure,) = built.figures("post").glob("*.svg")
    figure.write_text(figure.read_text().replace("#1f6fb2", "#1f6fb3"))

    assert press("verify").err == (
        f"{built.shown(figure)}: is not the file that the run made; restore it from git\n"
    )


def test_under_other_conditions_tolerances_count(
    built: Blog, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")

    assert press("verify").out == (
        "post: holds, byte for byte (2 values, 1 figure) under other conditions: threads 1 → 2\n"
    )


def test_verify_refuses_a_script_that_changed(built: Blog, press: Press) -> None:
    edit(built, "range(1, 6)", "range(1, 7)")

    assert press("verify").err == (
        "code/post.py:5: changed since its last run (cell 'train'); run: ./press build post\n"
    )


# What goes wrong


def test_a_failing_run_leaves_the_last_good_results(built: Blog, press: Press) -> None:
    before = snapshot(built)
    edit(built, "ax.plot(losses)", "ax.plot(losses, colour='red')")

    told = press("build")

    assert told.code == 1
    assert "code/post.py:10: cell 'curve' raised AttributeError: " in told.err
    assert snapshot(built) == before


def test_a_damaged_record_can_be_made_again(built: Blog, press: Press) -> None:
    path = built.record("post")
    path.write_text(path.read_text()[:500])
    assert press("build").code == 1

    assert press("build", "--refresh", "post").code == 0
    assert read_record(built, "post")


def test_unknown_slugs_are_told(built: Blog, press: Press) -> None:
    assert press("build", "pots").err == (
        "_posts: no post has the slug 'pots'; did you mean 'post'?\n"
    )


@pytest.mark.parametrize("limit", ["0", "-1", "inf", "nan"])
def test_a_time_limit_that_is_none_is_told(
    press: Press, capfd: pytest.CaptureFixture[str], limit: str
) -> None:
    with pytest.raises(SystemExit):
        press("build", f"--time-limit={limit}")

    assert "argument --time-limit: more than 0 seconds" in capfd.readouterr().err


def test_two_builds_at_once(built: Blog, press: Press) -> None:
    import fcntl

    with (built.local / "lock").open("r+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.truncate(0)
        other.write("4711")
        other.flush()
        told = press("build")

    assert (told.code, told.err) == (
        1,
        ".press/lock: another press is at work here (process 4711); wait until it has finished\n",
    )


def test_a_full_disk_loses_nothing(
    built: Blog, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(built)
    edit(built, "range(1, 6)", "range(1, 9)")

    def full(descriptor: int) -> None:
        raise OSError(28, os.strerror(28), "img/post/curve.svg")

    monkeypatch.setattr("os.fsync", full)
    told = press("build")

    assert told.code == 1
    assert told.err.endswith(
        "img/post/curve.svg: no space left on device; "
        "mend that and run ./press again (results are as they were)\n"
    )
    assert snapshot(built) == before


def bound_by_modes(blog: Blog, *words: str) -> subprocess.CompletedProcess[str]:
    """Run press so that file modes bind it, even where the tests run as root."""
    rights = "-dac_override,-dac_read_search"
    drop = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"]
    command = [sys.executable, "-P", "-m", "press", "--blog", str(blog.root), *words]
    return subprocess.run(
        [*(drop if os.geteuid() == 0 else []), *command], capture_output=True, text=True
    )


@pytest.mark.parametrize("folder", ["_data/runs", "img/post"])
def test_an_unwritable_folder_is_named(built: Blog, folder: str) -> None:
    before = snapshot(built)
    edit(built, "range(1, 6)", "range(1, 9)")
    (built.root / folder).chmod(0o555)

    told = bound_by_modes(built, "build")

    (built.root / folder).chmod(0o755)
    assert told.returncode == 1
    last = told.stderr.splitlines()[-1]
    assert last.startswith(folder)
    assert last.endswith(
        ": permission denied; mend that and run ./press again (results are as they were)"
    )
    assert before.items() <= snapshot(built).items()


def test_an_unreadable_script_is_named(built: Blog) -> None:
    (built.code / "post.py").chmod(0)

    told = bound_by_modes(built, "build")

    assert (told.returncode, told.stderr) == (
        1,
        "code/post.py: permission denied; mend that and run ./press again "
        "(results are as they were)\n",
    )


def test_a_kernel_that_cannot_load_our_side_is_told(
    blog: Blog, press: Press, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "press").mkdir()
    (tmp_path / "press" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    add_post(blog, "post", SCRIPT)

    assert press("build").err.splitlines()[-1] == (
        "kernel: cannot load press.kernel.extension "
        "(ModuleNotFoundError: No module named 'press.kernel'); install press anew"
    )


# Being stopped

BEGUN = "../.press/begun"
WAIT = f'import pathlib, time\n\npathlib.Path("{BEGUN}").touch()\ntime.sleep(600)'
SLOW = SCRIPT.replace("# %% curve", f"# %% wait\n{WAIT}\n\n# %% curve")


def started(blog: Blog, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "press", "--blog", str(blog.root), *words]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def kernels(blog: Blog) -> list[str]:
    """The kernels that work for this blog."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if "ipykernel" in words and str(blog.root) in words:
            lines.append(words)
    return lines


def gone(blog: Blog) -> bool:
    deadline = time.monotonic() + PATIENCE
    while kernels(blog) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not kernels(blog)


APPEARS = {
    "a file": ('from pathlib import Path\nprint(Path("x.txt").exists())', "x.txt"),
    "a file in a folder that was empty": (
        'from pathlib import Path\nprint(sorted(Path("data").glob("*.txt")))',
        "data/x.txt",
    ),
    "a package in the place of a module": ("import helpers", "helpers/__init__.py"),
    "a file that a module names": ("import helpers\nprint(helpers.there())", "y.txt"),
    "a module": ("try:\n    import others\nexcept ImportError:\n    print(0)", "others.py"),
}


@pytest.mark.parametrize(("script", "appears"), APPEARS.values(), ids=APPEARS)
def test_what_a_script_names_counts_from_when_it_is_there(
    blog: Blog, press: Press, script: str, appears: str
) -> None:
    (blog.code / "data").mkdir()
    (blog.code / "data" / ".gitkeep").touch()
    if "helpers" in script:
        helpers = "import os\n\n\ndef there():\n    return os.path.exists('y.txt')\n"
        (blog.code / "helpers.py").write_text(helpers)
    add_post(blog, "post", f"# %% a\n{script}\n")
    assert press("build").code == 0
    assert press("build", "--check").code == 0

    (blog.code / appears).parent.mkdir(exist_ok=True)
    (blog.code / appears).write_text("def there():\n    return 1\n")

    told = press("build", "--check")
    assert f"changed since its last run (code/{appears})" in told.err
    assert told.code == 1


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_a_run_cleanly(built: Blog, sign: signal.Signals) -> None:
    before = snapshot(built)
    (built.code / "post.py").write_text(SLOW)
    with started(built, "build") as process:
        waited((built.code / BEGUN).exists)
        process.send_signal(sign)
        assert process.stderr
        said = process.stderr.read()
        assert process.wait(PATIENCE) == 1

    assert said.splitlines()[-1] == "press: stopped; the last good results are as they were"
    assert "Traceback" not in said
    assert gone(built)
    assert snapshot(built) == before
    assert not list(built.local.glob("run-*"))


def test_ctrl_c_before_anything_is_read_shows_no_traceback(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("press.cli.import_module", interrupted)

    told = press("build")

    assert (told.code, told.err.strip()) == (
        1,
        "press: stopped; the last good results are as they were",
    )


def test_kills_at_random_instants_leave_whole_results(
    built: Blog, press: Press, thorough: bool
) -> None:
    """Old or new, never a mix: with each record stand the figures that it names."""
    chance = random.Random(50)
    for kill in range(50 if thorough else 4):
        # Even kills fall into the writing of the results, odd ones anywhere in a run.
        edit_to(built, kill)
        at = "anywhere" if kill % 2 else "writing"
        with started_for_kill(built, at, chance.random()) as process:
            if at == "anywhere":
                time.sleep(chance.uniform(0, 2.5))
                process.kill()
            process.wait()
        record = read_record(built, "post")
        assert record
        for file, sha256 in record.files.items():
            assert digest((built.root / file).read_bytes()) == sha256
    assert gone(built)

    assert press("build").code == 0
    assert not list(built.root.rglob("*.aside"))
    assert not list(built.local.glob("run-*"))
    record = read_record(built, "post")
    assert record
    made = [*(built.root / "img").rglob("*.*"), *built.downloads.iterdir()]
    assert {built.shown(path) for path in made} == {*record.files, ARCHIVE, "downloads/post.ipynb"}


def edit_to(blog: Blog, kill: int) -> None:
    (blog.code / "post.py").write_text(SCRIPT.replace("range(1, 6)", f"range(1, {kill + 7})"))


KILL_WHILE_WRITING = """\
import os, signal, sys, threading, time
import press.flow.settling
import press.record.storage as record
from press.cli import main
write_record = record.write_record
def killed_soon(*arguments):
    threading.Timer({delay}, os.kill, (os.getpid(), signal.SIGKILL)).start()
    write_record(*arguments)
    time.sleep(0.05)
press.flow.settling.write_record = killed_soon
sys.exit(main(sys.argv[1:]))
"""


def started_for_kill(blog: Blog, at: str, chance: float) -> subprocess.Popen[str]:
    if at == "anywhere":
        return started(blog, "build")
    program = KILL_WHILE_WRITING.format(delay=chance * 0.02)
    command = [sys.executable, "-P", "-c", program, "--blog", str(blog.root), "build"]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)


# Other commands


def test_new_makes_a_post_that_builds_as_it_is(themed: Blog, press: Press) -> None:
    told = press("new", "Why zéros never learn: a tale")
    post, script = told.out.splitlines()

    assert re.fullmatch(r"_posts/\d{4}-\d\d-\d\d-why-zeros-never-learn-a-tale\.md", post)
    assert script == "code/why-zeros-never-learn-a-tale.py"
    assert press("build").code == 0
    pages = list((themed.root / "_site").rglob("why-zeros-never-learn-a-tale/index.html"))
    assert len(pages) == 1
    assert press("new", "Why zeros never learn: A TALE").err == (
        "code/why-zeros-never-learn-a-tale.py: is there already; choose another title\n"
    )


def test_a_rehearsal_never_reaches_the_published_results(built: Blog, press: Press) -> None:
    before = snapshot(built)
    edit(
        built, "# %% results", '# %% checks tags=["claim"]\nassert len(losses) > 99\n\n# %% results'
    )

    told = press("build", "--sample")

    assert told.code == 0
    assert "the claim does not hold: assert len(losses) > 99" in told.err
    assert snapshot(built) == before
    rehearsed = Blog(built.local / "sample")
    assert json.loads(rehearsed.record("post").read_text())["provenance"]["rehearsal"]
    built.record("post").write_bytes(rehearsed.record("post").read_bytes())
    assert press("build", "--check").err.startswith(
        "_data/runs/post.json:1: was made from the stand-in data; "
    )
