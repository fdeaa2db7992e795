"""What must not leak from this stack: its secrets, and how its guests can be reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString
from urllib.parse import unquote, urlsplit

import psycopg
from pydantic import SecretStr

from alojamientos.kit.errors import Unavailable
from alojamientos.ops.launcher import config, secrets
from alojamientos.ops.verify.private import EMAIL, PHONE
from alojamientos.settings import Settings, variable_name

CALENDAR = "address of a calendar"
_CONNECT_S = 5
_CONTACTS: LiteralString = """
    SELECT phone FROM guest WHERE phone <> '' UNION SELECT email FROM guest WHERE email <> ''
    UNION SELECT value FROM guest_identity WHERE kind IN ('wa_id', 'email')
    UNION SELECT address FROM conversation"""
_CALENDARS: LiteralString = "SELECT url FROM calendar_feed"
# Nobody can cancel the stay, and so free its nights, until the transaction ends.
_A_STAY: LiteralString = """
    SELECT accommodation_id, check_in, check_out FROM reservation
    WHERE status = 'confirmed' AND check_in > current_date + 1
    ORDER BY check_in LIMIT 1 FOR SHARE SKIP LOCKED"""


def of_settings(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield every secret with the name of its setting; of a URL, the password."""
    for name, group in Settings.groups.items():
        for field in group.model_fields:
            value = getattr(getattr(settings, name), field)
            if not isinstance(value, SecretStr):
                continue
            variable, secret = variable_name(group, field), value.get_secret_value()
            if "://" not in secret:
                yield variable, secret
            elif password := urlsplit(secret).password:
                yield from ((f"password of {variable}", p) for p in {password, unquote(password)})
            elif name == "alert":  # who knows such an address may write to it
                yield variable, secret.partition("://")[2]
    monitoring = secrets.stored(config.state_dir(settings), config.MONITORING_PASSWORD)
    if monitoring:
        yield "password of monitoring at the database", monitoring


def of_database(dsn: str) -> Iterator[tuple[str, str]]:
    """Yield phones and e-mail addresses of guests and whoever wrote, and calendars' addresses."""
    with _connected(dsn) as connection:
        for (value,) in connection.execute(_CONTACTS):
            if "@" in value:
                yield f"guest's {EMAIL}", value
            elif value.removeprefix("+").isdecimal():
                yield f"guest's {PHONE}", value
        for (url,) in connection.execute(_CALENDARS):
            yield CALENDAR, url.partition("://")[2]


@contextmanager
def taken_stay(dsn: str) -> Iterator[tuple[int, date, date] | None]:
    """Give accommodation, check-in and check-out of a stay that stays taken inside, or None."""
    with _connected(dsn) as connection:
        yield connection.execute(_A_STAY).fetchone()


@contextmanager
def _connected(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect for reading; raises Unavailable, which does not repeat what the server said."""
    try:
        with psycopg.connect(dsn, connect_timeout=_CONNECT_S) as connection:
            yield connection
            connection.rollback()
    except psycopg.Error as error:
        raise Unavailable(f"the database does not answer: {type(error).__name__}") from error
