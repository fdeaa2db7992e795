"""The owner's desk: a real database with the demo cabins, and the verbs that work on it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration.reservations.conftest import NO_LOCKS, TODAY, Desk, Told
from typer.testing import CliRunner

from alojamientos.cli.app import app
from alojamientos.entrypoints import container, demo
from alojamientos.kit import db
from alojamientos.kit.errors import AlojamientosError
from alojamientos.settings import load_settings


def day(number: int) -> str:
    """The day that is `number` days ahead, as it is typed."""
    return (TODAY + timedelta(days=number)).isoformat()


class Verbs:
    """Run `alojamientos …` as its program does; in a thread, for the verbs have their own loop."""

    def __init__(self) -> None:
        self._runner = CliRunner()
        self._threads = ThreadPoolExecutor(max_workers=1)

    def __call__(self, *args: str, stdin: str = "", code: int = 0) -> str:
        run = self._threads.submit(self._runner.invoke, app, list(args), input=stdin)
        done = run.result(timeout=60)
        output, exit_code = done.output, done.exit_code
        if isinstance(done.exception, AlojamientosError):
            output, exit_code = f"{output}Error: {done.exception.message}", 2
        elif done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert exit_code == code, output
        return output

    def close(self) -> None:
        self._threads.shutdown()

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, "--json"))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def desk(database_url: str, told: Told):
    """A booking desk with the demo cabins and without seasons, where facts have consequences."""
    demo.load(database_url, today=TODAY)
    database = db.Database(
        db.create_engine(database_url),
        told,
        container.consequences_of(load_settings(check_production=False)),
    )
    desk = Desk(database, told, database_url, NO_LOCKS)
    desk.sql("DELETE FROM price_rule")
    desk.sql("UPDATE accommodation SET min_nights = 1")
    yield desk
    await database.close()


@pytest.fixture
def verbs(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Verbs]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", desk.dsn)
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("STACK_SIMULATE_PROVIDERS", "false")
    monkeypatch.setenv("COLUMNS", "220")
    verbs = Verbs()
    yield verbs
    verbs.close()


def audited(desk: Desk) -> list[tuple[str, str]]:
    """What was done, and to what, in order."""
    return [tuple(row) for row in desk.sql("SELECT action, subject FROM audit_entry ORDER BY id")]
