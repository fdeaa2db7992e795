"""The mails about money, addressed to a guest who has an address; a confirmation says it itself."""

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.conversation import money_mails, store
from alojamientos.conversation.mail_notices import Desk, Letter, addressed
from alojamientos.payments import queries as payments
from alojamientos.payments.events import (
    HandPaymentRecorded,
    Method,
    Outcome,
    PaymentApplied,
    RefundFinished,
)
from alojamientos.reservations import queries


async def for_payment_applied(
    conn: AsyncConnection, fact: PaymentApplied, *, desk: Desk
) -> Letter | None:
    """Write the receipt of a payment that does not confirm a booking by itself."""
    receipted = (Outcome.PARTIAL, Outcome.BALANCE)
    if fact.reservation_id is None or fact.outcome not in receipted or fact.excess:
        return None
    return await _receipt(
        conn,
        fact.reservation_id,
        amount=fact.amount,
        how=None,
        left=None,
        key=f"receipt:{fact.provider_id}",
        desk=desk,
    )


async def for_hand_payment(
    conn: AsyncConnection, fact: HandPaymentRecorded, *, desk: Desk
) -> Letter | None:
    """Write the receipt of money entered by hand."""
    if not fact.tell or fact.confirmed:
        return None
    return await _receipt(
        conn,
        fact.reservation_id,
        amount=fact.amount,
        how=fact.method,
        left=fact.left,
        key=f"receipt:{fact.payment_id}",
        desk=desk,
    )


async def for_refund_finished(conn: AsyncConnection, fact: RefundFinished) -> Letter | None:
    """Write that money went back; of what a rule sent back only who was not told before."""
    if fact.status != "done" or fact.reservation_id is None:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    if fact.by_rule and await store.address_of(conn, guest_id=view.guest_id) is not None:
        return None
    reply = money_mails.given_back(view, amount=fact.amount, by_hand=fact.by_hand)
    key = f"refund-done:{fact.refund_id}:mail"
    return await addressed(conn, view, reply, kind="refund_mail", key=key)


async def _receipt(
    conn: AsyncConnection,
    reservation_id: int,
    *,
    amount: int,
    how: Method | None,
    left: int | None,
    key: str,
    desk: Desk,
) -> Letter | None:
    view = await queries.by_id(conn, reservation_id)
    if left is None:
        left = view.total - (await payments.balance(conn, reservation_id=view.id)).paid
    reply = money_mails.receipt(
        view,
        amount=amount,
        how=how,
        left=left,
        lodging=desk.policy.lodging_name,
        today=desk.today,
    )
    return await addressed(conn, view, reply, kind="receipt_mail", key=f"{key}:mail")
