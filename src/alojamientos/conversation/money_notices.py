"""Who is told what, because of what happened to a booking's money."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.conversation import money_mails, money_replies
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.notices import BY_GUEST, Notice, to_guest
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.payments import queries as payments
from alojamientos.payments.events import (
    CancellationSettled,
    HandPaymentRecorded,
    HandPaymentReverted,
    Method,
    Outcome,
    OwnerNeeded,
    PaymentApplied,
    PaymentLinkCreated,
    Purpose,
    RefundFinished,
)
from alojamientos.reservations import queries
from alojamientos.reservations.views import ReservationView


async def for_balance_link(
    conn: AsyncConnection, fact: PaymentLinkCreated, *, policy: ConversationPolicy, now: datetime
) -> Notice | None:
    """Send the link to pay what is left; again, when it is asked for again a minute later."""
    if fact.purpose is not Purpose.BALANCE:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    link = await payments.link_for(conn, reservation_id=view.id, purpose=Purpose.BALANCE)
    if link is None:
        return None
    reply = money_replies.pay_balance(
        view, link.url, link.amount, link.expires_at, policy.time_zone
    )
    return await to_guest(
        conn,
        view,
        reply,
        kind="balance_link",
        dedupe_key=f"balance-link:{fact.link_id}:{now:%Y%m%d%H%M}",
    )


async def for_hand_payment(
    conn: AsyncConnection, fact: HandPaymentRecorded, *, policy: ConversationPolicy, mail: bool
) -> list[Notice]:
    """Send the receipt of money entered by hand; a confirmation says the same, and goes alone."""
    if not fact.tell or fact.confirmed:
        return []
    return await _receipts(
        conn,
        fact.reservation_id,
        amount=fact.amount,
        how=fact.method,
        left=fact.left,
        key=f"receipt:{fact.payment_id}",
        lodging=policy.lodging_name if mail else None,
    )


async def for_balance_paid(
    conn: AsyncConnection, fact: PaymentApplied, *, policy: ConversationPolicy, mail: bool
) -> list[Notice]:
    """Send the receipt of a balance, or say that more than it came and goes back."""
    if fact.reservation_id is None:
        return []
    left = (await payments.balance(conn, reservation_id=fact.reservation_id)).due
    if fact.outcome is Outcome.BALANCE and not fact.excess:
        return await _receipts(
            conn,
            fact.reservation_id,
            amount=fact.amount,
            how=None,
            left=left,
            key=f"receipt:{fact.provider_id}",
            lodging=policy.lodging_name if mail else None,
        )
    if not fact.excess:
        return []
    view = await queries.by_id(conn, fact.reservation_id)
    reply = money_replies.excess_goes_back(view, amount=fact.amount, excess=fact.excess)
    return _some(
        await to_guest(
            conn,
            view,
            reply,
            kind="payment_excess",
            dedupe_key=f"payment:{fact.provider_id}:excess",
        )
    )


async def _receipts(
    conn: AsyncConnection,
    reservation_id: int,
    *,
    amount: int,
    how: Method | None,
    left: int,
    key: str,
    lodging: str | None,
) -> list[Notice]:
    """Return the receipt for where the guest writes from, and by mail if that is known."""
    view = await queries.by_id(conn, reservation_id)
    reply = money_replies.received(view, amount=amount, how=how, left=left)
    notices = _some(await to_guest(conn, view, reply, kind="receipt", dedupe_key=key))
    address = await queries.guest_email(conn, view.guest_id)
    if lodging is None or address is None:
        return notices
    letter = money_mails.receipt(view, amount=amount, how=how, left=left, lodging=lodging)
    by_mail = _mail(address, letter, kind="receipt_mail", key=f"{key}:mail", view=view)
    # Who writes by mail gets the mail, and not the same words twice.
    return [*(one for one in notices if one.channel != "email"), by_mail]


async def for_hand_payment_reverted(
    conn: AsyncConnection, fact: HandPaymentReverted
) -> Notice | None:
    """Correct a receipt."""
    if not fact.tell:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    reply = money_replies.taken_back(view, amount=fact.amount, left=fact.left)
    return await to_guest(
        conn, view, reply, kind="receipt_reverted", dedupe_key=f"reverted:{fact.payment_id}"
    )


async def for_cancellation(conn: AsyncConnection, fact: CancellationSettled) -> Notice | None:
    """Tell a guest what goes back of a booking that the lodging cancelled."""
    if fact.reason == BY_GUEST or not fact.refund:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    reply = Reply(text=f"Reserva *{view.code}*. {money_replies.what_goes_back(fact)}")
    return await to_guest(
        conn, view, reply, kind="cancellation_refund", dedupe_key=f"settled:{view.id}"
    )


async def for_refund_finished(conn: AsyncConnection, fact: RefundFinished) -> Notice | None:
    """Tell that money has gone back, but for what a rule sent back: of that they were told."""
    if fact.status != "done" or fact.by_rule or fact.reservation_id is None:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    reply = money_replies.given_back(view.code, amount=fact.amount, by_hand=fact.by_hand)
    return await to_guest(
        conn, view, reply, kind="refund_done", dedupe_key=f"refund-done:{fact.refund_id}"
    )


async def for_owner(
    conn: AsyncConnection,
    fact: OwnerNeeded | CancellationSettled,
    *,
    owner: str,
    policy: ConversationPolicy,
) -> Notice:
    """Write to the owner about money."""
    view = (
        await queries.by_id(conn, fact.reservation_id) if fact.reservation_id is not None else None
    )
    if isinstance(fact, OwnerNeeded):
        letter = money_mails.owner_needed(fact, view, lodging=policy.lodging_name)
        return _mail(owner, letter, kind="owner_money", key=f"owner-money:{fact.key}", view=view)
    assert view is not None  # noqa: S101 - a cancellation is a booking's
    letter = money_mails.cancellation(fact, view, lodging=policy.lodging_name)
    key = f"owner-cancelled:{view.id}"
    return _mail(owner, letter, kind="owner_cancelled", key=key, view=view)


def _mail(
    address: str, reply: Reply, *, kind: str, key: str, view: ReservationView | None
) -> Notice:
    return Notice(
        channel="email",
        address=address,
        dedupe_key=key,
        kind=kind,
        reply=reply,
        reservation_id=view.id if view else None,
    )


def _some(notice: Notice | None) -> list[Notice]:
    return [] if notice is None else [notice]
