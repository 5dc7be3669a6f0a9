"""What a piece of code reads, binds and may change, told from its text.

Where the text does not tell, more is assumed to change than does. Beside names there are three
things that code may change unseen: the shared random generators, files, and settings of libraries.
"""

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from press.libraries import (
    CHANGE_FIRST,
    CHANGING_VIEWS,
    CONTAINERS,
    DRAWING,
    DRAWING_PATHS,
    FRESH,
    HARMLESS,
    KEEPING,
    NOT_DRAWING,
    NUMPY_VIEWS,
    READING,
    SEEDING,
    SEEDING_ONE,
    SETTINGS,
    TRAINED_BY,
    VIEWS,
    WRITING,
)
from press.names import (
    Function,
    arguments_of,
    augmented,
    bound_here,
    bound_in,
    calls_in,
    declared_global,
    functions_in,
    imported,
    last_name,
    names_in,
    names_of_target,
    own_parts,
    parameters_of,
    path_of,
    read_at_once,
    root_of,
    surely_bound,
)

RANDOM, TRAINING, FILES, PROCESS = "<random>", "<training>", "<files>", "<process>"
"""Stand among the names for what has no name: every piece may read, bind or change them."""


@dataclass
class Knowledge:
    """What is known of names from all of the script."""

    paths: Mapping[str, str]
    """By the name that an import binds, what it stands for."""
    functions: Mapping[str, list[Function]]
    plain: frozenset[str]
    """Names that only ever stand for numbers and texts, which nobody can change."""
    summaries: dict[Function, "Summary"] = field(default_factory=dict)


@dataclass
class Summary:
    """What calling one of the script's own functions does."""

    parameters: list[str]
    changes: set[str]
    """Names from outside, and parameters, whose objects it may change."""
    gives: set[str]
    """Names from outside, and parameters, that its result may be a part of."""
    events: list[str]


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
    functions: dict[str, list[Function]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                functions.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.Assign):
                lambdas = [part for part in ast.walk(node.value) if isinstance(part, ast.Lambda)]
                for name in bound_in(ast.walk(node)) if lambdas else ():
                    functions.setdefault(name, []).extend(lambdas)
    paths = {alias: path for tree in trees for alias, path in imported(tree)}
    return Knowledge(paths, functions, _plain_names(trees))


def _plain_names(trees: Sequence[ast.AST]) -> frozenset[str]:
    plain: set[str] = set()
    parts = [part for tree in trees for part in own_parts(tree)]
    assigned = [part for part in parts if isinstance(part, ast.Assign) and len(part.targets) == 1]
    pairs = [(part.targets[0], part.value) for part in assigned]
    known = [(target.id, value) for target, value in pairs if isinstance(target, ast.Name)]
    for name, value in known:
        if _is_plain(value, plain):
            plain.add(name)
    others = bound_in(part for part in parts if not any(part is target for target, _ in pairs))
    return frozenset(
        plain - others - {name for name, value in known if not _is_plain(value, plain)}
    )


def _is_plain(value: ast.expr, plain: set[str]) -> bool:
    match value:
        case ast.Constant() | ast.JoinedStr() | ast.Compare():
            return True
        case ast.Name():
            return value.id in plain
        case ast.UnaryOp():
            return _is_plain(value.operand, plain)
        case ast.BinOp():
            return _is_plain(value.left, plain) and _is_plain(value.right, plain)
        case ast.Call():
            return last_name(value.func) in ("bool", "float", "int", "len", "round", "str")
    return False


def effects(node: ast.stmt, known: Knowledge) -> Effects:
    """What a statement does when it is run."""
    surely = surely_bound(node)
    found = Effects(
        reads=read_at_once(node),
        later={name for part in functions_in(node) for name in names_in(part)},
        binds=surely - augmented(node),
        rebinds=(bound_here(node) - surely) | augmented(node),
        changes=set(_changed(node, known)),
        shares=list(_shared(node, known)),
        together=list(_together(node, known)),
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
    happened = list(_events(node, known))
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
            yield from _sources(part.value, known)


def _changed_by_call(call: ast.Call, known: Knowledge) -> Iterator[str]:
    path = path_of(call.func, known.paths)
    end = path or last_name(call.func)
    if CHANGE_FIRST.fullmatch(end) and call.args:
        yield from _sources(call.args[0], known)
    for keyword in call.keywords:
        if keyword.arg in ("callbacks", "out", "ax"):
            yield from _sources(keyword.value, known)
    for item in (*call.args, *(keyword.value for keyword in call.keywords)):
        for function in known.functions.get(root_of(item) or "", ()):
            # Whoever is given a function may call it.
            summary = summarised(function, known)
            yield from summary.changes - set(summary.parameters)
    if isinstance(call.func, ast.Name | ast.Lambda):
        yield from _changed_by_own(call, known)
    elif isinstance(call.func, ast.Attribute) and not path:
        method = call.func.attr
        if method in CHANGING_VIEWS or not (FRESH.fullmatch(method) or VIEWS.fullmatch(method)):
            yield from _sources(call.func.value, known)


def _changed_by_own(call: ast.Call, known: Knowledge) -> Iterator[str]:
    for function in _called_functions(call, known):
        summary = summarised(function, known)
        for name in summary.changes:
            yield from _given(name, summary.parameters, call, known)


def _given(name: str, parameters: Sequence[str], call: ast.Call, known: Knowledge) -> Iterator[str]:
    """The caller's names for what a function calls `name`."""
    if name not in parameters:
        yield name
        return
    place = parameters.index(name)
    chosen = [keyword.value for keyword in call.keywords if keyword.arg in (name, None)]
    starred = [item for item in call.args if isinstance(item, ast.Starred)]
    if place < len(call.args) or starred:
        chosen += starred or [call.args[place]]
    for item in chosen:
        yield from _sources(item, known)


# What is shared


def _shared(node: ast.AST, known: Knowledge) -> Iterator[tuple[str, set[str]]]:
    """Each name that is bound, with the names whose objects it may share."""
    for part in own_parts(node):
        if isinstance(part, ast.Assign):
            for target in part.targets:
                yield from _matched(target, part.value, known)
                if isinstance(target, ast.Attribute | ast.Subscript):
                    yield from _kept(target.value, [part.value], known)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            if part.func.attr in KEEPING:
                yield from _kept(part.func.value, part.args, known)
        elif isinstance(part, ast.AnnAssign | ast.NamedExpr) and part.value:
            yield from _matched(part.target, part.value, known)
        elif isinstance(part, ast.For | ast.AsyncFor):
            yield from _matched_items(part.target, part.iter, known)
        elif isinstance(part, ast.withitem) and part.optional_vars:
            yield from _matched(part.optional_vars, part.context_expr, known)


def _kept(
    keeper: ast.expr, items: Sequence[ast.expr], known: Knowledge
) -> Iterator[tuple[str, set[str]]]:
    for name in _sources(keeper, known):
        yield name, {source for item in items for source in _sources(item, known)}


def _matched(target: ast.expr, value: ast.expr, known: Knowledge) -> Iterator[tuple[str, set[str]]]:
    items = getattr(target, "elts", None)
    values = getattr(value, "elts", None)
    if items and values and len(items) == len(values):
        for item, own in zip(items, values, strict=True):
            yield from _matched(item, own, known)
        return
    sources = set(_sources(value, known))
    for name in names_of_target(target):
        yield name, sources


def _together(node: ast.AST, known: Knowledge) -> Iterator[set[str]]:
    """Names for what one call makes and what may hang together, as a figure and its axes do."""
    for part in own_parts(node):
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
            called = part.value.func
            if "pyplot" in path_of(called, known.paths) or last_name(called) in known.functions:
                yield {name for target in part.targets for name in names_of_target(target)}


def _matched_items(
    target: ast.expr, items: ast.expr, known: Knowledge
) -> Iterator[tuple[str, set[str]]]:
    """The names that a loop binds; those of `zip` and `items()` by their place."""
    places = getattr(target, "elts", [])
    if isinstance(items, ast.Call) and len(places) > 1:
        called = last_name(items.func)
        if called == "zip" and len(places) == len(items.args):
            for place, source in zip(places, items.args, strict=True):
                yield from _matched_items(place, source, known)
            return
        if called == "enumerate" and len(places) == 2 and items.args:
            yield from _matched_items(places[1], items.args[0], known)
            return
        if called in ("items", "ndenumerate", "iterrows") and len(places) == 2:
            for name in names_of_target(places[1]):
                yield name, set(_sources(items, known))
            return
    for name in names_of_target(target):
        yield name, set(_sources(items, known))


def _sources(node: ast.expr | None, known: Knowledge) -> Iterator[str]:
    """The names whose objects the value of an expression may be, be a part of, or hold."""
    match node:
        case ast.Name():
            if node.id not in known.plain:
                yield node.id
        case ast.Attribute() | ast.Subscript() | ast.Starred() | ast.NamedExpr():
            if not path_of(node, known.paths):
                yield from _sources(node.value, known)
        case ast.Tuple() | ast.List() | ast.Set():
            for item in node.elts:
                yield from _sources(item, known)
        case ast.Dict():
            for value in node.values:
                yield from _sources(value, known)
        case ast.IfExp():
            yield from _sources(node.body, known)
            yield from _sources(node.orelse, known)
        case ast.BoolOp():
            for value in node.values:
                yield from _sources(value, known)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            yield from _comprehended(node, [node.elt], known)
        case ast.DictComp():
            yield from _comprehended(node, [node.value], known)
        case ast.BinOp() if isinstance(node.op, ast.Add | ast.Mult):
            # Sums of lists hold the items of both.
            if any(isinstance(side, ast.List | ast.ListComp) for side in (node.left, node.right)):
                yield from _sources(node.left, known)
                yield from _sources(node.right, known)
        case ast.Lambda():
            summary = summarised(node, known)
            yield from summary.changes - set(summary.parameters)
        case ast.Call():
            yield from _sources_of_call(node, known)


def _comprehended(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
    parts: Sequence[ast.expr],
    known: Knowledge,
) -> Iterator[str]:
    inside = {name for loop in node.generators for name in names_of_target(loop.target)}
    found = {name for part in parts for name in _sources(part, known)}
    yield from found - inside
    if found & inside:
        for loop in node.generators:
            yield from _sources(loop.iter, known)


def _sources_of_call(call: ast.Call, known: Knowledge) -> Iterator[str]:
    path, name = path_of(call.func, known.paths), last_name(call.func)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if path:
        if NUMPY_VIEWS.fullmatch(name) or name[:1].isupper() or name == "partial":
            for item in given:
                yield from _sources(item, known)
    elif isinstance(call.func, ast.Attribute):
        if not FRESH.fullmatch(name):
            yield from _sources(call.func.value, known)
    elif CONTAINERS.fullmatch(name):
        for item in given:
            yield from _sources(item, known)
    elif own := _called_functions(call, known):
        for function in own:
            summary = summarised(function, known)
            for source in summary.gives:
                yield from _given(source, summary.parameters, call, known)
    elif not hasattr(builtins, name):
        for item in (call.func, *given):
            yield from _sources(item, known)


def _called_functions(call: ast.Call, known: Knowledge) -> Sequence[Function]:
    if isinstance(call.func, ast.Lambda):
        return [call.func]
    return known.functions.get(call.func.id, ()) if isinstance(call.func, ast.Name) else ()


# Randomness


def _events(node: ast.AST, known: Knowledge) -> Iterator[str]:
    """`seed`, `draw` and `train`, in the order in which running the code comes to them."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return
    called = node.func if isinstance(node, ast.Call) else None
    for child in ast.iter_child_nodes(node):
        if child is not called or not isinstance(child, ast.Name):
            yield from _events(child, known)
    if not isinstance(node, ast.Call):
        return
    path, name = path_of(node.func, known.paths), last_name(node.func)
    if name == SEEDING:
        yield "seed"
    elif path:
        if path.startswith(DRAWING_PATHS) and name not in NOT_DRAWING:
            yield "draw"
    elif isinstance(node.func, ast.Attribute) and name in TRAINED_BY:
        yield "train"
    elif isinstance(node.func, ast.Attribute) and name in DRAWING:
        yield "draw"
    for mentioned in [node.func, *node.args, *(keyword.value for keyword in node.keywords)]:
        if isinstance(mentioned, ast.Name | ast.Subscript):
            for function in known.functions.get(root_of(mentioned) or "", ()):
                yield from summarised(function, known).events


# Functions of the script's own


def summarised(function: Function, known: Knowledge) -> Summary:
    if function not in known.summaries:
        parameters = parameters_of(function)
        known.summaries[function] = Summary(parameters, set(), set(), [])  # for those that recur
        known.summaries[function] = _summary(function, parameters, known)
    return known.summaries[function]


def _summary(function: Function, parameters: list[str], known: Knowledge) -> Summary:
    body = function.body if isinstance(function.body, list) else [function.body]
    if isinstance(function, ast.ClassDef):
        return _summary_of_class(function, parameters, known)
    own = bound_in(node for part in body for node in own_parts(part))
    # Within the function, its own names hide those of the script.
    known = replace(known, plain=known.plain - own - set(parameters))
    shares: dict[str, set[str]] = {}
    for part in body:
        for name, sources in _shared(part, known):
            shares.setdefault(name, set()).update(sources)
    results = [
        part.value
        for statement in body
        for part in own_parts(statement)
        if isinstance(part, ast.Return | ast.Yield | ast.YieldFrom) and part.value
    ]
    results += [function.body] if isinstance(function, ast.Lambda) else []
    given = {name for result in results for name in _sources(result, known)}
    changed = {name for part in body for name in _changed(part, known)}
    local = own - declared_global(body)
    events = [event for part in body for event in _events(part, known)]
    return Summary(
        parameters,
        (_traced(changed, shares) | declared_global(body)) - local,
        _traced(given, shares) - local,
        _short(events),
    )


def _short(events: Sequence[str]) -> list[str]:
    """What comes first, and whether there is training in it."""
    return list(dict.fromkeys([*events[:1], *(event for event in events if event == "train")]))


def _summary_of_class(node: ast.ClassDef, parameters: list[str], known: Knowledge) -> Summary:
    """What making an object does: its methods count as called; it may keep what it is given."""
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    summaries = [summarised(method, known) for method in methods]
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
    return Summary(parameters, outside, set(parameters), _short(drawing))


def _traced(names: set[str], shares: Mapping[str, set[str]]) -> set[str]:
    """These names and all those whose objects they may share."""
    found, waiting = set(names), list(names)
    while waiting:
        new = shares.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
