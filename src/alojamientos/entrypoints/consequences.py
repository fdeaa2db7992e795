"""The table from what happened to what must be written because of it, in the same transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime

from alojamientos.channels import outbox, queries
from alojamientos.conversation import mails, moves, notices
from alojamientos.conversation.events import HandOverRequested
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.entrypoints import calendar_consequences, mail_consequences
from alojamientos.entrypoints.letters import Letters
from alojamientos.entrypoints.money_consequences import MoneyConsequences
from alojamientos.jobs import queue
from alojamientos.kit.db import Consequence, Transaction
from alojamientos.payments import operations as payments
from alojamientos.reservations.events import (
    ArrivalNear,
    HoldReminded,
    ReservationChanged,
    ReservationMoved,
    Status,
    StayEnded,
)


def create_consequences(
    *,
    policy: ConversationPolicy,
    now: Callable[[], datetime],
    mail: bool = False,
    owner: str | None = None,
) -> Mapping[type, Consequence]:
    """Build the table; `now` tells the instant that messages to guests speak from.

    With `mail` guests who have an address get mails too, and `owner`, if given, what wants a
    person.
    """
    letters = Letters(policy=policy, now=now, mail=mail)

    async def reservation_changed(tx: Transaction, fact: ReservationChanged) -> None:
        await payments.record_reservation_changed(tx, fact)
        if fact.status is Status.PRE_RESERVED:
            await queue.enqueue(tx.conn, "payments.create_link", reservation_id=fact.reservation_id)
        notice = await notices.for_reservation_changed(tx.conn, fact, policy=policy, now=now())
        await letters.reservation_changed(tx, fact, notice)

    async def reservation_moved(tx: Transaction, fact: ReservationMoved) -> None:
        await payments.record_reservation_moved(tx, fact)
        if fact.status is Status.PRE_RESERVED:
            await queue.enqueue(tx.conn, "payments.create_link", reservation_id=fact.reservation_id)
        notice = await moves.for_reservation_moved(tx.conn, fact, policy=policy, now=now())
        await letters.reservation_moved(tx, fact, notice)

    async def reminded(tx: Transaction, fact: HoldReminded) -> None:
        notice = await notices.for_hold_reminded(tx.conn, fact, policy=policy, now=now())
        await letters.hold_reminded(tx, fact, notice)

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

    owner_by_mail = owner if mail else None
    return {
        **calendar_consequences.create(policy=policy, now=now, owner=owner_by_mail),
        **mail_consequences.create(policy=policy, now=now, owner=owner_by_mail),
        **MoneyConsequences(letters=letters, owner=owner_by_mail).table(),
        HandOverRequested: handed_over,
        ReservationChanged: reservation_changed,
        ReservationMoved: reservation_moved,
        HoldReminded: reminded,
        ArrivalNear: letters.arrival_near,
        StayEnded: letters.stay_ended,
    }
