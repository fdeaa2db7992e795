"""The mail sink of a season: what the lodging has yet to read, and guests who wait for a mail."""

import asyncio
from datetime import datetime

import httpx2

from alojamientos.ops.season.agenda import Agenda

_SHUT = "/_control/mailbox/shut"


class Post:
    """Look into the sink at `url`, and wake who waits whenever a mail has come."""

    def __init__(self, *, agenda: Agenda, url: str, http: httpx2.AsyncClient) -> None:
        self.url = url
        self.http = http
        self._agenda = agenda
        self._taken = 0
        self._waiting: set[asyncio.Future[None]] = set()

    async def unread(self) -> int:
        """Return how many mails the lodging could read and has not."""
        answer = (await self.http.get(f"{self.url}/_control/mailbox")).raise_for_status().json()
        if answer["taken"] != self._taken:
            self._taken = answer["taken"]
            self._agenda.ring(self._waiting)
        return int(answer["unread"])

    async def shut(self) -> None:
        """Let the lodging's mailbox hang up on its reader, until it is opened."""
        (await self.http.put(f"{self.url}{_SHUT}")).raise_for_status()

    async def open(self) -> None:
        """Let the reader in again."""
        (await self.http.delete(f"{self.url}{_SHUT}")).raise_for_status()

    async def wait(self, until: datetime) -> None:
        """Let an actor wait for the next mail to anybody, at most until an instant."""
        await self._agenda.until(until, quietly=True, bells=self._waiting)
