"""Verdicts on what others claimed: by a rule, from the run and other seeds, never typed."""

import csv
import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from press.blog import Blog
from press.record.shaken import Fall, Shaken, Share, keep
from press.record.storage import read_record
from press.record.verdicts import FAILS, HOLDS, OPEN, PARTLY, by_range, by_share
from press.site.post import names_in_rule

from .conftest import ROOT, Press

SCRIPT = """\
# %% results tags=["values"]
several = {{"runs": [{runs}], "format": ".1f"}}
{{"ours": "{ours}%", "other": 96.0, "word": "none", "several": several}}
"""
POST = """\
---
layout: post
title: A post
verdicts:
  - claim: Ours is more than the other
    by: Somebody
    year: 2020
    source: https://example.org/claim
    holds: ours > other
    partly: ours > other - 1
    why: A reason, "quoted", with commas
  - claim: It is 97.0
    by: Somebody else
    year: undated
    source: https://example.org/number
    published: "97.0"
    ours: several
---
Words.
"""


def written(blog: Blog, ours: str = "97", runs: str = "96.9, 97.0, 97.2", post: str = POST) -> None:
    (blog.posts / "2026-11-20-post.md").write_text(post)
    (blog.code / "post.py").write_text(SCRIPT.format(ours=ours, runs=runs))


def found(blog: Blog) -> dict[str, dict[str, Any]]:
    page = json.loads(blog.prepared("post").read_text())
    return {item["claim"]: item for item in page["verdicts"]}


def test_changing_the_data_changes_the_verdict(blog: Blog, press: Press) -> None:
    written(blog)
    assert press("build").code == 0
    assert [item["verdict"] for item in found(blog).values()] == [HOLDS, HOLDS]

    written(blog, ours="95.5", runs="90.9, 91.0, 91.2")
    told = press("build")

    assert [item["verdict"] for item in found(blog).values()] == [PARTLY, FAILS]
    assert (
        "_posts/2026-11-20-post.md:1: the verdict on 'It is 97.0' was holds, and is now does not "
        "hold" in told.err
    )


def test_a_verdict_that_changes_with_the_seed_is_not_settled(blog: Blog, press: Press) -> None:
    written(blog)
    assert press("build").code == 0
    record = read_record(blog, "post")
    assert record
    falls = {
        "ours": Fall("97%", 1, 4, numbers=(97, 96.5, 95, 94)),
        "other": Fall("96.0", 4, 4, numbers=(96.0,) * 4),
    }
    tried = Shaken(
        script=record.script,
        compute=record.keys.compute,
        press="",
        date="",
        python="",
        packages={},
        seeds=(1, 2, 3, 4),
        raised=(),
        claims=tuple(Share(claim.text, 4, 4) for claim in record.claims),
        values=falls,
        ranges={},
    )
    keep(blog, "post", tried)

    assert press("build").code == 0

    verdict = found(blog)["Ours is more than the other"]
    assert (verdict["verdict"], verdict["held"], verdict["of"]) == (OPEN, 3, 5)
    keep(blog, "post", replace(tried, compute="older code"))
    press("build")
    assert found(blog)["Ours is more than the other"]["of"] == 1


@pytest.mark.parametrize(
    ("told", "partly", "verdict"),
    [
        ([True] * 19 + [False], [], HOLDS),
        ([True] * 18 + [False] * 2, [], OPEN),
        ([False] * 19 + [True], [], FAILS),
        ([False] * 20, [True] * 20, PARTLY),
        ([True] * 18 + [False] * 2, [True] * 19 + [False], PARTLY),
        ([False] * 20, [True] * 18 + [False] * 2, FAILS),
    ],
)
def test_nearly_all_runs_or_hardly_any(told: list[bool], partly: list[bool], verdict: str) -> None:
    assert by_share(told, partly) == verdict


@pytest.mark.parametrize(
    ("published", "verdict"),
    [
        ("97", HOLDS),
        ("98.9 %", HOLDS),
        ("99.5", OPEN),
        ("96.5", OPEN),
        ("95.5", FAILS),
        ("100.5", FAILS),
    ],
)
def test_where_a_published_number_lies(published: str, verdict: str) -> None:
    value: Any = SimpleNamespace(expected="97 to 99")
    assert by_range(published, value) == verdict


@pytest.mark.parametrize(
    "rule",
    [
        "__import__('os')",
        "a.b",
        "a[0]",
        "lambda: 1",
        "a if b else c",
        "'text' < a",
        "abs(a, b)",
        "f(a)",
        "a <",
        "a == b",
        "not a",
        "a - b",
        "abs(a - b)",
        "a > 1 and b",
        "a ** b > 1",
    ],
)
def test_what_is_no_rule_is_told(rule: str, blog: Blog, press: Press) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        names_in_rule(rule)
    written(blog, post=POST.replace("ours > other\n", f"{json.dumps(rule)}\n", 1))

    told = press("build")

    assert told.code == 1
    assert re.match(r"_posts/2026-11-20-post.md:2: .* is no rule \(.*\); compare values", told.err)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("ours > other\n", "ours > others\n", "others"),
        ("ours > other\n", "word > 1\n", "needs the number of 'word', which is none"),
        ("ours > other\n", "1 / (other - other) > ours\n", "divides by zero; state it"),
        ("    by: Somebody\n", "", "a verdict lacks by"),
        ("    why:", "    because:", "a verdict has because"),
        ("ours > other\n", "1 < 2\n", "it names no value"),
        ("year: 2020", "year: lately", "'lately' is no year"),
        ("ours: several", "ours: [several]", "`ours: ['several']` in a verdict is no name"),
        ("    why:", "    3: many\n    why:", "a verdict has 3"),
        ("ours: several", "ours: other", "cannot be held to a range of 'other'"),
        ('"97.0"', "many", "cannot be held to a range of 'several'"),
        ("    ours: several\n", "", "nothing decides on 'It is 97.0'"),
    ],
)
def test_what_is_wrong_with_a_verdict_is_told(
    old: str, new: str, words: str, blog: Blog, press: Press
) -> None:
    written(blog, post=POST.replace(old, new, 1))

    told = press("build")

    assert told.code == 1
    assert words in told.err
    assert "Traceback" not in told.err


def test_the_register_says_the_same_as_page_json_and_csv(themed: Blog, press: Press) -> None:
    written(themed)
    assert press("build").code == 0
    site = themed.root / "_site"

    page = (site / "verdicts" / "index.html").read_text()
    rows = json.loads((site / "verdicts.json").read_text())
    lines = list(csv.DictReader((site / "verdicts.csv").read_text().splitlines()))

    assert [row["verdict"] for row in rows] == [HOLDS, HOLDS] == [row["verdict"] for row in lines]
    assert [row["claim"] for row in rows] == [row["claim"] for row in lines]
    assert [row["year"] for row in rows] == [2020, "undated"]
    assert "Somebody else, undated" in page
    assert page.count('<tr data-verdict="holds">') == 2
    assert "<b>2</b> holds" in page
    assert "2 claims of others" in (site / "index.html").read_text()


def test_each_verdict_of_this_blog_has_its_source() -> None:
    trees = [json.loads(path.read_text()) for path in (ROOT / "_data" / "pages").glob("*.json")]
    every = [item for tree in trees for item in tree.get("verdicts", [])]

    assert len(every) >= 20
    assert all(item["source"].startswith("https://") for item in every)
    assert all(item["rule"] and item["why"] and item["ours"] for item in every)
    assert {item["verdict"] for item in every} <= {HOLDS, PARTLY, FAILS, OPEN}
    assert len({item["claim"] for item in every}) == len(every)
