"""What is measured: one post edited in five ways, many small posts, and the blog's own six."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from contenders import ROOT, Contender, contenders, copy_from_blog, lay_blog, notebook
from measure import Cost, Costs, Machine, must, said_by

Item = TypeVar("Item")

POST = Path(__file__).with_name("post.py")
BARE, PRESS, MYST, GALLERY = "bare script", "press", "MyST-NB", "Sphinx-Gallery"
NBCONVERT, JEKYLL = "nbconvert", "Jekyll alone"
COLD, NOTHING, PROSE, COMMENT, PLOT = (
    "cold",
    "nothing changed",
    "prose edited",
    "comment in the training cell edited",
    "last plot edited",
)
SERVE = "from saving to the new figure in the browser"
STATUS = "press status"
CONVNET = "mnist-classification-using-keras"
OPENING = (
    "a-first-look-at-neural-networks",
    "first-glimpse-of-a-neural-network",
    CONVNET,
    "neural-networks",
    "neural-networks-keras",
    "neural-networks-multiclass",
)
"""The posts that the blog opened with; all it has now would take two hours."""
SMALL = """\
# %% [markdown]
# # Small post {number}
#
# It adds some numbers, edition {edition}.

# %% number
number = {number}

# %% sum
print("the sum is", sum(range(100)))
"""
DATA = """\
import os
import keras
import numpy as np

def load_data(path="mnist.npz"):
    with np.load(os.environ["MNIST_NPZ"]) as file:
        return ((file["x_train"], file["y_train"]), (file["x_test"], file["y_test"]))

keras.datasets.mnist.load_data = load_data
"""
"""Press hands Keras the file that MNIST_NPZ names; the others are told to take it by this."""


@dataclass(frozen=True)
class Scale:
    """How much is measured; `--quick` only shows that everything works."""

    warm: int = 5
    cold: int = 3
    cold_blog: int = 1
    images: int = 60_000
    epochs: int = 10
    small: tuple[int, ...] = (10, 100, 1000)
    cold_up_to: int = 100
    posts: tuple[str, ...] = OPENING
    edited: str = CONVNET

    @property
    def rounds(self) -> int:
        return max(self.warm, self.cold)


def quick(scale: Scale) -> Scale:
    one = "first-glimpse-of-a-neural-network"
    return replace(
        scale,
        warm=1,
        cold=1,
        images=2_000,
        epochs=1,
        small=(3, 10),
        cold_up_to=3,
        posts=(one,),
        edited=one,
    )


# One post


@dataclass
class Edition:
    """The post as it stands after some edits, each of which nobody has seen before."""

    scale: Scale
    prose: int = 0
    comment: int = 0
    plot: int = 0

    @property
    def script(self) -> str:
        return (
            POST.read_text("utf-8")
            .replace("edition 0", f"edition {self.prose}")
            .replace("remark 0", f"remark {self.comment}")
            .replace("plot 0", f"plot {self.plot}")
            .replace("images = 60_000", f"images = {self.scale.images}")
            .replace("epochs = 10", f"epochs = {self.scale.epochs}")
        )


def post(machine: Machine, folder: Path, scale: Scale) -> dict[str, Any]:
    """Each round measures every edit with every contender in turn, beginning with another one."""
    costs = Costs()
    every = contenders(folder)
    bare = every.pop(BARE)
    edition = Edition(scale)
    bare.begin()
    bare.write("post", edition.script)
    for number in range(scale.rounds):
        turn = rotated(list(every.values()), number)
        costs.add(COLD, BARE, _bare(machine, bare))
        if number < scale.cold:
            for contender in turn:
                _new_posts(machine, contender, {"post": edition.script})
                costs.add(COLD, contender.name, _built(machine, contender, "accuracy:", 2))
        if number < scale.warm:
            _edits(machine, turn, edition, costs, number + 1)
            costs.add(NOTHING, JEKYLL, _jekyll(machine, every[PRESS].root, folder / "site"))
    root = str(every[PRESS].root)
    for seconds in machine.own("serve", root, "post", "by-digit", str(scale.warm)):
        costs.add_seconds(SERVE, PRESS, seconds)
    return dict(costs.tree)


def _edits(
    machine: Machine, turn: Sequence[Contender], edition: Edition, costs: Costs, number: int
) -> None:
    def measure(edit: str, mark: str, figures: int) -> None:
        for contender in turn:
            contender.write("post", edition.script)
            costs.add(edit, contender.name, _built(machine, contender, mark, figures))

    measure(NOTHING, "accuracy:", 0)
    edition.prose = number
    measure(PROSE, f"edition {number}", 0)
    edition.comment = number
    measure(COMMENT, f"remark {number}", 0)
    edition.plot = number
    measure(PLOT, f"plot {number}", 1)


def _new_posts(machine: Machine, contender: Contender, posts: Mapping[str, str]) -> None:
    """What is cold are the posts: the site was built before, when it had none."""
    contender.begin()
    if contender.is_for_sites:
        machine.timed(contender.command, contender.root)
    contender.write_all(posts)


def _bare(machine: Machine, bare: Contender) -> Cost:
    cost = machine.timed(bare.command, bare.root, MPLBACKEND="agg")
    must("accuracy:" in bare.shown("post"), lambda: "the bare script said nothing")
    return cost


def _built(machine: Machine, contender: Contender, mark: str, figures: int) -> Cost:
    """A build, at whose end the page holds the mark and so many figures that were not there."""
    before = contender.figures("post")
    cost = machine.timed(contender.command, contender.root)
    new = len(contender.figures("post") - before)
    must(mark in contender.shown("post"), lambda: f"{contender.name}: no {mark!r} in its page")
    must(new == figures, lambda: f"{contender.name}: {new} new figures, not {figures}")
    return cost


def _jekyll(machine: Machine, blog: Path, site: Path) -> Cost:
    """Jekyll by itself on the blog as press left it; once before, so that its folder is there."""
    command = [*machine.jekyll, "build", "--quiet", "--source", str(blog)]
    command += ["--destination", str(site)]
    if not site.exists():
        machine.timed(command, blog)
    return machine.timed(command, blog)


def rotated(items: Sequence[Item], by: int) -> list[Item]:
    by %= len(items)
    return [*items[by:], *items[:by]]


# Many small posts


def growth(machine: Machine, folder: Path, scale: Scale) -> dict[str, Any]:
    """Cold where every contender is run; beyond that only press, filled from one post's results."""
    found: dict[str, Mapping[str, Any]] = {}
    for count in scale.small:
        print(f"bench: {count} small posts", file=sys.stderr, flush=True)
        every = contenders(folder / str(count))
        turn = [every[name] for name in (PRESS, MYST, GALLERY)]
        rows = Costs()
        posts = {f"small-{n:04}": SMALL.format(number=n, edition=0) for n in range(count)}
        if count <= scale.cold_up_to:
            for number in range(scale.cold):
                for contender in rotated(turn, number):
                    _new_posts(machine, contender, posts)
                    rows.add(COLD, contender.name, _all_built(machine, contender, posts))
        else:
            turn = [every[PRESS]]
            _filled(machine, every[PRESS], posts)
        for number in range(scale.warm):
            for contender in rotated(turn, number):
                rows.add(NOTHING, contender.name, _all_built(machine, contender, posts))
            for contender in rotated(turn, number):
                rows.add(PROSE, contender.name, _one_edited(machine, contender, number + 1))
            blog, site = every[PRESS].root, folder / f"site-{count}"
            rows.add(NOTHING, JEKYLL, _jekyll(machine, blog, site))
            rows.add(STATUS, PRESS, _status(machine, every[PRESS], count))
        found[str(count)] = rows.tree
        shutil.rmtree(folder / str(count))
    return {
        kind: {count: tree[kind] for count, tree in found.items()}
        for kind in ("seconds", "peak", "written")
    }


def _all_built(machine: Machine, contender: Contender, posts: Mapping[str, str]) -> Cost:
    cost = machine.timed(contender.command, contender.root)
    missing = [slug for slug in posts if "the sum is 4950" not in contender.shown(slug)]
    must(not missing, lambda: f"{contender.name}: nothing of {missing[:5]}")
    return cost


def _one_edited(machine: Machine, contender: Contender, edition: int) -> Cost:
    contender.write("small-0000", SMALL.format(number=0, edition=edition))
    cost = machine.timed(contender.command, contender.root)
    new = f"edition {edition}" in contender.shown("small-0000")
    must(new, lambda: f"{contender.name}: its page is of another edition than {edition}")
    return cost


def _filled(machine: Machine, press: Contender, posts: Mapping[str, str]) -> None:
    first = next(iter(posts))
    _new_posts(machine, press, {first: posts[first]})
    machine.timed(press.command, press.root)
    press.write_all(posts)
    machine.own("fill", str(press.root))
    _status(machine, press, len(posts))
    machine.timed(press.command, press.root)


def _status(machine: Machine, press: Contender, count: int) -> Cost:
    cost = machine.timed((*press.command[:-1], "status"), press.root)
    lines = re.findall(r"^\S+ +current", said_by(press.root).read_text(), re.MULTILINE)
    must(len(lines) == count, lambda: f"press status: {len(lines)} posts are current, not {count}")
    return cost


# The blog's own posts


def blog(machine: Machine, folder: Path, scale: Scale) -> dict[str, Any]:
    """Six posts from nothing: press with its usual jobs, nbconvert one after another."""
    press, others = folder / "press", folder / "notebooks"
    slugs = scale.posts
    costs = Costs()
    build = (str(ROOT / "press"), "--blog", str(press), "build")

    def with_press() -> None:
        shutil.rmtree(press, ignore_errors=True)
        lay_blog(press)
        machine.timed(build, press)
        _copy_posts(press, slugs)
        costs.add(COLD, PRESS, machine.timed(build, press))
        missing = [s for s in slugs if not (press / f"_site/posts/{s}/index.html").exists()]
        must(not missing, lambda: f"press: no page of {missing}")

    def with_nbconvert() -> None:
        _lay_notebooks(others, slugs)
        seconds = sum(_converted(machine, others, slug).seconds for slug in slugs)
        costs.add_seconds(COLD, NBCONVERT, seconds)

    ways: list[Callable[[], None]] = [with_press, with_nbconvert]
    for number in range(scale.cold_blog):
        for way in rotated(ways, number):
            way()
        script = f"{scale.edited}.bare.py"
        command = (sys.executable, script)
        costs.add(f"{scale.edited}, {COLD}", BARE, machine.timed(command, others, MPLBACKEND="agg"))
    for number in range(scale.warm):
        cost = _last_plot(machine, press, scale.edited, build, number)
        costs.add(f"{scale.edited}, {PLOT}", PRESS, cost)
    return {"posts": slugs, "edited": scale.edited, **costs.tree}


def _copy_posts(root: Path, slugs: Sequence[str]) -> None:
    """The posts and scripts, without any results."""
    copy_from_blog(root, (f"code/{slug}.py" for slug in slugs))
    for slug in slugs:
        copy_from_blog(root, (str(p.relative_to(ROOT)) for p in ROOT.glob(f"_posts/*-{slug}.md")))


def _lay_notebooks(root: Path, slugs: Sequence[str]) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    shutil.copy(ROOT / "code" / "matplotlibrc", root)
    for slug in slugs:
        script = (ROOT / "code" / f"{slug}.py").read_text("utf-8")
        (root / f"{slug}.ipynb").write_text(notebook(script, first=DATA), "utf-8")
        (root / f"{slug}.bare.py").write_text(f"{DATA}\n{script}", "utf-8")


def _converted(machine: Machine, root: Path, slug: str) -> Cost:
    convert = (sys.executable, "-m", "nbconvert", "--execute", "--to", "html", f"{slug}.ipynb")
    cost = machine.timed(convert, root)
    must((root / f"{slug}.html").exists(), lambda: f"no page of {slug}")
    return cost


def _last_plot(machine: Machine, root: Path, slug: str, build: Sequence[str], number: int) -> Cost:
    """Write something into the last figure, and build."""
    record = root / "_data" / "runs" / f"{slug}.json"
    name, figure = list(json.loads(record.read_text("utf-8"))["figures"].items())[-1]
    script = root / "code" / f"{slug}.py"
    head, title, tail = script.read_text("utf-8").partition(f"\n# %% {figure['cell']}\n")
    body, *rest = tail.partition("\n# %%")
    body = re.sub(r"\nplt\.gcf\(\)\.text\(0, 0, .*", "", body.rstrip())
    body += f'\nplt.gcf().text(0, 0, "{number}")\n'
    script.write_text("".join([head, title, body, *rest]), "utf-8")
    cost = machine.timed(build, root)
    after = json.loads(record.read_text("utf-8"))["figures"][name]
    must(after["sha256"] != figure["sha256"], lambda: f"{slug}: {name} is as it was")
    return cost
