"""The record: one deterministic file that tells when it was touched."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from press.blog import Blog
from press.files import digest
from press.record.record import Filed, Record
from press.record.storage import dumps, lines, read_record, sealed, write_record
from press.voice.errors import PressError

from .examples import record

# No lone surrogates: printed text has none left when it comes into a record.
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


def stored(blog: Blog, content: str) -> Record | None:
    blog.records.mkdir(parents=True, exist_ok=True)
    blog.record("post").write_text(content, "utf-8", newline="\n")
    return read_record(blog, "post")


def test_what_is_written_is_read_back(blog: Blog) -> None:
    assert stored(blog, dumps(record())) == sealed(record())


@given(source=TEXT, output=TEXT, number=st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_and_number_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, source: str, output: str, number: float
) -> None:
    blog = Blog(tmp_path_factory.mktemp("blog"))
    cell = replace(record().cells[0], source=source, output=output)
    value = replace(record().values["a"], text=output, number=number)
    odd = replace(record(), cells=(cell,), values={"a": value})

    assert stored(blog, dumps(odd)) == sealed(odd)


@given(st.lists(TEXT, min_size=1, max_size=20))
def test_the_file_is_the_same_every_time_and_has_no_odd_line_ends(texts: list[str]) -> None:
    cells = tuple(replace(record().cells[0], output=text) for text in texts)
    content = dumps(replace(record(), cells=cells))

    assert content == dumps(replace(record(), cells=cells))
    assert len(content.splitlines()) == content.count("\n")


def test_ruby_reads_what_python_wrote(blog: Blog) -> None:
    if not shutil.which("ruby"):
        pytest.skip("no Ruby on this machine: run ./press build first")
    odd = "".join(map(chr, [*range(0x20), *range(0x7E, 0xA1), 0x2028, 0x2029, 0xFEFF, 0x1F600]))
    texts = ["{{ x }} {% raw %}", "- a: b # c", "'\"\\", "\ttab\n\n  two", "~", "yes", "1e3", odd]
    cells = tuple(replace(record().cells[0], output=text, source=text) for text in texts)
    stored(blog, dumps(replace(record(), cells=cells)))
    # Jekyll reads data files with the YAML parser, JSON or not.
    program = "require 'yaml'; require 'json'; puts JSON.dump(YAML.load(File.read(ARGV[0])))"
    read = subprocess.run(
        ["ruby", "-EUTF-8", "-e", program, str(blog.record("post"))],
        capture_output=True,
        check=True,
    )

    assert json.loads(read.stdout) == json.loads(blog.record("post").read_text("utf-8"))


@pytest.mark.parametrize(
    ("old", "new"),
    [('"97.8%"', '"97.9%"'), ("97.8,", "97.9,"), ('"seed": 42', '"seed": 43'), ('"1"', '"2"')],
)
def test_every_edit_by_hand_is_noticed(blog: Blog, old: str, new: str) -> None:
    content = dumps(record())
    assert old in content

    with pytest.raises(PressError) as error:
        stored(blog, content.replace(old, new, 1))

    assert str(error.value) == (
        "_data/runs/post.json:1: was edited by hand; "
        "restore it, or run: ./press build --refresh post"
    )


@given(st.integers(min_value=0))
def test_a_record_cut_short_is_refused(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    blog = Blog(tmp_path_factory.mktemp("blog"))
    content = dumps(record())

    with pytest.raises(PressError, match=r"^_data/runs/post.json:\d+: (is damaged|is no run)"):
        stored(blog, content[: at % (len(content) - 2)])


@pytest.mark.parametrize(
    "place",
    [
        "src/press/cli.py",
        "img/post/../x.0123abcd.svg",
        "img/other/x.0123abcd.svg",
        "img/post/x.svg",
        "downloads/other.0123abcd.txt",
        "_data/runs/other.json",
    ],
)
def test_a_record_writes_only_where_runs_of_its_post_do(place: str, blog: Blog) -> None:
    with pytest.raises(PressError, match="a record of post may not write it"):
        write_record(blog, "post", Filed(record(), {place: b"x"}))

    assert not (blog.root / place).exists()
    assert not blog.record("post").exists()


def test_numbers_are_numbers_for_jekyll_too(blog: Blog) -> None:
    numbers = [1e-05, -3e-07, 1e22, 1.5e-07, 0.1, 3]

    text = lines(numbers)

    assert json.loads(text) == yaml.load(text, Loader=yaml.SafeLoader) == numbers


def test_old_figures_go_when_the_new_record_stands(blog: Blog) -> None:
    folder = blog.figures("post")
    folder.mkdir(parents=True)
    own = f"curve.{digest('old')[:8]}.svg"
    for name in (own, "photo.png", "photo.20261130.jpg", "curve.0123abcd.svg"):
        (folder / name).write_text("old")

    write_record(blog, "post", Filed(record(), {"img/post/curve.0123abcd.svg": b"<svg/>"}))

    left = sorted(path.name for path in folder.iterdir())
    assert left == ["curve.0123abcd.svg", "photo.20261130.jpg", "photo.png"]
    assert (folder / "curve.0123abcd.svg").read_bytes() == b"<svg/>"
