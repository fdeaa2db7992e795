"""What the owner does to lodgings: add one, change it, take it off sale and back."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit import audit, db
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, Invalid
from alojamientos.reservations import queries
from alojamientos.reservations.domain import Accommodation, NoSuchAccommodation
from alojamientos.reservations.store import accommodation

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LONGEST_NAME = 80
_LONGEST_DESCRIPTION = 1000
_MOST_GUESTS = 50
_MOST_MIN_NIGHTS = 60
_MOST_CENTAVOS = 10**13
_EDITABLE = ("name", "description", "capacity", "nightly_price", "weekend_price", "min_nights")

_CABINS = sa.text(
    queries.ACCOMMODATION.format(
        seasons="",
        more=""", a.active, (SELECT count(*) FROM reservation r WHERE r.accommodation_id = a.id
            AND (r.status = 'confirmed' OR (r.status = 'pre_reserved'
                 AND r.hold_expires_at > statement_timestamp()))
            AND r.check_out > :today) AS ahead""",
        where="""(CAST(:slug AS text) IS NULL OR a.slug = :slug)
            AND (CAST(:id AS integer) IS NULL OR a.id = :id)""",
    )
).bindparams(sa.bindparam("today", type_=sa.Date))


class CabinExists(Conflict):
    """A cabin with this short name exists already."""

    code = "cabin_exists"


class HasBookings(Conflict):
    """Guests are booked there; move or cancel them first."""

    code = "has_bookings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cabin:
    """A lodging as its owner sees it; `ahead` counts the bookings that have not ended."""

    accommodation: Accommodation
    active: bool
    ahead: int


async def cabins(conn: AsyncConnection, *, today: date) -> list[Cabin]:
    """Return every cabin, retired ones too, smallest first."""
    rows = (await conn.execute(_CABINS, {"slug": None, "id": None, "today": today})).mappings()
    return [_cabin(row) for row in rows]


async def cabin(conn: AsyncConnection, slug: str, *, today: date) -> Cabin:
    """Return the cabin with this short name; raises NoSuchAccommodation, naming those there are."""
    row = (
        (await conn.execute(_CABINS, {"slug": slug, "id": None, "today": today}))
        .mappings()
        .one_or_none()
    )
    if row is not None:
        return _cabin(row)
    slugs = (await conn.scalars(sa.select(accommodation.c.slug).order_by(sa.text("1")))).all()
    known = ", ".join(slugs) or "none yet; add one with: alojamientos cabins add"
    raise NoSuchAccommodation(f"There is no such cabin; there are: {known}", field="cabin")


async def cabin_of(conn: AsyncConnection, accommodation_id: int, *, today: date) -> Cabin:
    """Return the cabin with this number, which a reservation has."""
    values = {"slug": None, "id": accommodation_id, "today": today}
    return _cabin((await conn.execute(_CABINS, values)).mappings().one())


def _cabin(row: sa.RowMapping) -> Cabin:
    return Cabin(
        accommodation=queries.accommodation_from(row), active=row["active"], ahead=row["ahead"]
    )


async def add(
    tx: Transaction,
    *,
    slug: str,
    name: str,
    capacity: int,
    nightly_price: int,
    weekend_price: int,
    time_zone: str,
    today: date,
    actor: str,
    description: str = "",
    min_nights: int = 1,
) -> Cabin:
    """Add a cabin; prices are centavos a night. Raises Invalid or CabinExists."""
    if not _SLUG.fullmatch(slug):
        raise Invalid(
            "cabin must be a short name of small letters, digits and dashes, such as coihue",
            field="cabin",
        )
    values = {
        "name": name.strip(),
        "description": description.strip(),
        "capacity": capacity,
        "nightly_price": nightly_price,
        "weekend_price": weekend_price,
        "min_nights": min_nights,
    }
    _check(values)
    _check_zone(time_zone)
    statement = sa.insert(accommodation).values(slug=slug, time_zone=time_zone, **values)
    try:
        async with tx.conn.begin_nested():
            await tx.conn.execute(statement)
    except IntegrityError as error:
        if db.sqlstate(error) != db.UNIQUE_VIOLATION:
            raise
        raise CabinExists(f"There is a cabin {slug} already", field="cabin") from error
    await audit.record(tx, actor=actor, action="cabin.added", subject=f"cabin:{slug}", **values)
    return await cabin(tx.conn, slug, today=today)


async def edit(
    tx: Transaction, *, slug: str, today: date, actor: str, **changes: Any
) -> tuple[Cabin, Cabin]:
    """Change what is given of a cabin; return it before and after.

    Bookings keep the price that they were quoted. Raises NoSuchAccommodation or Invalid.
    """
    before = await cabin(tx.conn, slug, today=today)
    wanted = {name: value for name, value in changes.items() if value is not None}
    unknown = set(wanted) - set(_EDITABLE)
    if unknown:
        raise Invalid(f"{min(unknown)} cannot be changed", field=min(unknown))
    if not wanted:
        raise Invalid(f"Nothing to change; give one of {', '.join(_EDITABLE)}", field="changes")
    wanted = {n: v.strip() if isinstance(v, str) else v for n, v in wanted.items()}
    _check(wanted)
    await tx.conn.execute(
        sa.update(accommodation).where(accommodation.c.slug == slug).values(wanted)
    )
    after = await cabin(tx.conn, slug, today=today)
    differing = audit.changes(before.accommodation, after.accommodation, *_EDITABLE)
    if differing:
        await audit.record(
            tx, actor=actor, action="cabin.edited", subject=f"cabin:{slug}", **differing
        )
    return before, after


async def set_active(
    tx: Transaction, *, slug: str, active: bool, today: date, actor: str, despite: bool = False
) -> Cabin:
    """Take a cabin off sale, or back; `despite` the guests who are booked there, who stay so.

    Raises NoSuchAccommodation or HasBookings.
    """
    before = await cabin(tx.conn, slug, today=today)
    if before.active == active:
        return before
    if not active and before.ahead and not despite:
        raise HasBookings(
            f"{slug} has {before.ahead} bookings that have not ended; move or cancel them, or"
            " keep them and retire it all the same",
            field="cabin",
            bookings=before.ahead,
        )
    await tx.conn.execute(
        sa.update(accommodation).where(accommodation.c.slug == slug).values(active=active)
    )
    await audit.record(
        tx,
        actor=actor,
        action="cabin.restored" if active else "cabin.retired",
        subject=f"cabin:{slug}",
        bookings_ahead=before.ahead,
    )
    return await cabin(tx.conn, slug, today=today)


def _check(values: dict[str, Any]) -> None:
    limits = {
        "capacity": (1, _MOST_GUESTS),
        "min_nights": (1, _MOST_MIN_NIGHTS),
        "nightly_price": (1, _MOST_CENTAVOS),
        "weekend_price": (1, _MOST_CENTAVOS),
    }
    for field, (least, most) in limits.items():
        if field in values and not least <= values[field] <= most:
            raise Invalid(f"{field} must be from {least} to {most}", field=field)
    for field, longest in (("name", _LONGEST_NAME), ("description", _LONGEST_DESCRIPTION)):
        text = values.get(field)
        if text is None:
            continue
        if len(text) > longest or not text.isprintable() or (field == "name" and not text):
            raise Invalid(f"{field} must be one line of at most {longest} letters", field=field)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(
            "time_zone must be a name such as America/Argentina/Buenos_Aires", field="time_zone"
        ) from error
