"""Where other seeds fell, told on demand beside a quoted value."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .conftest import add_post, empty_blog, served, with_theme

SCRIPT = """\
# %% draw
seed = 42
last = seed % 10

# %% results tags=["values"]
{"last": last, "fixed": 784}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    blog = with_theme(empty_blog(tmp_path_factory.mktemp("tried")))
    body = 'Of {% include value.html of="last" %} and {% include value.html of="fixed" %}.'
    add_post(blog, "post", SCRIPT, body)
    for words in (["build"], ["verify", "--seeds", "3", "--keep"], ["build"]):
        command = [sys.executable, "-P", "-m", "press", "--blog", str(blog.root), *words]
        subprocess.run(command, check=True)
    return blog.root / "_site"


def test_a_value_tells_on_demand_where_other_seeds_fell(site: Path, browser: Browser) -> None:
    with served(site) as address:
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto(f"{address}/posts/post/")
        page.locator("a[data-of=last]").focus()
        page.locator("#origin .strip").wait_for()
        told = page.locator("#origin").text_content() or ""
        page.locator("a[data-of=fixed]").focus()
        page.wait_for_function("document.querySelector('#origin').textContent.includes('fixed')")
        dots = page.locator("#origin .strip").count()
        page.context.close()

    assert "other seeds: 4 to 6; here 2." in told
    assert dots == 0
