"""The house: which package may use which, what runs inside a kernel, and how large rooms get."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .conftest import ROOT

SOURCE = ROOT / "src" / "press"
MODULES = sorted(SOURCE.rglob("*.py"))
# From the ground up: a room knows only rooms before it. Those of one line know nothing of each
# other. The package that runs inside the kernel is known by its protocol and its seals.
FLOORS = (
    ("voice", "kernel"),
    ("files",),
    ("blog", "machine", "datasets"),
    ("script", "site"),
    ("run",),
    ("record",),
    ("flow",),
    ("workers",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
OF_THE_KERNEL = {"press.kernel.protocol", "press.kernel.sealed"}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "press"


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> Iterator[str]:
    """The modules of press that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("press"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "press":
            base = SOURCE.parent.joinpath(*str(node.module).split("."))
            for alias in node.names:
                is_module = (base / f"{alias.name}.py").exists() or (base / alias.name).is_dir()
                yield f"{node.module}.{alias.name}" if is_module else str(node.module)
        elif isinstance(node, ast.JoinedStr) and ast.unparse(node).startswith("f'press."):
            yield ast.unparse(node)[2:].partition(".{")[0]


ARROWS = {
    (name_of(path), imported)
    for path in MODULES
    for imported in imports(path)
    if room_of(imported) not in ("press", room_of(name_of(path)))
}


def test_every_room_has_its_floor() -> None:
    rooms = {room_of(name_of(path)) for path in MODULES} - {"press"}

    assert rooms == set(FLOOR)
    assert len(rooms) <= 18
    assert len({(room_of(above), room_of(below)) for above, below in ARROWS}) <= 60


def test_rooms_know_only_those_below() -> None:
    upwards = [
        f"{module} imports {imported}"
        for module, imported in sorted(ARROWS)
        if FLOOR[room_of(imported)] >= FLOOR[room_of(module)]
    ]

    assert upwards == []


def test_the_kernels_room_imports_nothing_of_the_rest_and_shows_its_protocol_alone() -> None:
    kernels = [arrow for arrow in ARROWS if room_of(arrow[0]) == "kernel"]
    inner = {imported for _, imported in ARROWS if room_of(imported) == "kernel"} - OF_THE_KERNEL

    assert (kernels, inner) == ([], set())


def test_a_kernel_loads_nothing_of_the_builders() -> None:
    code = (
        "import json, sys\n"
        "from press.kernel import claims, data, datasets, display, extension, network, snapshot\n"
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] == 'press']))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )

    loaded = json.loads(done.stdout)
    assert "press.kernel.extension" in loaded
    assert [name for name in loaded if room_of(name) not in ("press", "kernel")] == []


def test_commands_load_before_the_packages_of_runs_are_there() -> None:
    """They are put in when a script is first run; until then there are those of base.txt."""
    code = """
import importlib, importlib.metadata, re, sys
pinned = re.findall(r"^([\\w.-]+)==", open("requirements/base.txt").read(), re.MULTILINE)
plain = lambda name: re.sub(r"[-_.]+", "-", name.lower())
here = {"press", "held-out", *map(plain, pinned)}
owners = importlib.metadata.packages_distributions()
later = {name for name, known in owners.items() if not here & set(map(plain, known))} - {"press"}
class Missing:
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in later:
            raise ImportError(f"{name} is not there yet")
sys.meta_path.insert(0, Missing())
for command in ("build", "new", "serve", "status", "test", "verify"):
    importlib.import_module(f"press.commands.{command}")
"""
    subprocess.run([sys.executable, "-P", "-c", code], check=True, cwd=ROOT)


def test_no_modules_import_each_other_in_a_circle() -> None:
    below = {name_of(path): set(imports(path)) - {name_of(path)} for path in MODULES}
    while free := {module for module, known in below.items() if not known & below.keys()}:
        below = {module: known for module, known in below.items() if module not in free}

    assert below == {}


def test_rooms_and_functions_stay_small() -> None:
    large = []
    for path in MODULES:
        text = path.read_text("utf-8")
        if text.count("\n") > 300:
            large.append(f"{name_of(path)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                given = [item for item in given if item.arg not in ("self", "cls")]
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > 40 or len(given) > 6:
                    large.append(f"{name_of(path)}.{node.name}: {lines} lines, {len(given)} given")

    assert large == []


def test_packages_say_what_they_are_for() -> None:
    for package in SOURCE.rglob("__init__.py"):
        tree = ast.parse(package.read_text("utf-8"))
        assert re.fullmatch(r"[A-Z`][^\n]*[.]", ast.get_docstring(tree) or ""), package


def test_the_map_in_contributing_is_the_tree() -> None:
    told = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for path in MODULES:
        room, _, module = name_of(path).removeprefix("press").removeprefix(".").partition(".")
        if module:
            row = re.search(rf"^\| `{room}` \|.*$", told, re.MULTILINE)
            assert f"`{module}`" in (row[0] if row else ""), f"{room}.{module} is not on the map"
        elif room and room != "__main__":
            assert re.search(rf"^\| `{room}` \|", told, re.MULTILINE), f"{room} is not on the map"
