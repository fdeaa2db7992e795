"""Write a backup of the whole database, read it again whole, and only then call it one."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from alojamientos.kit.errors import Invalid
from alojamientos.ops.backup import programs
from alojamientos.ops.backup.manifest import BackupDamaged, Manifest, measure, path_of

TIMEOUT_S = 3600.0
_NAME = re.compile(r"alojamientos-\d{8}-\d{9}\.dump")
_COPY = re.compile(rb"COPY (\S+) \(?.*FROM stdin;\n")
_END = b"\\.\n"


def write(
    dsn: str,
    *,
    folder: Path,
    now: datetime,
    on_progress: Callable[[str], None] = lambda _text: None,
) -> tuple[Path, Manifest]:
    """Back up the database at `dsn` into a new file of `folder`, readable by us alone.

    The file has its name only once it was read again and has every table. Raises Invalid,
    ProgramMissing, ProgramFailed or BackupDamaged.
    """
    folder = _private(folder)
    instant = f"{now.astimezone(UTC):%Y%m%d-%H%M%S%f}"[:-3]  # to the millisecond
    target = folder / f"alojamientos-{instant}.dump"
    partial = target.with_suffix(".partial")
    if target.exists():
        raise Invalid(f"{target} exists; try again", field="to")
    try:
        partial.touch(mode=0o600)
        programs.run(
            "pg_dump",
            *("--format=custom", "--no-password", "--lock-wait-timeout=60s", f"--file={partial}"),
            dsn=dsn,
            timeout_s=TIMEOUT_S,
            on_wait=lambda: on_progress(f"writing, {_size(partial)}"),
        )
        on_progress("reading it again")
        tables = rows_in(partial)
        server, revision, wanted = _described(dsn)
        missing = sorted(wanted - tables.keys())
        if missing:
            raise BackupDamaged(f"the backup lacks {', '.join(missing)}")
        size, digest = measure(partial)
        manifest = Manifest(
            file=target.name,
            size=size,
            sha256=digest,
            made_at=now,
            revision=revision,
            server=server,
            tables=tables,
        )
        _keep(path_of(target), manifest.to_json())
        _sync(partial)
        partial.rename(target)
        _sync(folder)
    finally:
        partial.unlink(missing_ok=True)
    return target, manifest


def rows_in(dump: Path) -> dict[str, int]:
    """Return the rows of every table in a backup, which is read to its end for it.

    Raises ProgramFailed when it cannot be read.
    """
    counts: dict[str, int] = {}
    table: str | None = None
    for line in programs.lines("pg_restore", "--data-only", "--file=-", str(dump)):
        if table is not None:
            if line == _END:
                table = None
            else:
                counts[table] += 1
        elif found := _COPY.match(line):
            table = found[1].decode()
            counts[table] = 0
    return counts


def tidy(folder: Path, *, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups of `folder`; return those that are gone."""
    found = sorted(each for each in folder.iterdir() if _NAME.fullmatch(each.name))
    gone = found[: max(len(found) - keep, 0)]
    for each in gone:
        each.unlink()
        path_of(each).unlink(missing_ok=True)
    return gone


def tell(path: Path, *, at: datetime) -> None:
    """Write when the last good backup ended, for the node exporter's textfile collector."""
    name = "backup_last_success_timestamp_seconds"
    text = (
        f"# HELP {name} When the last good backup ended, Unix time.\n# TYPE {name} gauge\n"
        f"{name} {at.timestamp():.0f}\n"
    )
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.chmod(0o644)  # another user's exporter reads it
        beside.rename(path)
    except OSError as error:
        raise Invalid(
            f"the backup is good, but BACKUP_METRICS_FILE {path} cannot be written:"
            f" {error.strerror}",
            field="BACKUP_METRICS_FILE",
        ) from error


def _described(dsn: str) -> tuple[str, str | None, set[str]]:
    """Return the server's version, the schema's revision and the tables that there are."""
    with psycopg.connect(dsn) as conn:
        version = conn.info.parameter_status("server_version") or "?"
        tables = conn.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        names = {name for (name,) in tables}
        revision = None
        if "public.alembic_version" in names:
            row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
            revision = row[0] if row else None
    return version, revision, names


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    except OSError as error:
        raise Invalid(
            f"{folder} cannot be made: {error.strerror}; choose another folder", field="to"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Invalid(f"{folder} cannot be written to; choose another folder", field="to")
    return folder


def _keep(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
