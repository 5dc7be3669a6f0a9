"""What other seeds gave, as a post's author should know it: claims that hold too seldom, and the
sentences that lean on them.

A sentence leans on a claim if a value that it quotes is made from what the claim is about; where
there is none, the caption of a figure or table of it does.
"""

import ast
import builtins
from collections.abc import Iterator

from press.blog import Blog
from press.flow.posts import Work
from press.record.freshness import CHANGED, State
from press.record.record import CellRecord, Claim, Record, ValueRecord
from press.record.shaken import current, kept
from press.script.cells import parse_cell
from press.script.names import bound_in, imported, names_in
from press.script.seeds import NAMES
from press.site.post import Post
from press.site.quotes import Quote


def standing(blog: Blog, work: Work, state: State) -> str:
    """What is known of other seeds in a few words; nothing if none were tried."""
    found = kept(blog, work.slug)
    if found is None or work.record is None:
        return ""
    if state.kind == CHANGED or not current(found, work.record):
        return f"what {len(found.seeds)} other seeds gave is of older code"
    held = sum(share.held == share.of for share in found.claims)
    return f"{held} of {len(found.claims)} claims held for all of {len(found.seeds)} other seeds"


def warnings(blog: Blog, work: Work, record: Record) -> Iterator[str]:
    """Of a trial under other seeds, whether it is of older code, or else which claims hold too
    seldom, with the lines of the post that lean on them.
    """
    found = kept(blog, work.slug)
    if found is None:
        return
    if not current(found, record):
        again = f"./press verify --seeds {len(found.seeds)} --keep {work.slug}"
        yield f"{blog.shown(blog.seeds(work.slug))}:1: is of older code; run: {again}"
        return
    for claim, share in zip(record.claims, found.claims, strict=True):
        if not (share.firm or claim.alone):
            lines = leaning(work.post, record, claim)
            places = ", ".join(f"{work.post.path}:{line}" for line in lines)
            told = f"on it lean {places}" if lines else "nothing quoted leans on it"
            yield (
                f"{record.script}:{claim.line}: the claim holds for {share.held} of {share.of} "
                f"seeds, and {told}; weaken it, or write `# this run` behind it and say so there"
            )


def leaning(post: Post, record: Record, claim: Claim) -> list[int]:
    """The lines of the post that quote what is made from what the claim is about."""
    own = _made_from(_cell_at(record, claim.line), ast.parse(claim.text))
    about = own - _common(record)
    leaning = [quote for quote in post.quotes if about & _behind(record, quote)]
    values = [quote for quote in leaning if quote.kind == "value"]
    return sorted({quote.line for quote in values or leaning})


def _behind(record: Record, quote: Quote) -> set[str]:
    """The names that something quoted is made from."""
    if quote.kind == "value" and quote.name in record.values:
        return _of_value(record, quote.name, record.values[quote.name])
    cells = [
        cell
        for cell in record.cells
        if quote.name in {"figure": cell.figures, "table": cell.tables}.get(quote.kind, ())
    ]
    trees = [parse_cell(cell.source) for cell in cells]
    return {name for tree in trees if tree for name in names_in(tree)}


def _of_value(record: Record, name: str, value: ValueRecord) -> set[str]:
    cell = _cell_at(record, value.line)
    tree = parse_cell(cell.source)
    match tree.body if tree else []:
        case [*_, ast.Expr(ast.Dict(keys=keys, values=items))]:
            for key, item in zip(keys, items, strict=True):
                if isinstance(key, ast.Constant) and key.value == name:
                    return _made_from(cell, item)
    return _made_from(cell, tree) if tree else set()


def _made_from(cell: CellRecord, node: ast.AST) -> set[str]:
    """The names that the code reads, and those that they are made from within its cell."""
    tree, names, known = parse_cell(cell.source), names_in(node), -1
    while len(names) > known:
        known = len(names)
        for statement in tree.body if tree else ():
            if bound_in(ast.walk(statement)) & names:
                names |= names_in(statement)
    return names


def _common(record: Record) -> set[str]:
    """Names that say nothing of what a claim is about: modules, builtins, settings."""
    trees = [tree for cell in record.cells if (tree := parse_cell(cell.source))]
    common = {*dir(builtins), *NAMES}
    for tree in trees:
        common |= {name for name, _ in imported(tree)}
        for statement in tree.body:
            match statement:
                case ast.Assign(value=ast.Constant()):
                    common |= bound_in(ast.walk(statement))
    return common


def _cell_at(record: Record, line: int) -> CellRecord:
    return next(cell for cell in record.cells if cell.line <= line <= cell.end_line)
