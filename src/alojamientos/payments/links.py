"""Links to pay with: written down before the provider is asked, so that asking again is the same.

A hold gets one link for its deposit, which closes with the hold. A confirmed booking gets a link
for what is left to pay whenever somebody wants one; it is the same one until the balance changes
or it has closed.

A booking that is moved gets new links: those that ask for what is no more are closed, here at once
and at the provider by a job. Whoever pays one in between pays towards the booking all the same.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict
from alojamientos.payments import queries as money
from alojamientos.payments import store
from alojamientos.payments.events import (
    BalanceLinkRequested,
    PaymentLinkClosed,
    PaymentLinkCreated,
    Purpose,
)
from alojamientos.payments.provider import LinkRequest, Preference
from alojamientos.payments.store import payment_link
from alojamientos.reservations import queries
from alojamientos.reservations.events import Status
from alojamientos.reservations.views import ReservationView

BALANCE_OPEN = timedelta(days=3)  # how long a link for the balance can be paid
_LEFT_AT_LEAST = timedelta(hours=1)  # a link that closes sooner is not worth sending
_SHORT = {Purpose.DEPOSIT: "dep", Purpose.BALANCE: "bal"}
_TITLES = {Purpose.DEPOSIT: "Seña", Purpose.BALANCE: "Saldo"}
_WITH_BALANCE = frozenset({Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW})


class NothingToPay(Conflict):
    """There is nothing to pay by a link."""

    code = "nothing_to_pay"


async def request_link(tx: Transaction, *, reservation_id: int) -> LinkRequest | None:
    """Write down the deposit's link before anyone is asked; None when none is needed (any more).

    A second call returns the very same request.
    """
    await store.lock_reservation(tx.conn, reservation_id)
    view = await queries.by_id(tx.conn, reservation_id)
    if view.status is not Status.PRE_RESERVED or view.hold_expires_at is None:
        return None
    links = await _links(tx.conn, view, Purpose.DEPOSIT)
    wanted = (view.hold_expires_at, view.deposit)
    current = next((one for one in links if (one.expires_at, one.amount) == wanted), None)
    if current is None:
        await close_links(tx, reservation_id=reservation_id)
        current = await _insert(
            tx,
            view,
            Purpose.DEPOSIT,
            amount=view.deposit,
            expires_at=view.hold_expires_at,
            number=len(links) + 1,
        )
    return None if current.ready_at else _link_request(current, view)


async def ask_for_balance_link(tx: Transaction, *, reservation_id: int) -> int:
    """Have a link made for what is left to pay, and return how much that is.

    Emits BalanceLinkRequested. Raises NothingToPay when the booking is not confirmed or is paid.
    """
    view = await queries.by_id(tx.conn, reservation_id)
    if view.status not in _WITH_BALANCE:
        raise NothingToPay(f"A booking that is {view.status} has no balance to pay")
    due = (await money.balance(tx.conn, reservation_id=reservation_id)).due
    if due <= 0:
        raise NothingToPay("Everything is paid")
    tx.emit(BalanceLinkRequested(reservation_id=reservation_id))
    return due


async def request_balance_link(
    tx: Transaction, *, reservation_id: int, now: datetime
) -> LinkRequest | None:
    """Write down the link for what is left to pay; None when nothing is.

    An open link of that amount is used again: when the provider has made it already, the guest
    is sent it once more (PaymentLinkCreated) and None is returned.
    """
    await store.lock_reservation(tx.conn, reservation_id)
    view = await queries.by_id(tx.conn, reservation_id)
    due = (await money.balance(tx.conn, reservation_id=reservation_id)).due
    if view.status not in _WITH_BALANCE or due <= 0:
        return None
    links = await _links(tx.conn, view, Purpose.BALANCE)
    current = next(
        (one for one in links if one.amount == due and one.expires_at > now + _LEFT_AT_LEAST), None
    )
    if current is None:
        current = await _insert(
            tx,
            view,
            Purpose.BALANCE,
            amount=due,
            expires_at=now + BALANCE_OPEN,
            number=len(links) + 1,
        )
    if current.ready_at is None:
        return _link_request(current, view)
    tx.emit(_created(current.id, view, amount=due, purpose=Purpose.BALANCE))
    return None


async def close_links(tx: Transaction, *, reservation_id: int) -> None:
    """Give none of a reservation's open links out any more; emits PaymentLinkClosed.

    One that the provider is still making is closed when it is kept.
    """
    statement = (
        sa.update(payment_link)
        .where(
            payment_link.c.reservation_id == reservation_id,
            payment_link.c.expires_at > sa.func.now(),
        )
        .values(expires_at=sa.func.now())
        .returning(payment_link.c.id, payment_link.c.ready_at)
    )
    for row in (await tx.conn.execute(statement)).all():
        if row.ready_at is not None:
            tx.emit(PaymentLinkClosed(link_id=row.id, reservation_id=reservation_id))


async def _links(
    conn: AsyncConnection, view: ReservationView, purpose: Purpose
) -> Sequence[sa.Row[Any]]:
    query = (
        sa.select(payment_link)
        .where(payment_link.c.reservation_id == view.id, payment_link.c.purpose == purpose.value)
        .order_by(payment_link.c.id)
    )
    return (await conn.execute(query)).all()


async def _insert(
    tx: Transaction,
    view: ReservationView,
    purpose: Purpose,
    *,
    amount: int,
    expires_at: datetime,
    number: int,
) -> sa.Row[Any]:
    reference = f"{view.code}:{_SHORT[purpose]}:{number}"
    return await store.insert_link(
        tx.conn,
        reservation_id=view.id,
        external_reference=reference,
        idempotency_key=uuid5(NAMESPACE_URL, f"alojamientos:link:{reference}"),
        amount=amount,
        currency=view.currency,
        expires_at=expires_at,
        purpose=purpose.value,
    )


def _link_request(link: sa.Row[Any], view: ReservationView) -> LinkRequest:
    dates = f"{view.check_in:%d/%m/%Y} al {view.check_out:%d/%m/%Y}"
    return LinkRequest(
        link_id=link.id,
        reservation_id=view.id,
        code=view.code,
        external_reference=link.external_reference,
        idempotency_key=link.idempotency_key,
        purpose=Purpose(link.purpose),
        amount=link.amount,
        currency=link.currency,
        title=f"{_TITLES[Purpose(link.purpose)]} {view.accommodation_name}, {dates}",
        description=f"Reserva {view.code}, {view.guests} huéspedes",
        valid_from=link.created_at,
        expires_at=link.expires_at,
    )


async def link_ready(tx: Transaction, *, request: LinkRequest, preference: Preference) -> bool:
    """Keep the link that the provider made; emits PaymentLinkCreated while it can be paid.

    One that was closed meanwhile is closed at the provider too (PaymentLinkClosed). Returns False
    when it was kept before.
    """
    statement = (
        sa.update(payment_link)
        .where(payment_link.c.id == request.link_id, payment_link.c.ready_at.is_(None))
        .values(preference_id=preference.preference_id, url=preference.url, ready_at=sa.func.now())
        .returning(payment_link.c.expires_at)
    )
    kept = (await tx.conn.execute(statement)).one_or_none()
    if kept is None:
        return False
    if kept.expires_at < request.expires_at:
        tx.emit(PaymentLinkClosed(link_id=request.link_id, reservation_id=request.reservation_id))
        return True
    view = await queries.by_id(tx.conn, request.reservation_id)
    purpose = request.purpose
    if view.status is Status.PRE_RESERVED or purpose is Purpose.BALANCE:
        tx.emit(_created(request.link_id, view, amount=request.amount, purpose=purpose))
    return True


async def closed_preference(conn: AsyncConnection, *, link_id: int) -> str | None:
    """Return the provider's number of a link that is closed here, or None while it is open."""
    query = sa.select(payment_link.c.preference_id).where(
        payment_link.c.id == link_id, payment_link.c.expires_at <= sa.func.now()
    )
    found: str | None = (await conn.execute(query)).scalar_one_or_none()
    return found


def _created(
    link_id: int, view: ReservationView, *, amount: int, purpose: Purpose
) -> PaymentLinkCreated:
    return PaymentLinkCreated(
        link_id=link_id, reservation_id=view.id, code=view.code, amount=amount, purpose=purpose
    )
