"""Other dates, another cabin or another party for a booking that is there."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from alojamientos.kit import audit, db
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, Invalid
from alojamientos.reservations import cabins, domain, operations, pricing, queries, rows, statements
from alojamientos.reservations.domain import Accommodation, Policy, Quote, Stay
from alojamientos.reservations.events import ReservationMoved, Status
from alojamientos.reservations.views import ReservationView

_AUDITED = ("accommodation_name", "check_in", "check_out", "guests", "total")


class NotMovable(Conflict):
    """Only a live hold or a confirmed stay can be moved."""

    code = "not_movable"


class PriceChanged(Conflict):
    """The new nights cost something else than was agreed to; look at the price again."""

    code = "price_changed"


class ChangedMeanwhile(Conflict):
    """Somebody else has moved this booking just now; look at it again."""

    code = "changed_meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A booking before and after; `fresh_total` is what the nights would cost if priced now."""

    before: ReservationView
    after: ReservationView
    fresh_total: int

    @property
    def difference(self) -> int:
        """Return what the guest pays more than before, in centavos; below zero it is less."""
        return self.after.total - self.before.total


async def move(
    tx: Transaction,
    *,
    reservation_id: int,
    today: date,
    policy: Policy,
    actor: str,
    check_in: date | None = None,
    check_out: date | None = None,
    cabin: str | None = None,
    guests: int | None = None,
    reprice: bool = False,
    any_length: bool = False,
    agreed: int | None = None,
) -> Moved:
    """Move a booking to what is given of dates, cabin and party.

    Its total stays unless `reprice` asks for today's prices. So does the deposit of a confirmed
    stay, at most the total; a hold that is repriced gets a new one. `agreed` is the total that
    somebody has said yes to, in centavos. With a new day of arrival alone, it keeps its nights. A
    guest who has arrived may stay longer or leave earlier. A refusal leaves the booking as it was.
    Raises NoSuchReservation, NoSuchAccommodation, NotMovable, InvalidStay, TooManyGuests,
    TooFewNights, PriceChanged, ChangedMeanwhile or DatesTaken.
    """
    view = await queries.by_id(tx.conn, reservation_id)
    stay = _stay(view, check_in, check_out)
    own = await cabins.cabin_of(tx.conn, view.accommodation_id, today=today)
    target = own if cabin is None else await cabins.cabin(tx.conn, cabin, today=today)
    to = target.accommodation
    if not target.active and to.id != view.accommodation_id:
        raise Invalid(f"{to.slug} is off sale; choose another cabin", field="cabin")
    # In one order, whichever way the booking moves.
    for unit in sorted({view.accommodation_id, to.id}):
        await operations.lock_unit(tx, accommodation_id=unit)
    await rows.locked(tx, reservation_id)
    current = await queries.by_id(tx.conn, reservation_id)
    if (current.stay, current.accommodation_id) != (view.stay, view.accommodation_id):
        raise ChangedMeanwhile
    _check(current, stay, today=today)
    party = guests or current.guests
    domain.check_fits(to, stay, guests=party, any_length=any_length)
    fresh = domain.price(to, stay, deposit_percent=policy.deposit_percent)
    quote = _quote(current, fresh, reprice=reprice)
    if agreed is not None and quote.total != agreed:
        raise PriceChanged(total=quote.total, agreed=agreed)
    after = replace(
        current,
        accommodation_id=to.id,
        accommodation_name=to.name,
        check_in=stay.check_in,
        check_out=stay.check_out,
        guests=party,
        quote=quote,
        total=quote.total,
        deposit=quote.deposit,
    )
    if after == current:
        raise Invalid("nothing differs from what is booked; give other dates", field="from")
    await _write(tx, after, to)
    await audit.record(
        tx,
        actor=actor,
        action="booking.moved",
        subject=f"booking:{view.code}",
        **audit.changes(current, after, *_AUDITED),
    )
    tx.emit(
        ReservationMoved(
            reservation_id=view.id,
            code=view.code,
            accommodation_id=to.id,
            channel=view.channel,
            status=current.status,
            nights=stay.nights,
            total=after.total,
            previous_total=current.total,
            actor=actor,
        )
    )
    return Moved(before=current, after=after, fresh_total=fresh.total)


def _stay(view: ReservationView, check_in: date | None, check_out: date | None) -> Stay:
    if check_in is not None and check_out is None:
        return Stay(check_in, check_in + (view.check_out - view.check_in))
    return Stay(check_in or view.check_in, check_out or view.check_out)


def _check(view: ReservationView, stay: Stay, *, today: date) -> None:
    if view.status not in (Status.PRE_RESERVED, Status.CONFIRMED):
        raise NotMovable(
            f"{view.code} is {view.status}; only a live hold or a confirmed stay can be moved",
            reservation_status=view.status,
        )
    if view.check_out < today:
        raise NotMovable(f"{view.code} ended on {view.check_out.isoformat()}", field="code")
    arrived = stay.check_in == view.check_in
    if arrived and stay.check_out < today:
        raise domain.InvalidStay(
            f"check_out must not be before today, {today.isoformat()}", field="check_out"
        )
    stay.check_bookable(today=min(today, stay.check_in) if arrived else today)


def _quote(view: ReservationView, fresh: Quote, *, reprice: bool) -> Quote:
    if not reprice:
        return pricing.moved(view.quote, fresh)
    unpaid = view.status is Status.PRE_RESERVED
    return replace(
        fresh,
        deposit=fresh.deposit if unpaid else min(view.deposit, fresh.total),
        cancellation=view.quote.cancellation,  # what it was booked under still counts
    )


async def _write(tx: Transaction, after: ReservationView, to: Accommodation) -> None:
    """Write the new row where nobody else has the nights; raises DatesTaken."""
    values: dict[str, Any] = {
        "id": after.id,
        "accommodation_id": to.id,
        "check_in": after.check_in,
        "check_out": after.check_out,
    }
    for row in (await tx.conn.execute(statements.EXPIRE_OVERLAPPING, values)).mappings().all():
        rows.emit_expired(tx, row)
    if await tx.conn.scalar(statements.TAKEN_BY_OTHERS, values):
        raise rows.taken(to.id, after.channel)
    changed = {
        "guests": after.guests,
        "quote": after.quote.to_json(),
        "total": after.total,
        "deposit": after.deposit,
    }
    try:
        async with tx.conn.begin_nested():
            await tx.conn.execute(statements.MOVE, {**values, **changed})
    except IntegrityError as error:
        if db.sqlstate(error) != db.EXCLUSION_VIOLATION:
            raise
        raise rows.taken(to.id, after.channel) from error
