"""What is to do for a post: nothing, a record made anew from what is known, or a run."""

from enum import Enum, auto

from press.blog import Blog
from press.flow.mode import Mode
from press.flow.posts import Work
from press.record.freshness import RELABELLED, judge, staleness


class Decision(Enum):
    STAND = auto()
    """The record is current."""
    RELABEL = auto()
    """The record can be made anew from what is known."""
    RUN = auto()


def decide(blog: Blog, work: Work, mode: Mode) -> Decision:
    if mode is Mode.REFRESH:
        return Decision.RUN
    if work.damage:
        raise work.damage
    state = judge(blog, work.script, work.record, work.post.packages)
    if mode is Mode.WHOLE and work.record and work.record.provenance.resumed:
        return Decision.RUN
    if not state.stale:
        return Decision.STAND
    if mode is Mode.CHECK:
        raise staleness(blog, work.script, state)
    return Decision.RELABEL if state.kind == RELABELLED else Decision.RUN
