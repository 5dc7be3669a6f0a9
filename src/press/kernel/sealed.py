"""Bytes kept between runs, each under a digest that only this user of this machine can make.

A pickle is code. What stands here under the right name was written by the user's own press: nobody
else knows the secret that the names are made with, and a damaged file no longer fits its name.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

Bytes = bytes | bytearray | memoryview
SECRET_SIZE = 32
NO_SECRET = b""


def sha256(data: Bytes) -> bytes:
    return hashlib.sha256(data).digest()


class Vault:
    def __init__(
        self, folder: Path, secret: bytes, digest: Callable[[Bytes], bytes] = sha256
    ) -> None:
        self.folder = folder
        self._secret = secret
        self._digest = digest

    @property
    def is_safe(self) -> bool:
        """Whether what stands under a right name is one's own."""
        return self._secret != NO_SECRET

    def seal(self, data: Bytes) -> str:
        """What only the owner of the secret can say of these bytes."""
        return hmac.digest(self._secret, self._digest(data), "sha256").hex()[:40]

    def put(self, data: Bytes) -> str:
        name = self.seal(data)
        if not self.has(name):
            self.write(name, data)
        return name

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()

    def write(self, name: str, data: Bytes) -> None:
        """Not synced to disk, as results are: what a crash cuts short is not let out again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        aside = path.with_name(f"{name}.{os.getpid()}")
        try:
            aside.write_bytes(data)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def get(self, name: str, room: Callable[[int], Any] = bytearray) -> Any:
        """The bytes of this name, if they are there and whole; writable, as arrays may be."""
        path = self.folder / name
        try:
            data = room(path.stat().st_size)
            with path.open("rb") as file:
                file.readinto(data)
        except OSError:
            return None
        if self.seal(data) != name:
            path.unlink(missing_ok=True)
            return None
        return data

    def size(self, names: Collection[str]) -> int:
        paths = [self.folder / name for name in names]
        return sum(path.stat().st_size for path in paths if path.exists())

    def keep_only(self, names: Collection[str]) -> None:
        for path in self.folder.glob("*"):
            if path.name not in names:
                path.unlink(missing_ok=True)


def secret() -> bytes | None:
    """The user's own secret, made when first asked for; none where it could not be kept secret."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    path = Path(state) / "press" / "secret"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path)
        known = path.stat()
        private = known.st_uid == os.getuid() and not known.st_mode & 0o077
        found = path.read_bytes()
    except OSError:
        return None
    return found if private and len(found) == SECRET_SIZE else None


def _make(path: Path) -> None:
    """Put a new secret in place whole: of two presses that begin at once, one is the first."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(SECRET_SIZE))
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
