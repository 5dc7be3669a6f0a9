"""The way of one post, from its script to its record."""

from press.blog import Blog
from press.flow.decision import Decision, decide
from press.flow.gathering import gathered
from press.flow.mode import Mode
from press.flow.posts import Work
from press.flow.running import Means, run_script
from press.flow.settling import settled
from press.record.freshness import read
from press.record.make import earlier, make
from press.record.record import Record


async def follow(blog: Blog, work: Work, mode: Mode, means: Means) -> Record:
    """Decide what is to do; read, run and gather; make the record and write it."""
    decision = decide(blog, work, mode)
    if decision is Decision.STAND and work.record:
        return work.record
    reading = read(blog, work.script, work.record, work.post.packages, work.made)
    if decision is Decision.RELABEL and work.record:
        findings = earlier(blog, reading, work.record)
    else:
        done = await run_script(blog, work, reading, mode, means)
        findings = gathered(blog, reading, done, work.record, mode)
    return settled(blog, work, make(work.slug, findings), findings.seconds)
