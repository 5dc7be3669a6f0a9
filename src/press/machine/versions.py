"""The versions of packages: pinned for runs, and installed."""

import importlib.metadata
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path


@cache
def pinned_versions(root: Path, layer: str = "run") -> Mapping[str, str]:
    """The versions that a blog's scripts run with, known without installing anything."""
    pins = root / "requirements" / f"{layer}.txt"
    text = pins.read_text() if pins.is_file() else ""
    versions: dict[str, str] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE):
        versions.setdefault(name, version)  # others behind it are for other Pythons
    return versions


def versions_of(names: set[str]) -> dict[str, str]:
    """The installed versions of the packages that provide these imports."""
    packages = {package for name in names for package in _providers(name)}
    if "keras" in packages:
        packages.add("tensorflow")
    return {package: importlib.metadata.version(package) for package in sorted(packages)}


def _providers(name: str) -> Sequence[str]:
    """Most packages have the name that is imported; the long list is for the others."""
    if name in sys.stdlib_module_names:
        return ()
    if any(importlib.metadata.distributions(name=name)):
        return (name,)
    return importlib.metadata.packages_distributions().get(name, ())
