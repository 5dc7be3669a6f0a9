"""What readers can take besides script and notebook: exact versions, and all in one archive."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from press.blog import Blog
from press.files import digest, write
from press.record.record import Provenance, Record
from press.script.inputs import STYLE
from press.voice.errors import PressError

ARCHIVE = "downloads/everything.zip"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
DIGEST = 64
"""Characters of a digest: the archive's comment, which is its end."""


def requirements(slug: str, provenance: Provenance) -> bytes:
    """The versions that the run had, as pip reads them."""
    python = ".".join(provenance.python.split(".")[:2])
    pins = [f"{name}=={version}" for name, version in provenance.packages.items()]
    return "\n".join([f"# {slug}.py ran with these, on Python {python}.", *pins, ""]).encode()


def keep_archive(blog: Blog, records: Mapping[str, Record], *, check: bool) -> None:
    """Have one archive of all scripts, notebooks and requirements; the same bytes for the same."""
    path = blog.root / ARCHIVE
    files = {n: f for slug in sorted(records) for n, f in _files(blog, slug, records[slug])}
    contents = {name: (blog.root / file).read_bytes() for name, file in files.items()}
    manifest = digest("\0".join(map(digest, contents.values()))) if files else ""
    if _manifest_in(path) == manifest:
        return
    if check:
        raise PressError(f"{ARCHIVE}:1", "is not of these posts", "run: ./press build")
    if files:
        write(path, _zipped(contents, manifest))
    else:
        path.unlink()


def _files(blog: Blog, slug: str, record: Record) -> Sequence[tuple[str, str]]:
    """What the archive has of a post: names there, and files here."""
    notebook = blog.shown(blog.notebook(slug))
    pairs = [(f"{slug}/{slug}.py", record.script), (f"{slug}/{slug}.ipynb", notebook)]
    if record.requirements:
        pairs.append((f"{slug}/requirements.txt", record.requirements.file))
    read = sorted(record.inputs.keys() - record.products - {f"code/{STYLE}"})
    return [*pairs, *((_beside(slug, path), path) for path in read)]


def _beside(slug: str, path: str) -> str:
    """Where a script finds a file: beside it, or as far from it as here."""
    return f"{slug}/{path.removeprefix('code/')}" if path.startswith("code/") else path


def _manifest_in(path: Path) -> str:
    """What an archive says that it was made of: its last bytes."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(-min(DIGEST, path.stat().st_size), 2)
        return file.read().decode("ascii", "replace")


def _zipped(contents: Mapping[str, bytes], comment: str) -> bytes:
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
        archive.comment = comment.encode()
    return file.getvalue()
