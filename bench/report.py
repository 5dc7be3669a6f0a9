"""results.json → results.md and plot.svg; nothing in them is typed in."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sections import (
    BARE,
    COLD,
    COMMENT,
    GALLERY,
    JEKYLL,
    MYST,
    NBCONVERT,
    NOTHING,
    PLOT,
    PRESS,
    PROSE,
    SERVE,
    STATUS,
)

Rows = Mapping[str, Mapping[str, Sequence[float]]]
EDITS = (COLD, NOTHING, PROSE, COMMENT, PLOT)
COLUMNS = (NBCONVERT, GALLERY, MYST, PRESS)
# Between black and white, so that it can be read on either.
INK = "#808891"
COLOURS = {NBCONVERT: "#8a93a0", GALLERY: "#c98a1b", MYST: "#9a6fc4", PRESS: "#2e86de"}
COLOURS |= {JEKYLL: "#b05c5c", STATUS: "#2f9e78"}


@dataclass(frozen=True)
class Bar:
    what: str
    measured: float
    limit: float
    unit: str = ""

    @property
    def line(self) -> str:
        held = "yes" if self.measured <= self.limit else "**no**"
        measured, limit = (f"{number:.3g}{self.unit}" for number in (self.measured, self.limit))
        return f"| {self.what} | {measured} | {limit} | {held} |"


def write_reports(folder: Path) -> None:
    results = json.loads((folder / "results.json").read_text("utf-8"))
    parts = [
        "# What was measured",
        "Written by `bench/run`; how is told in [README.md](README.md).",
    ]
    writers = {"post": _post, "growth": _growth, "blog": _blog}
    for name, writer in writers.items():
        if name in results:
            parts += [*writer(results[name]), _conditions(results[name]["machine"])]
    if bars := [bar.line for name in results for bar in _bars(name, results[name])]:
        head = "| bar | measured | at most | held |\n|---|---|---|---|\n"
        parts += ["## Bars", head + "\n".join(bars)]
    (folder / "results.md").write_text("\n\n".join(parts) + "\n", "utf-8")
    _plot(results, folder / "plot.svg")


# Tables


def _post(section: Mapping[str, Any]) -> Iterator[str]:
    rows: Rows = section["seconds"]
    bare = median(rows[COLD][BARE])
    yield "## One post\n\n![Seconds by edit and by number of posts](plot.svg)"
    yield (
        f"Medians in seconds, and in brackets the share of what the bare script takes "
        f"({bare:.1f} s, median of {len(rows[COLD][BARE])})."
    )
    yield _table(
        ["", *COLUMNS],
        [[edit, *(_cell(rows[edit], name, bare) for name in COLUMNS)] for edit in EDITS],
    )
    if "peak" in section:
        yield "MiB in memory (the largest process of each), and in brackets MiB of files written."
        yield _table(
            ["", BARE, *COLUMNS],
            [[edit, *(_room(section, edit, name) for name in (BARE, *COLUMNS))] for edit in EDITS],
        )
    serve, jekyll = rows[SERVE][PRESS], rows[NOTHING][JEKYLL]
    yield (
        f"In `press serve`, {SERVE}: {_seconds(serve)}. "
        f"`jekyll build` alone on the same site: {_seconds(jekyll)}."
    )


def _growth(section: Mapping[str, Any]) -> Iterator[str]:
    sizes: Mapping[str, Rows] = section["seconds"]
    yield "## Many small posts"
    columns = [(row, name) for row in (COLD, NOTHING, PROSE) for name in (GALLERY, MYST, PRESS)]
    columns += [(NOTHING, JEKYLL), (STATUS, PRESS)]
    head = ["posts", *(row if row == STATUS else f"{name}, {row}" for row, name in columns)]
    body = [
        [size, *(_cell(rows.get(row, {}), name) for row, name in columns)]
        for size, rows in sizes.items()
    ]
    yield "Medians in seconds; prose edited is that of one post."
    yield _table(head, body)


def _blog(section: Mapping[str, Any]) -> Iterator[str]:
    rows: Rows = section["seconds"]
    edited = section["edited"]
    yield f"## {len(section['posts'])} posts of this blog"
    yield _table(
        ["", "seconds"],
        [
            ["all, cold: press", _seconds(rows[COLD][PRESS])],
            ["all, cold: nbconvert, one after another", _seconds(rows[COLD][NBCONVERT])],
            [f"{edited}: bare script", _seconds(rows[f"{edited}, {COLD}"][BARE])],
            [f"{edited}: press, {PLOT}", _seconds(rows[f"{edited}, {PLOT}"][PRESS])],
        ],
    )


def _cell(row: Mapping[str, Sequence[float]], name: str, bare: float | None = None) -> str:
    if name not in row:
        return ""
    share = f" ({median(row[name]) / bare:.2f})" if bare else ""
    return f"{median(row[name]):.2f}{share}"


def _room(section: Mapping[str, Any], edit: str, name: str) -> str:
    peak, written = (section[kind][edit].get(name) for kind in ("peak", "written"))
    return f"{median(peak):,.0f} ({median(written):,.1f})" if peak else ""


def _seconds(seconds: Sequence[float]) -> str:
    if len(seconds) == 1:
        return f"{seconds[0]:.2f} s (once)"
    low, high = min(seconds), max(seconds)
    return f"{median(seconds):.2f} s (median of {len(seconds)}; {low:.2f} to {high:.2f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _conditions(facts: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return (
        f"Measured on {facts['date']}: {facts['cpu']}, {facts['cores']} cores, "
        f"{facts['memory_gib']} GiB, load {facts['load_before']} before; {facts['system']}, "
        f"Python {facts['python']}, threads a run: {facts['threads']}; {versions}."
    )


# Bars


def _bars(name: str, section: Mapping[str, Any]) -> Iterator[Bar]:
    yield from {"post": _post_bars, "growth": _growth_bars, "blog": _blog_bars}[name](section)


def _post_bars(section: Mapping[str, Any]) -> Iterator[Bar]:
    rows: Rows = section["seconds"]
    press = {edit: median(rows[edit][PRESS]) for edit in EDITS}
    bare, nothing = median(rows[COLD][BARE]), press[NOTHING]
    jekyll = median(rows[NOTHING][JEKYLL])
    gallery = median(rows[NOTHING][GALLERY])
    yield Bar("nothing changed, share of Sphinx-Gallery", nothing / gallery, 0.25)
    for row in (PROSE, COMMENT):
        yield Bar(f"{row}; 1.15 × Jekyll alone + 0.2 s", press[row], 1.15 * jekyll + 0.2, " s")
    yield Bar("last plot edited, share of the bare script", press[PLOT] / bare, 0.12)
    yield Bar(f"`serve`: {SERVE}", median(rows[SERVE][PRESS]), 3, " s")
    yield Bar("cold, share of the bare script", press[COLD] / bare, 1.04)


def _growth_bars(section: Mapping[str, Any]) -> Iterator[Bar]:
    sizes: Mapping[str, Rows] = section["seconds"]
    compared = [size for size, rows in sizes.items() if COLD in rows]
    before, largest = list(sizes)[-2:]
    cold = {name: median(sizes[compared[-1]][COLD][name]) for name in (PRESS, GALLERY)}
    share = cold[PRESS] / cold[GALLERY]
    yield Bar(f"{compared[-1]} small posts, cold, share of Sphinx-Gallery", share, 1)
    jekyll = median(sizes[largest][NOTHING][JEKYLL])
    for row, limit in ((NOTHING, 0.1), (PROSE, 0.35)):
        share = median(sizes[largest][row][PRESS]) / jekyll
        yield Bar(f"{row}, {largest} posts, share of Jekyll alone", share, limit)
    yield Bar(f"`status` of {largest} posts", median(sizes[largest][STATUS][PRESS]), 0.52, " s")
    for row in (NOTHING, STATUS):
        each = {size: 1000 * median(sizes[size][row][PRESS]) / int(size) for size in sizes}
        what = f"{row}, a post of {largest}; no more than of {before}"
        yield Bar(what, each[largest], each[before], " ms")


def _blog_bars(section: Mapping[str, Any]) -> Iterator[Bar]:
    rows: Rows = section["seconds"]
    edited, count = section["edited"], len(section["posts"])
    share = median(rows[COLD][PRESS]) / median(rows[COLD][NBCONVERT])
    yield Bar(f"cold, {count} posts, share of nbconvert one after another", share, 0.6)
    bare = median(rows[f"{edited}, {COLD}"][BARE])
    plot = median(rows[f"{edited}, {PLOT}"][PRESS])
    yield Bar(f"{edited}: last plot edited, share of the bare script", plot / bare, 0.1)


# The plot


def _plot(results: Mapping[str, Any], path: Path) -> None:
    style: Any = dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK
    )
    style |= {"svg.fonttype": "none", "svg.hashsalt": "bench", "axes.spines.top": False}
    style |= {"axes.spines.right": False, "font.size": 10}
    draw: Mapping[str, Callable[[Axes, Any], None]] = {"post": _plot_post, "growth": _plot_growth}
    panels = [name for name in draw if name in results]
    if not panels:
        return
    with mpl.rc_context(style):
        figure = Figure(figsize=(8, 3.8 * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), squeeze=False)[:, 0]
        for name, ax in zip(panels, axes, strict=True):
            draw[name](ax, results[name]["seconds"])
        about = {"Title": "Seconds by edit and by number of posts", "Date": None}
        figure.savefig(path, transparent=True, metadata=about)


def _plot_post(ax: Axes, rows: Rows) -> None:
    height = 0.8 / len(COLUMNS)
    for number, name in enumerate(COLUMNS):
        places = [place + (number - 1.5) * height for place in range(len(EDITS))]
        seconds = [median(rows[edit][name]) for edit in EDITS]
        bars = ax.barh(places, seconds, 0.9 * height, color=COLOURS[name], label=name)
        ax.bar_label(bars, [f"{s:.1f}" for s in seconds], padding=3, fontsize=8)
    ax.margins(x=0.1)
    bare = median(rows[COLD][BARE])
    ax.axvline(bare, color=INK, linestyle=":", linewidth=1)
    ax.annotate("bare script", (bare, -0.6), (3, 0), textcoords="offset points", fontsize=8)
    labels = [edit.replace("training", "\ntraining") for edit in EDITS]
    ax.set(yticks=range(len(EDITS)), yticklabels=labels, ylim=(len(EDITS) - 0.4, -0.7))
    ax.set(xlabel="seconds", title="One post with one dense network")
    _legend(ax)


def _plot_growth(ax: Axes, sizes: Mapping[str, Rows]) -> None:
    lines = [(COLD, name, "--", f"{name}, cold") for name in (MYST, GALLERY, PRESS)]
    lines += [(NOTHING, name, "-", f"{name}, nothing changed") for name in (MYST, GALLERY, PRESS)]
    lines += [(NOTHING, JEKYLL, ":", JEKYLL), (STATUS, PRESS, "-", STATUS)]
    for row, name, line, label in lines:
        points = [
            (int(size), median(rows[row][name]))
            for size, rows in sizes.items()
            if name in rows.get(row, {})
        ]
        colour = COLOURS[STATUS if row == STATUS else name]
        ax.plot(*zip(*points, strict=True), line, marker="o", ms=4, color=colour, label=label)
    counts = [int(size) for size in sizes]
    ax.set(xscale="log", yscale="log", xlabel="small posts", ylabel="seconds")
    ax.set_xticks(counts, [f"{count:,}" for count in counts])
    ax.yaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
    ax.set_title("Many small posts")
    _legend(ax)


def _legend(ax: Axes) -> None:
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
