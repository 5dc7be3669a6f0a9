"""The code's form: formatted, linted, typed."""

import subprocess
import sys

import pytest

from .conftest import ROOT


@pytest.mark.parametrize(
    "words",
    [("ruff", "format", "--check"), ("ruff", "check"), ("mypy",)],
    ids=["format", "lint", "types"],
)
def test_tool_finds_nothing(words: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
