"""Brings the machine to work: Python packages, Jekyll and Chromium, each when first needed."""

import fcntl
import hashlib
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from press.blog import write
from press.errors import PressError
from press.say import say

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".press"
ENVIRONMENT = LOCAL / "venv"

# Each layer holds the packages of those before it.
LAYERS = {
    "base": "Python packages",
    "run": "TensorFlow and Jupyter",
    "test": "TensorFlow, Jupyter and the tools for tests",
}
JEKYLL = ("jekyll", "ruby-bundler")
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OFFLINE = re.compile(
    "temporary failure|name resolution|name or service not known|failed to establish a new"
    "|network is unreachable|no route to host|could not (resolve|connect|reach)|unable to connect"
    "|timed? ?out|connection refused|proxyerror",
    re.IGNORECASE,
)
AGAIN = "run ./press again"


def main() -> None:
    """Make the environment and go on as press in it; run by a Python that has no packages."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        _install("base")
    except PressError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    del os.environ["PYTHONPATH"]  # it led this Python here
    python = str(ENVIRONMENT / "bin" / "python")
    os.execv(python, [python, "-P", "-m", "press", *sys.argv[1:]])


# Python packages


def ensure(layer: str) -> None:
    """Have the packages of a layer, if we run in the environment that press made."""
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve() and not _fits(layer):
        _install(layer)
        importlib.invalidate_caches()


def _fits(layer: str) -> bool:
    """An environment keeps a copy of the requirements it was made from."""
    try:
        return (ENVIRONMENT / f"{layer}.txt").read_bytes() == _requirements(layer).read_bytes()
    except OSError:
        return False


def _requirements(layer: str) -> Path:
    return ROOT / "requirements" / f"{layer}.txt"


def _install(layer: str) -> None:
    """Make the environment aside and put it in place whole, so that it is never half there."""
    try:
        LOCAL.mkdir(exist_ok=True)
        with _alone():
            if not _fits(layer):  # another press may have made it while we waited
                time = "" if layer == "base" else ", a few minutes"
                say(f"press: installing {LAYERS[layer]} in .press (only this once{time})")
                with _aside() as aside:
                    _begin(aside, layer)
                    _pip_install(aside, layer)
                    _compile(aside)
                    _put_in_place(aside)
    except OSError as error:
        remedy = f"make room or mend the folder's rights, then {AGAIN}"
        raise PressError(".press", f"cannot be written ({error.strerror})", remedy) from error


@contextmanager
def _alone() -> Iterator[None]:
    with (LOCAL / "install.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("press: waiting for another press that is installing")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _aside() -> Iterator[Path]:
    for left in LOCAL.glob("aside-*"):
        shutil.rmtree(left, ignore_errors=True)
    # A name of our own: the pip of a press that was killed may still be writing into its folder.
    aside = LOCAL / f"aside-{os.getpid()}"
    aside.mkdir()
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _begin(aside: Path, layer: str) -> None:
    """Start from a smaller layer if it is there and sound, else from nothing."""
    new, names = aside / "venv", list(LAYERS)
    if any(_fits(below) for below in names[: names.index(layer)]):
        shutil.copytree(ENVIRONMENT, new, symlinks=True, copy_function=_link)
    else:
        create = ["-m", "venv", str(new)]
        _python(sys.executable, create, aside, ".press", "Python cannot make an environment")
    _point_to_press(new)
    for name in names[: names.index(layer) + 1]:
        (new / f"{name}.txt").unlink(missing_ok=True)  # it may be a link into the old environment
        shutil.copyfile(_requirements(name), new / f"{name}.txt")


def _link(source: str, target: str) -> None:
    """A second name costs no room; pip never writes into a file that is there."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _point_to_press(new: Path) -> None:
    """Let the environment find src/ by a relative path: the whole folder may be moved."""
    paths = sysconfig.get_paths("venv", {"base": str(ENVIRONMENT)})
    packages = Path(paths["purelib"])
    pointer = new / packages.relative_to(ENVIRONMENT) / "press.pth"
    pointer.unlink(missing_ok=True)
    pointer.write_text(os.path.relpath(ROOT / "src", packages) + "\n", encoding="utf-8")


def _pip_install(aside: Path, layer: str) -> None:
    new, place = aside / "venv", f"requirements/{layer}.txt"
    exact = ["--require-hashes", "--no-deps", "--only-binary=:all:"]
    quick = ["--no-compile", "--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    install = ["-m", "pip", "install", *exact, *quick, "-r", str(new / f"{layer}.txt")]
    python = str(new / "bin" / "python")
    _python(python, install, aside, place, "the packages cannot be installed")


def _compile(aside: Path) -> None:
    """Once here, on all cores: kernels write no bytecode, and load TensorFlow faster with it."""
    new = aside / "venv"
    # Some packages ship files for other Pythons; that these do not compile is no fault.
    quick = ["-m", "compileall", "-q", "-j", "0", str(new / "lib")]
    _run([str(new / "bin" / "python"), "-I", *quick], aside=aside)


def _put_in_place(aside: Path) -> None:
    if ENVIRONMENT.exists():
        ENVIRONMENT.rename(aside / "old")
    (aside / "venv").rename(ENVIRONMENT)


def _python(python: str, arguments: list[str], aside: Path, place: str, problem: str) -> None:
    done, log = _run([python, "-I", *arguments], aside=aside)
    if not done:
        raise _failure(place, problem, log)


# Jekyll


def ensure_jekyll(root: Path = ROOT) -> list[str]:
    """The command that runs Jekyll with the gems of the blog's Gemfile."""
    memory = root / ".press" / "jekyll.json"
    command = _remembered(root, memory)
    if command is None:
        command, files = _find_jekyll(root)
        known = {"gemfile": _digest(root), "command": command, "files": files}
        write(memory, json.dumps(known, indent=1) + "\n")
    return command


def _remembered(root: Path, memory: Path) -> list[str] | None:
    """What was found earlier, as long as every file it rests on is still there."""
    try:
        known = json.loads(memory.read_bytes())
        sound = known["gemfile"] == _digest(root) and all(map(os.path.exists, known["files"]))
        return list(known["command"]) if sound else None
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _digest(root: Path) -> str:
    files = (root / "Gemfile", root / "Gemfile.lock")
    return hashlib.sha256(b"".join(f.read_bytes() for f in files if f.exists())).hexdigest()


def _find_jekyll(root: Path) -> tuple[list[str], list[str]]:
    """The command for Jekyll, installed if need be, and the files that it rests on."""
    bundle = _bundle(root)
    files, log = _gems(bundle, root)
    if not files:
        bundle = _install_jekyll(root, log)
        files, log = _gems(bundle, root)
    if not files:
        raise _unusable(log)
    return [*bundle, "exec", "jekyll"], files


def _bundle(root: Path) -> list[str]:
    """Bundler, set to the gems in .press if it has put some there; nothing where there is none."""
    bundle, gems = shutil.which("bundle"), root / ".press" / "gems"
    settings = ["env", f"BUNDLE_PATH={gems}"] if gems.exists() else []
    return [*settings, bundle] if bundle else []


def _gems(bundle: list[str], root: Path) -> tuple[list[str], str]:
    """Bundler's and the gems' own files, none if a gem is missing, and what Bundler said."""
    if not bundle:
        return [], ""
    show = "puts Gem.loaded_specs.values.map(&:loaded_from)"
    done, log = _run([*bundle, "exec", "ruby", "-e", show], root)
    files = [line for line in log.splitlines() if line.endswith(".gemspec")]
    return [bundle[-1], *files] if done else [], log


def _install_jekyll(root: Path, log: str) -> list[str]:
    """Debian's Jekyll for Debian's Ruby; for any other Ruby, gems in a folder of the blog's own."""
    bundle, apt = shutil.which("bundle"), shutil.which("apt-get")
    if apt and (not bundle or Path(bundle).parent == Path(apt).parent):
        gem = _missing_gem(log)
        _apt_install(JEKYLL, "Gemfile", f"the gem '{gem}'" if gem else "Jekyll")
        return [shutil.which("bundle") or "bundle"]
    if not bundle:
        remedy = f"install Ruby 3 with Bundler and {AGAIN}"
        raise PressError("Gemfile", "Jekyll needs Ruby, which is missing", remedy)
    (root / ".press" / "gems").mkdir(parents=True, exist_ok=True)
    say("press: installing Jekyll in .press/gems (only this once)")
    done, log = _run([*_bundle(root), "install"], root)
    if not done:
        raise _unusable(log)
    return _bundle(root)


def _unusable(log: str) -> PressError:
    if OFFLINE.search(log):
        return _failure("Gemfile", "Jekyll is missing", log)
    if gem := _missing_gem(log):
        packaged = shutil.which("apt-get") is not None
        command = f"sudo apt-get install ruby-{gem}" if packaged else f"gem install {gem}"
        return PressError("Gemfile", f"the gem '{gem}' is missing", f"run: {command}")
    if locked := re.search(r"Could not find ([\w.-]+-\d[\w.]*)(?:,| in )", log):
        problem = f"asks for {locked[1]}, which this machine has not"
        return PressError("Gemfile.lock", problem, f"delete Gemfile.lock and {AGAIN}")
    return _failure("Gemfile", "Bundler cannot use it", log)


def _missing_gem(log: str) -> str | None:
    found = re.search(r"Could not find gem '([\w.-]+)", log)
    return found[1] if found else None


# Chromium


def ensure_chromium() -> str:
    """The browser that the tests drive."""
    # What drives it, Playwright's own Node, needs libatomic, which a small Debian lacks.
    missing = [] if _chromium() else ["chromium"]
    missing += [] if any(Path("/usr/lib").glob("*/libatomic.so.1")) else ["libatomic1"]
    if missing and shutil.which("apt-get"):
        _apt_install(missing, "tests", "Chromium")
    if found := _chromium():
        return found
    raise PressError("tests", "Chromium is missing", f"install Chromium or Chrome and {AGAIN}")


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


# The system's packages, and commands in general


def _apt_install(packages: Sequence[str], place: str, what: str) -> None:
    say(f"press: installing {what} with apt-get (only this once)")
    install = ["install", "-y", "--no-install-recommends", *packages]
    done, log = _apt_get(install)
    if not done:  # the lists of packages may be missing or old
        _, update_log = _apt_get(["update"])
        done, log = _apt_get(install)
        log = update_log + log
    if not done:
        remedy = f"run: sudo apt-get install {' '.join(packages)}"
        raise _failure(place, f"{what} is missing", log, remedy)


def _apt_get(arguments: list[str]) -> tuple[bool, str]:
    ask = [] if sys.stdin.isatty() else ["-n"]
    sudo = [] if os.geteuid() == 0 else ["sudo", *ask]
    settings = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]
    wait = ["-qq", "-o", "DPkg::Lock::Timeout=600"]
    return _run([*sudo, *settings, "apt-get", *wait, *arguments])


def _run(
    command: Sequence[str], folder: Path = ROOT, aside: Path | None = None
) -> tuple[bool, str]:
    """Run a command silently: whether it went well, and all it said.

    With a folder aside it leaves nothing elsewhere, and all its processes end when we do.
    """
    group = None if aside is None else 0
    place = {} if aside is None else {"TMPDIR": str(aside)}
    try:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | place,
            process_group=group,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        return False, str(error)
    with child:
        try:
            log, _ = child.communicate()
        except BaseException:
            if aside:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
            raise
    return child.returncode == 0, log


def _failure(place: str, problem: str, log: str, remedy: str = "see the lines above") -> PressError:
    """The error for a command that failed, after the end of what it said."""
    if OFFLINE.search(log):
        remedy = f"connect this machine and {AGAIN}"
        return PressError(place, f"{problem} and there is no network", remedy)
    lines = [line for line in log.splitlines() if line.strip() and not line.startswith("\tfrom ")]
    say("\n".join(lines[-8:]))
    return PressError(place, problem, remedy)


if __name__ == "__main__":
    main()
