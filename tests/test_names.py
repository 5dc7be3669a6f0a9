"""The names in code that stands alone, out of the function or the program it was written in."""

import ast

import pytest

from press.script.names import names_in

COUNTER = """\
def counter():
    n = 0

    def count(step):
        nonlocal n
        n += step + start
        return n

    return count
"""


def test_a_name_of_an_outer_function_is_not_global() -> None:
    inner = next(
        part
        for part in ast.walk(ast.parse(COUNTER))
        if isinstance(part, ast.FunctionDef) and part.name == "count"
    )

    assert "start" in names_in(inner)
    assert "start" in names_in(ast.parse(COUNTER))


@pytest.mark.parametrize(
    "refused",
    ["def f():\n    x = 1\n    global x", "def f(a, a):\n    return a + far", "nonlocal x\nfar"],
)
def test_code_that_can_be_parsed_but_not_run_has_names_all_the_same(refused: str) -> None:
    tree = ast.parse(refused)

    assert {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)} >= names_in(tree)
