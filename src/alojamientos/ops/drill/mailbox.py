"""Shut the mailbox that guests write to, and let its last reading be long ago."""

import httpx2
import psycopg

from alojamientos.kit.errors import AlojamientosError

_SECONDS = 10.0
_SHUT = "/_control/mailbox/shut"
_AGE = "UPDATE mailbox SET read_at = least(read_at, now() - make_interval(mins => %s))"
_TRY_NOW = "UPDATE mailbox SET retry_at = NULL"


class SinkMailbox:
    """The mailbox of `drill.outside`, in the mail sink at `sink`; raises AlojamientosError.

    `is_read` is False where the application reads another mailbox than the sink's, or none.
    """

    def __init__(self, *, sink: str, database: str, is_read: bool) -> None:
        self._sink = sink
        self._database = database
        self._is_read = is_read

    def shut(self, *, since_minutes: float) -> None:
        """Let its server hang up on the reader, and the last reading be so long ago."""
        if not self._is_read:
            raise AlojamientosError(
                "The application does not read the stack's own mailbox: leave IMAP_HOST out"
            )
        self._control("PUT")
        self._sql(_AGE, int(since_minutes))

    def open(self) -> None:
        """Let the reader in again, and at once."""
        if self._is_read:
            self._control("DELETE")
            self._sql(_TRY_NOW)

    def _control(self, method: str) -> None:
        try:
            httpx2.request(
                method, self._sink + _SHUT, timeout=_SECONDS, trust_env=False
            ).raise_for_status()
        except httpx2.HTTPError as error:
            raise AlojamientosError(f"The mail sink refused: {error}") from error

    def _sql(self, statement: str, *values: int) -> None:
        try:
            with psycopg.connect(self._database, connect_timeout=5) as conn:
                conn.execute(statement.encode(), values)
        except psycopg.Error as error:
            raise AlojamientosError(f"The database refused: {error}") from error
