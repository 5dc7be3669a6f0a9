"""Scripts that were written elsewhere: names of libraries, IPython's lines, rich outputs."""

import json
from typing import Any

import pytest

from press.blog import Blog

from .conftest import Press, add_post


def record(blog: Blog, slug: str = "post") -> Any:
    return json.loads(blog.record(slug).read_text())


def cell(blog: Blog, name: str) -> Any:
    return next(cell for cell in record(blog)["cells"] if cell["name"] == name)


def test_a_script_may_have_the_name_of_a_library(blog: Blog, press: Press) -> None:
    uses = "# %%\nimport json, sys\n\nimport sklearn\n\n(json.dumps([1]), len(sys.argv))\n"
    for slug in ("json", "sklearn", "post"):
        add_post(blog, slug, f"{uses}\n# %%\nown = {slug!r}\n")

    assert press("build").code == 0
    for slug in ("json", "sklearn", "post"):
        first = record(blog, slug)["cells"][0]
        assert first["output"] == "('[1]', 1)"
        assert list(record(blog, slug)["inputs"]) == ["code/matplotlibrc"]


def test_a_module_that_no_script_can_import_is_told(blog: Blog, press: Press) -> None:
    (blog.code / "sklearn.py").write_text("x = 1\n")
    add_post(blog, "post", "# %%\nimport sklearn\n")

    told = press("build")

    assert told.code == 1
    assert told.err.splitlines()[-1] == (
        "code/sklearn.py:1: has the name of the library sklearn, which is what scripts import; "
        "rename it"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "# !pip install -q seaborn",
            "'!pip install -q seaborn' changes the packages of a run while it goes on; name them "
            "in the post's front matter (packages: [NAME]), run ./press pin, and remove it",
        ),
        (
            "# %matplotlib widget",
            "'%matplotlib widget' opens windows; remove it: figures are drawn without it",
        ),
        (
            "# %run other.py",
            "'%run other.py' takes code from a file, where press would not see it change; "
            "import it as a module of code/",
        ),
        (
            'get_ipython().run_line_magic("run", "other.py")',
            '\'get_ipython().run_line_magic("run", "other.py")\' takes code from a file, '
            "where press would not see it change; import it as a module of code/",
        ),
        ("# %debug", "'%debug' is for somebody at the keyboard; remove it"),
        (
            "# %load_ext tensorboard",
            "'%load_ext tensorboard' shows a live page, which no post can quote; "
            "remove it, and plot the history of the training",
        ),
    ],
)
def test_lines_that_do_not_work_in_a_run_are_told(
    blog: Blog, press: Press, line: str, said: str
) -> None:
    add_post(blog, "post", f"# %%\nx = 1\n{line}\n")

    told = press("build")

    assert (told.code, told.err) == (1, f"code/post.py:3: {said}\n")


MAGICS = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
# ---

# %%
# %matplotlib inline
# %config InlineBackend.figure_format = "retina"
import matplotlib.pyplot as plt

# %% timed
# %%time
import shapes

area = shapes.area(2)
area

# %% shell
# !echo from the shell
listed = !echo one
# %time x = 1
listed

# %% bash language="bash"
# pip --version >/dev/null && echo ran

# %% drawn
for n in (1, 2):
    plt.figure(figsize=(1, 1))
    plt.plot([n])
    plt.show()
"""


def test_lines_that_work_in_a_run_do_as_in_a_notebook(themed: Blog, press: Press) -> None:
    (themed.code / "shapes.py").write_text("def area(side):\n    return side**2\n")
    quotes = '{{% include figure.html name="{}" caption="c" alt="a" %}}'
    add_post(themed, "post", MAGICS, "\n".join(map(quotes.format, ("drawn", "drawn-2"))))

    assert press("build").code == 0

    made = record(themed)
    assert "code/shapes.py" in made["inputs"], "what stands below %%time is read as Python"
    assert [figure["file"][-4:] for figure in made["figures"].values()] == [".svg", ".svg"]
    assert cell(themed, "timed")["output"] == "CPU times: …\nWall time: …\n4"
    assert cell(themed, "shell")["output"].startswith("from the shell\nCPU times")
    assert cell(themed, "bash")["output"] == "ran"


RICH = """\
# %% setup
import io

import pandas as pd
from IPython.display import HTML, SVG, Image, Markdown
from PIL import Image as Pictures

picture = Pictures.new("RGB", (20, 10), "red")
frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 2]})

# %% styled
frame.style.format(precision=2).hide(["a"], axis="columns").hide([0]).background_gradient()

# %% picture
picture

# %% photograph
file = io.BytesIO()
picture.save(file, "JPEG")
Image(file.getvalue())

# %% drawing
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><circle r="5"/></svg>')

# %% words
Markdown("Some **words**.")

# %% long
pd.DataFrame({"a": range(1001)})

# %% page
HTML("<marquee>!</marquee>")

# %% chart


class Chart:
    def _repr_mimebundle_(self, **_):
        return {"application/vnd.plotly.v1+json": {}, "text/plain": "Figure({})"}


Chart()
"""


def test_rich_outputs_can_be_quoted_or_say_why_not(blog: Blog, press: Press) -> None:
    add_post(blog, "post", RICH)

    assert press("build").code == 0

    made = record(blog)
    sizes = {name: (f["width"], f["height"]) for name, f in made["figures"].items()}
    assert sizes == {"picture": (20, 10), "photograph": (20, 10), "drawing": (40, 30)}
    assert made["tables"]["styled"]["columns"] == ["b"]
    assert made["tables"]["styled"]["rows"] == [["2.00"]]
    assert cell(blog, "words")["output"] == "Some **words**."
    assert [cell(blog, name)["output"] for name in ("page", "chart")] == ["", ""]
    assert cell(blog, "long")["output"].endswith("[1001 rows x 1 columns]")

    quote = '{{% include figure.html name="{}" caption="c" alt="a" %}}\n'
    add_post(blog, "post", RICH, quote.format("page") + quote.format("chart"))
    remedy = "draw it with matplotlib, or end the cell in a picture or short DataFrame"
    assert press("build").err.splitlines() == [
        f"_posts/2026-11-20-post.md:{line}: the run gives no figure '{name}': its cell shows "
        f"{what}, which a post cannot quote; {remedy}"
        for line, name, what in ((5, "page", "HTML"), (6, "chart", "a Plotly figure"))
    ]


def test_status_of_a_post_lists_what_it_can_quote(blog: Blog, press: Press) -> None:
    add_post(blog, "post", MAGICS.replace("shapes", "math").replace("area(2)", "sqrt(16)"))

    before = press("status", "post").out.splitlines()
    assert press("build").code == 0
    after = press("status", "post").out.splitlines()

    assert before[1:3] == ["  line 11   import-matplotlib-pyplot-as-plt", "  line 16   timed"]
    assert after[-1] == "  line 32   drawn                            figures: drawn, drawn-2"
    assert len(press("status").out.splitlines()) == 1


def test_a_long_table_says_that_it_cannot_be_quoted(blog: Blog, press: Press) -> None:
    script = "# %% long\nimport pandas as pd\n\npd.DataFrame({1: range(1001)})\n"
    add_post(blog, "post", script, '{% include table.html name="long" caption="c" %}')

    assert press("build").err.splitlines()[-1] == (
        "_posts/2026-11-20-post.md:5: the run gives no table 'long': its cell shows a table of "
        "1,001 rows, more than 1,000, which a post cannot quote; "
        "draw it with matplotlib, or end the cell in a picture or short DataFrame"
    )


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("open(__file__)", "write paths from code/, where scripts run"),
        ("# +\n# %nowhere", "load what brings it (%load_ext) before it, or write it in Python"),
        ('input("who?")', "write the answer into the script: nobody is there to ask"),
        (
            "import asyncio\n\nasyncio.run(asyncio.sleep(0))",
            "write await in its place, as in a notebook",
        ),
    ],
)
def test_what_only_a_plain_program_can_do_is_told(
    blog: Blog, press: Press, code: str, remedy: str
) -> None:
    add_post(blog, "post", code + "\n")

    assert press("build").err.endswith(f"; {remedy}\n")


PLAIN = '''\
"""A plain program."""
import matplotlib.pyplot as plt

fig, ax = plt.subplots()

ax.plot([1, 2])

ax.set_title("The end")

if __name__ == "__main__":
    plt.show()
'''


def test_a_plain_program_draws_what_it_draws_in_the_end(blog: Blog, press: Press) -> None:
    add_post(blog, "post", PLAIN)

    assert press("build").code == 0
    assert list(record(blog)["figures"]) == ["import-matplotlib-pyplot-as-plt"]
    assert len(record(blog)["cells"]) == 1
