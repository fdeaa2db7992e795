"""What can be done to reservations. Every function leaves the transaction usable when it refuses.

Locks are always taken in this order, so that bookings never wait in a circle: the guest, the lock
in front (Redis), the accommodation, the rows. The accommodation's lock is PostgreSQL's and
lasts until the commit; whoever blocks nights that were free holds it (an import too: `lock_unit`).
Confirming a hold and cancelling do not: the first blocks what it blocked before, the second frees.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from alojamientos.kit import codes, db
from alojamientos.kit.db import Transaction
from alojamientos.kit.locks import NotAcquired, UnitLocks
from alojamientos.reservations import domain, guests, pricing, queries, rows, statements
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.events import (
    Channel,
    HoldReminded,
    LockAcquired,
    Status,
)
from alojamientos.reservations.views import ReservationView

Policy = domain.Policy
identify_guest = guests.identify_guest
link_identity = guests.link_identity

_LOCK_UNIT = 101  # class of advisory locks


async def hold(
    tx: Transaction,
    *,
    accommodation_id: int,
    stay: Stay,
    guests: int,
    guest_id: int,
    channel: Channel,
    policy: Policy,
    locks: UnitLocks,
    today: date,
    idempotency_key: str | None = None,
    total: int | None = None,
    any_length: bool = False,
) -> ReservationView:
    """Hold the dates of `stay` until the policy's deadline.

    The owner may have agreed on another `total`, in centavos, and on fewer nights than the season's
    minimum (`any_length`). A used `idempotency_key` changes nothing and returns what it made.
    Raises NoSuchAccommodation, InvalidStay, TooManyGuests, TooFewNights, TooManyHolds,
    LockNotAcquired or DatesTaken.
    """
    stay.check_bookable(today=today)
    found = await queries.bookable(
        tx.conn,
        accommodation_id=accommodation_id,
        guest_id=guest_id,
        stay=stay,
        key=idempotency_key,
    )
    if found.made is not None:
        return await queries.by_id(tx.conn, found.made)
    domain.check_fits(found.accommodation, stay, guests=guests, any_length=any_length)
    if found.taken:
        raise rows.taken(accommodation_id, channel)
    quote = replace(
        domain.price(found.accommodation, stay, deposit_percent=policy.deposit_percent),
        cancellation=str(policy.cancellation),
    )
    if total is not None:
        share = domain.deposit(total, percent=policy.deposit_percent)
        quote = pricing.agreed(quote, total=total, deposit=share)
    wanted: dict[str, Any] = {
        "code": codes.new_code(),
        "accommodation_id": accommodation_id,
        "guest_id": guest_id,
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "guests": guests,
        "channel": channel,
        "total": quote.total,
        "deposit": quote.deposit,
        "currency": quote.currency,
    }
    values = {
        **wanted,
        "quote": quote.to_json(),
        "hold": policy.hold,
        "key": idempotency_key,
        "max_open_holds": policy.max_open_holds,
        "unit_class": _LOCK_UNIT,
    }
    row = await _insert_alone(tx, values, locks=locks)
    if row.id is None:
        return await _not_inserted(tx, row, values)
    view = ReservationView(
        **wanted,
        id=row.id,
        accommodation_name=found.accommodation.name,
        guest_name=row.guest_name,
        status=Status.PRE_RESERVED,
        quote=quote,
        hold_expires_at=row.hold_expires_at,
        created_at=row.created_at,
    )
    return rows.changed(tx, view, Status.PRE_RESERVED, previous=None)


async def _insert_alone(
    tx: Transaction, values: Mapping[str, Any], *, locks: UnitLocks
) -> sa.Row[Any]:
    channel, unit_id = values["channel"], values["accommodation_id"]
    try:
        async with locks.hold(unit_id) as result:
            tx.emit(LockAcquired(channel=channel, skipped=result == "skipped"))
            return await _insert(tx, values)
    except NotAcquired as error:
        raise domain.LockNotAcquired(channel=channel, accommodation_id=unit_id) from error


async def _insert(tx: Transaction, values: Mapping[str, Any]) -> sa.Row[Any]:
    """Take the accommodation's lock, end overdue holds on the dates and insert, at one go."""
    row = (await tx.conn.execute(statements.HOLD, values)).one()
    for stale in row.stale or ():
        rows.emit_expired(
            tx,
            {
                **stale,
                "check_in": date.fromisoformat(stale["check_in"]),
                "check_out": date.fromisoformat(stale["check_out"]),
            },
        )
    return row


async def _not_inserted(
    tx: Transaction, row: sa.Row[Any], values: Mapping[str, Any]
) -> ReservationView:
    """Say why nothing was inserted; a repeat that raced the first one gets its reservation."""
    if values["key"] is not None:
        with suppress(domain.NoSuchReservation):
            return await queries.by_idempotency_key(tx.conn, values["key"])
    if row.holds >= values["max_open_holds"]:
        raise domain.TooManyHolds(
            field="guest", channel=values["channel"], max_open_holds=values["max_open_holds"]
        )
    raise rows.taken(values["accommodation_id"], values["channel"])


async def lock_unit(tx: Transaction, *, accommodation_id: int) -> None:
    """Take the accommodation's lock until the commit; what is read after it is current.

    To be called before nights are blocked in any way but `hold`: calendars, the owner.
    """
    lock = {"unit_class": _LOCK_UNIT, "unit_id": accommodation_id}
    await tx.conn.execute(statements.LOCK_UNIT, lock)


async def give_way(
    tx: Transaction, *, accommodation_id: int, stay: Stay, spare_same: bool = False
) -> int:
    """End the unpaid holds on nights that were booked elsewhere; return how many.

    A booking elsewhere is a fact, a hold is not yet one: money that comes for it all the same is
    refunded, as for any hold that has run out. `spare_same` leaves a hold of just these nights
    alone. The caller has the lock of `lock_unit`.
    """
    values = {
        "accommodation_id": accommodation_id,
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "spare_same": spare_same,
    }
    found = (await tx.conn.execute(statements.EXPIRE_ON_DATES, values)).mappings().all()
    for row in found:
        rows.emit_expired(tx, row, reason="booked elsewhere")
    return len(found)


async def confirm(tx: Transaction, *, reservation_id: int, reason: str = "") -> ReservationView:
    """Confirm a hold, also one just past its deadline: its dates are still its own.

    Confirming twice changes nothing. Raises NoSuchReservation or NotConfirmable.
    """
    view = await queries.by_id(tx.conn, reservation_id)
    status = await rows.locked(tx, reservation_id)
    if status is Status.CONFIRMED:
        return replace(view, status=status)
    if status is not Status.PRE_RESERVED:
        raise _not_confirmable(view, status)
    await tx.conn.execute(statements.CONFIRM, {"id": reservation_id})
    return rows.changed(tx, view, Status.CONFIRMED, previous=status, reason=reason)


async def revive(tx: Transaction, *, reservation_id: int) -> ReservationView:
    """Confirm a hold that has run out, if nobody has taken its dates since.

    Reviving a confirmed one changes nothing. Raises NoSuchReservation, NotConfirmable or
    DatesTaken.
    """
    view = await queries.by_id(tx.conn, reservation_id)
    if not domain.TRANSITIONS[view.status]:
        raise _not_confirmable(view, view.status)  # for good: no need to queue for the lock
    await lock_unit(tx, accommodation_id=view.accommodation_id)
    status = await rows.locked(tx, reservation_id)
    if status is Status.CONFIRMED:
        return replace(view, status=status)
    if status not in (Status.EXPIRED, Status.PRE_RESERVED):
        raise _not_confirmable(view, status)
    values = {
        "id": reservation_id,
        "accommodation_id": view.accommodation_id,
        "check_in": view.check_in,
        "check_out": view.check_out,
    }
    stale = await tx.conn.execute(statements.EXPIRE_OVERLAPPING, values)
    for row in stale.mappings().all():
        rows.emit_expired(tx, row)
    if await tx.conn.scalar(statements.TAKEN_BY_OTHERS, values):
        raise rows.taken(view.accommodation_id, view.channel)
    try:
        async with tx.conn.begin_nested():
            await tx.conn.execute(statements.CONFIRM, {"id": reservation_id})
    except IntegrityError as error:
        if db.sqlstate(error) != db.EXCLUSION_VIOLATION:
            raise
        raise rows.taken(view.accommodation_id, view.channel) from error
    return rows.changed(tx, view, Status.CONFIRMED, previous=status, reason="paid late")


async def cancel(tx: Transaction, *, reservation_id: int, reason: str) -> ReservationView:
    """Cancel a live hold or a confirmed stay; cancelling twice changes nothing.

    Raises NoSuchReservation or NotCancellable.
    """
    view = await queries.by_id(tx.conn, reservation_id)
    status = await rows.locked(tx, reservation_id)
    if status is Status.CANCELLED:
        return replace(view, status=status)
    overdue = status is Status.PRE_RESERVED and view.status is Status.EXPIRED
    seen = view.status if overdue else status
    if Status.CANCELLED not in domain.TRANSITIONS[seen]:
        raise domain.NotCancellable(
            f"A reservation that is {seen} cannot be cancelled",
            reservation_status=seen,
            channel=view.channel,
        )
    await tx.conn.execute(statements.CANCEL, {"id": reservation_id, "reason": reason})
    return rows.changed(tx, view, Status.CANCELLED, previous=status, reason=reason)


async def expire_due_holds(tx: Transaction, *, limit: int) -> int:
    """End up to `limit` holds past their deadline, oldest first; return how many."""
    found = (await tx.conn.execute(statements.EXPIRE_DUE, {"limit": limit})).mappings().all()
    for row in found:
        rows.emit_expired(tx, row)
    return len(found)


async def remind_due_holds(tx: Transaction, *, within: timedelta) -> int:
    """Remind once of every hold that ends `within` this time; return how many."""
    found = (await tx.conn.execute(statements.REMIND_DUE, {"within": within})).all()
    for row in found:
        tx.emit(HoldReminded(reservation_id=row.id, code=row.code))
    return len(found)


def _not_confirmable(view: ReservationView, status: Status) -> domain.NotConfirmable:
    return domain.NotConfirmable(
        f"A reservation that is {status} cannot be confirmed",
        reservation_status=status,
        channel=view.channel,
    )
