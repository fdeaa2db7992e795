"""What a backup says of itself, in a file beside it: its checksum and the rows of every table."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import orjson

from alojamientos.kit.errors import AlojamientosError

_CHUNK = 1 << 20


class BackupDamaged(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The backup is not what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`tables` has the rows of each table in the backup, by schema.name."""

    file: str
    size: int  # bytes
    sha256: str
    made_at: datetime
    revision: str | None
    server: str
    tables: dict[str, int]

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    def to_json(self) -> bytes:
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, dump: Path) -> Self:
        """Return the manifest of `dump`; raises BackupDamaged when there is no good one."""
        path = path_of(dump)
        try:
            data = orjson.loads(path.read_bytes())
            return cls(**{**data, "made_at": datetime.fromisoformat(data["made_at"])})
        except OSError as error:
            raise BackupDamaged(
                f"{path} cannot be read ({error.strerror}): without it nothing tells whether"
                f" {dump.name} is whole"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise BackupDamaged(f"{path} is no manifest of a backup") from error

    def check(self, dump: Path) -> None:
        """Raise BackupDamaged unless `dump` has the very bytes that were written."""
        try:
            size, digest = measure(dump)
        except OSError as error:
            raise BackupDamaged(f"{dump} cannot be read: {error.strerror}") from error
        if size != self.size:
            raise BackupDamaged(f"{dump} has {size} bytes; {self.size} were written")
        if digest != self.sha256:
            raise BackupDamaged(f"{dump} has another checksum than what was written")


def path_of(dump: Path) -> Path:
    return dump.with_name(f"{dump.name}.json")


def measure(path: Path) -> tuple[int, str]:
    """Return the size in bytes and the SHA-256 of a file."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()
