"""Pages of posts whose texts stay are left as they are; one that shows another's text never is."""

import subprocess
from pathlib import Path

import pytest

from press.blog import Blog
from press.cli import main
from press.machine.ruby import ensure_jekyll
from press.site.jekyll import Jekyll

from .conftest import committed

POST = "---\nlayout: post\ntitle: {title}\n---\nThe *old* words.\n\nAnd {more}.\n"
CONFIG = "exclude: [code, Gemfile, Gemfile.lock]\n"


@pytest.fixture
def plain(blog: Blog) -> Blog:
    """Three posts and a list, which Jekyll can make without press."""
    (blog.root / "_config.yml").write_text(CONFIG)
    (blog.root / "_layouts").mkdir()
    (blog.root / "_layouts" / "post.html").write_text("<h1>{{ page.title }}</h1>{{ content }}")
    for day, title in enumerate(("one", "two", "three"), 1):
        path = blog.posts / f"2026-11-0{day}-{title}.md"
        path.write_text(POST.format(title=title, more="more"))
    (blog.root / "list.html").write_text(
        "---\n---\n{% for post in site.posts %}{{ post.title }}: {{ post.content }}"
        "{{ post.excerpt }}{{ post.content | number_of_words }}{% endfor %}\n"
    )
    made(blog)
    return blog


def made(blog: Blog) -> None:
    Jekyll(blog).build()


def page(blog: Blog, title: str) -> Path:
    (path,) = (blog.root / "_site").rglob(f"{title}.html")
    return path


def edit(blog: Blog, title: str, old: str = "*old*", new: str = "new and other") -> None:
    (path,) = blog.posts.glob(f"*-{title}.md")
    path.write_text(path.read_text().replace(old, new))


def site_of_jekyll_alone(root: Path, folder: Path) -> dict[str, bytes]:
    command = [*ensure_jekyll(root), "build", "--quiet", "--destination", str(folder)]
    subprocess.run(command, cwd=root, check=True)
    return files(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_only_the_page_of_an_edited_text_and_the_lists_are_made_again(
    plain: Blog, tmp_path: Path
) -> None:
    before = {title: page(plain, title).stat().st_mtime_ns for title in ("one", "two", "three")}
    for title in ("two", "one", "two"):
        edit(plain, title)
        edit(plain, title, "more", "more and more")
        made(plain)

    assert files(plain.root / "_site") == site_of_jekyll_alone(plain.root, tmp_path / "alone")
    assert page(plain, "three").stat().st_mtime_ns == before["three"]
    assert page(plain, "two").stat().st_mtime_ns != before["two"]


def test_a_download_is_copied_again(plain: Blog) -> None:
    (plain.root / "downloads").mkdir()
    (plain.root / "downloads" / "two.txt").write_text("old")
    made(plain)
    before = page(plain, "three").stat().st_mtime_ns
    (plain.root / "downloads" / "two.txt").write_text("new")
    made(plain)

    assert (plain.root / "_site" / "downloads" / "two.txt").read_text() == "new"
    assert page(plain, "three").stat().st_mtime_ns == before


LOOKS = (
    "{{ page.previous.content }}",
    "{% for post in site.posts %}{{ post.excerpt }}{% endfor %}",
    '{{ site.posts | map: "content" | join }}',
    '{{ site.documents | where_exp: "it", "it.content contains \'new\'" | size }}',
    "{{ site.posts | jsonify }}",
    "{{ site.related_posts | join }}",
    "{{ page.previous.output | size }}",
    "{% assign last = site.posts | last %}{{ last['content'] | number_of_words }}",
)


@pytest.mark.parametrize("look", LOOKS)
def test_a_page_that_shows_the_text_of_another_post_is_made_again(plain: Blog, look: str) -> None:
    (plain.root / "_layouts" / "post.html").write_text("{{ content }}" + look)
    made(plain)
    before = page(plain, "two").read_text()
    edit(plain, "one")
    made(plain)

    assert page(plain, "two").read_text() != before


@pytest.mark.parametrize(
    "look",
    [
        "{% for post in site.posts %}{{ post.content }}{% endfor %}",
        "{% include_relative 2026-11-01-one.md %}",
    ],
)
def test_so_is_one_that_comes_to_show_it(plain: Blog, tmp_path: Path, look: str) -> None:
    edit(plain, "two", "more", look)
    made(plain)
    edit(plain, "one")
    made(plain)

    assert "new and other" in page(plain, "two").read_text()
    assert files(plain.root / "_site") == site_of_jekyll_alone(plain.root, tmp_path / "alone")


def test_all_are_made_again_when_anything_but_a_text_is_new(plain: Blog) -> None:
    (plain.root / "_layouts" / "post.html").write_text("{{ page.previous.title }}{{ site.name }}")
    made(plain)
    edit(plain, "one", "title: one", "title: first")
    made(plain)
    assert "first" in page(plain, "two").read_text()

    (plain.root / "_config.yml").write_text(f"{CONFIG}name: Ours\n")
    made(plain)
    assert "Ours" in page(plain, "two").read_text()


def test_code_that_nobody_knows_sees_every_post(plain: Blog) -> None:
    (plain.root / "_plugins").mkdir()
    (plain.root / "_plugins" / "first.rb").write_text(
        "Jekyll::Hooks.register(:posts, :pre_render) "
        "{ |post| post.data['told'] = post.site.posts.docs.first.content }\n"
    )
    (plain.root / "_layouts" / "post.html").write_text("{{ page.told }}")
    made(plain)
    edit(plain, "one")
    made(plain)

    assert "new and other" in page(plain, "two").read_text()


@pytest.mark.parametrize("look", ["{{ site.time }}", "{{ 'now' | date: '%s' }}"])
def test_a_page_that_tells_the_time_is_made_again(plain: Blog, look: str) -> None:
    (plain.root / "_layouts" / "post.html").write_text(look)
    made(plain)
    before = page(plain, "two").stat().st_mtime_ns
    edit(plain, "one")
    made(plain)

    assert page(plain, "two").stat().st_mtime_ns > before


def test_so_are_all_where_a_gem_may_do_anything(plain: Blog) -> None:
    with (plain.root / "Gemfile").open("a") as file:
        file.write('gem "kramdown", group: :jekyll_plugins\n')
    made(plain)
    before = page(plain, "two").stat().st_mtime_ns
    edit(plain, "one")
    made(plain)

    assert page(plain, "two").stat().st_mtime_ns > before


@pytest.mark.parametrize("damage", ["", "{", '{"made_from": "another", "posts": {}}'])
def test_texts_that_were_not_kept_are_not_missed(plain: Blog, tmp_path: Path, damage: str) -> None:
    (plain.local / "texts.json").write_text(damage)
    edit(plain, "one")
    made(plain)

    assert files(plain.root / "_site") == site_of_jekyll_alone(plain.root, tmp_path / "alone")


def test_this_blog_comes_out_as_from_jekyll_alone(tmp_path: Path) -> None:
    blog = committed(tmp_path)
    assert main(["--blog", str(blog.root), "build"]) == 0
    posts = sorted(blog.posts.glob("*.md"))
    untouched = (blog.root / "_site/posts/neural-networks/index.html").stat().st_mtime_ns
    for path in (posts[0], posts[-1]):
        path.write_text(path.read_text() + "\nA last word of `mine`.\n")
    assert main(["--blog", str(blog.root), "build"]) == 0

    assert (blog.root / "_site/posts/neural-networks/index.html").stat().st_mtime_ns == untouched
    assert files(blog.root / "_site") == site_of_jekyll_alone(blog.root, tmp_path / "alone")
