"""The table from what happened to what must be written because of it, in the same transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime

from alojamientos.channels import outbox, queries
from alojamientos.conversation import mails, moves, notices
from alojamientos.conversation.events import HandOverRequested
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.entrypoints import calendar_consequences
from alojamientos.entrypoints.money_consequences import MoneyConsequences
from alojamientos.entrypoints.telling import tell
from alojamientos.jobs import queue
from alojamientos.kit.db import Consequence, Transaction
from alojamientos.payments import operations as payments
from alojamientos.reservations.events import (
    HoldReminded,
    ReservationChanged,
    ReservationMoved,
    Status,
)


def create_consequences(
    *,
    policy: ConversationPolicy,
    now: Callable[[], datetime],
    mail: bool = False,
    owner: str | None = None,
) -> Mapping[type, Consequence]:
    """Build the table; `now` tells the instant that messages to guests speak from.

    With `mail` guests get their confirmation by mail too, and `owner`, if given, what wants a
    person.
    """

    async def reservation_changed(tx: Transaction, fact: ReservationChanged) -> None:
        await payments.record_reservation_changed(tx, fact)
        if fact.status is Status.PRE_RESERVED:
            await queue.enqueue(tx.conn, "payments.create_link", reservation_id=fact.reservation_id)
        await tell(
            tx,
            await notices.for_reservation_changed(tx.conn, fact, policy=policy, now=now()),
        )
        if mail:
            await tell(
                tx,
                await notices.for_confirmation_by_mail(tx.conn, fact, policy=policy, now=now()),
            )

    async def reminded(tx: Transaction, fact: HoldReminded) -> None:
        await tell(tx, await notices.for_hold_reminded(tx.conn, fact, policy=policy, now=now()))

    async def handed_over(tx: Transaction, fact: HandOverRequested) -> None:
        if not mail or owner is None:
            return
        lines = await queries.last_lines(
            tx.conn, conversation_key=f"{fact.channel}:{fact.address}", count=mails.LINES
        )
        await outbox.put(
            tx,
            channel="email",
            address=owner,
            reply=mails.hand_over(
                fact,
                lines,
                lodging=policy.lodging_name,
                zone=policy.time_zone,
                pause=policy.pause,
            ),
            dedupe_key=f"hand-over:{fact.channel}:{fact.cause}",
            kind="hand_over",
        )

    return {
        **calendar_consequences.create(policy=policy, now=now, owner=owner if mail else None),
        HandOverRequested: handed_over,
        ReservationChanged: reservation_changed,
        ReservationMoved: _moving(policy, now),
        HoldReminded: reminded,
        **MoneyConsequences(policy=policy, now=now, mail=mail, owner=owner).table(),
    }


def _moving(policy: ConversationPolicy, now: Callable[[], datetime]) -> Consequence:
    async def reservation_moved(tx: Transaction, fact: ReservationMoved) -> None:
        await payments.record_reservation_moved(tx, fact)
        await tell(tx, await moves.for_reservation_moved(tx.conn, fact, policy=policy, now=now()))

    return reservation_moved
