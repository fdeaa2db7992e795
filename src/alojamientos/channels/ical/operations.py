"""What a person can do to calendars: add and remove those read, give out and take back ours."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from alojamientos.channels.ical import domain, queries
from alojamientos.channels.ical.domain import ExportExists, FeedExists, Source
from alojamientos.channels.ical.exporting import hash_secret, new_secret
from alojamientos.channels.ical.queries import Export, Feed
from alojamientos.channels.ical.store import (
    audit_entry,
    calendar_event,
    calendar_export,
    calendar_feed,
)
from alojamientos.kit import addresses, db
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.reservations import operations as reservations
from alojamientos.reservations.store import accommodation

_event = calendar_event.c


async def add(
    tx: Transaction,
    *,
    url: str,
    cabin: str,
    source: Source | None,
    actor: str,
    allow_private: bool = False,
    longest_block: int | None = None,
) -> Feed:
    """Add a feed to a cabin (its slug); the source is guessed from the host when not given.

    Closed nights of more than `longest_block` in a row are left out. Raises Invalid, naming the
    field and never repeating the URL, or FeedExists.
    """
    if url.lower().startswith("webcal://"):  # how calendars are offered to subscribe to
        url = "https://" + url[len("webcal://") :]
    addresses.check_url(url, allow_private=allow_private)
    values = {
        "accommodation_id": await _cabin_id(tx, cabin),
        "url": url,
        "longest_block": longest_block,
        "source": (source or domain.source_of(url)).value,
    }
    statement = sa.insert(calendar_feed).values(values).returning(calendar_feed.c.id)
    try:
        async with tx.conn.begin_nested():
            feed_id = int((await tx.conn.execute(statement)).scalar_one())
    except IntegrityError as error:
        if db.sqlstate(error) != db.UNIQUE_VIOLATION:
            raise
        raise FeedExists(f"{cabin} has this feed already", field="url") from None
    feed = await queries.feed(tx.conn, feed_id)
    await _audit(tx, actor, "feed.added", feed, source=feed.source.value)
    return feed


async def remove(tx: Transaction, *, feed_id: int, actor: str) -> int:
    """Remove a feed and free the nights that it blocked; return how many stays those were.

    Raises NoSuchFeed.
    """
    feed = await queries.feed(tx.conn, feed_id)
    await reservations.lock_unit(tx, accommodation_id=feed.accommodation_id)
    query = sa.select(sa.func.count()).where(
        _event.feed_id == feed_id, _event.cancelled_at.is_(None)
    )
    events = int((await tx.conn.execute(query)).scalar_one())
    await tx.conn.execute(sa.delete(calendar_feed).where(calendar_feed.c.id == feed_id))
    await _audit(tx, actor, "feed.removed", feed, events=events)
    return events


async def give_out(
    tx: Transaction, *, cabin: str, source: Source, feed_id: int | None, actor: str
) -> tuple[Export, str]:
    """Make the calendar of a cabin (its slug) for a channel; return it and its secret.

    It leaves out what came in through `feed_id`, or from `source` when none is given. The secret
    is told this once, and not kept. Raises Invalid, NoSuchFeed or ExportExists.
    """
    accommodation_id = await _cabin_id(tx, cabin)
    if feed_id is not None:
        feed = await queries.feed(tx.conn, feed_id)
        if feed.accommodation_id != accommodation_id:
            raise Invalid(
                f"Feed {feed_id} is of {feed.accommodation_slug}, not of {cabin}", field="feed"
            )
    secret = new_secret()
    values = {
        "accommodation_id": accommodation_id,
        "source": source.value,
        "feed_id": feed_id,
        "secret_hash": hash_secret(secret),
    }
    statement = sa.insert(calendar_export).values(values).returning(calendar_export.c.id)
    try:
        async with tx.conn.begin_nested():
            export_id = int((await tx.conn.execute(statement)).scalar_one())
    except IntegrityError as error:
        if db.sqlstate(error) != db.UNIQUE_VIOLATION:
            raise
        raise ExportExists(
            f"There is a calendar of {cabin} for it already, and its address is not kept;"
            " `alojamientos feeds rotate` gives it a new one",
            field="for",
        ) from None
    export = await queries.export(tx.conn, export_id)
    await _audit_export(tx, actor, "export.given_out", export)
    return export, secret


async def rotate(
    tx: Transaction, *, export_id: int, actor: str, now: datetime
) -> tuple[Export, str]:
    """Give a channel's calendar a new secret; with the old one it is found no longer.

    Raises NoSuchExport.
    """
    export = await queries.export(tx.conn, export_id)
    secret = new_secret()
    await tx.conn.execute(
        sa.update(calendar_export)
        .where(calendar_export.c.id == export_id)
        .values(secret_hash=hash_secret(secret), rotated_at=now)
    )
    await _audit_export(tx, actor, "export.rotated", export)
    return await queries.export(tx.conn, export_id), secret


async def take_back(tx: Transaction, *, export_id: int, actor: str) -> Export:
    """Give a channel's calendar out no longer; raises NoSuchExport."""
    export = await queries.export(tx.conn, export_id)
    await tx.conn.execute(sa.delete(calendar_export).where(calendar_export.c.id == export_id))
    await _audit_export(tx, actor, "export.taken_back", export)
    return export


async def _cabin_id(tx: Transaction, cabin: str) -> int:
    query = sa.select(accommodation.c.slug, accommodation.c.id)
    slugs: dict[str, int] = dict((await tx.conn.execute(query)).all())
    if cabin not in slugs:
        known = ", ".join(sorted(slugs)) or "none yet; alojamientos migrate --demo loads three"
        raise Invalid(f"There is no cabin {cabin!r}; there are: {known}", field="cabin")
    return slugs[cabin]


async def _audit(tx: Transaction, actor: str, action: str, feed: Feed, **detail: Any) -> None:
    await tx.conn.execute(
        sa.insert(audit_entry).values(
            actor=actor,
            action=action,
            subject=f"feed:{feed.id}",
            detail={"feed": feed.label, "cabin": feed.accommodation_slug, **detail},
        )
    )


async def _audit_export(tx: Transaction, actor: str, action: str, export: Export) -> None:
    await tx.conn.execute(
        sa.insert(audit_entry).values(
            actor=actor,
            action=action,
            subject=f"export:{export.id}",
            detail={"export": export.label, "cabin": export.accommodation_slug},
        )
    )
