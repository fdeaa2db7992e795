"""Which mails guests get because of what happened, and by which way each is told once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from alojamientos.channels import outbox, queries
from alojamientos.channels.email import queries as mails
from alojamientos.conversation import mail_notices
from alojamientos.conversation.mail_notices import Desk, Letter
from alojamientos.conversation.notices import Notice
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.kit.db import Transaction
from alojamientos.payments.events import PaymentApplied, RefundFinished
from alojamientos.reservations.events import (
    ArrivalNear,
    HoldReminded,
    ReservationChanged,
    StayEnded,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Write what guests get by mail; with `mail` off nobody gets any."""

    policy: ConversationPolicy
    now: Callable[[], datetime]
    mail: bool

    async def reservation_changed(
        self, tx: Transaction, fact: ReservationChanged, notice: Notice | None
    ) -> None:
        desk = await self._desk(tx, reservation_id=fact.reservation_id)
        await self._tell(
            tx, notice, lambda: mail_notices.for_reservation_changed(tx.conn, fact, desk=desk)
        )

    async def hold_reminded(
        self, tx: Transaction, fact: HoldReminded, notice: Notice | None
    ) -> None:
        desk = await self._desk(tx)
        await self._tell(
            tx, notice, lambda: mail_notices.for_hold_reminded(tx.conn, fact, desk=desk)
        )

    async def payment_applied(
        self, tx: Transaction, fact: PaymentApplied, notice: Notice | None
    ) -> None:
        desk = await self._desk(tx)
        await self._tell(
            tx, notice, lambda: mail_notices.for_payment_applied(tx.conn, fact, desk=desk)
        )

    async def refund_finished(self, tx: Transaction, fact: RefundFinished) -> None:
        await self._tell(tx, None, lambda: mail_notices.for_refund_finished(tx.conn, fact))

    async def arrival_near(self, tx: Transaction, fact: ArrivalNear) -> None:
        desk = await self._desk(tx)
        await self._tell_day(
            tx,
            lambda by_mail: mail_notices.for_arrival(tx.conn, fact, desk=desk, by_mail=by_mail),
        )

    async def stay_ended(self, tx: Transaction, fact: StayEnded) -> None:
        desk = await self._desk(tx)
        await self._tell_day(
            tx,
            lambda by_mail: mail_notices.for_stay_ended(tx.conn, fact, desk=desk, by_mail=by_mail),
        )

    async def _desk(self, tx: Transaction, *, reservation_id: int | None = None) -> Desk:
        sent = 0
        if reservation_id is not None and self.mail:
            sent = await queries.calendars_sent(tx.conn, reservation_id=reservation_id)
        return Desk(policy=self.policy, now=self.now(), calendars_sent=sent)

    async def _tell(
        self,
        tx: Transaction,
        notice: Notice | None,
        write: Callable[[], Awaitable[Letter | None]],
    ) -> None:
        """Send a guest who mails the mail instead of the notice; others what they should have."""
        letter = await write() if self.mail else None
        if letter is not None and not await self._arrives(tx, letter.notice):
            letter = None
        if letter is not None and (notice is None or notice.channel == "email"):
            await send(tx, letter.notice)
            return
        await send(tx, notice)
        if letter is not None and letter.always:
            await send(tx, letter.notice)

    async def _tell_day(
        self, tx: Transaction, write: Callable[[bool], Awaitable[Notice | None]]
    ) -> None:
        notice = await write(self.mail)
        if self.mail and notice is not None and not await self._arrives(tx, notice):
            notice = await write(False)
        await send(tx, notice)

    async def _arrives(self, tx: Transaction, notice: Notice) -> bool:
        if notice.channel != "email":
            return True
        return await mails.undeliverable(tx.conn, address=notice.address) is None


async def send(tx: Transaction, notice: Notice | None) -> None:
    """Put a notice into the outbox, if there is one."""
    if notice is None:
        return
    await outbox.put(
        tx,
        channel=notice.channel,
        address=notice.address,
        reply=notice.reply,
        dedupe_key=notice.dedupe_key,
        kind=notice.kind,
        reservation_id=notice.reservation_id,
    )
