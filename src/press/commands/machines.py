"""Have workers on several machines verify each post, and tell what each of them found."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from press.blog import Blog, locked
from press.flow.posts import Work
from press.record.certificate import Certificate, certificates, submit
from press.voice.errors import PressError, noted
from press.voice.terminal import result, say, table

Found = dict[tuple[str, str], str]
"""By post and machine, what came out."""
NOTHING = "not verified"


def verify_by_machines(
    blog: Blog, works: Sequence[Work], options: argparse.Namespace, errors: list[PressError]
) -> None:
    found: Found = {}
    machines = asyncio.run(_ask_all(blog, works, options, found, errors))
    for machine, address in machines.items():
        result(f"machine {machine}: {address}")
    rows = [
        [work.slug, *(found.get((work.slug, machine), NOTHING) for machine in machines)]
        for work in works
    ]
    result(table([["", *machines], *rows]))


async def _ask_all(
    blog: Blog,
    works: Sequence[Work],
    options: argparse.Namespace,
    found: Found,
    errors: list[PressError],
) -> Mapping[str, str]:
    from press.run.pool import side_by_side
    from press.workers.crew import Crew, check, crew, unpacked

    words = ("verify", "--certificate", "--time-limit", str(options.time_limit))

    async def ask(team: Crew, work: Work, machine: str) -> None:
        with noted(errors, f"{work.post.path}:1"), TemporaryDirectory(prefix="press-") as folder:
            done = await team.do(work, (*words, work.slug), machine)
            for _, told in certificates(unpacked(done, Path(folder)), work.slug):
                found[work.slug, told.machine] = told.outcome
                if options.certificate:
                    _submit(blog, work.slug, told)
            check(done, work)

    async with crew(blog, options.workers) as team:
        pairs = list(product(works, sorted(set(team.machines.values()))))
        await side_by_side(lambda pair: ask(team, *pair), pairs, 2 * len(team.addresses))
        return {machine: address for address, machine in team.machines.items()}


def _submit(blog: Blog, slug: str, told: Certificate) -> None:
    with locked(blog):
        say(f"{slug}: the certificate is {blog.shown(submit(blog, slug, told))}")
