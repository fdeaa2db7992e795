"""What can be read about lodgings and reservations. The database's clock decides expiry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.errors import AlojamientosError
from alojamientos.reservations import domain
from alojamientos.reservations.domain import (
    Accommodation,
    Policy,
    PriceRule,
    Quote,
    RuleKind,
    Stay,
)
from alojamientos.reservations.events import Channel, Status
from alojamientos.reservations.store import EFFECTIVE_STATUS, TAKEN_BY, guest
from alojamientos.reservations.views import Offer, ReservationView

_LOCK_GUEST = 102  # class of advisory locks

ACCOMMODATION = """
    SELECT a.id, a.slug, a.name, a.description, a.capacity, a.nightly_price, a.weekend_price,
        a.currency, a.min_nights, a.time_zone,
        (SELECT json_agg(json_build_array(p.name, p.starts_on, p.ends_on, p.nightly_price,
             p.weekend_price, p.min_nights, p.kind) ORDER BY p.starts_on)
         FROM price_rule p WHERE p.accommodation_id = a.id {seasons}) AS rules{more}
    FROM accommodation a WHERE {where} ORDER BY a.capacity, a.id"""
VIEW = f"""
    SELECT r.id, r.code, r.accommodation_id, a.name AS accommodation_name, r.guest_id,
        g.name AS guest_name, r.check_in, r.check_out, r.guests, {EFFECTIVE_STATUS} AS status,
        r.channel, r.quote, r.total, r.deposit, r.currency, r.hold_expires_at, r.created_at
    FROM reservation r JOIN accommodation a ON a.id = r.accommodation_id
        JOIN guest g ON g.id = r.guest_id
    WHERE """  # noqa: S608 - constant text

_IN_STAY = "AND p.starts_on < :check_out AND p.ends_on > :check_in"
_TAKEN = f", EXISTS {TAKEN_BY.format(unit='a.id', but='')} AS taken"
_MADE = """, (SELECT r.id FROM reservation r WHERE r.idempotency_key = :key) AS made,
    (SELECT count(*) FROM (SELECT pg_advisory_xact_lock(:guest_class, hashint8(:guest_id))) l)"""
_DATES = (sa.bindparam("check_in", type_=sa.Date), sa.bindparam("check_out", type_=sa.Date))
_ACCOMMODATIONS = sa.text(ACCOMMODATION.format(seasons="", more="", where="a.active"))
_TAKEN_BY_OTHERS = TAKEN_BY.format(unit="a.id", but="AND taken.id <> :but")
_OFFERS = sa.text(
    ACCOMMODATION.format(
        seasons=_IN_STAY,
        more=f", EXISTS {_TAKEN_BY_OTHERS} AS taken",
        where="a.active",
    )
).bindparams(*_DATES, sa.bindparam("but", type_=sa.BigInteger))
# The guest's lock is taken here so that the next statement, which counts the guest's holds,
# begins after it and sees all of them.
_BOOKABLE = sa.text(
    ACCOMMODATION.format(
        seasons=_IN_STAY,
        more=_TAKEN + _MADE,
        where="a.active AND a.id = :id",
    )
).bindparams(
    *_DATES, sa.bindparam("key", type_=sa.Text), sa.bindparam("guest_id", type_=sa.BigInteger)
)
_BY_ID = sa.text(VIEW + "r.id = :id")
_BY_CODE = sa.text(VIEW + "r.code = :code")
_BY_KEY = sa.text(VIEW + "r.idempotency_key = :key")
_OPEN_FOR_GUEST = sa.text(
    VIEW
    + """r.guest_id = :guest_id
    AND r.check_out > (statement_timestamp() AT TIME ZONE a.time_zone)::date
    AND (r.status = 'confirmed'
         OR (r.status = 'pre_reserved' AND r.hold_expires_at > statement_timestamp()))
    ORDER BY r.check_in, r.id"""
)
_ACTIVE_BY_STATUS = sa.text(
    """SELECT r.status, count(*)
    FROM reservation r JOIN accommodation a ON a.id = r.accommodation_id
    WHERE r.check_out > (statement_timestamp() AT TIME ZONE a.time_zone)::date
        AND (r.status = 'confirmed'
             OR (r.status = 'pre_reserved' AND r.hold_expires_at > statement_timestamp()))
    GROUP BY r.status"""
)
_DOUBLE_BOOKED = sa.text(
    """SELECT count(*) FROM reservation a JOIN reservation b
        ON b.accommodation_id = a.accommodation_id AND b.id > a.id
        AND a.check_in < b.check_out AND b.check_in < a.check_out
    WHERE a.status IN ('pre_reserved', 'confirmed') AND b.status IN ('pre_reserved', 'confirmed')"""
)
_HOLDS_DUE = sa.text(
    """SELECT count(*) FROM reservation
    WHERE status = 'pre_reserved' AND hold_expires_at <= statement_timestamp()"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookable:
    """What a booking must know before it queues for the lock; `taken` is a hint until then."""

    accommodation: Accommodation
    taken: bool
    made: int | None  # the reservation that the same idempotency key has made already


def accommodation_from(row: Mapping[Any, Any]) -> Accommodation:
    """Build an accommodation from a row of `ACCOMMODATION`."""
    return Accommodation(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        capacity=row["capacity"],
        nightly_price=row["nightly_price"],
        weekend_price=row["weekend_price"],
        currency=row["currency"],
        min_nights=row["min_nights"],
        time_zone=row["time_zone"],
        rules=tuple(_rule(rule) for rule in row["rules"] or ()),
    )


def _rule(values: Sequence[Any]) -> PriceRule:
    name, starts_on, ends_on, nightly_price, weekend_price, min_nights, kind = values
    return PriceRule(
        name=name,
        starts_on=date.fromisoformat(starts_on),
        ends_on=date.fromisoformat(ends_on),
        nightly_price=nightly_price,
        weekend_price=weekend_price,
        min_nights=min_nights,
        kind=RuleKind(kind),
    )


def view_from(row: Mapping[Any, Any]) -> ReservationView:
    """Build a view from a row of `VIEW`."""
    return ReservationView(
        **{
            **row,
            "status": Status(row["status"]),
            "channel": Channel(row["channel"]),
            "quote": Quote.from_json(row["quote"]),
        }
    )


async def accommodations(conn: AsyncConnection) -> list[Accommodation]:
    """Return every active accommodation with its seasons, smallest first."""
    rows = (await conn.execute(_ACCOMMODATIONS)).mappings()
    return [accommodation_from(row) for row in rows]


async def offers(
    conn: AsyncConnection,
    *,
    stay: Stay,
    guests: int,
    policy: Policy,
    moving: int | None = None,
) -> list[Offer]:
    """Price `stay` in every active accommodation and say which could be booked, smallest first.

    The nights of the reservation `moving` count as free: it is the one that would go there.
    """
    values = {"check_in": stay.check_in, "check_out": stay.check_out, "but": moving or 0}
    rows = await conn.execute(_OFFERS, values)
    return [
        _offer(accommodation_from(row), row["taken"], stay=stay, guests=guests, policy=policy)
        for row in rows.mappings()
    ]


async def bookable(
    conn: AsyncConnection, *, accommodation_id: int, guest_id: int, stay: Stay, key: str | None
) -> Bookable:
    """Return one active accommodation for `stay`, the guest's bookings locked until the commit.

    Raises NoSuchAccommodation.
    """
    values = {
        "id": accommodation_id,
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "key": key,
        "guest_class": _LOCK_GUEST,
        "guest_id": guest_id,
    }
    row = (await conn.execute(_BOOKABLE, values)).mappings().one_or_none()
    if row is None:
        raise domain.NoSuchAccommodation(
            field="accommodation_id", accommodation_id=accommodation_id
        )
    return Bookable(accommodation=accommodation_from(row), taken=row["taken"], made=row["made"])


def _offer(
    accommodation: Accommodation, taken: bool, *, stay: Stay, guests: int, policy: Policy
) -> Offer:
    problem: AlojamientosError | None = None
    try:
        domain.check_fits(accommodation, stay, guests=guests)
    except (domain.TooManyGuests, domain.TooFewNights) as refusal:
        problem = refusal
    if taken and problem is None:
        problem = domain.DatesTaken(field="check_in", accommodation_id=accommodation.id)
    return Offer(
        accommodation=accommodation,
        quote=domain.price(accommodation, stay, deposit_percent=policy.deposit_percent),
        available=problem is None,
        problem=problem,
    )


async def by_id(conn: AsyncConnection, reservation_id: int) -> ReservationView:
    """Return a reservation; raises NoSuchReservation."""
    return await _one(conn, _BY_ID, {"id": reservation_id})


async def by_code(conn: AsyncConnection, code: str) -> ReservationView:
    """Return the reservation with this public code, in canonical form; raises NoSuchReservation."""
    return await _one(conn, _BY_CODE, {"code": code})


async def by_idempotency_key(conn: AsyncConnection, key: str) -> ReservationView:
    """Return the reservation that `key` made; raises NoSuchReservation."""
    return await _one(conn, _BY_KEY, {"key": key})


async def guest_email(conn: AsyncConnection, guest_id: int) -> str | None:
    """Return where a guest gets mail, or None when that is not known."""
    query = sa.select(guest.c.email).where(guest.c.id == guest_id)
    address: str | None = (await conn.execute(query)).scalar_one_or_none()
    return address or None


async def _one(
    conn: AsyncConnection, statement: sa.TextClause, values: Mapping[str, Any]
) -> ReservationView:
    row = (await conn.execute(statement, values)).mappings().one_or_none()
    if row is None:
        raise domain.NoSuchReservation
    return view_from(row)


async def open_for_guest(conn: AsyncConnection, *, guest_id: int) -> list[ReservationView]:
    """Return the guest's live holds and confirmed stays that have not ended, earliest first."""
    rows = (await conn.execute(_OPEN_FOR_GUEST, {"guest_id": guest_id})).mappings()
    return [view_from(row) for row in rows]


async def active_by_status(conn: AsyncConnection) -> dict[str, int]:
    """Count reservations whose stay has not ended, by effective blocking status, zeros included."""
    found = {row[0]: row[1] for row in await conn.execute(_ACTIVE_BY_STATUS)}
    return {status.value: found.get(status.value, 0) for status in sorted(domain.BLOCKING)}


async def double_booked(conn: AsyncConnection) -> int:
    """Count pairs of blocking reservations that share a night; anything but 0 is a disaster."""
    return int(await conn.scalar(_DOUBLE_BOOKED) or 0)


async def holds_due(conn: AsyncConnection) -> int:
    """Count holds past their deadline that no one has ended yet."""
    return int(await conn.scalar(_HOLDS_DUE) or 0)
