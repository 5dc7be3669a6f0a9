"""What README and CHANGELOG say is so."""

import re
import shutil
import subprocess
from pathlib import Path

from press import __version__

from .conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    command
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for command in block.splitlines()
]


def test_the_commands_run(tmp_path: Path) -> None:
    """All but `./press test`, which is at work on this very line."""
    clone = tmp_path / "held out"
    left_here = shutil.ignore_patterns(".git", "_site", ".press", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, clone, ignore=left_here)
    (clone / ".press").mkdir()
    (clone / ".press" / "venv").symlink_to(ROOT / ".press" / "venv")
    assert COMMANDS[:2] == ["./press build", "./press test"]

    for command in COMMANDS:
        if command != "./press test":
            done = subprocess.run(command, shell=True, cwd=clone, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stderr}"

    assert (clone / "_site" / "index.html").exists()
    assert len(list((clone / "_site" / "posts").iterdir())) > 1


def test_every_command_is_told() -> None:
    known = subprocess.run(
        ["./press", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"^    ([a-z]+) ", known, re.MULTILINE)

    assert len(commands) >= 6
    for command in commands:
        assert f"`./press {command}" in README


def test_links_and_pictures_are_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_changelog_begins_with_this_version() -> None:
    entries = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert entries[0] == __version__
