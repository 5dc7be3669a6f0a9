"""A bare machine is brought to work, or its owner hears in one sentence what is missing.

Nothing is installed for this: apt-get, sudo, Bundler and some Pythons are scripts on a PATH of the
test's own, and pip and uv are given packages that the test makes.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from press.machine.browser import ensure_chromium
from press.machine.python import Environment
from press.machine.ruby import COMPILED, ensure_jekyll, options_of_ruby
from press.voice.errors import PressError
from tests.conftest import waited

ROOT = Path(__file__).parents[1]
PYTHON = os.path.realpath(sys.executable)
CHMOD, MOVE = (shutil.which(name) for name in ("chmod", "mv"))
TOOLS = ("cat", "cmp", "dirname", "env", "id", "readlink", "tail")

MAIN = """\
import sys
from importlib.metadata import version
from pathlib import Path
from press.machine.python import ensure
_, root, *words = sys.argv[1:]
if words == ["train"]:
    ensure("run", Path(root))
    print(version("large"))
if words == ["extra"]:
    ensure("posts", Path(root))
    print(version("large"), version("named"))
print(version("small"), *words, sep="|")
"""
UV = f"""\
import os, sys
os.execv({shutil.which("uv", path=str(Path(sys.executable).parent))!r}, ["uv", *sys.argv[1:]])
"""
ABOUT_FILES = ("ABOUT/METADATA", "ABOUT/WHEEL", "ABOUT/RECORD")
INSTALLING = "press: installing Python packages in .press (only this once)\n"
INSTALLING_MORE = (
    "press: installing TensorFlow and Jupyter in .press (only this once, a few minutes)\n"
)
AGAIN = "connect this machine and run ./press again"
NO_NETWORK_FOR_PIP = f"the packages cannot be installed and there is no network; {AGAIN}"
NO_PYTHON = "press: Python 3.11, 3.12 or 3.13 (with its venv module) is missing"
AS_ROOT = "env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -o DPkg::Lock::Timeout=600"
JEKYLL = "jekyll ruby-bundler"
OFFLINE_APT = """\
case "$*" in *update*) exit 0 ;; esac
echo "E: Failed to fetch it  Temporary failure resolving 'a.mirror'"
exit 100
"""


class Machine:
    """A PATH with nothing on it but what a test needs, and a log of what was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bin"
        self.path.mkdir(parents=True)
        for name in TOOLS:
            tool = shutil.which(name)
            assert tool
            (self.path / name).symlink_to(tool)

    def command(self, name: str, body: str, folder: Path | None = None) -> None:
        place = (folder or self.path) / name
        place.unlink(missing_ok=True)
        place.parent.mkdir(exist_ok=True)
        place.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.folder}/log"\n{body}\n')
        place.chmod(0o755)

    def calls(self) -> list[str]:
        """What was called since the last time this was asked."""
        log = self.folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


class Clone(Machine):
    """A machine with a clone of press that has one command, and pip's packages in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.root = folder / "my own blog"
        shutil.copytree(ROOT / "src" / "press", self.root / "src" / "press")
        shutil.copy(ROOT / "press", self.root)
        (self.root / "src" / "press" / "__main__.py").write_text(MAIN)
        (self.root / "requirements").mkdir()
        (folder / "wheels").mkdir()
        self.pin("base", "small")
        self.pin("run", "small", "large")
        uv = self.wheel("uv", UV, "uv/__main__.py")
        (self.root / "requirements" / "uv.txt").write_text(f"uv==1 --hash=sha256:{uv}\n")
        self.online = True

    def pin(self, layer: str, *names: str) -> None:
        pins = [f"{name}==1 --hash=sha256:{self.wheel(name)}" for name in names]
        (self.root / "requirements" / f"{layer}.txt").write_text("\n".join(pins) + "\n")

    def wheel(self, name: str, code: str = "", module: str = "") -> str:
        """Offer pip and uv a package; its digest."""
        file = self.folder / "wheels" / f"{name}-1-py3-none-any.whl"
        about = f"{name}-1.dist-info"
        files = {
            module or f"{name}.py": code,
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{about}/RECORD": "".join(
                f"{path},,\n" for path in (module or f"{name}.py", *ABOUT_FILES)
            ).replace("ABOUT", about),
        }
        with zipfile.ZipFile(file, "w") as archive:
            for path, text in files.items():
                archive.writestr(zipfile.ZipInfo(path), text)
        return hashlib.sha256(file.read_bytes()).hexdigest()

    def has_python(self) -> None:
        self.command("python3", f'exec "{PYTHON}" "$@"')

    def start(self, *words: str, press: Path | None = None) -> subprocess.Popen[str]:
        wheels = str(self.folder / "wheels")
        packages = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels, "PIP_CONFIG_FILE": os.devnull}
        index = "no-index = true" if self.online else 'index-url = "http://127.0.0.1:9/"'
        uv = self.folder / "uv.toml"
        uv.write_text(f'{index}\nfind-links = ["{wheels}"]\n' if self.online else index)
        packages |= {"UV_CONFIG_FILE": str(uv), "UV_HTTP_RETRIES": "0"}
        settings = {"HOME": str(self.folder), **packages}
        return subprocess.Popen(
            [press or self.root / "press", *words],
            cwd=self.folder,
            env={"PATH": str(self.path), **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def press(self, *words: str, press: Path | None = None) -> tuple[int, str, str]:
        child = self.start(*words, press=press)
        out, err = child.communicate()
        return child.returncode, out, err

    def has_half_an_environment(self) -> None:
        half = self.root / ".press" / "venv" / "bin"
        half.mkdir(parents=True)
        (half / "python").symlink_to(PYTHON)
        (self.root / ".press" / "aside-1").mkdir()

    def local(self, folder: str = ".") -> list[str]:
        return sorted(path.name for path in (self.root / ".press" / folder).iterdir())


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "fresh")


@dataclass(frozen=True)
class First:
    """What two first calls at once said, and left, where half an environment was before."""

    out: list[str]
    err: list[str]
    local: Path


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    clone = Clone(tmp_path_factory.mktemp("first") / "machine")
    clone.has_python()
    clone.has_half_an_environment()
    link = clone.folder / "a link"
    link.symlink_to("my own blog/press")
    calls = [clone.start("build", "two words", press=link), clone.start("status")]
    told = [call.communicate() for call in calls]
    return First([out for out, _ in told], [err for _, err in told], clone.root / ".press")


@pytest.fixture
def made(tmp_path: Path, first: First) -> Clone:
    """A clone that was moved after its first call, on a machine that shows no other Python."""
    clone = Clone(tmp_path / "made")
    shutil.copytree(first.local, clone.root / ".press", symlinks=True)
    return clone


# ./press and the Python packages


def test_two_first_calls_at_once(first: First) -> None:
    assert first.out == ["1|build|two words\n", "1|status\n"]
    waiting = "press: waiting for another press that is installing\n"
    assert sorted(first.err) == [INSTALLING, waiting]
    assert sorted(path.name for path in first.local.iterdir()) == ["install.lock", "venv"]


def test_second_call_asks_no_other_python(made: Clone) -> None:
    assert made.press("build") == (0, "1|build\n", "")
    assert made.local() == ["install.lock", "venv"]


def test_changed_pins_are_noticed(made: Clone) -> None:
    made.pin("base", "small", "large")
    code, _, err = made.press("build")
    assert (code, err) == (1, f"{NO_PYTHON}; install it and run ./press again\n")


@pytest.mark.parametrize("words", [["build"], ["status"], ["build", "--check"]])
def test_a_script_that_never_ran_has_its_layer_installed_at_once(
    clone: Clone, words: list[str]
) -> None:
    clone.has_python()
    (clone.root / "_posts").mkdir()
    (clone.root / "_posts" / "2026-11-30-post.md").write_text("A post.")
    (clone.root / "code").mkdir()
    (clone.root / "code" / "post.py").write_text("1\n")
    at_once = words == ["build"]

    told = clone.press(*words)

    assert told == (0, "|".join(["1", *words]) + "\n", INSTALLING_MORE if at_once else INSTALLING)
    assert clone.press("train")[2] == ("" if at_once else INSTALLING_MORE)
    assert clone.local() == ["install.lock", "venv"]


def test_what_was_put_in_is_compiled_beside(made: Clone) -> None:
    environment = Environment(made.root)
    kept = environment.packages / "__pycache__"
    assert not list(kept.glob("small.*"))
    inner = environment.packages / "package" / "inner"
    inner.mkdir(parents=True)
    (inner / "module.py").touch()

    environment.compile_beside()

    waited(lambda: list(kept.glob("small.*.pyc")))
    waited(lambda: list((inner / "__pycache__").glob("module.*.pyc")))


def test_larger_layer_is_installed_when_first_needed(made: Clone) -> None:
    assert made.press("train") == (0, "1\n1|train\n", INSTALLING_MORE)
    assert made.press("train") == (0, "1\n1|train\n", "")
    assert made.local() == ["install.lock", "venv"]


def test_what_posts_name_stands_on_the_layers_that_are_there(made: Clone) -> None:
    made.pin("posts", "named", "small")
    made.pin("test", "small", "large", "tool")
    told = INSTALLING_MORE.replace("TensorFlow and Jupyter", "the packages that posts name")

    assert made.press("extra") == (0, "1 1\n1|extra\n", told)
    assert made.press("train") == (0, "1\n1|train\n", "")
    made.pin("run", "small", "large", "more")
    assert made.press("train") == (0, "1\n1|train\n", INSTALLING_MORE)
    assert made.press("extra") == (0, "1 1\n1|extra\n", "")


def test_layer_that_cannot_be_had_leaves_all_as_it_was(made: Clone) -> None:
    made.online = False
    code, _, err = made.press("train")
    assert code == 1
    assert err.endswith(f"requirements/run.txt: {NO_NETWORK_FOR_PIP}\n")
    assert made.press("build") == (0, "1|build\n", "")
    assert made.local() == ["install.lock", "venv"]


def test_altered_package_is_refused_with_uvs_own_words(made: Clone) -> None:
    made.wheel("large", "altered = True")
    code, _, err = made.press("train")
    assert code == 1
    assert "Hash mismatch for `large==1`" in err
    assert err.endswith(
        "requirements/run.txt: the packages cannot be installed; see the lines above\n"
    )


def test_first_call_without_network(clone: Clone) -> None:
    clone.has_python()
    clone.has_half_an_environment()
    clone.online = False
    told = f"{INSTALLING}requirements/base.txt: {NO_NETWORK_FOR_PIP}\n"
    assert clone.press("build") == (1, "", told)
    assert clone.local() == ["install.lock", "venv"]
    assert clone.local("venv/bin") == ["python"]  # what was there, and no more trusted than before


def test_stopped_while_installing(clone: Clone) -> None:
    clone.has_python()
    call = clone.start("build")
    while not list(clone.root.glob(".press/aside-*/*")) and call.poll() is None:
        time.sleep(0.01)
    call.send_signal(signal.SIGTERM)
    assert call.communicate() == ("", INSTALLING)
    assert call.returncode == 143
    assert clone.local() == ["install.lock"]


def test_folder_that_cannot_be_written(clone: Clone) -> None:
    clone.has_python()
    (clone.root / ".press").write_text("a file where a folder should be")
    assert clone.press("build") == (
        1,
        "",
        ".press: cannot be written (File exists); "
        "make room or mend the folder's rights, then run ./press again\n",
    )


# Python itself


def test_no_python_and_no_apt(clone: Clone) -> None:
    clone.command("python3", "exit 1")  # too old, or without venv
    assert clone.press("build") == (1, "", f"{NO_PYTHON}; install it and run ./press again\n")


@pytest.mark.parametrize("user", [0, 1000])
def test_python_comes_from_apt(clone: Clone, user: int) -> None:
    python = f'printf "#!/bin/sh\\necho python \\"\\$@\\"" >"{clone.path}/python3.12"'
    clone.command("id", f"echo {user}")
    clone.command("apt-cache", 'case $* in *3.12*) echo "Package: it" ;; *) exit 100 ;; esac')
    clone.command("apt-get", f"{python}; {CHMOD} +x '{clone.path}/python3.12'")
    clone.command("sudo", 'shift; exec "$@"')
    code, out, err = clone.press("build", "two words")
    assert (code, err) == (0, "press: installing Python with apt-get (only this once)\n")
    assert out == f"python -P -m press.machine.python {clone.root} build two words\n"
    sudo = [call for call in clone.calls() if call.startswith("sudo")]
    install = f"sudo -n {AS_ROOT} install -y --no-install-recommends python3.12-venv"
    assert sudo == ([] if user == 0 else [f"sudo -n {AS_ROOT} update", install])


def test_no_network_for_apt_to_bring_python(clone: Clone) -> None:
    clone.command("id", "echo 0")
    clone.command("apt-cache", "exit 100")
    clone.command("apt-get", OFFLINE_APT)
    assert clone.press("build") == (
        1,
        "",
        "press: installing Python with apt-get (only this once)\n"
        f"{NO_PYTHON} and there is no network; connect this machine and run ./press again\n",
    )


def test_sudo_refuses(clone: Clone) -> None:
    clone.command("id", "echo 1000")
    clone.command("apt-cache", "exit 100")
    clone.command("apt-get", "")
    clone.command("sudo", 'echo "sudo: a password is required" >&2; exit 1')
    code, _, err = clone.press("build")
    assert (code, err.splitlines()[1:]) == (
        1,
        [
            "sudo: a password is required",
            "sudo: a password is required",
            f"{NO_PYTHON}; run: sudo apt-get install python3.11-venv",
        ],
    )


# Jekyll


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path / "machine")
    monkeypatch.setenv("PATH", str(machine.path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    machine.command("sudo", 'shift; exec "$@"')
    return machine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "my own blog"
    root.mkdir()
    (root / "Gemfile").write_text('gem "jekyll"\n')
    (root / "a.gemspec").touch()
    return root


def _has_bundle(machine: Machine, root: Path, folder: Path | None = None) -> None:
    machine.command("bundle", f'echo "{root}/a.gemspec"', folder)


def _misses(machine: Machine, what: str, folder: Path | None = None) -> None:
    machine.command(
        "bundle", f'echo "Could not find {what} in locally installed gems."; exit 7', folder
    )


def _refusal(root: Path) -> str:
    with pytest.raises(PressError) as caught:
        ensure_jekyll(root)
    return str(caught.value)


def test_jekyll_is_looked_for_once(machine: Machine, root: Path) -> None:
    _has_bundle(machine, root)
    command = [str(machine.path / "bundle"), "exec", "jekyll"]
    assert ensure_jekyll(root) == command
    assert len(machine.calls()) == 1
    assert ensure_jekyll(root) == command
    assert machine.calls() == []


@pytest.mark.parametrize(("says", "options"), [("compiles", COMPILED), ("", [])])
def test_ruby_is_told_to_compile_where_it_can(
    machine: Machine, root: Path, says: str, options: list[str]
) -> None:
    machine.command("bundle", f'echo "{root}/a.gemspec"; echo "{says}"')

    ensure_jekyll(root)

    assert options_of_ruby(root) == options


@pytest.mark.parametrize(
    "change", ["Gemfile", "Gemfile.lock", "a.gemspec", "bundle", "memory", "an older press"]
)
def test_jekyll_is_looked_for_again_after_a_change(
    machine: Machine, root: Path, change: str
) -> None:
    _has_bundle(machine, root)
    ensure_jekyll(root)
    machine.calls()
    if change == "a.gemspec":
        (root / change).unlink()
    elif change == "bundle":
        _has_bundle(machine, root, machine.folder / "elsewhere")
        (machine.path / "bundle").unlink()
        os.environ["PATH"] += f":{machine.folder / 'elsewhere'}"
    elif change == "memory":
        (root / ".press" / "jekyll.json").write_text("{")
    elif change == "an older press":
        memory = root / ".press" / "jekyll.json"
        memory.write_text(memory.read_text().replace('"compiles"', '"unknown"'))
    else:
        (root / change).write_text("# changed\n")
    ensure_jekyll(root)
    assert len(machine.calls()) == 1


def test_jekyll_comes_from_apt(machine: Machine, root: Path) -> None:
    (machine.folder / "spare").mkdir()
    _has_bundle(machine, root, machine.folder / "spare")
    move = f'{MOVE} "{machine.folder}/spare/bundle" "{machine.path}"'
    machine.command("apt-get", move)
    assert ensure_jekyll(root) == [str(machine.path / "bundle"), "exec", "jekyll"]
    calls = machine.calls()
    assert calls[0] == f"sudo -n {AS_ROOT} install -y --no-install-recommends {JEKYLL}"
    assert [call.split()[0] for call in calls] == ["sudo", "apt-get", "bundle"]


def test_lists_of_packages_are_updated_only_when_needed(machine: Machine, root: Path) -> None:
    _misses(machine, "gem 'jekyll'")
    machine.command(
        "apt-get",
        f'case "$*" in *update*) echo >"{machine.folder}/lists" ;; esac\n'
        f'[ -e "{machine.folder}/lists" ]',
    )
    _refusal(root)
    done = [call.split()[4] for call in machine.calls() if call.startswith("apt-get")]
    assert done == ["install", "update", "install"]


def test_no_ruby_where_there_is_no_apt(machine: Machine, root: Path) -> None:
    assert _refusal(root) == (
        "Gemfile: Jekyll needs Ruby, which is missing; "
        "install Ruby 3 with Bundler and run ./press again"
    )


def test_plugin_that_debian_was_not_asked_for(machine: Machine, root: Path) -> None:
    _misses(machine, "gem 'jekyll-toc'")
    machine.command("apt-get", "")
    assert _refusal(root) == (
        "Gemfile: the gem 'jekyll-toc' is missing; run: sudo apt-get install ruby-jekyll-toc"
    )


def test_missing_plugin_and_no_rights(
    machine: Machine, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _misses(machine, "gem 'jekyll-feed (>= 1)'")
    machine.command("apt-get", "")
    machine.command("sudo", 'echo "sudo: a password is required" >&2; exit 1')
    assert _refusal(root) == (
        f"Gemfile: the gem 'jekyll-feed' is missing; run: sudo apt-get install {JEKYLL}"
    )
    assert "sudo: a password is required" in capsys.readouterr().err


def test_no_network_for_apt_to_bring_jekyll(machine: Machine, root: Path) -> None:
    machine.command("apt-get", OFFLINE_APT)
    assert _refusal(root) == (
        "Gemfile: Jekyll is missing and there is no network; "
        "connect this machine and run ./press again"
    )


def test_another_ruby_has_gems_of_its_own(machine: Machine, root: Path) -> None:
    """A Ruby that is not the system's gets Jekyll from Bundler, even where there is an apt-get."""
    machine.command("apt-get", "")
    elsewhere = machine.folder / "rbenv"
    os.environ["PATH"] = f"{elsewhere}:{machine.path}"
    machine.command(
        "bundle",
        f'''
[ "$BUNDLE_PATH" = "{root}/.press/gems" ] || {{ echo "Could not find gem 'jekyll' in"; exit 7; }}
echo "{root}/a.gemspec"''',
        elsewhere,
    )
    gems = f"BUNDLE_PATH={root}/.press/gems"
    command = ["env", gems, str(elsewhere / "bundle"), "exec", "jekyll"]
    assert ensure_jekyll(root) == command
    assert [call.split()[:2] for call in machine.calls()] == [
        ["bundle", "exec"],
        ["bundle", "install"],
        ["bundle", "exec"],
    ]


def test_no_network_for_bundler(machine: Machine, root: Path) -> None:
    machine.command("bundle", "echo 'Could not reach host. Check your connection'; exit 17")
    assert _refusal(root) == (
        "Gemfile: Jekyll is missing and there is no network; "
        "connect this machine and run ./press again"
    )


def test_gem_that_no_server_has(machine: Machine, root: Path) -> None:
    machine.command("bundle", "echo \"Could not find gem 'jekyll-feet' in any\"; exit 7")
    assert (
        _refusal(root) == "Gemfile: the gem 'jekyll-feet' is missing; run: gem install jekyll-feet"
    )


def test_lock_of_another_ruby(machine: Machine, root: Path) -> None:
    _misses(machine, "jekyll-4.4.1, liquid-4.0.4")
    machine.command("apt-get", "")
    assert _refusal(root) == (
        "Gemfile.lock: asks for jekyll-4.4.1, which this machine has not; "
        "delete Gemfile.lock and run ./press again"
    )


# Chromium


def test_chromium_that_is_there(machine: Machine) -> None:
    machine.command("google-chrome", "")
    assert ensure_chromium() == str(machine.path / "google-chrome")
    assert machine.calls() == []


def test_no_chromium(machine: Machine) -> None:
    with pytest.raises(PressError) as caught:
        ensure_chromium()
    assert str(caught.value) == ("tests: Chromium is missing; install it and run ./press again")


def test_chromium_comes_from_apt(machine: Machine) -> None:
    machine.command(
        "apt-get",
        f'echo >"{machine.path}/chromium"; {CHMOD} +x "{machine.path}/chromium"',
    )
    assert ensure_chromium() == str(machine.path / "chromium")


# The pinned packages, and what continuous integration runs


def _pins(layer: str) -> set[str]:
    text = (ROOT / "requirements" / f"{layer}.txt").read_text()
    assert "://" not in text
    assert "index" not in text
    packages = re.split(r"\n(?=\S)", text.strip())
    assert all("==" in package and "--hash=sha256:" in package for package in packages)
    return {package.split()[0] for package in packages}


def test_each_layer_holds_the_one_before() -> None:
    assert _pins("base") < _pins("run") < _pins("test")


@pytest.mark.parametrize("code", [0, 3])
def test_ci_gives_the_data_to_press_test(tmp_path: Path, code: int) -> None:
    clone = tmp_path / "a clone"
    (clone / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", clone / ".ci")
    (clone / "press").write_text(f'#!/bin/sh\ncat\necho "$MNIST_NPZ" "$@"; exit {code}\n')
    (clone / "press").chmod(0o755)
    data = tmp_path / "shared" / "data" / "mnist.npz"
    data.parent.mkdir(parents=True)
    data.touch()
    settings = {name: text for name, text in os.environ.items() if name != "MNIST_NPZ"}
    done = subprocess.run(
        ["bash", clone / ".ci" / "run"],
        cwd=tmp_path,
        env=settings,
        input="typed",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, f"{data} test\n")


def test_press_starts_without_what_only_runs_need() -> None:
    absent = [
        "cloudpickle",
        "ipykernel",
        "jupyter_client",
        "matplotlib",
        "nbclient",
        "numpy",
        "PIL",
    ]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({absent}))\n"
        "from press import cli\nfrom press.commands import build, new, serve, status, verify"
    )

    subprocess.run([sys.executable, "-P", "-c", code], check=True, cwd=ROOT)
