"""Take in what a feed says, or that it could not be read.

Whatever blocks nights is written under the accommodation's lock, which bookings take too: a
booking sees an import whole, or comes before it and is found to collide.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from alojamientos.channels.ical import decisions, echoes, queries
from alojamientos.channels.ical.decisions import Plan
from alojamientos.channels.ical.domain import FeedError, Kind, Known, Occupancy, Reading
from alojamientos.channels.ical.echoes import Told
from alojamientos.channels.ical.events import (
    ConflictFound,
    ConflictResolved,
    FeedFailed,
    FeedRead,
)
from alojamientos.channels.ical.queries import Feed
from alojamientos.channels.ical.statements import FIND_CONFLICTS, FORGET, RESOLVE_CONFLICTS
from alojamientos.channels.ical.store import calendar_event, calendar_feed
from alojamientos.kit.db import Transaction
from alojamientos.reservations import operations as reservations
from alojamientos.reservations.domain import Stay

_event = calendar_event.c


async def take_in(
    tx: Transaction,
    *,
    feed_id: int,
    reading: Reading | None,
    etag: str | None,
    last_modified: str | None,
    today: date,
    now: datetime,
    domain: str,
) -> None:
    """Store what a feed says; None says that nothing is new. Raises NoSuchFeed."""
    feed = await queries.feed(tx.conn, feed_id)
    await reservations.lock_unit(tx, accommodation_id=feed.accommodation_id)
    feed = await queries.feed(tx.conn, feed_id)  # as it is now that nobody else writes to it
    result, holds_ended, echoed = Plan(vanishing_since=feed.vanishing_since), 0, 0
    if reading is not None:
        known = await _known(tx, feed_id=feed_id, today=today)
        told = await queries.told(tx.conn, feed_id=feed_id, now=now)
        sorted_out = echoes.sort_out(
            reading, told, known, source=feed.source, domain=domain, today=today
        )
        await _forget(tx, feed_id, sorted_out.let_go)
        echoed = sorted_out.echoes
        result = decisions.plan(
            sorted_out.reading, known, today=today, now=now, vanishing_since=feed.vanishing_since
        )
        await _apply(tx, feed, result, now=now)
        holds_ended = await _give_way(tx, feed, result, today=today)
    await _compare_with_bookings(tx, feed, today=today, now=now)
    digest = feed.content_hash if reading is None else reading.digest
    await _update_feed(
        tx,
        feed_id,
        etag=etag,
        last_modified=last_modified,
        content_hash=digest,
        last_attempt_at=now,
        last_success_at=now,
        next_sync_at=decisions.next_turn(feed_id, now),
        failures=0,
        last_error=None,
        vanishing_since=result.vanishing_since,
    )
    rejected = 0 if reading is None else sum(reading.rejected.values())
    tx.emit(
        FeedRead(
            feed_id=feed_id,
            feed=feed.label,
            unchanged=reading is None,
            added=len(result.added),
            changed=len(result.changed),
            cancelled=len(result.cancelled),
            missing=len(result.missing),
            held=result.held,
            rejected=rejected,
            newly_rejected=0 if digest == feed.content_hash else rejected,
            holds_ended=holds_ended,
            echoes=echoed,
        )
    )


async def note_failure(
    tx: Transaction, *, feed_id: int, error: FeedError, today: date, now: datetime
) -> None:
    """Note that a feed could not be read, and when it is tried again. Raises NoSuchFeed."""
    feed = await queries.feed(tx.conn, feed_id)
    await _compare_with_bookings(tx, feed, today=today, now=now)
    failures = feed.failures + 1
    again = decisions.next_try(error, failures, now, feed_id=feed_id)
    await _update_feed(
        tx,
        feed_id,
        last_attempt_at=now,
        next_sync_at=again,
        failures=failures,
        last_error=error.error_type.value,
    )
    tx.emit(
        FeedFailed(
            feed_id=feed_id,
            feed=feed.label,
            error_type=error.error_type,
            failures=failures,
            retry_in_s=round((again - now).total_seconds()),
        )
    )


async def _known(tx: Transaction, *, feed_id: int, today: date) -> list[Known]:
    rows = await tx.conn.execute(
        sa.select(*(_event[name] for name in Known.__slots__)).where(
            _event.feed_id == feed_id, _event.ends_on >= today
        )
    )
    return [Known(**{**row, "kind": Kind(row["kind"])}) for row in rows.mappings()]


async def _apply(tx: Transaction, feed: Feed, plan: Plan, *, now: datetime) -> None:
    for event, found in plan.changed:
        await _update_events(tx, [event], uid=found.uid, **_values(found), **_present(now))
    await _insert(tx, feed, plan.added, now=now)
    await _update_events(tx, plan.found_again, miss_count=0, first_missed_at=None)
    await _update_events(
        tx,
        plan.missing,
        miss_count=_event.miss_count + 1,
        first_missed_at=sa.func.coalesce(_event.first_missed_at, now),
    )
    await _update_events(tx, plan.cancelled, cancelled_at=now, updated_at=now)


async def _insert(
    tx: Transaction, feed: Feed, found: Sequence[Occupancy], *, now: datetime
) -> None:
    """Insert new events; one whose UID was used long ago takes that row over."""
    if not found:
        return
    statement = insert(calendar_event)
    taken_over = {
        name: statement.excluded[name] for name in ("starts_on", "ends_on", "kind", "content_hash")
    }
    await tx.conn.execute(
        statement.on_conflict_do_update(
            index_elements=["feed_id", "uid"], set_={**taken_over, **_present(now)}
        ),
        [
            {
                "feed_id": feed.id,
                "accommodation_id": feed.accommodation_id,
                "uid": one.uid,
                **_values(one),
            }
            for one in found
        ],
    )


def _values(found: Occupancy) -> dict[str, Any]:
    return {
        "starts_on": found.starts_on,
        "ends_on": found.ends_on,
        "kind": found.kind.value,
        "content_hash": found.digest,
    }


def _present(now: datetime) -> dict[str, Any]:
    return {"miss_count": 0, "first_missed_at": None, "cancelled_at": None, "updated_at": now}


async def _update_events(tx: Transaction, events: Sequence[Known], **values: Any) -> None:
    if events:
        await tx.conn.execute(
            sa.update(calendar_event)
            .where(_event.id.in_([event.id for event in events]))
            .values(**values)
        )


async def _give_way(tx: Transaction, feed: Feed, plan: Plan, *, today: date) -> int:
    """End the unpaid holds on nights that somebody has booked elsewhere."""
    ended = 0
    for found in (*plan.added, *(found for _, found in plan.changed)):
        if found.kind is not Kind.BLOCK and found.ends_on > today:
            ended += await reservations.give_way(
                tx,
                accommodation_id=feed.accommodation_id,
                stay=Stay(found.starts_on, found.ends_on),
                spare_same=found.kind is Kind.UNKNOWN,
            )
    return ended


async def _compare_with_bookings(
    tx: Transaction, feed: Feed, *, today: date, now: datetime
) -> None:
    values = {"feed_id": feed.id, "today": today, "now": now}
    for statement in FIND_CONFLICTS:
        for row in (await tx.conn.execute(statement, values)).mappings():
            tx.emit(ConflictFound(feed=feed.label, accommodation_id=feed.accommodation_id, **row))
    for statement in RESOLVE_CONFLICTS:
        for row in (await tx.conn.execute(statement, values)).mappings():
            tx.emit(ConflictResolved(feed=feed.label, **row))


async def _forget(tx: Transaction, feed_id: int, let_go: Sequence[Told]) -> None:
    if let_go:
        values = {
            "feed_id": feed_id,
            "starts": [one.starts_on for one in let_go],
            "ends": [one.ends_on for one in let_go],
        }
        await tx.conn.execute(FORGET, values)


async def _update_feed(tx: Transaction, feed_id: int, **values: Any) -> None:
    await tx.conn.execute(
        sa.update(calendar_feed).where(calendar_feed.c.id == feed_id).values(**values)
    )
