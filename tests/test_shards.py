"""Posts dealt out to machines that know nothing of each other, and gathered again."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from press.blog import Blog
from press.cli import main
from press.flow.shards import Shard, dealt

from .conftest import Press, add_post, empty_blog

SCRIPT = """\
# %% setup
import matplotlib.pyplot as plt

# %% curve
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([1, {n}])

# %% results tags=["values"]
{{"number": {n}}}
"""
POSTS = 5
SHARDS = 3


def blog_of_posts(folder: Path) -> Blog:
    blog = empty_blog(folder)
    for n in range(POSTS):
        add_post(blog, f"post-{n}", SCRIPT.format(n=n + 2))
    return blog


def results(blog: Blog) -> dict[str, object]:
    """Every file of runs, but for what each run notes of itself."""
    folders = (blog.records, blog.root / "img", blog.downloads)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found: dict[str, object] = {}
    for path in files:
        found[blog.shown(path)] = path.read_bytes()
        if path.parent == blog.records:
            tree = json.loads(path.read_bytes())
            del tree["provenance"]
            found[blog.shown(path)] = tree
    return {name: item for name, item in found.items() if not name.endswith((".zip", ".ipynb"))}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Blog]:
    """Each third of the posts, run in a copy of its own."""
    blog = blog_of_posts(tmp_path_factory.mktemp("whole"))
    thirds = []
    for number in range(1, SHARDS + 1):
        third = Blog(tmp_path_factory.mktemp(f"third-{number}") / "a blog")
        shutil.copytree(blog.root, third.root)
        assert main(["--blog", str(third.root), "build", "--shard", f"{number}/{SHARDS}"]) == 0
        thirds.append(third)
    return thirds


@pytest.fixture
def whole(tmp_path: Path) -> Blog:
    return blog_of_posts(tmp_path)


def gather(blog: Blog, *folders: Path) -> int:
    return main(["--blog", str(blog.root), "gather", *map(str, folders)])


def test_shards_gathered_are_the_whole_build(
    whole: Blog, parts: list[Blog], tmp_path: Path
) -> None:
    counts = [len(list(part.records.glob("*.json"))) for part in parts]
    assert sorted(counts) == [1, 2, 2]
    assert not any((part.root / "_site").exists() for part in parts)
    at_once = Blog(tmp_path / "at once")
    shutil.copytree(whole.root, at_once.root)

    first, second, *others = (part.root for part in parts)
    assert gather(whole, second) == 0
    assert gather(whole, first, *others) == 0
    assert main(["--blog", str(at_once.root), "build"]) == 0

    assert results(whole) == results(at_once)
    assert main(["--blog", str(whole.root), "build"]) == 0
    for part in parts:
        for path in part.records.glob("*.json"):
            assert whole.record(path.stem).read_bytes() == path.read_bytes()


def test_what_was_gathered_is_nothing_new(
    whole: Blog, parts: list[Blog], capfd: pytest.CaptureFixture[str]
) -> None:
    assert gather(whole, parts[0].root) == 0
    capfd.readouterr()

    assert gather(whole, parts[0].root) == 0

    assert capfd.readouterr().err == "nothing is new there\n"


def damage_figure(part: Blog) -> str:
    figure = next((part.root / "img").rglob("*.svg"))
    figure.write_bytes(figure.read_bytes() + b" ")
    return "is not the file that the run made"


def lose_figure(part: Blog) -> str:
    next((part.root / "img").rglob("*.svg")).unlink()
    return "is missing, and the record names it"


def edit_record(part: Blog) -> str:
    record = next(part.records.glob("*.json"))
    record.write_text(record.read_text().replace('"number"', '"numbers"'))
    return "was edited by hand"


def cut_record(part: Blog) -> str:
    record = next(part.records.glob("*.json"))
    record.write_text(record.read_text()[:200])
    return "is damaged"


def lose_records(part: Blog) -> str:
    shutil.rmtree(part.records)
    return "holds no records"


@pytest.mark.parametrize(
    "harm", [damage_figure, lose_figure, edit_record, cut_record, lose_records]
)
def test_with_one_fault_nothing_is_taken(
    harm: object,
    whole: Blog,
    parts: list[Blog],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert callable(harm)
    part = Blog(tmp_path / "part")
    shutil.copytree(parts[1].root, part.root)
    problem = harm(part)

    assert gather(whole, parts[0].root, part.root) == 1

    said = capfd.readouterr().err
    assert problem in said
    assert str(part.root) in said
    assert results(whole) == {}


def test_a_record_of_other_code_is_refused(
    whole: Blog, parts: list[Blog], capfd: pytest.CaptureFixture[str]
) -> None:
    for script in whole.code.glob("post-*.py"):
        script.write_text(script.read_text().replace("[1,", "[2,"))

    assert gather(whole, parts[0].root) == 1

    assert "is not of the code/post-" in capfd.readouterr().err
    assert results(whole) == {}


def test_two_runs_of_one_post_are_refused(
    whole: Blog, parts: list[Blog], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    again = Blog(tmp_path / "again")
    shutil.copytree(whole.root, again.root)
    assert main(["--blog", str(again.root), "build", "--shard", f"1/{SHARDS}"]) == 0

    assert gather(whole, parts[0].root, again.root) == 1

    assert "is another run than the one in" in capfd.readouterr().err
    assert results(whole) == {}


def test_verify_takes_its_part_alone(
    whole: Blog, parts: list[Blog], capfd: pytest.CaptureFixture[str]
) -> None:
    assert gather(whole, *(part.root for part in parts)) == 0
    capfd.readouterr()

    for number in range(1, SHARDS + 1):
        assert main(["--blog", str(whole.root), "verify", "--shard", f"{number}/{SHARDS}"]) == 0

    lines = capfd.readouterr().out.splitlines()
    held = [line.split(":")[0] for line in lines if "holds, byte for byte" in line]
    assert sorted(held) == [f"post-{n}" for n in range(POSTS)]


def test_a_part_that_is_none_is_told(press: Press, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        press("build", "--shard", "3/2")

    assert "'3/2' is not K/N, such as 2/5" in capfd.readouterr().err


@given(
    costs=st.dictionaries(st.text("abc", min_size=1), st.none() | st.floats(0, 1e4), max_size=20),
    of=st.integers(1, 6),
)
def test_every_post_falls_to_one_part_and_none_has_far_too_much(
    costs: dict[str, float | None], of: int
) -> None:
    works = [work(slug, seconds) for slug, seconds in costs.items()]
    parts = [[each.slug for each in dealt(works, Shard(n, of))] for n in range(1, of + 1)]

    assert sorted(slug for part in parts for slug in part) == sorted(costs)
    assert [each.slug for each in dealt(works[::-1], Shard(of, of))] == parts[-1]
    known = {slug: cost for slug, cost in costs.items() if cost}
    if known and len(known) == len(costs):
        loads = [sum(known[slug] for slug in part) for part in parts]
        assert max(loads) <= sum(loads) / of + max(known.values()) + 1e-6


def work(slug: str, seconds: float | None) -> Any:
    provenance = SimpleNamespace(seconds=seconds)
    record = None if seconds is None else SimpleNamespace(provenance=provenance)
    return SimpleNamespace(slug=slug, record=record)
