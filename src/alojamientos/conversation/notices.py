"""What a guest is told without having asked, because of what happened to their booking."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.conversation import own_replies, store
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.kit.clock import today_in
from alojamientos.payments import queries as payments
from alojamientos.payments.events import Outcome, PaymentApplied, PaymentLinkCreated, Purpose
from alojamientos.reservations import queries
from alojamientos.reservations.events import HoldReminded, ReservationChanged, Status
from alojamientos.reservations.views import ReservationView

BY_GUEST = "guest"  # the reason of a cancellation that the conversation already answered
_TOLD_STATUSES = frozenset({Status.CONFIRMED, Status.EXPIRED, Status.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to write. `dedupe_key` makes it go out once however often it is decided."""

    channel: str
    address: str
    dedupe_key: str
    kind: str
    reply: Reply
    reservation_id: int | None


async def for_reservation_changed(
    conn: AsyncConnection, fact: ReservationChanged, *, policy: ConversationPolicy, now: datetime
) -> Notice | None:
    """Tell of a confirmation, an expiry, or a cancellation that the guest did not ask us for."""
    if fact.status not in _TOLD_STATUSES or fact.reason == BY_GUEST:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    today = today_in(policy.time_zone, now)
    if fact.status is Status.CONFIRMED:
        revived = fact.previous is Status.EXPIRED
        paid = (await payments.balance(conn, reservation_id=view.id)).paid
        reply = own_replies.confirmed(view, paid=paid, revived=revived, today=today)
    elif fact.status is Status.EXPIRED:
        reply = own_replies.expired(view, today)
    else:
        reply = own_replies.cancelled_by_us(view, today)
    return await to_guest(
        conn,
        view,
        reply,
        kind=f"reservation_{fact.status}",
        dedupe_key=f"reservation:{view.id}:{fact.status}",
    )


async def for_payment_link_created(
    conn: AsyncConnection, fact: PaymentLinkCreated, *, policy: ConversationPolicy, now: datetime
) -> Notice | None:
    """Send the link to pay a deposit, while there is something to pay."""
    if fact.purpose is not Purpose.DEPOSIT:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    link = await payments.link_for(conn, reservation_id=fact.reservation_id)
    if link is None or view.status is not Status.PRE_RESERVED:
        return None
    reply = own_replies.pay_here(view, link.url, link.amount, zone=policy.time_zone, now=now)
    return await to_guest(
        conn, view, reply, kind="payment_link", dedupe_key=f"payment-link:{fact.link_id}"
    )


async def for_hold_reminded(
    conn: AsyncConnection, fact: HoldReminded, *, policy: ConversationPolicy, now: datetime
) -> Notice | None:
    """Remind a guest of a deadline that comes near."""
    view = await queries.by_id(conn, fact.reservation_id)
    if view.status is not Status.PRE_RESERVED:
        return None
    link = await payments.link_for(conn, reservation_id=fact.reservation_id)
    reply = own_replies.reminder(view, link.url if link else None, zone=policy.time_zone, now=now)
    return await to_guest(
        conn, view, reply, kind="hold_reminder", dedupe_key=f"hold-reminder:{view.id}"
    )


async def for_payment_applied(conn: AsyncConnection, fact: PaymentApplied) -> Notice | None:
    """Explain a payment that did not simply confirm a booking."""
    if fact.reservation_id is None or fact.outcome not in _TOLD:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    purpose = Purpose.BALANCE if view.is_confirmed else Purpose.DEPOSIT
    link = await payments.link_for(conn, reservation_id=view.id, purpose=purpose)
    reply = _explanation(fact, view, link.url if link else None)
    return await to_guest(
        conn,
        view,
        reply,
        kind=f"payment_{fact.outcome}",
        dedupe_key=f"payment:{fact.provider_id}:{fact.outcome}",
    )


_TOLD = (
    Outcome.REFUND_DATES_TAKEN,
    Outcome.REFUND_CANCELLED,
    Outcome.REFUND_DUPLICATE,
    Outcome.PARTIAL,
    Outcome.REJECTED,
)


def _explanation(fact: PaymentApplied, view: ReservationView, url: str | None) -> Reply:
    match fact.outcome:
        case Outcome.REFUND_DATES_TAKEN:
            return own_replies.paid_too_late(view.code, fact.amount)
        case Outcome.REFUND_CANCELLED:
            return own_replies.paid_cancelled(view.code, fact.amount)
        case Outcome.REFUND_DUPLICATE:
            return own_replies.paid_twice(view.code, fact.amount)
        case Outcome.PARTIAL:
            return own_replies.paid_in_part(view, fact.amount)
        case _:
            return own_replies.payment_rejected(view.code, url)


async def to_guest(
    conn: AsyncConnection, view: ReservationView, reply: Reply, *, kind: str, dedupe_key: str
) -> Notice | None:
    """Address `reply` to where the guest last wrote from; None for a guest who never wrote."""
    to = await store.address_of(conn, guest_id=view.guest_id)
    if to is None:
        return None
    return Notice(
        channel=to.channel,
        address=to.address,
        dedupe_key=dedupe_key,
        kind=kind,
        reply=reply,
        reservation_id=view.id,
    )
