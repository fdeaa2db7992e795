"""A guest talking to the real handler over a real database, without channel or queue."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Self

import pytest
import sqlalchemy as sa

from alojamientos.conversation.handler import Handler
from alojamientos.conversation.messages import Handled, InboundMessage, MessageKind
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.entrypoints import demo
from alojamientos.entrypoints.consequences import create_consequences
from alojamientos.kit import db
from alojamientos.kit.events import Bus
from alojamientos.kit.locks import UnitLocks
from alojamientos.nlu.holidays import Argentina
from alojamientos.reservations.domain import DatesTaken, Policy, TooManyHolds
from alojamientos.reservations.events import HoldRequested, ReservationChanged

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
_numbers = count(2)
ZONE = "America/Argentina/Buenos_Aires"
POLICY = ConversationPolicy(lodging_name="Cabañas del Lago", time_zone=ZONE)


class Guest:
    """Says things as one WhatsApp number and remembers what was answered."""

    def __init__(self, database: db.Database, address: str) -> None:
        self.address = address
        self.database = database
        self.now = NOW
        self._ids = count(1)
        self.handler = Handler(
            database=database,
            policy=POLICY,
            booking_policy=Policy(
                time_zone=ZONE, hold=timedelta(minutes=60), deposit_percent=30, max_open_holds=2
            ),
            locks=UnitLocks(None, ttl_ms=1000, wait_ms=100),
            holidays=Argentina(),
        )
        self.last: Handled | None = None

    async def send(self, message: InboundMessage) -> Handled:
        understood = await self.handler.understand(message, now=self.now)
        async with self.database.begin() as tx:
            self.last = await self.handler.act(message, understood, tx=tx, now=self.now)
        return self.last

    async def says(self, text: str) -> str:
        return self.text(await self.send(self.message(kind=MessageKind.TEXT, text=text)))

    async def taps(self, option_id: str) -> str:
        """Tap one of the options that the last reply showed."""
        assert option_id in self.options, (option_id, self.options)
        return await self.presses(self.button_ids[self.options.index(option_id)])

    async def presses(self, button_id: str, title: str = "") -> str:
        """Press what was shown at any time: `button_id` as the channel was given it."""
        message = self.message(kind=MessageKind.BUTTON, text=title, button_id=button_id)
        return self.text(await self.send(message))

    def another(self) -> Self:
        """Return a second guest, with a number of their own."""
        return type(self)(self.database, f"54929440000{next(_numbers):02}")

    def message(self, **values: Any) -> InboundMessage:
        return InboundMessage(
            **{
                "channel": "whatsapp",
                "external_id": f"wamid.{self.address}.{next(self._ids)}",
                "address": self.address,
                "profile_name": "Ana",
                "sent_at": self.now,
                **values,
            }
        )

    @property
    def button_ids(self) -> list[str]:
        """What the channel was given with the last reply's options."""
        assert self.last is not None
        return [option.id for reply in self.last.replies for option in reply.options]

    @property
    def options(self) -> list[str]:
        """What the last reply's options stand for, whatever offer they belong to."""
        return [button_id.partition("~")[0] for button_id in self.button_ids]

    @staticmethod
    def text(handled: Handled) -> str:
        return "\n".join(reply.text for reply in handled.replies)


@pytest.fixture
def facts() -> list[object]:
    """What the bus was told, in order."""
    return []


@pytest.fixture
async def guest(database_url, facts):
    demo.load(database_url, today=NOW.date())
    kinds = (ReservationChanged, HoldRequested, DatesTaken, TooManyHolds)
    database = db.Database(
        db.create_engine(database_url),
        Bus(dict.fromkeys(kinds, facts.append)),
        create_consequences(policy=POLICY, now=lambda: NOW),
    )
    yield Guest(database, "5492944000001")
    await database.close()


@pytest.fixture
def rows(guest):
    """Ask the database for what a statement returns."""

    async def ask(statement: str) -> list[tuple[object, ...]]:
        async with guest.database.read() as conn:
            return [tuple(row) for row in await conn.execute(sa.text(statement))]

    return ask
