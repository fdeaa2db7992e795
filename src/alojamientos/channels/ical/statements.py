"""The longer SQL: where nights collide, and what a channel is told."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

_instant = sa.DateTime(timezone=True)

# Feed `f` and export `x` are of the same listing of the same host.
OF_ONE_LISTING = """f.accommodation_id = x.accommodation_id AND (f.id = x.feed_id
    OR (x.feed_id IS NULL AND x.source = f.source AND x.source <> 'other'))"""

# The same nights sold here and booked elsewhere. Nights that a host merely closes collide with
# nothing, nor do nights that may be our own, closed there by hand: the very same, of unknown kind.
# A host that follows our calendar needs nobody's hand for that, and what it had from us was sorted
# out before: there the very same nights are a booking.
_COLLIDES = f"""event.cancelled_at IS NULL AND event.kind <> 'block' AND event.ends_on > :today
    AND r.check_out > :today AND r.check_in < event.ends_on AND event.starts_on < r.check_out
    AND (r.status = 'confirmed' OR (r.status = 'pre_reserved' AND r.hold_expires_at > :now))
    AND NOT (event.kind = 'unknown'
        AND event.starts_on = r.check_in AND event.ends_on = r.check_out
        AND NOT EXISTS (SELECT FROM calendar_export x JOIN calendar_feed f ON {OF_ONE_LISTING}
            WHERE f.id = event.feed_id AND x.last_fetched_at > CAST(:now AS timestamptz)
                - interval '1 day'))"""
# Two hosts have sold a night: one says so, the other may have. The very same nights are one stay
# that one of them has heard of from the other.
_COLLIDE = """event.cancelled_at IS NULL AND other.cancelled_at IS NULL
    AND event.feed_id <> other.feed_id
    AND 'reservation' IN (event.kind, other.kind) AND 'block' NOT IN (event.kind, other.kind)
    AND event.ends_on > :today AND other.ends_on > :today
    AND event.starts_on < other.ends_on AND other.starts_on < event.ends_on
    AND (event.starts_on, event.ends_on) <> (other.starts_on, other.ends_on)"""
_DATES = (sa.bindparam("today", type_=sa.Date), sa.bindparam("now", type_=_instant))
_AGAIN = """DO UPDATE SET resolved_at = NULL, detected_at = excluded.detected_at
        WHERE conflict.resolved_at IS NOT NULL
    RETURNING conflict.event_id, conflict.reservation_id, conflict.other_event_id"""
FIND_CONFLICTS = tuple(
    sa.text(query).bindparams(*_DATES)
    for query in (
        f"""INSERT INTO calendar_conflict AS conflict (event_id, reservation_id, detected_at)
    SELECT event.id, r.id, :now
    FROM calendar_event event JOIN reservation r ON r.accommodation_id = event.accommodation_id
    WHERE event.feed_id = :feed_id AND {_COLLIDES}
    ON CONFLICT (event_id, reservation_id) {_AGAIN}""",  # noqa: S608 - constant text
        f"""INSERT INTO calendar_conflict AS conflict (event_id, other_event_id, detected_at)
    SELECT event.id, other.id, :now
    FROM calendar_event event
    JOIN calendar_event other ON other.accommodation_id = event.accommodation_id
    WHERE event.id < other.id AND :feed_id IN (event.feed_id, other.feed_id) AND {_COLLIDE}
    ON CONFLICT (event_id, other_event_id) {_AGAIN}""",  # noqa: S608 - constant text
    )
)
RESOLVE_CONFLICTS = tuple(
    sa.text(query).bindparams(*_DATES)
    for query in (
        f"""UPDATE calendar_conflict conflict SET resolved_at = :now
    FROM calendar_event event, reservation r
    WHERE event.id = conflict.event_id AND r.id = conflict.reservation_id
        AND event.feed_id = :feed_id AND conflict.resolved_at IS NULL AND NOT ({_COLLIDES})
    RETURNING conflict.event_id, conflict.reservation_id, conflict.other_event_id""",  # noqa: S608
        f"""UPDATE calendar_conflict conflict SET resolved_at = :now
    FROM calendar_event event, calendar_event other
    WHERE event.id = conflict.event_id AND other.id = conflict.other_event_id
        AND :feed_id IN (event.feed_id, other.feed_id)
        AND conflict.resolved_at IS NULL AND NOT ({_COLLIDE})
    RETURNING conflict.event_id, conflict.reservation_id, conflict.other_event_id""",  # noqa: S608
    )
)

# What a channel must not sell: stays and holds of ours, the owner's blocks, and what the others
# have. Left out is what came from the channel itself, and what others merely have closed since it
# came from there: told back, it would hold itself up.
EXPORTED = sa.text(
    f"""SELECT 'reservation' AS origin, r.id, r.check_in AS starts_on, r.check_out AS ends_on,
        r.status = 'confirmed' AS booked, r.created_at, r.updated_at
    FROM calendar_export x JOIN reservation r ON r.accommodation_id = x.accommodation_id
    WHERE x.id = :export_id AND r.check_out > :since
        AND (r.status = 'confirmed' OR (r.status = 'pre_reserved' AND r.hold_expires_at > :now))
    UNION ALL
    SELECT 'block', b.id, b.starts_on, b.ends_on, false, b.created_at, b.created_at
    FROM calendar_export x JOIN manual_block b ON b.accommodation_id = x.accommodation_id
    WHERE x.id = :export_id AND b.ends_on > :since
    UNION ALL
    SELECT 'event', e.id, e.starts_on, e.ends_on, e.kind = 'reservation', e.created_at, e.updated_at
    FROM calendar_export x JOIN calendar_event e ON e.accommodation_id = x.accommodation_id
    WHERE x.id = :export_id AND e.ends_on > :since AND e.cancelled_at IS NULL
        AND NOT EXISTS (SELECT FROM calendar_feed f WHERE f.id = e.feed_id AND {OF_ONE_LISTING})
        AND NOT (e.kind <> 'reservation' AND EXISTS (
            SELECT FROM calendar_event first JOIN calendar_feed f ON f.id = first.feed_id
            WHERE {OF_ONE_LISTING} AND first.cancelled_at IS NULL AND first.id < e.id
                AND (first.starts_on, first.ends_on) = (e.starts_on, e.ends_on)))
    ORDER BY starts_on, ends_on, origin, id"""  # noqa: S608 - constant text
).bindparams(sa.bindparam("since", type_=sa.Date), sa.bindparam("now", type_=_instant))

# The nights that a feed's host was told of and may not have forgotten.
TOLD = sa.text(
    f"""SELECT s.starts_on, s.ends_on, s.withdrawn_at IS NOT NULL AS withdrawn
    FROM calendar_export_served s JOIN calendar_export x ON x.id = s.export_id
    JOIN calendar_feed f ON {OF_ONE_LISTING}
    WHERE f.id = :feed_id AND x.last_fetched_at > :followed_since
        AND (s.withdrawn_at IS NULL OR s.withdrawn_at > :withdrawn_since)"""  # noqa: S608
).bindparams(
    sa.bindparam("followed_since", type_=_instant), sa.bindparam("withdrawn_since", type_=_instant)
)
# It has forgotten these: should they come up again, they are its own.
FORGET = sa.text(
    f"""DELETE FROM calendar_export_served s USING calendar_export x, calendar_feed f
    WHERE x.id = s.export_id AND {OF_ONE_LISTING} AND f.id = :feed_id
        AND s.withdrawn_at IS NOT NULL
        AND (s.starts_on, s.ends_on) IN (SELECT * FROM unnest(:starts, :ends))"""  # noqa: S608
).bindparams(
    sa.bindparam("starts", type_=pg.ARRAY(sa.Date)), sa.bindparam("ends", type_=pg.ARRAY(sa.Date))
)
