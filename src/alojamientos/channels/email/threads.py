"""What stored mails say of one that is to go out: its thread, and whether it would arrive."""

from dataclasses import dataclass
from typing import Protocol

from alojamientos.channels import outbox
from alojamientos.channels.email import queries
from alojamientos.channels.email.queries import Thread
from alojamientos.kit.db import Database


class Mails(Protocol):
    """Who knows about the mails that came."""

    async def thread(self, reference: str) -> Thread | None:
        """Return the guest's mail that the message with `reference` belongs under."""
        ...

    async def undeliverable(self, address: str) -> str | None:
        """Return the code with which `address` was refused for good, or None."""
        ...


@dataclass(frozen=True, slots=True)
class StoredMails:
    """Know it from the database."""

    database: Database

    async def thread(self, reference: str) -> Thread | None:
        outbox_id = outbox.id_of(reference)
        if outbox_id is None:
            return None
        async with self.database.read() as conn:
            return await queries.thread_of(conn, outbox_id=outbox_id)

    async def undeliverable(self, address: str) -> str | None:
        async with self.database.read() as conn:
            return await queries.undeliverable(conn, address=address)
