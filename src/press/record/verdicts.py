"""Verdicts on what others claimed: a rule that a post states, applied to its run and other seeds.

Nothing is run for it, and no verdict is typed: a rule reads the values of the record, and those
that the same script gave under other seeds.
"""

import ast
import operator
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from press.record.record import Record, ValueRecord
from press.record.shaken import Shaken, current
from press.run.outputs import number_in
from press.site.post import Post, names_in_rule, rules_of
from press.voice.errors import PressError

HOLDS, PARTLY, FAILS, OPEN = "holds", "holds partly", "does not hold", "not settled"
SURE = 0.95
OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.USub: operator.neg,
}
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """One claim of somebody else, and what became of it."""

    claim: str
    by: str
    year: int | str
    """Or that it is undated."""
    source: str
    published: str
    ours: tuple[str, ...]
    """The values that it is held to, as the page shows them."""
    range: str
    """Where about 95 of 100 further runs fall, if the rule is about that."""
    rule: str
    held: int
    of: int
    """In how many runs, each with a seed of its own, the rule was true."""
    verdict: str
    why: str
    figure: str


def verdicts(post: Post, record: Record | None, tried: Shaken | None) -> list[Verdict]:
    """In the order of the post; none without a run."""
    if record is None:
        return []
    others = tried if tried and current(tried, record) else None
    return [_verdict(post, entry, record, others) for entry in post.verdicts]


def _verdict(post: Post, entry: Mapping[str, Any], record: Record, tried: Shaken | None) -> Verdict:
    rule = str(entry.get("holds") or "")
    names = [str(entry["ours"])] if "ours" in entry else sorted(names_in_rule(rule))
    runs = list(_runs(post, record, tried, {*names, *names_in_rule(rules_of(entry))}))
    told = _told(post, rule, runs) if rule else []
    partly = _told(post, str(entry["partly"]), runs) if "partly" in entry else []
    value = record.values[names[0]]
    if not rule and (number_in(str(entry["published"])) is None or not value.expected):
        problem = f"{entry['published']!r} cannot be held to a range of {names[0]!r}"
        remedy = "hold a number to a mean of `runs`, or state a rule with `holds`"
        raise PressError(f"{post.path}:1", problem, remedy)
    return Verdict(
        claim=str(entry["claim"]),
        by=str(entry["by"]),
        year=entry["year"],
        source=str(entry["source"]),
        published=str(entry.get("published", "")),
        ours=tuple(record.values[name].text for name in names),
        range="" if rule else value.expected,
        rule=rule or f"the published number lies in the range of further runs of {names[0]}",
        held=sum(told),
        of=len(told),
        verdict=by_share(told, partly) if rule else by_range(str(entry["published"]), value),
        why=str(entry.get("why", "")),
        figure=str(entry.get("figure", "")),
    )


def by_share(told: Sequence[bool], partly: Sequence[bool]) -> str:
    """By how many runs it is true of: of nearly all, of hardly any, or neither."""
    share = sum(told) / len(told)
    if share >= SURE:
        return HOLDS
    if partly and sum(partly) / len(partly) >= SURE:
        return PARTLY
    return FAILS if share <= 1 - SURE else OPEN


def by_range(published: str, value: ValueRecord) -> str:
    """By where a published number lies: where a further run would, far from there, or between."""
    number = number_in(published) or 0
    low, high = (number_in(end) or 0 for end in value.expected.split(" to "))
    if low <= number <= high:
        return HOLDS
    half = (high - low) / 2
    return FAILS if number < low - half or number > high + half else OPEN


def _runs(
    post: Post, record: Record, tried: Shaken | None, names: set[str]
) -> Iterator[dict[str, float]]:
    """The numbers of the record's own run, and of each under another seed that gave them all."""
    own = {name: record.values[name].number for name in names}
    for name, number in own.items():
        if number is None or abs(number) > sys.float_info.max:
            problem = f"a verdict needs the number of {name!r}, which is none"
            raise PressError(f"{post.path}:1", problem, "state a rule about numbers")
    yield {name: float(number) for name, number in own.items() if number is not None}
    if tried is None:
        return
    for place in range(len(tried.seeds)):
        falls = {name: tried.values[name].numbers for name in names if name in tried.values}
        if falls.keys() == names and all(len(n) == len(tried.seeds) for n in falls.values()):
            yield {name: float(numbers[place]) for name, numbers in falls.items()}


def _told(post: Post, rule: str, runs: Sequence[Numbers]) -> list[bool]:
    body = ast.parse(rule, mode="eval").body
    try:
        return [bool(_value(body, numbers)) for numbers in runs]
    except ZeroDivisionError:
        problem = f"the rule {rule!r} divides by zero"
        raise PressError(f"{post.path}:1", problem, "state it as a product") from None


def _value(node: ast.expr, numbers: Numbers) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return numbers[name]
        case ast.UnaryOp(op=sign, operand=inner):
            return OPERATORS[type(sign)](_value(inner, numbers))
        case ast.BinOp(left=left, op=sign, right=right):
            return OPERATORS[type(sign)](_value(left, numbers), _value(right, numbers))
        case ast.Call(func=ast.Name(id="abs"), args=[inner]):
            return abs(_value(inner, numbers))
        case ast.BoolOp(op=word, values=parts):
            found = [_value(part, numbers) for part in parts]
            return all(found) if isinstance(word, ast.And) else any(found)
        case ast.Compare(left=left, ops=signs, comparators=rest):
            sides = [_value(side, numbers) for side in (left, *rest)]
            return all(
                OPERATORS[type(sign)](*pair)
                for sign, pair in zip(signs, pairwise(sides), strict=True)
            )
    raise ValueError(ast.unparse(node))


def as_trees(found: Sequence[Verdict]) -> list[dict[str, Any]]:
    return [asdict(item) | {"ours": list(item.ours)} for item in found]
