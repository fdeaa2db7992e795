"""What can be read about feeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels.ical import domain, echoes
from alojamientos.channels.ical.domain import NoSuchExport, NoSuchFeed, Source
from alojamientos.channels.ical.echoes import Told
from alojamientos.channels.ical.statements import OF_ONE_LISTING, TOLD
from alojamientos.channels.ical.store import (
    calendar_conflict,
    calendar_event,
    calendar_export,
    calendar_feed,
)
from alojamientos.reservations.store import accommodation

_feed = calendar_feed.c
_export = calendar_export.c
_SELLERS = {Source.AIRBNB, Source.BOOKING, Source.VRBO}


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
    longest_block: int | None
    missing: int  # events that were not there the last time
    forgetting: bool  # the host was told that nights are free, and may not have let go of them

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
        """Tell whether "nothing is new" would be news enough: no event is about to go or come."""
        return not self.missing and self.vanishing_since is None and not self.forgetting


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """How many stays a feed blocks, and how many of them collide."""

    events: int
    conflicts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A cabin's calendar that a channel fetches from us; its secret is not kept."""

    id: int
    accommodation_slug: str
    accommodation_name: str
    source: Source
    feed_id: int | None
    last_fetched_at: datetime | None
    last_agent: str | None
    fetches: int
    rotated_at: datetime | None
    created_at: datetime

    @property
    def label(self) -> str:
        """Return its cabin, channel and id, which everyone may see."""
        return domain.export_label(self.id, self.accommodation_slug, self.source)

    @property
    def is_stale_address(self) -> bool:
        """Tell whether nobody has asked at its address since that was renewed."""
        return self.rotated_at is not None and (
            self.last_fetched_at is None or self.last_fetched_at < self.rotated_at
        )

    @property
    def awaited_since(self) -> datetime | None:
        """Return since when a channel that sells owes us a fetch; None: it never made one.

        A renewed address is owed one from then on. Calendars on people's phones are theirs to look
        at whenever they like.
        """
        sells = self.source in _SELLERS or self.feed_id is not None
        instants = [at for at in (self.last_fetched_at, self.rotated_at) if at is not None]
        return max(instants) if sells and instants else None


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
    # From its withdrawal until it has been read in full once more after the grace.
    forgetting = sa.text(
        f"""EXISTS (SELECT FROM calendar_export_served s
        JOIN calendar_export x ON x.id = s.export_id
        JOIN calendar_feed f ON {OF_ONE_LISTING}
        WHERE f.id = calendar_feed.id
            AND s.withdrawn_at > calendar_feed.last_success_at - :grace) AS forgetting"""
    ).bindparams(sa.bindparam("grace", echoes.GRACE, type_=sa.Interval))
    names = [name for name in Feed.__slots__ if name in calendar_feed.c]
    return (
        sa.select(
            *(calendar_feed.c[name] for name in names),
            accommodation.c.slug.label("accommodation_slug"),
            accommodation.c.name.label("accommodation_name"),
            accommodation.c.time_zone,
            missing.label("missing"),
            forgetting,
        )
        .join_from(
            calendar_feed, accommodation, accommodation.c.id == calendar_feed.c.accommodation_id
        )
        .order_by(_feed.id)
    )


_FEEDS = _select()
_EXPORTS = (
    sa.select(
        *(_export[name] for name in Export.__slots__ if name in _export),
        accommodation.c.slug.label("accommodation_slug"),
        accommodation.c.name.label("accommodation_name"),
    )
    .join_from(calendar_export, accommodation, accommodation.c.id == _export.accommodation_id)
    .order_by(accommodation.c.slug, _export.source, _export.id)
)


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
            sa.and_(
                event.id.in_((conflict.event_id, conflict.other_event_id)),
                conflict.resolved_at.is_(None),
            ),
            isouter=True,
        )
        .where(event.cancelled_at.is_(None))
        .group_by(event.feed_id)
    )
    return {row.feed_id: Occupied(events=row.events, conflicts=row.conflicts) for row in rows}


async def exports(conn: AsyncConnection) -> list[Export]:
    """Return every calendar that is given out, by cabin."""
    return await _read_exports(conn, _EXPORTS)


async def export(conn: AsyncConnection, export_id: int) -> Export:
    """Return one calendar that is given out; raises NoSuchExport."""
    found = await _read_exports(conn, _EXPORTS.where(_export.id == export_id))
    if not found:
        raise NoSuchExport(
            f"There is no export {export_id}; `alojamientos feeds list` shows those there are",
            field="export_id",
        )
    return found[0]


async def told(conn: AsyncConnection, *, feed_id: int, now: datetime) -> list[Told]:
    """Return the nights that a feed's host has from us and may publish as its own."""
    values = {
        "feed_id": feed_id,
        "followed_since": now - echoes.FOLLOWS,
        "withdrawn_since": now - echoes.GRACE,
    }
    return [Told(**row) for row in (await conn.execute(TOLD, values)).mappings()]


async def open_conflicts(conn: AsyncConnection) -> int:
    """Return how many stays were sold twice: here and elsewhere, or on two other sites."""
    query = sa.select(sa.func.count()).where(calendar_conflict.c.resolved_at.is_(None))
    return int((await conn.execute(query)).scalar_one())


async def _read(conn: AsyncConnection, query: sa.Select[tuple[object, ...]]) -> list[Feed]:
    rows: Sequence[sa.RowMapping] = (await conn.execute(query)).mappings().all()
    return [Feed(**{**row, "source": Source(row["source"])}) for row in rows]


async def _read_exports(
    conn: AsyncConnection, query: sa.Select[tuple[object, ...]]
) -> list[Export]:
    rows: Sequence[sa.RowMapping] = (await conn.execute(query)).mappings().all()
    return [Export(**{**row, "source": Source(row["source"])}) for row in rows]
