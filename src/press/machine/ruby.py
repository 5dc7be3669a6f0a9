"""Jekyll: found with the gems of the blog's Gemfile, and installed when first needed."""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

from press.files import write
from press.machine.system import AGAIN, OFFLINE, apt_install, failure, run
from press.voice.errors import PressError
from press.voice.terminal import say

JEKYLL = ("jekyll", "ruby-bundler")
TOLD = "compiles"
"""What a Ruby says that can."""
COMPILED = ["--yjit-exec-mem-size=8", "--yjit-call-threshold=500"]
"""Large sites are made in three quarters of the time; by itself it takes 256 MiB, and compiles what
is called ten times: small ones would pay a third of a second for that."""


def ensure_jekyll(root: Path) -> list[str]:
    """The command that runs Jekyll with the gems of the blog's Gemfile."""
    if not (root / "Gemfile").is_file():
        problem = "there is none, so this is no blog"
        raise PressError("Gemfile", problem, "go to its folder, or name it with --blog")
    memory = _memory(root)
    command = _remembered(root, memory)
    if command is None:
        command, files, compiles = _find_jekyll(root)
        found = {"gemfile": _digest(root), "command": command, "compiles": compiles, "files": files}
        write(memory, json.dumps(found, indent=1) + "\n")
    return command


def files_of_jekyll(root: Path) -> list[str]:
    """What the command rests on: Bundler's file and those of the gems."""
    return list(json.loads(_memory(root).read_bytes())["files"])


def options_of_ruby(root: Path) -> list[str]:
    """Those with which it is quicker."""
    return COMPILED if json.loads(_memory(root).read_bytes())["compiles"] else []


def _memory(root: Path) -> Path:
    return root / ".press" / "jekyll.json"


def _remembered(root: Path, memory: Path) -> list[str] | None:
    """What was found earlier, as long as every file it rests on is still there."""
    try:
        found = json.loads(memory.read_bytes())
        sound = found["gemfile"] == _digest(root) and all(map(os.path.exists, found["files"]))
        return list(found["command"]) if sound and "compiles" in found else None
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _digest(root: Path) -> str:
    files = (root / "Gemfile", root / "Gemfile.lock")
    return hashlib.sha256(b"".join(f.read_bytes() for f in files if f.exists())).hexdigest()


def _find_jekyll(root: Path) -> tuple[list[str], list[str], bool]:
    """The command for Jekyll, installed if need be, what it rests on, and whether Ruby compiles."""
    bundle = _bundle(root)
    files, log = _gems(bundle, root)
    if not files:
        bundle = _install_jekyll(root, log)
        files, log = _gems(bundle, root)
    if not files:
        raise _unusable(log)
    return [*bundle, "exec", "jekyll"], files, TOLD in log.splitlines()


def _bundle(root: Path) -> list[str]:
    """Bundler, set to the gems in .press if it has put some there; nothing where there is none."""
    bundle, gems = shutil.which("bundle"), root / ".press" / "gems"
    settings = ["env", f"BUNDLE_PATH={gems}"] if gems.exists() else []
    return [*settings, bundle] if bundle else []


def _gems(bundle: list[str], root: Path) -> tuple[list[str], str]:
    """Bundler's and the gems' own files, none if a gem is missing, and what Bundler said."""
    if not bundle:
        return [], ""
    show = f"puts Gem.loaded_specs.values.map(&:loaded_from), ({TOLD!r} if defined?(RubyVM::YJIT))"
    done, log = run([*bundle, "exec", "ruby", "-e", show], root)
    files = [line for line in log.splitlines() if line.endswith(".gemspec")]
    return [bundle[-1], *files] if done else [], log


def _install_jekyll(root: Path, log: str) -> list[str]:
    """Debian's Jekyll for Debian's Ruby; for any other Ruby, gems in a folder of the blog's own."""
    bundle, apt = shutil.which("bundle"), shutil.which("apt-get")
    if apt and (not bundle or Path(bundle).parent == Path(apt).parent):
        gem = _missing_gem(log)
        apt_install(JEKYLL, "Gemfile", f"the gem '{gem}'" if gem else "Jekyll")
        return [shutil.which("bundle") or "bundle"]
    if not bundle:
        remedy = f"install Ruby 3 with Bundler and {AGAIN}"
        raise PressError("Gemfile", "Jekyll needs Ruby, which is missing", remedy)
    (root / ".press" / "gems").mkdir(parents=True, exist_ok=True)
    say("press: installing Jekyll in .press/gems (only this once)")
    done, log = run([*_bundle(root), "install"], root)
    if not done:
        raise _unusable(log)
    return _bundle(root)


def _unusable(log: str) -> PressError:
    if OFFLINE.search(log):
        return failure("Gemfile", "Jekyll is missing", log)
    if gem := _missing_gem(log):
        packaged = shutil.which("apt-get") is not None
        command = f"sudo apt-get install ruby-{gem}" if packaged else f"gem install {gem}"
        return PressError("Gemfile", f"the gem '{gem}' is missing", f"run: {command}")
    if locked := re.search(r"Could not find ([\w.-]+-\d[\w.]*)(?:,| in )", log):
        problem = f"asks for {locked[1]}, which this machine has not"
        return PressError("Gemfile.lock", problem, f"delete Gemfile.lock and {AGAIN}")
    return failure("Gemfile", "Bundler cannot use it", log)


def _missing_gem(log: str) -> str | None:
    found = re.search(r"Could not find gem '([\w.-]+)", log)
    return found[1] if found else None
