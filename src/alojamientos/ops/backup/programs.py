"""pg_dump and pg_restore: found, given their server without a secret on the command line, run."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from alojamientos.kit.errors import AlojamientosError, Invalid
from alojamientos.ops.launcher.servers import ProgramMissing, postgres_bin

_POLL_S = 0.1
_STOP_S = 5.0
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


class ProgramFailed(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A program of PostgreSQL's ended badly."""


def program(name: str) -> str:
    """Return the path of pg_dump or pg_restore; raises ProgramMissing."""
    try:
        beside = postgres_bin() / name
    except ProgramMissing:
        beside = None
    if beside is not None and beside.is_file():
        return str(beside)
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(
            f"{name} was not found; install PostgreSQL's client programs (Debian: apt install"
            " postgresql-client), or set POSTGRES_BIN to the folder that has them"
        )
    return found


def environment(dsn: str) -> dict[str, str]:
    """Return the variables that lead libpq to `dsn`: a command line is for everyone to read."""
    try:
        given = conninfo_to_dict(dsn)
    except ProgrammingError as error:
        raise Invalid("DATABASE_URL cannot be understood", field="DATABASE_URL") from error
    unknown = set(given) - set(_VARIABLES)
    if unknown:
        raise Invalid(
            f"DATABASE_URL has {min(unknown)}, which a backup does not know; leave it out",
            field="DATABASE_URL",
        )
    own = {_VARIABLES[name]: str(value) for name, value in given.items() if value is not None}
    others = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**others, "PGAPPNAME": "alojamientos-backup", **own}


def run(
    name: str,
    *arguments: str,
    dsn: str | None = None,
    timeout_s: float,
    on_wait: Callable[[], None] = lambda: None,
) -> None:
    """Run a program to its end, calling `on_wait` meanwhile; raises ProgramFailed."""
    with _started(name, *arguments, dsn=dsn, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + timeout_s
        while process.poll() is None:
            if time.monotonic() > until:
                raise ProgramFailed(f"{name} did not end within {timeout_s:g} s")
            on_wait()
            time.sleep(_POLL_S)


def lines(name: str, *arguments: str) -> Iterator[bytes]:
    """Yield what a program that needs no server prints, line by line; raises ProgramFailed."""
    with _started(name, *arguments, dsn=None, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        yield from process.stdout


@contextmanager
def _started(
    name: str, *arguments: str, dsn: str | None, stdout: int
) -> Iterator[subprocess.Popen[bytes]]:
    command = [program(name), *arguments]
    variables = os.environ.copy() if dsn is None else environment(dsn)
    # What it complains about goes to a file, so that a full pipe never stops it.
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    process = subprocess.Popen(
        command, env=variables, stdin=subprocess.DEVNULL, stdout=stdout, stderr=errors
    )
    try:
        yield process
        code = process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
        said = _last_lines(errors)
        errors.close()
    if code != 0:
        raise ProgramFailed(f"{name} failed ({code}): {said or 'it did not say why'}")


def _last_lines(errors: IO[bytes]) -> str:
    errors.seek(0)
    text = errors.read().decode(errors="replace")
    return " ".join(text.strip().splitlines()[-4:])[-600:]
