"""What a build is to do: everything is read, and each post decided on."""

import math
from dataclasses import dataclass

from press.blog import Blog
from press.flow.decision import Decision, decide
from press.flow.mode import TIME_LIMIT, Mode
from press.flow.posts import Gathered, Work, gather
from press.flow.shards import Shard, dealt
from press.record.freshness import cost
from press.record.record import Record
from press.site.post import Post, find_posts
from press.voice.errors import PressError, noted


@dataclass(frozen=True)
class Order:
    """What the author asked for."""

    slugs: tuple[str, ...] = ()
    mode: Mode = Mode.BUILD
    jobs: int | None = None
    time_limit: float = TIME_LIMIT
    baseurl: str | None = None
    shard: Shard | None = None
    workers: str | None = None


@dataclass
class Plan:
    """What there is to do, and what is known of it so far."""

    order: Order
    works: tuple[Work, ...]
    plain_posts: tuple[Post, ...]
    others: tuple[Work, ...]
    """Posts that nobody asked for: their pages are made with all others."""
    errors: list[PressError]
    records: dict[str, Record]
    """By slug, the records that are current."""
    waiting: list[Work]
    """Posts whose record is not."""


def plan_of(blog: Blog, order: Order) -> Plan:
    """Read everything, and see what has to be done."""
    gathered = gather(blog, order.slugs)
    others = _others(blog, order)
    errors = [*gathered.errors, *others.errors]
    plain = (*gathered.plain_posts, *others.plain_posts)
    plan = Plan(order, gathered.works, plain, others.works, errors, {}, [])
    for work in gathered.works:
        with noted(plan.errors, f"{work.post.path}:1"):
            decision = decide(blog, work, order.mode)
            if decision is Decision.STAND and work.record:
                plan.records[work.slug] = work.record
            else:
                plan.waiting.append(work)
    plan.waiting = dealt(plan.waiting, order.shard)
    # The longest first, or what may be: else it would be alone at the end.
    plan.waiting.sort(key=_seconds, reverse=True)
    return plan


def _others(blog: Blog, order: Order) -> Gathered:
    """All that stands on the site besides the posts that were asked for, if any were."""
    if not order.slugs or order.shard:
        return Gathered((), (), ())
    slugs = [slug for slug in find_posts(blog, []) if slug not in order.slugs]
    return gather(blog, slugs) if slugs else Gathered((), (), ())


def _seconds(work: Work) -> float:
    known = cost(work.record)
    return math.inf if known is None else known
