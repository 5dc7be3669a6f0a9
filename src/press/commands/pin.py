"""Pin what posts name: requirements/posts.txt, with hashes, for every Python that press runs on."""

import argparse
import importlib.util
import shutil
import sys

from press.blog import Blog, locked
from press.files import aside
from press.flow.packages import PINS
from press.flow.posts import gather
from press.machine.system import failure, run
from press.machine.versions import read_pins
from press.voice.errors import PressError, collected
from press.voice.terminal import result

COMPILE = (
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--fork-strategy=fewest",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
)


def words(parser: argparse.ArgumentParser) -> None:
    about = "take the newest versions, not those pinned already"
    parser.add_argument("--upgrade", action="store_true", help=about)


def main(blog: Blog, options: argparse.Namespace) -> None:
    with locked(blog):
        pin(blog, upgrade=options.upgrade)


def pin(blog: Blog, *, upgrade: bool = False) -> None:
    gathered = gather(blog)
    with collected() as errors:
        errors += [error for error in gathered.errors if error.place.startswith("_posts/")]
    path = blog.root / PINS
    wanted = sorted({package for work in gathered.works for package in work.post.packages})
    if not wanted:
        path.unlink(missing_ok=True)
        result("no post names a package")
        return
    with aside(path) as place, aside(path.with_suffix(".in")) as list_:
        if path.exists():
            shutil.copyfile(path, place)
        list_.write_text("\n".join([*wanted, ""]))
        words = [str(list_), "--output-file", str(place), *["--upgrade"] * upgrade]
        _compile(blog, wanted, words)
        place.replace(path)
    pins = read_pins(blog.root, "posts")
    result(f"{PINS}: {len(pins)} packages for {', '.join(wanted)}")


def _compile(blog: Blog, wanted: list[str], words: list[str]) -> None:
    """Solved together with press' own packages, whose versions stand."""
    if not importlib.util.find_spec("uv"):
        raise PressError("press pin", "needs uv, which this Python lacks", "run: pip install uv")
    own = [blog.root / "requirements" / f"{name}.txt" for name in ("test", "run")]
    words += [f"--constraints={file}" for file in own if file.is_file()]
    lighter = blog.root / "requirements" / "tensorflow.in"
    words += [f"--override={lighter}"] if lighter.is_file() else []
    done, log = run([sys.executable, "-m", "uv", "pip", "compile", *COMPILE, *words])
    if not done:
        raise failure(PINS, f"{', '.join(wanted)} cannot be pinned", log)
