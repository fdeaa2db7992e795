"""What a person can do to feeds: add one, remove one."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from alojamientos.channels.ical import domain, queries
from alojamientos.channels.ical.domain import FeedExists, Source
from alojamientos.channels.ical.queries import Feed
from alojamientos.channels.ical.store import audit_entry, calendar_event, calendar_feed
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
) -> Feed:
    """Add a feed to a cabin (its slug); the source is guessed from the host when not given.

    Raises Invalid, naming the field and never repeating the URL, or FeedExists.
    """
    if url.lower().startswith("webcal://"):  # how calendars are offered to subscribe to
        url = "https://" + url[len("webcal://") :]
    addresses.check_url(url, allow_private=allow_private)
    slugs = dict((await tx.conn.execute(sa.select(accommodation.c.slug, accommodation.c.id))).all())
    if cabin not in slugs:
        known = ", ".join(sorted(slugs)) or "none yet; alojamientos migrate --demo loads three"
        raise Invalid(f"There is no cabin {cabin!r}; there are: {known}", field="cabin")
    values = {
        "accommodation_id": slugs[cabin],
        "url": url,
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


async def _audit(tx: Transaction, actor: str, action: str, feed: Feed, **detail: Any) -> None:
    await tx.conn.execute(
        sa.insert(audit_entry).values(
            actor=actor,
            action=action,
            subject=f"feed:{feed.id}",
            detail={"feed": feed.label, "cabin": feed.accommodation_slug, **detail},
        )
    )
