"""Private servers for the benchmarks, and how their figures are shown."""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from alojamientos.entrypoints import demo, migrate
from alojamientos.ops.launcher.servers import Postgres, Valkey


@dataclass(frozen=True)
class Servers:
    folder: Path
    dsn: str
    redis_url: str


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not ready within {seconds} s")
        time.sleep(0.05)


@contextlib.contextmanager
def process(
    command: list[str], log: Path, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        started = subprocess.Popen(
            command, stdout=output, stderr=output, start_new_session=True, env=env
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Start PostgreSQL, as durable as in production, and Valkey; load the demo cabins."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        postgres = Postgres(data=folder / "pg", port=free_port(), password="bench")  # noqa: S106
        postgres.initialise()
        valkey = Valkey(directory=folder, port=free_port())
        with (
            process(postgres.command(), folder / "pg.log"),
            process(valkey.command(), folder / "valkey.log"),
        ):
            wait_for(lambda: _connects(postgres.dsn("postgres")), "PostgreSQL")
            with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
                admin.execute("CREATE DATABASE bench")
            dsn = postgres.dsn("bench")
            migrate.upgrade(dsn)
            demo.load(dsn)
            yield Servers(folder=folder, dsn=dsn, redis_url=valkey.url)


def _connects(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: list[float], unit: str = "") -> str:
    """Return the median of several rounds and how far they lie apart."""
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.2f}{unit} ({ordered[0]:.2f} to {ordered[-1]:.2f})"


def table(rows: list[tuple[str, str, str]]) -> None:
    """Print rows of what, figure and bar."""
    width = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join(text.ljust(size) for text, size in zip(row, width, strict=True)).rstrip())
