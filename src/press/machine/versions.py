"""The versions of packages: pinned for runs, and installed."""

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path


@cache
def pinned_versions(root: Path, layer: str = "run") -> Mapping[str, str]:
    """The versions that a blog's scripts run with, known without installing anything."""
    return read_pins(root, layer)


def read_pins(root: Path, layer: str) -> Mapping[str, str]:
    pins = root / "requirements" / f"{layer}.txt"
    text = pins.read_text() if pins.is_file() else ""
    versions: dict[str, str] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE):
        versions.setdefault(name, version)  # others behind it are for other Pythons
    return versions


PACKAGES = {
    "Bio": "biopython",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "IPython": "ipython",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
"""Packages that are imported by another name."""


def name_of(requirement: str) -> str:
    """The name of a package in `seaborn`, `Scikit_Learn[plots]>=1.5` or the like."""
    name = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name[0] if name else "").lower()


def package_of(module: str) -> str:
    """The package that most likely provides a module."""
    return name_of(PACKAGES.get(module, module))


def is_library(root: Path, name: str) -> bool:
    """Whether a module of this name comes from Python or a package, installed or only pinned."""
    if name in sys.stdlib_module_names or package_of(name) in pinned_versions(root):
        return True
    try:
        found = importlib.util.find_spec(name)
    except ValueError:  # a module without a place, such as __main__
        return False
    return found is not None and found.origin is not None


LIGHTER = {"tensorflow": "tensorflow-cpu"}
"""Packages in whose place another one may be installed, which is the same for a script."""


def version_of(package: str) -> str:
    """Nothing if it is not installed."""
    for name in (package, LIGHTER.get(package, package)):
        for installed in importlib.metadata.distributions(name=name):
            return installed.version
    return ""


def missing(names: Iterable[str]) -> list[str]:
    """Those of these packages that are not installed."""
    return [name for name in names if not version_of(name)]


def versions_of(imports: set[str], named: Iterable[str] = ()) -> dict[str, str]:
    """The installed versions of the packages that provide these imports, and of those named."""
    packages = {package for name in imports for package in _providers(name)} | set(named)
    if "keras" in packages:
        packages.add("tensorflow")
    # Of what is not installed the second one says so.
    return {p: version_of(p) or importlib.metadata.version(p) for p in sorted(packages)}


def _providers(name: str) -> Sequence[str]:
    """Most packages have the name that is imported; the long list is for the others."""
    if name in sys.stdlib_module_names:
        return ()
    if version_of(name):
        return (name,)
    return importlib.metadata.packages_distributions().get(name, ())
