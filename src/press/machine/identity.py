"""Which machine this is, without telling who runs it."""

import uuid
from pathlib import Path

from press.files import digest

NAMED_BY_SYSTEM = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def machine_id() -> str:
    """The same for every run on one machine; nothing can be learnt from it but that."""
    given = (path.read_text().strip() for path in NAMED_BY_SYSTEM if path.is_file())
    name = next(filter(None, given), None) or str(uuid.getnode())
    return digest(f"held out, witness {name}")[:12]
