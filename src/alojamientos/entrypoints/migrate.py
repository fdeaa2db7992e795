"""Bring the database's schema to the newest revision."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

_LOCK = 7_402_001  # one migration at a time, whoever starts first


def upgrade(dsn: str, revision: str = "head") -> None:
    """Migrate the database at `dsn` up to `revision`; safe to call from several processes."""
    _run(dsn, command.upgrade, revision)


def downgrade(dsn: str, revision: str = "base") -> None:
    """Migrate the database at `dsn` down to `revision`, losing what the newer ones hold."""
    _run(dsn, command.downgrade, revision)


def current(dsn: str) -> str | None:
    """Return the revision that the database at `dsn` is at, or None when it is empty."""
    engine = _engine(dsn)
    try:
        with engine.connect() as connection:
            exists = connection.scalar(sa.text("SELECT to_regclass('alembic_version')"))
            if exists is None:
                return None
            return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))
    finally:
        engine.dispose()


def _engine(dsn: str) -> sa.Engine:
    return sa.create_engine(
        sa.make_url(dsn).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool
    )


def _run(dsn: str, action: object, revision: str) -> None:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%")
    )
    engine = _engine(dsn)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:k)"), {"k": _LOCK})
            config.attributes["connection"] = connection
            action(config, revision)  # type: ignore[operator]
    finally:
        engine.dispose()
