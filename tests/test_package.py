"""press is a package: installed anywhere, it works on a blog elsewhere."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from press.blog import Blog

from .conftest import ROOT, add_post

POST = """\
Of {% include value.html of="points" %} points.
{% include figure.html name="line" caption="c" alt="a" %}
"""
SCRIPT = """\
# %% line
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.plot([1, 2])

# %% results tags=["values"]
{"points": 2}
"""


def run(*command: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with nothing in it but the package; what that needs lies elsewhere."""
    folder = tmp_path_factory.mktemp("package")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("held_out-*.whl")
    made = run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    assert made.returncode == 0, made.stderr
    python = folder / "venv" / "bin" / "python"
    uv = (sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-deps")
    installed = run(*uv, "--python", python, wheel)
    assert installed.returncode == 0, installed.stderr
    return folder / "venv"


def test_without_the_packages_for_runs_it_says_what_to_install(environment: Path) -> None:
    code = (
        "from pathlib import Path\nfrom press.machine.python import ensure\nensure('run', Path())"
    )

    done = run(environment / "bin" / "python", "-c", code)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "press.voice.errors.PressError: held-out: TensorFlow and Jupyter are missing in this "
        "Python; run: pip install 'held-out[run]'"
    )


def test_it_builds_a_blog_elsewhere(environment: Path, themed: Blog) -> None:
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    add_post(themed, "post", SCRIPT, POST)
    held_out = environment / "bin" / "held-out"

    done = run(held_out, "build", "--blog", themed.root, folder=environment)

    assert done.returncode == 0, done.stderr
    assert "Of <a" in (themed.root / "_site" / "posts" / "post" / "index.html").read_text()
    again = run(held_out, "status", folder=themed.root)
    assert again.stdout.startswith("post  current"), again.stdout + again.stderr
    lost = run(held_out, "build", folder=environment)
    assert (lost.returncode, lost.stderr) == (
        1,
        "Gemfile: there is none, so this is no blog; go to its folder, or name it with --blog\n",
    )
