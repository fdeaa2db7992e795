"""Which mails guests get because of what happened, and by which way each is told once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from alojamientos.channels.email import queries as mails
from alojamientos.conversation import mail_notices, store
from alojamientos.conversation.mail_notices import Desk, Letter
from alojamientos.conversation.notices import Notice
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.entrypoints.telling import tell
from alojamientos.kit.db import Transaction
from alojamientos.payments.events import CancellationSettled
from alojamientos.reservations.events import (
    ArrivalNear,
    HoldReminded,
    ReservationChanged,
    ReservationMoved,
    StayEnded,
)

Writing = Callable[[], Awaitable[Letter | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Write what guests get by mail; with `mail` off nobody gets any."""

    policy: ConversationPolicy
    now: Callable[[], datetime]
    mail: bool

    async def reservation_changed(
        self, tx: Transaction, fact: ReservationChanged, notice: Notice | None
    ) -> None:
        """Tell of a status; a cancellation's mail says what goes back as well."""
        desk = await self.desk(tx, reservation_id=fact.reservation_id)
        settled = next(
            (
                each
                for each in tx.facts
                if isinstance(each, CancellationSettled)
                and each.reservation_id == fact.reservation_id
            ),
            None,
        )
        await self.tell(
            tx,
            notice,
            lambda: mail_notices.for_reservation_changed(tx.conn, fact, desk=desk, settled=settled),
        )

    async def reservation_moved(
        self, tx: Transaction, fact: ReservationMoved, notice: Notice | None
    ) -> None:
        desk = await self.desk(tx, reservation_id=fact.reservation_id)
        await self.tell(
            tx, notice, lambda: mail_notices.for_reservation_moved(tx.conn, fact, desk=desk)
        )

    async def hold_reminded(
        self, tx: Transaction, fact: HoldReminded, notice: Notice | None
    ) -> None:
        desk = await self.desk(tx)
        await self.tell(
            tx, notice, lambda: mail_notices.for_hold_reminded(tx.conn, fact, desk=desk)
        )

    async def arrival_near(self, tx: Transaction, fact: ArrivalNear) -> None:
        desk = await self.desk(tx)
        await self._tell_day(
            tx,
            lambda by_mail: mail_notices.for_arrival(tx.conn, fact, desk=desk, by_mail=by_mail),
        )

    async def stay_ended(self, tx: Transaction, fact: StayEnded) -> None:
        desk = await self.desk(tx)
        await self._tell_day(
            tx,
            lambda by_mail: mail_notices.for_stay_ended(tx.conn, fact, desk=desk, by_mail=by_mail),
        )

    async def desk(self, tx: Transaction, *, reservation_id: int | None = None) -> Desk:
        """Return what letters are written with; with a booking, how many calendars it has had."""
        sent = 0
        if reservation_id is not None and self.mail:
            sent = await store.calendars_sent(tx.conn, reservation_id=reservation_id)
        return Desk(policy=self.policy, now=self.now(), calendars_sent=sent)

    async def tell(self, tx: Transaction, notice: Notice | None, write: Writing) -> None:
        """Send a guest who mails the mail instead of the notice; others what they should have."""
        letter = await write() if self.mail else None
        if letter is not None and not await self._arrives(tx, letter.notice):
            letter = None
        if letter is not None and (notice is None or notice.channel == "email"):
            await tell(tx, letter.notice)
            return
        await tell(tx, notice)
        if letter is not None and letter.always:
            await tell(tx, letter.notice)

    async def _tell_day(
        self, tx: Transaction, write: Callable[[bool], Awaitable[Notice | None]]
    ) -> None:
        notice = await write(self.mail)
        if self.mail and notice is not None and not await self._arrives(tx, notice):
            notice = await write(False)
        await tell(tx, notice)

    async def _arrives(self, tx: Transaction, notice: Notice) -> bool:
        if notice.channel != "email":
            return True
        return await mails.undeliverable(tx.conn, address=notice.address) is None
