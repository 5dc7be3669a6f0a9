"""Reading posts: what they quote, where, and what is missing."""

from pathlib import Path

import pytest

from press.blog import Blog
from press.site.post import Post, read_post
from press.site.quotes import Quote, numbers, quotable, unmet
from press.voice.errors import PressError, Problems

from .conftest import ROOT

HEAD = "---\ntitle: A post\n---\n"


def read(folder: Path, text: str, slug: str = "post") -> Post:
    blog = Blog(folder)
    blog.posts.mkdir(exist_ok=True)
    path = blog.posts / f"2026-11-20-{slug}.md"
    path.write_text(text)
    return read_post(blog, path, quotable(Blog(ROOT)))


def test_quotes_keep_their_lines(tmp_path: Path) -> None:
    post = read(
        tmp_path,
        HEAD
        + 'A {% include value.html of="a" %}\n\n'
        + '{%- include cell.html name="b" output=false -%}\n',
    )

    assert post.quotes == (Quote("value", "a", 4), Quote("cell", "b", 6))


def test_values_in_captions_and_alts_are_quotes_and_formulas_are_not(tmp_path: Path) -> None:
    post = read(
        tmp_path,
        HEAD
        + '{% include figure.html name="f"\n caption="{a} of $$\\frac{b}{c}$$" alt="It is {d}." %}',
    )

    assert [quote.name for quote in post.quotes] == ["f", "a", "d"]


def test_what_is_not_rendered_is_not_quoted(tmp_path: Path) -> None:
    post = read(
        tmp_path,
        HEAD
        + '{% raw %}{% include value.html of="a" %}{% endraw %}\n'
        + "{% comment %}{% include figure.html %}{% endcomment %}\n"
        + '{% include value.html of="b" %}\n',
    )

    assert post.quotes == (Quote("value", "b", 6),)


def test_a_day_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(PressError, match="the front matter holds no date"):
        read(tmp_path, "---\ntitle: A\ndate: 2026-02-30\n---\n")


def test_front_matter_quotes_too(tmp_path: Path) -> None:
    post = read(tmp_path, "---\ntitle: A\nfigure: f\nheadline: a\n---\n")

    assert post.quotes == (Quote("figure", "f", 3), Quote("value", "a", 4))


def test_tolerances_name_what_the_run_gives(tmp_path: Path) -> None:
    post = read(
        tmp_path,
        "---\ntitle: A\nheadline: a\ntolerances:\n  a: 0.5\n  acuracy: 1\n  by-digit/recall: 1\n"
        "  'by-digit/recal': 1\n---\n",
    )
    known = {"value": {"a", "accuracy"}, "table": {"by-digit"}}

    held = {"table": {"by-digit": {"recall", "digit"}}}
    errors = unmet(post.path, post.quotes, known, held, {})

    assert post.tolerances["by-digit/recall"] == 1
    assert [str(error) for error in errors] == [
        "_posts/2026-11-20-post.md:6: the run gives no value 'acuracy'; did you mean 'accuracy'?",
        "_posts/2026-11-20-post.md:8: table 'by-digit' holds no recal; "
        "name another (it holds: digit, recall)",
    ]


def test_in_one_line_they_stand_at_that_line(tmp_path: Path) -> None:
    post = read(tmp_path, "---\ntitle: A\ntolerances: {a: 0.5}\n---\n")

    assert post.quotes == (Quote("value", "a", 3),)


@pytest.mark.parametrize("given", ["0.3", "{a: -1}", "{a: much}"])
def test_a_tolerance_is_a_number(tmp_path: Path, given: str) -> None:
    with pytest.raises(PressError, match="`tolerances` is no map of names to numbers"):
        read(tmp_path, f"---\ntitle: A\ntolerances: {given}\n---\n")


def test_unknown_names_come_with_the_nearest(tmp_path: Path) -> None:
    post = read(tmp_path, HEAD + '{% include value.html of="acuracy" %}\n')
    known = {"cell": [], "figure": [], "table": [], "value": ["accuracy", "loss"]}

    assert [str(error) for error in unmet(post.path, post.quotes, known, {}, {})] == [
        "_posts/2026-11-20-post.md:4: the run gives no value 'acuracy'; did you mean 'accuracy'?"
    ]


def test_a_reference_may_precede_its_figure(tmp_path: Path) -> None:
    post = read(
        tmp_path,
        HEAD
        + '{% include ref.html figure="f" %}\n'
        + '{% include figure.html name="f" caption="c" alt="a" %}',
    )

    assert not list(
        unmet(
            post.path, post.quotes, {"cell": [], "figure": ["f"], "table": [], "value": []}, {}, {}
        )
    )


def test_a_demo_quotes_all_that_it_shows(tmp_path: Path) -> None:
    post = read(
        tmp_path,
        HEAD
        + '{% include digit-pad.html model="dense, conv" data="digits" caption="{best}" %}\n'
        + '{% include confusion.html name="mistakes" caption="c" %}\n',
    )
    known = {"model": {"dense"}, "data": {"digits", "mistakes"}, "value": {"best"}}
    held = {"data": {"digits": {"labels"}, "mistakes": {"counts", "labels"}}}

    assert [str(error) for error in unmet(post.path, post.quotes, known, held, {})] == [
        "_posts/2026-11-20-post.md:4: the run gives no model 'conv'; there are: dense",
        "_posts/2026-11-20-post.md:5: data 'mistakes' holds no answers; "
        "add it to the dict that the cell ends in (it holds: counts, labels)",
    ]


def test_data_is_shown_once(tmp_path: Path) -> None:
    look = '{% include confusion.html name="mistakes" caption="c" %}\n'
    with pytest.raises(Problems, match="data 'mistakes' is shown a second time"):
        read(tmp_path, HEAD + look + look)


def test_all_mistakes_of_a_post_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Problems) as problems:
        read(tmp_path, HEAD + "{% include cell.html %}\n{% include value.html %}\n")

    assert [str(error) for error in problems.value.errors] == [
        '_posts/2026-11-20-post.md:4: this cell has no name; add name="…"',
        '_posts/2026-11-20-post.md:5: this value has no of; add of="…"',
    ]


def test_slugs_are_plain(tmp_path: Path) -> None:
    with pytest.raises(PressError, match="the slug 'A_b' holds more than small letters"):
        read(tmp_path, HEAD, slug="A_b")


def test_figures_and_tables_are_numbered_as_the_post_shows_them(tmp_path: Path) -> None:
    post = read(
        tmp_path,
        HEAD
        + '{% raw %}{% include figure.html name="never" caption="c" alt="a" %}{% endraw %}\n'
        + '{% include ref.html figure="second" %}\n'
        + """{% include figure.html name='first' caption="c" alt="a" %}\n"""
        + '{% include table.html name="first" caption="c" %}\n'
        + '{%- include figure.html\n caption="c" alt="a" name="second" -%}\n',
    )

    assert numbers(post.quotes) == {
        "figure": {"first": 1, "second": 2},
        "table": {"first": 1},
    }


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("title: [a]", "`title` is no text"),
        ("title: A\nseries: [x]", "`series` is no text"),
        ("title: A\npermalink: 5", "`permalink` is no text"),
        ("title: A\nheadline: 5", "`headline` is no text"),
        ("title: A\ntags: [2024]", "`tags` holds what is no text"),
        ("title: A\nlast_modified_at: foo", "`last_modified_at` is no date"),
    ],
)
def test_what_a_layout_could_not_show_is_told_of_the_post(
    tmp_path: Path, front: str, told: str
) -> None:
    with pytest.raises(PressError, match=told):
        read(tmp_path, f"---\n{front}\n---\n")


def test_a_layout_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "_layouts").mkdir()
    (tmp_path / "_layouts" / "post.html").write_text("")
    (tmp_path / "_config.yml").write_text("title: A\n")
    read(tmp_path, "---\ntitle: A\nlayout: post\n---\n")

    with pytest.raises(PressError, match=r":3: there is no layout 'nosuch'; there are: post"):
        read(tmp_path, "---\ntitle: A\nlayout: nosuch\n---\n")

    (tmp_path / "_config.yml").write_text("theme: minima\n")
    read(tmp_path, "---\ntitle: A\nlayout: nosuch\n---\n")


def test_every_name_in_braces_and_every_quoted_quote_counts(tmp_path: Path) -> None:
    caption = r'caption="He said \"{nope}\", {Test Acc} of {0, 1}."'
    post = read(tmp_path, f'{HEAD}{{% include figure.html name="f" {caption} alt="A." %}}')

    assert [quote.name for quote in post.quotes] == ["f", "nope", "Test Acc"]


def test_a_name_is_taken_as_it_stands(tmp_path: Path) -> None:
    """As the theme takes it: another one would be shown, or none."""
    post = read(tmp_path, HEAD + '{% include value.html of=" a" %}')

    (error,) = unmet("post.md", post.quotes, {"value": ["a"]}, {}, {})
    assert str(error) == "post.md:4: the run gives no value ' a'; did you mean 'a'?"


def test_a_reference_names_one_thing(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="names figure and table; name one of them"):
        read(tmp_path, HEAD + '{% include ref.html figure="f" table="t" %}')


@pytest.mark.parametrize(
    "code", ["It is `{q}`.", "```\n{q}\n```", "{% highlight sh %}{q}{% endhighlight %}"]
)
def test_a_quote_within_code_is_told(tmp_path: Path, code: str) -> None:
    with pytest.raises(Problems, match="this value stands within code, which shows its HTML"):
        read(tmp_path, HEAD + code.replace("{q}", '{% include value.html of="a" %}'))

    assert not read(tmp_path, HEAD + "{% raw %}`{% include value.html %}`{% endraw %}").quotes
