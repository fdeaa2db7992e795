"""Files that hold people's data."""

import os
from pathlib import Path

from alojamientos.kit.errors import Invalid


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only we can read; raises Invalid when it exists or cannot be made."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Invalid(
            f"cannot write {path}: {error.strerror}; choose another file", field="to"
        ) from error
    with os.fdopen(descriptor, "wb") as output:
        output.write(content)
