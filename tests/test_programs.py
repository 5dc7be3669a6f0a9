"""The smallest program that ends in a cell and runs alone."""

import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from press.blog import Blog
from press.script.cells import Script, read_script
from press.script.programs import Programs, written

CASES = {
    "what is not used is left out": (
        """
        # %% setup
        import math
        import random

        # %% numbers
        small = 2
        large = 3

        # %% end
        print(math.sqrt(small))
        """,
        """
        import math

        small = 2

        print(math.sqrt(small))
        """,
    ),
    "of an import of several names only those used": (
        """
        # %% setup
        from math import floor, sqrt as root, tau

        # %% end
        print(root(4))
        """,
        """
        from math import sqrt as root

        print(root(4))
        """,
    ),
    "a comment right above a statement comes with it": (
        """
        # %% numbers
        # how many
        count = 2  # two

        # of no use here
        other = 3

        # %% end
        print(count)
        """,
        """
        # how many
        count = 2  # two

        print(count)
        """,
    ),
    "what changes an object by another name": (
        """
        # %% lists
        items = []
        same = items
        apart = [0]

        # %% change
        same.append(1)
        apart.append(2)

        # %% end
        print(items)
        """,
        """
        items = []
        same = items

        same.append(1)

        print(items)
        """,
    ),
    "a function reads its names when it is called": (
        """
        # %% function
        def scaled(x):
            return rate * x

        # %% rates
        rate = 1
        rate = 2

        # %% end
        print(scaled(3))
        """,
        """
        def scaled(x):
            return rate * x


        rate = 2

        print(scaled(3))
        """,
    ),
    "a function that changes what it is given": (
        """
        # %% functions
        def grow(items, by):
            for _ in range(by):
                items.append(0)

        def look(items):
            return len(items)

        # %% use
        items = []
        grow(items, 3)
        look(items)

        # %% end
        print(items)
        """,
        """
        def grow(items, by):
            for _ in range(by):
                items.append(0)


        items = []
        grow(items, 3)

        print(items)
        """,
    ),
    "a callback that notes something": (
        """
        # %% notes
        seen = []
        watcher = {"end": lambda x: seen.append(x)}

        # %% train
        def fit(callbacks):
            callbacks["end"](1)

        fit(callbacks=watcher)

        # %% end
        print(seen)
        """,
        """
        seen = []
        watcher = {"end": lambda x: seen.append(x)}


        def fit(callbacks):
            callbacks["end"](1)

        fit(callbacks=watcher)

        print(seen)
        """,
    ),
    "in place, and only as far as needed": (
        """
        # %% values
        a = 1
        b = 10
        a += 1
        b += 10

        # %% end
        print(b)
        """,
        """
        b = 10
        b += 10

        print(b)
        """,
    ),
    "what a loop and a branch bind": (
        """
        # %% values
        best = 0
        for number in (1, 5, 3):
            if number > best:
                best = number

        # %% end
        print(best)
        """,
        """
        best = 0
        for number in (1, 5, 3):
            if number > best:
                best = number

        print(best)
        """,
    ),
    "a seed, and what draws after it": (
        """
        # %% setup
        import random

        # %% draws
        random.random()
        random.seed(1)
        first = random.random()
        second = random.random()

        # %% end
        print(random.random())
        """,
        """
        import random

        random.seed(1)
        first = random.random()
        second = random.random()

        print(random.random())
        """,
    ),
    "a definition brings what it will need": (
        """
        # %% setup
        import math
        size = 2
        other = 3

        # %% end
        def area():
            return math.pi * size
        """,
        """
        import math
        size = 2


        def area():
            return math.pi * size
        """,
    ),
}


def script_of(folder: Path, text: str) -> Script:
    path = folder / "code" / "post.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return read_script(Blog(folder), path)


def program_of(script: Script, number: int) -> str:
    return written(script.text, Programs(script).of(number))


def dedented(text: str) -> str:
    lines = text.strip("\n").rstrip().split("\n")
    return "\n".join(line.removeprefix(" " * 8) for line in lines)


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_the_cell_needs(case: str, tmp_path: Path) -> None:
    text, wanted = map(dedented, CASES[case])
    script = script_of(tmp_path, f"{text}\n")
    assert program_of(script, len(script.cells) - 1) == wanted


REWRITTEN = "of an import of several names only those used"


@pytest.mark.parametrize("case", sorted(CASES.keys() - {REWRITTEN}))
def test_no_statement_can_be_taken_out(case: str, tmp_path: Path) -> None:
    script = script_of(tmp_path, f"{dedented(CASES[case][0])}\n")
    programs = Programs(script)
    last = len(script.cells) - 1
    *parts, end = programs.of(last)
    own = written(script.text, [end])
    defines_only = own.startswith("def")
    probe = f"{own}\nprint({own.split()[1].split('(')[0]}())" if defines_only else own
    whole = said(written(script.text, parts) + "\n" + probe)
    for statement in programs.needed_by(last):
        lines = set(range(statement.first, statement.last + 1))
        rest = "\n".join(
            part if isinstance(part, str) else without(script.text, part, lines) for part in parts
        )
        assert said(f"{rest}\n{probe}") != whole


def without(text: str, part: tuple[int, int], lines: set[int]) -> str:
    numbered = enumerate(text.split("\n"), start=1)
    return "\n".join(line for n, line in numbered if part[0] <= n <= part[1] and n not in lines)


def said(program: str) -> str:
    """What a program prints; or how it fails."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
        except Exception as error:
            return type(error).__name__
    return printed.getvalue()


NAMES = st.sampled_from(["a", "b", "c", "d"])
STATEMENTS = st.one_of(
    st.builds("{} = [{}]".format, NAMES, st.integers(0, 9)),
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("{} = {} + [1]".format, NAMES, NAMES),
    st.builds("{} = list({})".format, NAMES, NAMES),
    st.builds("{} = [{}, {}]".format, NAMES, NAMES, NAMES),
    st.builds("{}.append({})".format, NAMES, st.integers(0, 9)),
    st.builds("{}[0] = {}".format, NAMES, st.integers(0, 9)),
    st.builds("{} += [{}]".format, NAMES, st.integers(0, 9)),
    st.builds("grow({})".format, NAMES),
    st.builds("{} = pair({}, {})".format, NAMES, NAMES, NAMES),
    st.builds("for {0} in [{1}, {2}]:\n    {0}.append(7)".format, NAMES, NAMES, NAMES),
    st.builds("if len({}) > 2:\n    {} = {}".format, NAMES, NAMES, NAMES),
    st.builds("{} = (lambda: {})()".format, NAMES, NAMES),
    st.builds("put{0} = lambda: {1}.append(8)\nput{0}()".format, st.integers(0, 2), NAMES),
    st.builds("{}, {} = {}, {}".format, NAMES, NAMES, NAMES, NAMES),
)
START = """\
# %% functions
def grow(items):
    items.append(0)

def pair(one, other):
    both = [one]
    both.append(other)
    return both

# %% start
a, b, c, d = [0], [1], [2], [3]
"""


@given(st.lists(st.lists(STATEMENTS, min_size=1, max_size=4), min_size=1, max_size=6), NAMES)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_prints_what_the_whole_script_prints(
    tmp_path: Path, cells: list[list[str]], name: str
) -> None:
    body = "".join(f"\n# %% cell-{n}\n" + "\n".join(cell) + "\n" for n, cell in enumerate(cells))
    script = script_of(tmp_path, f"{START}{body}\n# %% end\nprint(repr({name})[:500])\n")
    program = program_of(script, len(script.cells) - 1)
    assert said(program) == said("\n".join(cell.source for cell in script.cells))
