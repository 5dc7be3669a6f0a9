"""The workflows on GitHub: valid, with actions pinned and few rights, and each line runs."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from press.blog import Blog

from .conftest import ROOT, add_post, with_theme

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
ALLOWED = {"contents", "pages", "pull-requests", "id-token"}
RESULTS = """\
# %% results tags=["values"]
{{"number": {n}}}
"""
DRAWN = (
    """\
# %% curve
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([1, {n}])

"""
    + RESULTS
)
GH = """\
#!/bin/sh
printf '%s\\n' "$*" >>"$GH_LOG"
"""


def read(path: Path) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(path.read_text())
    return tree


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


def test_they_are_what_github_reads() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "github-workflows"]
    done = subprocess.run([*command, *map(str, WORKFLOWS)], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_rights_are_few(path: Path) -> None:
    text, tree = path.read_text(), read(path)

    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in used)
    assert tree["permissions"] == {"contents": "read"}
    asked = [job["permissions"] for job in tree["jobs"].values() if "permissions" in job]
    assert {right for rights in asked for right in rights} <= ALLOWED
    # What others can name (a branch, a title) reaches a shell only as a variable.
    assert not [step["run"] for step in steps(path) if "${{" in step.get("run", "")]
    assert all(job["timeout-minutes"] <= 90 for job in tree["jobs"].values())


@dataclass
class Runner:
    """Runs the steps of jobs as GitHub would, with what it would give; actions are done here."""

    folder: Path
    given: dict[str, str]
    artifacts: Path
    ran: list[str] = field(default_factory=list)

    def job(self, path: Path, name: str, root: Path, **expressions: str) -> None:
        job = read(path)["jobs"][name]
        known = {**self.given, **expressions}
        for step in job["steps"]:
            environment = {**job.get("env", {}), **step.get("env", {})}
            if "run" in step:
                self._run(step["run"], root, {k: _filled(v, known) for k, v in environment.items()})
            elif "upload-artifact" in step["uses"]:
                self._upload(step["with"], root, known)
            elif "download-artifact" in step["uses"]:
                shutil.copytree(self.artifacts, root / step["with"]["path"])

    def _run(self, command: str, root: Path, environment: dict[str, str]) -> None:
        place = {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GH_LOG": str(self.folder / "gh.log"),
        }
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=root,
            env={**os.environ, **place, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        self.ran.append(command)

    def _upload(self, given: dict[str, Any], root: Path, known: dict[str, str]) -> None:
        there = self.artifacts / _filled(given["name"], known)
        for name in given["path"].split():
            if (root / name).is_dir():
                shutil.copytree(root / name, there / name)
            elif len(given["path"].split()) == 1:
                assert (root / name).exists(), name


def _filled(text: Any, known: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ (\S+) \}\}", lambda match: known[match[1]], str(text))


def git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    command = ["git", *who, *words]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository such as this one, whose posts take no time."""
    root = tmp_path / "work"
    for name in ("_posts", "code", "_data"):
        (root / name).mkdir(parents=True)
    for name in ("press", "src", "requirements", "Gemfile", "code/matplotlibrc", ".gitignore"):
        source, place = ROOT / name, root / name
        shutil.copytree(source, place) if source.is_dir() else shutil.copy(source, place)
    shutil.copy(ROOT / "_data" / "quotes.yml", root / "_data")
    blog = with_theme(Blog(root))
    for n in range(4):
        add_post(blog, f"post-{n}", (DRAWN if n == 1 else RESULTS).format(n=n + 2))
    git(root, "init", "-q", "-b", "main")
    clone(root, None)
    subprocess.run(["./press", "build"], cwd=root, check=True, capture_output=True)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "As it was")
    add_post(blog, "post-1", DRAWN.format(n=11))
    subprocess.run(["./press", "build"], cwd=root, check=True, capture_output=True)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "A change")
    bare = tmp_path / "origin.git"
    git(root, "clone", "-q", "--bare", ".", str(bare))
    return bare


def clone(root: Path, source: Path | None) -> Path:
    """A working copy with the packages of this very run."""
    if source:
        git(source, "clone", "-q", ".", str(root))
    (root / ".press").mkdir()
    (root / ".press" / "venv").symlink_to(ROOT / ".press" / "venv")
    return root


@pytest.fixture
def runner(tmp_path: Path, origin: Path) -> Runner:
    folder = tmp_path / "runner"
    folder.mkdir()
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    given = {
        "github.event.pull_request.base.sha": git(origin, "rev-parse", "main~1").strip(),
        "github.event.pull_request.number": "7",
        "github.token": "none",
        "github.run_id": "42",
        "steps.page.outputs.artifact-url": "https://example.org/moved",
        "steps.pages.outputs.base_path": "/blog",
    }
    return Runner(folder, given, tmp_path / "artifacts")


def test_each_line_runs(tmp_path: Path, origin: Path, runner: Runner) -> None:
    ci, refresh, verify = (FOLDER / f"{name}.yml" for name in ("ci", "refresh", "verify"))

    runner.job(ci, "site", clone(tmp_path / "site", origin))
    assert 'href="/blog/' in (tmp_path / "site" / "_site" / "index.html").read_text()

    runner.job(ci, "moved", clone(tmp_path / "moved", origin))
    comment = (tmp_path / "moved" / "moved.md").read_text()
    assert "| value 'number' | 3 | 11 |" in comment
    assert "(https://example.org/moved)" in comment
    assert "post-1" in (tmp_path / "moved" / "moved.html").read_text()

    shutil.rmtree(runner.artifacts, ignore_errors=True)
    for place, part in enumerate(read(refresh)["jobs"]["run"]["strategy"]["matrix"]["part"]):
        there = clone(tmp_path / f"part-{place}", origin)
        known = {"matrix.part": part, "strategy.job-index": str(place)}
        runner.job(refresh, "run", there, **known)
        if not place:
            runner.job(verify, "verify", there, **known)
        for left in runner.artifacts.glob("certificates-*"):
            shutil.rmtree(left)
    runner.job(refresh, "propose", clone(tmp_path / "propose", origin))
    changed = git(origin, "diff", "--name-only", "main", "refresh-42").split()
    assert {name for name in changed if name.startswith("_data/runs")} == {
        f"_data/runs/post-{n}.json" for n in range(4)
    }
    asked = (runner.folder / "gh.log").read_text().splitlines()
    assert [" ".join(line.split()[:2]) for line in asked] == ["pr comment", "pr create"]

    # The one line left is what runs this very test.
    lines = [step["run"] for path in WORKFLOWS for step in steps(path) if "run" in step]
    assert [line for line in lines if line not in runner.ran] == [".ci/run"]
