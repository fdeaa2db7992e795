"""Real servers for the tests: one PostgreSQL and one Valkey per test process, clean per test."""

import contextlib
import logging
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
import structlog

from alojamientos.entrypoints import migrate
from alojamientos.kit import db
from alojamientos.ops.launcher.servers import Postgres, Valkey

_names = count(1)
_FUZZ_CASES = 5_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-cases",
        type=int,
        default=_FUZZ_CASES,
        metavar="N",
        help=f"hostile inputs per format in tests/fuzz (default {_FUZZ_CASES})",
    )


@pytest.fixture
def fuzz_cases(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fuzz-cases"))


@pytest.fixture(autouse=True)
def fresh_logging() -> Iterator[None]:
    """Let no test inherit the log level and handlers that another one has configured."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(ready, what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} was not ready within {seconds} s")
        time.sleep(0.05)


def _answers_sql(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _answers_ping(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@contextlib.contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, start_new_session=True, stdin=subprocess.DEVNULL
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    folder = tmp_path_factory.mktemp("postgres")
    server = Postgres(data=folder / "data", port=free_port(), password="test")
    server.initialise(durable=False)
    command = server.command(
        settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    )
    with running(command, folder / "log"):
        wait_until(lambda: _answers_sql(server.dsn("postgres")), "PostgreSQL")
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE template_migrated")
        migrate.upgrade(server.dsn("template_migrated"))
        yield server


@pytest.fixture
def database_url(postgres_server: Postgres) -> Iterator[str]:
    """A migrated database of its own for one test."""
    name = f"test_{next(_names)}"
    with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template_migrated STRATEGY file_copy")
    yield postgres_server.dsn(name)
    with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[db.Database]:
    """The application's own access to `database_url`."""
    database = db.Database(db.create_engine(database_url))
    yield database
    await database.close()


@pytest.fixture(scope="session")
def valkey_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    folder = tmp_path_factory.mktemp("valkey")
    server = Valkey(directory=folder, port=free_port())
    with running(server.command(), folder / "log"):
        wait_until(lambda: _answers_ping(server.url), "Valkey")
        yield server


@pytest.fixture
def redis_url(valkey_process: Valkey) -> str:
    """An empty Valkey."""
    with redis.Redis.from_url(valkey_process.url) as client:
        client.flushall()
    return valkey_process.url
