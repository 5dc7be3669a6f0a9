"""When garbage is looked for: press holds it up, and no script or library can tell."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from press.blog import Blog
from press.kernel import garbage, process_state
from press.record.storage import read_record
from tests.conftest import Press, add_post

BY_ITSELF = gc.get_threshold()
"""How Python begins: press' own commands look seldom, in whose process tests run."""
ASKS = "import gc\n\nthen = gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()\n"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    limits = gc.get_threshold()
    yield
    gc.enable()
    gc.set_threshold(*limits)
    gc.unfreeze()


def test_nothing_is_looked_for_while_a_library_is_loaded() -> None:
    before = [stats["collections"] for stats in gc.get_stats()]
    with garbage.postponed(), garbage.postponed():
        kept = [[number] for number in range(100_000)]

        assert [stats["collections"] for stats in gc.get_stats()] == before

    assert garbage.FAR not in gc.get_threshold()
    assert set(map(id, kept)) <= set(map(id, gc.get_objects(2)))


@pytest.mark.parametrize("limits", [(1, 2, 3), (0, 10, 10)])
def test_what_a_library_sets_stays(limits: tuple[int, int, int]) -> None:
    with garbage.postponed(), garbage.postponed():
        gc.set_threshold(*limits)
        gc.disable()

    assert gc.get_threshold() == limits
    assert not gc.isenabled()


def test_what_is_frozen_stays_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    with garbage.postponed():
        pass

    assert gc.get_freeze_count() == frozen > 0


def test_a_module_beside_the_script_finds_all_as_in_a_process_of_its_own(
    blog: Blog, press: Press
) -> None:
    (blog.code / "neighbour.py").write_text(ASKS)
    add_post(blog, "post", "# %%\nimport neighbour\n\nprint(neighbour.then)\n")

    told = press("build")

    assert told.code == 0, told.err
    record = read_record(blog, "post")
    assert record
    assert record.cells[0].output == f"{(True, BY_ITSELF, 0)}"


def test_files_of_libraries_are_told_behind_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with (tmp_path / "link" / "font.ttf").open("w") as file:
        assert file.fileno() in process_state._open_files()
        monkeypatch.setattr(sys, "prefix", str(tmp_path / "link"))
        assert file.fileno() not in process_state._open_files()
