"""Bring a database back from a backup: checked before, all or nothing, counted afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from alojamientos.kit.errors import Conflict
from alojamientos.ops.backup import programs
from alojamientos.ops.backup.dump import TIMEOUT_S
from alojamientos.ops.backup.manifest import BackupDamaged, Manifest

_TABLES = """SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""
_OURS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name IN ('alojamientos-web', 'alojamientos-worker')"""


class DatabaseNotEmpty(Conflict):
    """The database has data."""

    code = "database_not_empty"


class StillRunning(Conflict):
    """The application is using the database; stop it first."""

    code = "still_running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What a database holds now."""

    tables: int
    reservations: int | None


def present(dsn: str) -> Present:
    """Return what is in the database at `dsn`."""
    with psycopg.connect(dsn) as conn:
        names = _tables(conn)
        count = None
        if "public.reservation" in names:
            row = conn.execute("SELECT count(*) FROM reservation").fetchone()
            count = row[0] if row else None
    return Present(tables=len(names), reservations=count)


def restore(
    dump: Path, *, dsn: str, manifest: Manifest, replace: bool, running: bool = False
) -> None:
    """Bring the database at `dsn` to what `dump` has; nothing changes when it fails.

    The caller has checked it against its manifest. A database with tables is refused unless its
    data are to be replaced, one in use unless that is known (`running`). Raises BackupDamaged,
    DatabaseNotEmpty, StillRunning, ProgramMissing or ProgramFailed.
    """
    with psycopg.connect(dsn) as conn:
        row = conn.execute(_OURS).fetchone()
        if row and row[0] and not running:
            raise StillRunning(
                "web or worker is using this database; stop them, or say --while-running"
            )
        names = _tables(conn)
    if names and not replace:
        raise DatabaseNotEmpty(
            f"the database has {len(names)} tables; --replace puts the backup in their place"
        )
    programs.run(
        "pg_restore",
        *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"),
        *(("--clean", "--if-exists") if names else ()),
        *("--no-password", f"--dbname={_name(dsn)}", str(dump)),
        dsn=dsn,
        timeout_s=TIMEOUT_S,
    )
    compare(dsn, manifest)


def compare(dsn: str, manifest: Manifest) -> None:
    """Raise BackupDamaged unless every table has the rows that the manifest counted."""
    with psycopg.connect(dsn) as conn:
        found = {name: _count(conn, name) for name in _tables(conn)}
    different = [
        f"{name} {found.get(name, 'missing')} instead of {count}"
        for name, count in manifest.tables.items()
        if found.get(name) != count
    ]
    if different:
        raise BackupDamaged(f"after restoring, rows differ: {'; '.join(different)}")


@contextmanager
def scratch(dsn: str) -> Iterator[str]:
    """Give the address of an empty database on the same server, which is dropped afterwards."""
    name = f"restore_test_{uuid4().hex[:12]}"
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        yield make_conninfo(dsn, dbname=name)
    finally:
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _tables(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute(_TABLES)
    return [name for (name,) in rows]


def _count(conn: psycopg.Connection, quoted: str) -> int:
    # The server has quoted the name itself.
    row = conn.execute(f"SELECT count(*) FROM {quoted}".encode()).fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _name(dsn: str) -> str:
    return programs.environment(dsn)["PGDATABASE"]
