"""What other machines found: counted on the page, and only for the run that it is of."""

import json
import re
from pathlib import Path

import pytest

from press.blog import Blog
from press.machine import identity

from .conftest import Press, add_post

SCRIPT = """\
# %% results tags=["values"]
{"share": "90%", "steady": 5}
"""
BODY = """\
The share is {% include value.html of="share" %}.

{% include rerun.html %}
"""


@pytest.fixture
def built(themed: Blog, press: Press) -> Blog:
    """A blog whose post has run; its site is to be made."""
    add_post(themed, "post", SCRIPT, BODY)
    assert press("build", "--shard", "1/1").code == 0
    return themed


def certificate(blog: Blog) -> Path:
    (path,) = blog.certificates("post").glob("*.json")
    return path


def page(blog: Blog) -> str:
    (path,) = (blog.root / "_site").rglob("post*/index.html")
    return " ".join(re.sub(r"<[^>]+>", " ", path.read_text()).split())


def test_a_machine_on_which_it_holds_is_counted(built: Blog, press: Press) -> None:
    told = press("verify", "--certificate")
    assert told.code == 0
    assert "post: the certificate is _data/certificates/post/" in told.err

    assert press("build").code == 0

    found = json.loads(certificate(built).read_text())
    assert found["outcome"] == "byte for byte"
    assert "Elsewhere byte for byte on 1 machine:" in page(built)
    assert "byte for byte on 1 machine" in (built.root / "_site/ledger/index.html").read_text()
    (row,) = json.loads((built.root / "_site" / "ledger.json").read_text())
    assert [item["machine"] for item in row["certificates"]] == [certificate(built).stem]


def test_each_machine_is_counted_once(
    built: Blog, press: Press, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    press("verify", "--certificate")
    press("verify", "--certificate")
    name = tmp_path / "machine-id"
    name.write_text("another machine\n")
    monkeypatch.setattr(identity, "NAMED_BY_SYSTEM", (name,))
    press("verify", "--certificate")

    assert press("build").code == 0

    files = list(built.certificates("post").iterdir())
    assert len(files) == 2
    assert "byte for byte on 2 machines" in page(built)
    assert not any("another machine" in path.read_text() for path in files)


def test_a_machine_on_which_it_does_not_hold_is_counted_as_well(
    built: Blog, press: Press, tmp_path: Path
) -> None:
    script = "# %% results tags=['values']\nimport os\n{'share': os.environ['SHARE']}\n"
    add_post(built, "post", script, BODY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHARE", "90%")
        assert press("build").code == 0
        patch.setenv("SHARE", "80%")
        assert press("verify", "--certificate").code == 1

    assert press("build").code == 0

    found = json.loads(certificate(built).read_text())
    assert found["outcome"] == "does not hold"
    assert "value 'share': 90% → 80%" in found["moved"]
    assert "Elsewhere does not hold on 1 machine" in page(built)


def test_a_certificate_is_of_the_machine_that_names_its_file(built: Blog, press: Press) -> None:
    """Else one machine counted twice, or wrote where the machine that it names leads."""
    press("verify", "--certificate")
    path = certificate(built)
    path.rename(path.with_name("another.json"))

    told = press("build")

    assert told.code == 1
    assert "_data/certificates/post/another.json:1: is not of the machine another" in told.err


def test_a_certificate_of_another_run_counts_no_more(built: Blog, press: Press) -> None:
    press("verify", "--certificate")
    assert press("build", "--refresh").code == 0

    told = press("build")

    assert told.code == 0
    assert "is about another run, and counts no more" in told.err
    assert "byte for byte on" not in page(built)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("byte for byte", "within tolerance", "was edited by hand"),
        ('"outcome"', '"out"', "is no certificate"),
        ("{", "", "is no certificate"),
    ],
)
def test_one_that_was_edited_is_told(
    old: str, new: str, problem: str, built: Blog, press: Press
) -> None:
    press("verify", "--certificate")
    path = certificate(built)
    path.write_text(path.read_text().replace(old, new, 1))

    told = press("build")

    assert told.code == 1
    assert f"{built.shown(path)}:1: {problem}; restore it, or remove it" in told.err


def test_one_of_no_post_is_told(built: Blog, press: Press) -> None:
    built.certificates("gone").mkdir(parents=True)

    assert "_data/certificates/gone:1: there is no script code/gone.py" in press("build").err
