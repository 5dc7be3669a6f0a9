"""Every folder in cases/ is a blog; what press says of it and the records it makes stand beside it.

A folder without expectations gets them written and fails once: look at them, then commit them.
"""

import json
import shutil
from pathlib import Path

import pytest

from press.blog import Blog

from .conftest import Press

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path, blog: Blog, press: Press) -> None:
    shutil.copytree(case, blog.root, dirs_exist_ok=True)
    before = _results(blog)

    limit = ("--time-limit", "3") if case.name == "endless-cell" else ()
    told = press("build", *limit)

    assert told.out == ""
    assert told.code == (0 if case.name.startswith("good-") else 1)
    _expect(case / "said.txt", told.err)
    if told.code == 0:
        for path in sorted(blog.records.glob("*.json")):
            _expect(case / f"{path.stem}.record.json", _without_provenance(path))
        for path in sorted((blog.root / "_data" / "pages").glob("*.json")):
            _expect(case / f"{path.stem}.page.json", path.read_text())
    else:
        assert not (blog.root / "_site").exists()
        assert before.items() <= _results(blog).items(), "a good result was lost"
    assert not list(blog.local.glob("run-*"))
    assert not list(blog.root.rglob("*.aside"))


def _results(blog: Blog) -> dict[str, bytes]:
    return {
        str(path.relative_to(blog.root)): path.read_bytes()
        for folder in (blog.records, blog.root / "img")
        for path in folder.rglob("*")
        if path.is_file()
    }


def _without_provenance(path: Path) -> str:
    record = json.loads(path.read_text())
    del record["provenance"]
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _expect(path: Path, content: str) -> None:
    if not path.exists():
        path.write_text(content)
        pytest.fail(f"{path.name} was missing and is written now: look at it and commit it")
    assert content == path.read_text()
