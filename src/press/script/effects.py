"""What a piece of code reads, binds and may change, told from its text.

Where the text does not tell, more is assumed to change than does. Beside names there are three
things that code may change unseen: the shared random generators, files, and settings of libraries.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from press.script.chance import events_in, short
from press.script.knowledge import Knowledge, Summary, gathered
from press.script.libraries import (
    CHANGE_FIRST,
    CHANGING_VIEWS,
    DRAWING_PATHS,
    FRESH,
    HARMLESS,
    READING,
    SEEDING,
    SEEDING_ONE,
    SETTINGS,
    VIEWS,
    WRITING,
)
from press.script.names import (
    Function,
    arguments_of,
    augmented,
    bound_here,
    bound_in,
    calls_in,
    declared_global,
    functions_in,
    last_name,
    names_in,
    own_parts,
    path_of,
    read_at_once,
    root_of,
    surely_bound,
)
from press.script.sharing import called_functions, given_as, shares_in, sources_of, together, traced

RANDOM, TRAINING, FILES, PROCESS = "<random>", "<training>", "<files>", "<process>"
"""Stand among the names for what has no name: every piece may read, bind or change them."""


@dataclass
class Effects:
    reads: set[str]
    later: set[str]
    """What the functions that it makes read when they are called."""
    binds: set[str]
    rebinds: set[str]
    """Names that it may bind, or binds from what they were."""
    changes: set[str]
    shares: list[tuple[str, set[str]]]
    """A name, and the names whose objects it may share from here on."""
    together: list[set[str]]
    """Names whose objects may share parts."""
    is_compound: bool
    """Whether it may go on with what it has bound itself."""
    forgets: set[str] = field(default_factory=set)
    seeds: bool = False


def knowledge(trees: Sequence[ast.AST]) -> Knowledge:
    return gathered(trees, _summary)


def effects(node: ast.stmt, known: Knowledge) -> Effects:
    """What a statement does when it is run."""
    surely = surely_bound(node)
    found = Effects(
        reads=read_at_once(node),
        later={name for part in functions_in(node) for name in names_in(part)},
        binds=surely - augmented(node),
        rebinds=(bound_here(node) - surely) | augmented(node),
        changes=set(_changed(node, known)),
        shares=list(shares_in(node, known)),
        together=list(together(node, known)),
        is_compound=hasattr(node, "body"),
    )
    _add_random(node, known, found)
    _add_files(node, found)
    _add_settings(node, known, found)
    return found


def _add_random(node: ast.stmt, known: Knowledge, found: Effects) -> None:
    """A seed that a function sets is for what it makes, and for a training that goes on from there.

    What is made after it by others is taken to be of no account: else the script would seed it.
    """
    happened = list(events_in(node, known))
    if any(last_name(call.func) == SEEDING for call in calls_in(node)):
        found.binds |= {RANDOM, TRAINING}
    elif any(path_of(call.func, known.paths) in SEEDING_ONE for call in calls_in(node)):
        found.reads.add(RANDOM)
        found.rebinds |= {RANDOM, TRAINING}
        found.seeds = True
    elif happened[:1] == ["seed"]:
        found.forgets.add(RANDOM)
        found.binds.add(TRAINING)
    elif happened:
        drawn = {RANDOM, TRAINING} if "train" in happened else {RANDOM}
        found.reads |= drawn
        found.rebinds |= drawn


def _add_files(node: ast.stmt, found: Effects) -> None:
    called = {last_name(part.func) for part in calls_in(node)}
    if any(READING.fullmatch(name) or WRITING.fullmatch(name) for name in called):
        found.reads.add(FILES)
    if any(map(WRITING.fullmatch, called)):
        found.rebinds.add(FILES)


def _add_settings(node: ast.stmt, known: Knowledge, found: Effects) -> None:
    """Settings of a library count for all that mentions it."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        found.reads.add(PROCESS)
        return
    mentioned = {known.paths[name] for name in found.reads & known.paths.keys()}
    found.reads |= {f"<{path.partition('.')[0]}>" for path in mentioned}
    for path in _settings(node, known):
        package = path.partition(".")[0]
        found.rebinds.add(PROCESS if package in ("os", "sys") else f"<{package}>")


def _settings(node: ast.stmt, known: Knowledge) -> Iterator[str]:
    for part in own_parts(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            path = path_of(part.value.func, known.paths)
        elif isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            path = path_of(part, known.paths)
        else:
            continue
        package, _, rest = path.partition(".")
        lasting = SETTINGS.get(package)
        if lasting is None:
            lasts = not HARMLESS.fullmatch(path)
        else:
            lasts = any(name in rest.split(".") for name in lasting)
        if path and lasts:
            yield path


# What is changed


def _changed(node: ast.AST, known: Knowledge) -> Iterator[str]:
    """The names whose objects a piece of code may change."""
    for part in own_parts(node):
        if isinstance(part, ast.Call):
            yield from _changed_by_call(part, known)
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            yield part.target.id
        elif isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            yield from sources_of(part.value, known)


def _changed_by_call(call: ast.Call, known: Knowledge) -> Iterator[str]:
    path = path_of(call.func, known.paths)
    end = path or last_name(call.func)
    if CHANGE_FIRST.fullmatch(end) and call.args:
        yield from sources_of(call.args[0], known)
    for keyword in call.keywords:
        if keyword.arg in ("callbacks", "out", "ax"):
            yield from sources_of(keyword.value, known)
    for item in (*call.args, *(keyword.value for keyword in call.keywords)):
        for function in known.functions.get(root_of(item) or "", ()):
            # Whoever is given a function may call it.
            summary = known.summary(function)
            yield from summary.changes - set(summary.parameters)
    if isinstance(call.func, ast.Name | ast.Lambda):
        yield from _changed_by_own(call, known)
    elif isinstance(call.func, ast.Attribute) and not path:
        method = call.func.attr
        if method in CHANGING_VIEWS or not (FRESH.fullmatch(method) or VIEWS.fullmatch(method)):
            yield from sources_of(call.func.value, known)


def _changed_by_own(call: ast.Call, known: Knowledge) -> Iterator[str]:
    for function in called_functions(call, known):
        summary = known.summary(function)
        for name in summary.changes:
            yield from given_as(name, summary.parameters, call, known)


# Functions of the script's own


def _summary(function: Function, parameters: list[str], known: Knowledge) -> Summary:
    body = function.body if isinstance(function.body, list) else [function.body]
    if isinstance(function, ast.ClassDef):
        return _summary_of_class(function, parameters, known)
    own = bound_in(node for part in body for node in own_parts(part))
    # Within the function, its own names hide those of the script.
    known = replace(known, plain=known.plain - own - set(parameters))
    shares: dict[str, set[str]] = {}
    for part in body:
        for name, sources in shares_in(part, known):
            shares.setdefault(name, set()).update(sources)
    results = [
        part.value
        for statement in body
        for part in own_parts(statement)
        if isinstance(part, ast.Return | ast.Yield | ast.YieldFrom) and part.value
    ]
    results += [function.body] if isinstance(function, ast.Lambda) else []
    given = {name for result in results for name in sources_of(result, known)}
    changed = {name for part in body for name in _changed(part, known)}
    local = own - declared_global(body)
    events = [event for part in body for event in events_in(part, known)]
    return Summary(
        parameters,
        (traced(changed, shares) | declared_global(body)) - local,
        traced(given, shares) - local,
        short(events),
    )


def _summary_of_class(node: ast.ClassDef, parameters: list[str], known: Knowledge) -> Summary:
    """What making an object does: its methods count as called; it may keep what it is given."""
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    summaries = [known.summary(method) for method in methods]
    events = [event for summary in summaries for event in summary.events]
    inherited = [
        base for base in node.bases if path_of(base, known.paths).startswith(DRAWING_PATHS)
    ]
    outside = {
        name
        for method, summary in zip(methods, summaries, strict=True)
        for name in summary.changes - {item.arg for item in arguments_of(method)}
    }
    drawing = [*events, *(["draw"] if inherited else [])]
    return Summary(parameters, outside, set(parameters), short(drawing))
