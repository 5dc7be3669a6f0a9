"""A post can name packages: pinned with hashes, part of its key, told to its readers."""

import json
import shutil
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from press.blog import Blog
from press.machine.versions import LIGHTER, missing, versions_of
from press.workers.task import packages_of

from .conftest import ROOT, Press, add_post

NAMES = """\
---
layout: post
title: A post
packages: {packages}
---
Words.
"""


def name_packages(blog: Blog, packages: str) -> None:
    (blog.posts / "2026-11-20-post.md").write_text(NAMES.format(packages=packages))


def offer(folder: Path, name: str, number: str, needs: str = "") -> None:
    """A package for uv to find."""
    about = f"{name}-{number}.dist-info"
    about_it = f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{number}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{about}/METADATA", about_it + (f"Requires-Dist: {needs}\n" * bool(needs)))
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", f"{name}.py,,\n")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that uv knows."""
    folder = tmp_path / "wheels"
    settings = tmp_path / "uv.toml"
    settings.write_text(f'no-index = true\nfind-links = ["{folder}"]\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(settings))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def pins(blog: Blog) -> str:
    return (blog.root / "requirements" / "posts.txt").read_text()


def test_pins_are_exact_and_agree_with_presss_own(blog: Blog, press: Press, wheels: Path) -> None:
    offer(wheels, "heldoutplots", "1.0", "heldoutbase>=1")
    for number in ("1.0", "2.0"):
        offer(wheels, "heldoutbase", number)
    add_post(blog, "post", "# %%\nx = 1\n")
    name_packages(blog, "[heldoutplots]")
    (blog.root / "requirements").mkdir()
    (blog.root / "requirements" / "run.txt").write_text(
        "heldoutbase==1.0 --hash=sha256:" + "0" * 64
    )

    told = press("pin")

    assert (told.code, told.err) == (0, "")
    assert told.out == "requirements/posts.txt: 2 packages for heldoutplots\n"
    lines = pins(blog).splitlines()
    assert [line for line in lines if "==" in line] == [
        "heldoutbase==1.0 \\",
        "heldoutplots==1.0 \\",
    ]
    assert sum("--hash=sha256:" in line for line in lines) == 2
    assert not any(word in pins(blog) for word in ("://", "index", "find-links", str(wheels)))


def test_pins_stand_until_they_are_upgraded(blog: Blog, press: Press, wheels: Path) -> None:
    offer(wheels, "heldoutplots", "1.0")
    add_post(blog, "post", "# %%\nx = 1\n")
    name_packages(blog, "[heldoutplots]")
    assert press("pin").code == 0
    offer(wheels, "heldoutplots", "1.1")

    assert press("pin").code == 0
    assert "heldoutplots==1.0" in pins(blog)
    assert press("pin", "--upgrade").code == 0
    assert "heldoutplots==1.1" in pins(blog)
    name_packages(blog, "[]")
    assert press("pin").out == "no post names a package\n"
    assert not (blog.root / "requirements" / "posts.txt").exists()


def test_what_needs_tensorflow_is_content_with_the_lighter_one(
    blog: Blog, press: Press, wheels: Path
) -> None:
    offer(wheels, "heldoutplots", "1.0", "tensorflow")
    for name in ("tensorflow", "tensorflow_cpu"):
        offer(wheels, name, "2.21.0")
    add_post(blog, "post", "# %%\nx = 1\n")
    name_packages(blog, "[heldoutplots]")
    (blog.root / "requirements").mkdir()
    shutil.copy(ROOT / "requirements" / "tensorflow.in", blog.root / "requirements")

    assert press("pin").code == 0

    lines = [line for line in pins(blog).splitlines() if line.startswith("tensorflow")]
    elsewhere = "platform_machine != 'x86_64' or sys_platform != 'linux'"
    assert lines == [f"tensorflow==2.21.0 ; {elsewhere} \\"]


def test_a_package_that_stands_for_another_counts_as_it(
    blog: Blog, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(wheels, "heldoutlight", "1.0")
    monkeypatch.syspath_prepend(wheels / "heldoutlight-1.0-py3-none-any.whl")
    (blog.root / "requirements").mkdir()
    (blog.root / "requirements" / "run.txt").write_text("heldoutheavy==1.0\nheldoutlight==1.0\n")
    assert missing(["heldoutheavy", "heldoutlight"]) == ["heldoutheavy"]
    assert packages_of(blog.root) == {"heldoutlight": "1.0"}
    with pytest.raises(PackageNotFoundError):
        versions_of(set(), ["heldoutheavy"])

    monkeypatch.setitem(LIGHTER, "heldoutheavy", "heldoutlight")

    assert missing(["heldoutheavy", "heldoutlight"]) == []
    assert versions_of(set(), ["heldoutheavy"]) == {"heldoutheavy": "1.0"}
    # Whichever of the two a worker has.
    assert packages_of(blog.root) == {"heldoutheavy": "1.0"}


def test_a_package_that_nobody_has_is_told(blog: Blog, press: Press, wheels: Path) -> None:
    wheels.mkdir()
    add_post(blog, "post", "# %%\nx = 1\n")
    name_packages(blog, "[heldoutnothing]")

    told = press("pin")

    assert told.code == 1
    assert told.err.splitlines()[-1] == (
        "requirements/posts.txt: heldoutnothing cannot be pinned; see the lines above"
    )
    assert not (blog.root / "requirements" / "posts.txt").exists()


def test_a_post_whose_packages_are_not_there_says_what_to_do(blog: Blog, press: Press) -> None:
    add_post(blog, "post", "# %%\nx = 1\n")
    add_post(blog, "other", "# %%\nx = 2\n")
    name_packages(blog, "[Held.Out_Plots>=1]")

    unpinned = press("build").err.splitlines()[-1]
    (blog.root / "requirements").mkdir()
    (blog.root / "requirements" / "posts.txt").write_text("held-out-plots==1.0\nnumpy==1.0\n")
    absent = press("build").err.splitlines()[-1]
    (blog.root / "requirements" / "run.txt").write_text("numpy==2.0\n")
    apart = press("build").err.splitlines()[-1]

    post = "_posts/2026-11-20-post.md:2"
    assert blog.record("other").exists(), "the other post goes on"
    assert unpinned == (
        f"{post}: needs held-out-plots, which requirements/posts.txt does not pin; run: ./press pin"
    )
    assert absent == (
        f"{post}: needs held-out-plots, which this Python lacks; "
        "run: pip install -r requirements/posts.txt"
    )
    assert apart == (
        "requirements/posts.txt:1: pins numpy 1.0, and press has 2.0; run: ./press pin"
    )


def test_what_a_post_names_is_in_its_key_and_its_requirements(blog: Blog, press: Press) -> None:
    (blog.root / "requirements").mkdir()
    installed = version("idna")
    (blog.root / "requirements" / "posts.txt").write_text(f"idna=={installed}\n")
    add_post(blog, "post", "# %%\nx = 1\n")
    assert press("build").code == 0
    assert press("status").out.startswith("post  current")

    name_packages(blog, "[idna]")

    assert press("status").out.startswith("post  changed (the packages that the post names, or ")
    assert press("build").code == 0
    made = json.loads(blog.record("post").read_text())
    assert made["provenance"]["packages"] == {"idna": installed}
    assert f"idna=={installed}\n" in (blog.root / made["requirements"]["file"]).read_text()
    assert press("status").out.startswith("post  current")
    assert press("verify").code == 0


@pytest.mark.parametrize(
    ("code", "package"),
    [
        ("import heldoutplots.charts", "heldoutplots"),
        ("import cv2", "opencv-python-headless"),
        (
            "raise ImportError(\"Missing optional dependency 'heldout_plots'. Use pip.\")",
            "heldout-plots",
        ),
    ],
)
def test_a_missing_module_says_what_to_do(
    blog: Blog, press: Press, code: str, package: str
) -> None:
    add_post(blog, "post", f"# %%\n{code}\n")

    assert press("build").err.endswith(
        f"; name it in the post's front matter (packages: [{package}]) and run ./press pin\n"
    )


@pytest.mark.parametrize("packages", ["seaborn", "[1]", "['-r x.txt']", "['a @ https://b']"])
def test_what_is_no_list_of_packages_is_told(blog: Blog, press: Press, packages: str) -> None:
    add_post(blog, "post", "# %%\nx = 1\n")
    name_packages(blog, packages)

    assert press("pin").err == (
        "_posts/2026-11-20-post.md:2: `packages` is no list of packages; "
        "write it as packages: [seaborn, scikit-learn>=1.5]\n"
    )
