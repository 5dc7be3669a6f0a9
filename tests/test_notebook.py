"""The notebook is the article: prose between the cells, in the order of both."""

import json
from typing import Any

from press.blog import Blog

from .conftest import Press, add_post

SCRIPT = """\
# %% [markdown]
# A script with a heading of its own.

# %% setup
import pandas as pd

# %% numbers
numbers = [1, 2, 3]
print(numbers)

# %% hidden
pd.DataFrame({"n": numbers})

# %% results tags=["values"]
{"largest": max(numbers)}
"""
BODY = """\
It begins. [Elsewhere]({{ '/about/' | relative_url }}) there is more. ![A digit](/img/digit.png)
Code such as `"{:.2%}".format(x)` and {% raw %}`{{ braces }}`{% endraw %} stays
{%- comment %} but not this {% endcomment %}.

{% include cell.html name="numbers" %}

The largest is {% include value.html of="largest" %}, see {% include ref.html table="hidden" %}.
In a line $$x^2$$, and alone:

$$
y = x
$$

{% include table.html name="hidden" caption="Up to {largest}." %}

It ends.
{: .box-note}
"""


def cells_of(blog: Blog) -> list[dict[str, Any]]:
    book: dict[str, Any] = json.loads(blog.notebook("post").read_text("utf-8"))
    return [{**cell, "source": "".join(cell["source"])} for cell in book["cells"]]


def test_prose_stands_between_the_cells_that_it_is_about(themed: Blog, press: Press) -> None:
    add_post(themed, "post", SCRIPT, BODY)
    assert press("build").code == 0

    cells = cells_of(themed)
    assert [(cell["cell_type"], cell["source"].split("\n")[0]) for cell in cells] == [
        ("markdown", "A script with a heading of its own."),
        ("markdown", "# A post"),
        ("code", "import pandas as pd"),
        ("code", "numbers = [1, 2, 3]"),
        ("markdown", "The largest is 3, see Table 1."),
        ("code", 'pd.DataFrame({"n": numbers})'),
        ("markdown", "**Table 1.** Up to 3."),
        ("code", '{"largest": max(numbers)}'),
    ]
    assert cells[1]["source"].endswith(
        "It begins. Elsewhere there is more. A digit\n"
        'Code such as `"{:.2%}".format(x)` and `{{ braces }}` stays\n.'
    )
    assert "In a line $x^2$, and alone:\n\n$$\ny = x\n$$" in cells[4]["source"]
    assert cells[6]["source"].endswith("It ends.")
    assert [len(cell["outputs"]) for cell in cells if cell["cell_type"] == "code"] == [0, 1, 1, 1]
    assert press("build", "--check").code == 0


def test_the_notebook_follows_the_prose_and_nothing_is_run(themed: Blog, press: Press) -> None:
    add_post(themed, "post", SCRIPT, BODY)
    press("build")
    before = themed.record("post").read_bytes()
    add_post(themed, "post", SCRIPT, BODY.replace("It begins.", "It starts."))

    told = press("build", "--check")
    assert told.code == 1
    problem = "downloads/post.ipynb:1: is not of today's text or results; run: ./press build post"
    assert told.err.startswith(problem)
    assert press("build").code == 0

    assert "It starts." in cells_of(themed)[1]["source"]
    assert themed.record("post").read_bytes() == before
