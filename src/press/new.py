"""Begin a post: its text and its script, paired, that build as they are."""

import re
import unicodedata
from datetime import date

import yaml

from press.blog import Blog, write
from press.errors import PressError
from press.say import result

POST = """\
---
layout: post
{front}---

What the reader will know at the end. The run below took
{{% include value.html of="samples" %}} random points.

{{% include cell.html name="estimate" %}}

{{% include figure.html name="points"
  caption="Of {{samples}} points, {{inside}} lie in the quarter circle: π is about {{pi}}."
  alt="A square filled with dots; the {{inside}} in a quarter circle are coloured." %}}
"""

SCRIPT = """\
# %% [markdown]
# {title}

# %% setup
import matplotlib.pyplot as plt
import numpy as np

# %% estimate
samples = 1_000
points = np.random.default_rng(seed=1).random((samples, 2))
inside = (points**2).sum(axis=1) < 1
pi = 4 * inside.mean()
print(f"π is about {{pi:.2f}}")

# %% points
fig, ax = plt.subplots(figsize=(3.4, 3.4))
ax.scatter(*points[inside].T, s=4)
ax.scatter(*points[~inside].T, s=4, color="0.6")
ax.set(xlabel="x", ylabel="y", aspect="equal")

# %% results tags=["values"]
{{
    "samples": f"{{samples:,}}",
    "inside": f"{{inside.sum():,}}",
    "pi": f"{{pi:.2f}}",
}}

# %% checks tags=["claim"]
assert abs(pi - np.pi) < 0.2
"""


def new(blog: Blog, title: str) -> None:
    slug = slug_of(title)
    post = blog.posts / f"{date.today():%Y-%m-%d}-{slug}.md"
    script = blog.code / f"{slug}.py"
    taken = [script, *blog.posts.glob(f"????-??-??-{slug}.*")]
    for path in taken:
        if path.exists():
            raise PressError(blog.shown(path), "is there already", "choose another title")
    front = yaml.safe_dump({"title": title, "tags": []}, allow_unicode=True, sort_keys=False)
    write(post, POST.format(front=front))
    write(script, SCRIPT.format(title=title))
    result(f"{blog.shown(post)}\n{blog.shown(script)}")


def slug_of(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not slug:
        raise PressError(
            "press new", f"the title {title!r} has no letter or digit", "choose another"
        )
    return slug
