"""What the site's settings show of runs is held to the runs, as what posts quote is."""

import pytest

from press.blog import Blog
from press.site.settings import baseurl_of

from .conftest import Press

SCRIPT = """\
# %% samples tags=["data"]
{"labels": [1, 2]}

# %% unlike tags=["data"]
{"share": [0.1], "ink": [1.5]}

# %% results tags=["values"]
{"alarms": "1.6%"}
"""
SETTINGS = """\
exclude: [code, Gemfile, Gemfile.lock]

likeness:
  post: post
  data: unlike
  alarms: alarms
"""


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        ("data: unlike", "data: unlik", "the run gives no data 'unlik'; did you mean 'unlike'?"),
        ("data: unlike", "data: samples", "data 'samples' holds no ink, share"),
        ("alarms: alarms", "alarms: none", "the run gives no value 'none'; there are: alarms"),
        ("  post: post\n", "", "`likeness` lacks post"),
        ("likeness:", "pad:", "`pad` lacks models"),
        ("  data: unlike", "\tdata: unlike", "is no YAML"),
    ],
)
def test_settings_that_name_what_no_run_gives(
    here: str, there: str, said: str, blog: Blog, press: Press
) -> None:
    (blog.code / "post.py").write_text(SCRIPT)
    (blog.posts / "2026-11-20-post.md").write_text("---\ntitle: A post\n---\nWords.\n")
    settings = blog.root / "_config.yml"
    settings.write_text(SETTINGS)
    assert press("build").code == 0

    settings.write_text(SETTINGS.replace(here, there))
    told = press("build")

    assert told.code == 1
    assert said in told.err
    assert "_config.yml:" in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("text", "base"), [("baseurl: /blog\n", "/blog"), ("baseurl:\n", ""), ("title: A\n", "")]
)
def test_the_folder_of_the_server_is_that_of_the_settings(text: str, base: str, blog: Blog) -> None:
    (blog.root / "_config.yml").write_text(text)

    assert baseurl_of(blog) == base
