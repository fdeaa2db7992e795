"""What can be read about feeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels.ical import domain
from alojamientos.channels.ical.domain import NoSuchFeed, Source
from alojamientos.channels.ical.store import calendar_conflict, calendar_event, calendar_feed
from alojamientos.reservations.store import accommodation

_feed = calendar_feed.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as it stands; `url` is a secret."""

    id: int
    accommodation_id: int
    accommodation_slug: str
    accommodation_name: str
    time_zone: str
    source: Source
    url: str
    active: bool
    etag: str | None
    last_modified: str | None
    content_hash: str | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    next_sync_at: datetime
    failures: int
    last_error: str | None
    vanishing_since: datetime | None
    created_at: datetime
    missing: int  # events that were not there the last time

    @property
    def label(self) -> str:
        """Return its host and id, which everyone may see."""
        return domain.label(self.id, self.url)

    @property
    def read_at(self) -> datetime:
        """Return when it was last read, or added when it never was: its age counts from there."""
        return self.last_success_at or self.created_at

    @property
    def is_settled(self) -> bool:
        """Tell whether "nothing is new" would be news enough: no event is about to go."""
        return not self.missing and self.vanishing_since is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """How many stays a feed blocks, and how many of them collide."""

    events: int
    conflicts: int


def _select() -> sa.Select[tuple[object, ...]]:
    missing = (
        sa.select(sa.func.count())
        .where(
            calendar_event.c.feed_id == _feed.id,
            calendar_event.c.cancelled_at.is_(None),
            calendar_event.c.miss_count > 0,
        )
        .scalar_subquery()
    )
    names = [name for name in Feed.__slots__ if name in calendar_feed.c]
    return (
        sa.select(
            *(calendar_feed.c[name] for name in names),
            accommodation.c.slug.label("accommodation_slug"),
            accommodation.c.name.label("accommodation_name"),
            accommodation.c.time_zone,
            missing.label("missing"),
        )
        .join_from(
            calendar_feed, accommodation, accommodation.c.id == calendar_feed.c.accommodation_id
        )
        .order_by(_feed.id)
    )


_FEEDS = _select()


async def feeds(conn: AsyncConnection, *, active_only: bool = False) -> list[Feed]:
    """Return every feed, oldest first."""
    return await _read(conn, _FEEDS.where(_feed.active) if active_only else _FEEDS)


async def feed(conn: AsyncConnection, feed_id: int) -> Feed:
    """Return one feed; raises NoSuchFeed."""
    found = await _read(conn, _FEEDS.where(_feed.id == feed_id))
    if not found:
        raise NoSuchFeed(
            f"There is no feed {feed_id}; `alojamientos feeds list` shows those there are",
            field="feed_id",
        )
    return found[0]


async def occupied(conn: AsyncConnection) -> dict[int, Occupied]:
    """Return what each feed blocks, by its id; feeds that block nothing are left out."""
    event, conflict = calendar_event.c, calendar_conflict.c
    rows = await conn.execute(
        sa.select(
            event.feed_id,
            sa.func.count(event.id.distinct()).label("events"),
            sa.func.count(conflict.id).label("conflicts"),
        )
        .join_from(
            calendar_event,
            calendar_conflict,
            sa.and_(conflict.event_id == event.id, conflict.resolved_at.is_(None)),
            isouter=True,
        )
        .where(event.cancelled_at.is_(None))
        .group_by(event.feed_id)
    )
    return {row.feed_id: Occupied(events=row.events, conflicts=row.conflicts) for row in rows}


async def open_conflicts(conn: AsyncConnection) -> int:
    """Return how many stays sold here are booked elsewhere too."""
    query = sa.select(sa.func.count()).where(calendar_conflict.c.resolved_at.is_(None))
    return int((await conn.execute(query)).scalar_one())


async def _read(conn: AsyncConnection, query: sa.Select[tuple[object, ...]]) -> list[Feed]:
    rows: Sequence[sa.RowMapping] = (await conn.execute(query)).mappings().all()
    return [Feed(**{**row, "source": Source(row["source"])}) for row in rows]
