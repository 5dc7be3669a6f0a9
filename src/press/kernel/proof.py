"""What a kernel is at one moment, told piece by piece, so that another one can be held to it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from press.kernel import imports, neighbours, process_state
from press.kernel.changes import changes
from press.kernel.description import Description
from press.kernel.parts import Drawn, Unknown, is_of_script

HARMLESS = re.compile(
    r"""
    .*\.(__slotnames__|__annotations__|__warningregistry__|__abstractmethods__
        |_value2member_map_.*|__pybind11_\w+)
    | (_cython_\w+|pyparsing|google|absl|_ctypes|ctypes)\b.*
    | (posix|os)\.environ\b.+ | logging\.(_handler\w*|root|Logger\.(manager|root))\b.*
    | tempfile\._name_sequence\b.* | typing\._cleanups\b.*
    | sys\.meta_path | tensorflow\..*RUNTIME_FUNCTION_REFS.*
    | (sys|builtins)\.(last_\w+|ps\d|_|displayhook|modules.*|__press_\w+|exit|quit|display|input)
    | getpass\.getpass | time\.tzname | copyreg\.dispatch_table\.<class\ 'traceback'>
    | numpy\.finfo\._finfo_cache\b.*\.(_\w+ | tiny | smallest_\w+ | eps(neg)? | max | min | bits
        | resolution | precision | \w+exp | nmant | machep | negep)
    | numpy\.random\.mtrand\._rand\b.* | numpy\._core\.overrides\.ARRAY_FUNCTIONS
    | random\._inst\..*
    | matplotlib\.(rcParams\..* | rcParamsDefault\.backend
        | _mathtext\..* | axes\..*\._shared_axes.* | backends\.\w+ | backends\.registry.*
        | path\.Path\._unit_.*
        | backend_bases\._default_backends.* | mathtext\.MathTextParser\._parser
        | pyplot\.(switch_backend\..* | _REPL_DISPLAYHOOK | _backend_mod | \w*repl_displayhook
            | draw_if_interactive(\..*)?))
    | keras\.src\.(utils\.module_utils|backend\.common\.global_state)\..*
    | tensorflow\.python\.autograph\..* | tensorflow\..*\.(_\w+|FLAGS)(\..*|\[.*)?
    | tensorflow\.core\..*
    """,
    re.VERBOSE,
)
"""What libraries keep for themselves as they work, and what is told or put back otherwise."""


@dataclass(frozen=True)
class Proof:
    digests: dict[str, str]
    """By the name of each piece."""
    names: tuple[str, ...]
    """Those whose values are kept."""
    classes: tuple[type, ...]
    """Those of the script that values are made of."""
    left_out: tuple[str, ...]
    """Names whose values are drawings: they are not kept."""


def proof(shell: Any, bound: Iterable[str], beginning: process_state.Beginning) -> Proof:
    """All of it; a piece that cannot be told raises `Unknown`."""
    found = sorted(changes(), key=lambda change: change.place)
    description = Description(shell.user_ns, imports.landmark)
    digests: dict[str, str] = {}
    left_out: list[str] = []
    for name in bound:
        try:
            digests[name] = description.digest(name, shell.user_ns[name])
        except Drawn:
            left_out.append(name)
    names = tuple(digests)
    hidden = [name for name in shell.user_ns_hidden if name not in shell.user_ns]
    digests["the names"] = description.digest("", [*names, sorted(hidden)])
    with description.of_library():
        for change in found:
            if change.is_cached:
                if description.holds(change.value):
                    raise Unknown("a library keeps a value of the script there", change.place)
            elif not HARMLESS.fullmatch(change.place) or is_of_script(change.value, shell.user_ns):
                digests[change.place] = description.digest(
                    change.place, (change.is_gone, change.key, change.value)
                )
        for place, value in neighbours.held():
            digests[place] = description.digest(place, value)
        for place, value in process_state.told(shell, beginning):
            digests[place] = description.digest(place, value)
    description.check_addresses()
    return Proof(digests, names, tuple(description.classes), tuple(left_out))


def differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """The pieces that are not what they were."""
    places = [*before, *(place for place in now if place not in before)]
    return [place for place in places if before.get(place) != now.get(place)]
