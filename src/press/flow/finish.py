"""The end of a build: posts are held to their results, and the site is made."""

from press.blog import Blog
from press.flow.leaning import warnings
from press.flow.mode import Mode
from press.flow.plan import Plan
from press.flow.posts import unmet_quotes, unmet_settings, without_results
from press.record.certificate import outlived
from press.record.downloads import keep_archive
from press.record.notebook import keep_notebook
from press.record.shaken import kept
from press.record.storage import remove_strays
from press.record.verdicts import as_trees, verdicts
from press.site.jekyll import Jekyll
from press.site.prepared import keep_prepared
from press.site.sources import Source, read_sources, shown_of
from press.voice.errors import collected, noted
from press.voice.terminal import say


def finish(blog: Blog, plan: Plan, jekyll: Jekyll) -> None:
    """Hold the posts to the results, and make the site if all is well."""
    check = plan.order.mode is Mode.CHECK
    works = (*plan.works, *plan.others)
    records = {work.slug: plan.records.get(work.slug, work.record) for work in works}
    _warn(blog, plan)
    with collected() as errors:
        errors += plan.errors
        sources: dict[str, Source] = {}
        with noted(errors, "_data/sources.bib:1"):
            sources = read_sources(blog, errors)
        with noted(errors, "downloads:1"):
            remove_strays(blog, plan.records)
        errors += [error for work in plan.others for error in without_results(work)]
        for post in (*(work.post for work in works), *plan.plain_posts):
            with noted(errors, f"{post.path}:1"):
                record, scripted = records.get(post.slug), post.slug in records
                unmet = list(unmet_quotes(post, record, sources, scripted=scripted))
                errors += unmet
                if not unmet:
                    found = as_trees(verdicts(post, record, kept(blog, post.slug)))
                    listed = shown_of(post.quotes, sources)
                    keep_prepared(blog, post, found, listed, check=check)
                    if current := plan.records.get(post.slug):
                        keep_notebook(blog, post, current, listed, check=check)
        with noted(errors, "_config.yml:1"):
            errors += unmet_settings(blog, records)
        if not plan.order.slugs and not errors:
            known = {slug: record for slug, record in records.items() if record}
            keep_archive(blog, known, check=check)
    jekyll.build()


def _warn(blog: Blog, plan: Plan) -> None:
    """Of what a post leans on, and of certificates whose record is no more."""
    for work in plan.works:
        if record := plan.records.get(work.slug):
            with noted(plan.errors, f"{work.post.path}:1"):
                for told in (*warnings(blog, work, record), *outlived(blog, work.slug, record)):
                    say(told)
