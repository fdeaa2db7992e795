"""The statements that change reservations, each as few round trips as it can be."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from alojamientos.reservations.store import RESERVED, TAKEN_BY

_STALE = """UPDATE reservation SET status = 'expired', updated_at = statement_timestamp()
    WHERE {which} RETURNING id, code, accommodation_id, channel, check_in, check_out"""
_OVERDUE_ON_DATES = """accommodation_id = :accommodation_id AND status = 'pre_reserved'
    AND hold_expires_at <= statement_timestamp()
    AND daterange(check_in, check_out, '[)') && daterange(:check_in, :check_out, '[)')"""
# One statement, so that the lock is held for as short as can be: take the accommodation's lock,
# end the overdue holds on these nights, then insert unless someone else has them. The counts and
# CASE force that order. The statement sees what was committed before it began to wait for the
# lock. Whatever was reserved meanwhile is met by the exclusion constraint, which ON CONFLICT
# covers without an error; whatever calendars and the owner blocked meanwhile is seen by
# nights_blocked(), which reads with a snapshot of its own. So whoever blocks nights does it under
# `lock_unit`, and is seen whole or comes after.
HOLD = sa.text(
    f"""WITH lock AS MATERIALIZED (SELECT pg_advisory_xact_lock(:unit_class, :accommodation_id)),
    stale AS ({_STALE.format(which="(SELECT count(*) FROM lock) = 1 AND " + _OVERDUE_ON_DATES)}),
    open AS (SELECT count(*) AS holds FROM reservation WHERE guest_id = :guest_id
        AND status = 'pre_reserved' AND hold_expires_at > statement_timestamp()),
    made AS (
        INSERT INTO reservation (code, accommodation_id, guest_id, check_in, check_out, guests,
            status, channel, quote, total, deposit, currency, hold_expires_at, idempotency_key)
        SELECT :code, :accommodation_id, :guest_id, :check_in, :check_out, :guests,
            'pre_reserved', :channel, :quote, :total, :deposit, :currency,
            statement_timestamp() + :hold, :key
        WHERE (SELECT count(*) FROM stale) >= 0 AND (SELECT holds FROM open) < :max_open_holds
            AND NOT EXISTS {RESERVED.format(unit=":accommodation_id", but="")}
            AND CASE WHEN (SELECT count(*) FROM stale) >= 0
                THEN NOT nights_blocked(:accommodation_id, :check_in, :check_out) END
        ON CONFLICT DO NOTHING RETURNING id, hold_expires_at, created_at)
    SELECT made.id, made.hold_expires_at, made.created_at, (SELECT holds FROM open) AS holds,
        (SELECT g.name FROM guest g WHERE g.id = :guest_id) AS guest_name,
        (SELECT json_agg(stale) FROM stale) AS stale
    FROM (SELECT 1) AS always LEFT JOIN made ON true"""  # noqa: S608 - constant text
).bindparams(
    sa.bindparam("accommodation_id", type_=sa.Integer),
    sa.bindparam("guest_id", type_=sa.BigInteger),
    sa.bindparam("check_in", type_=sa.Date),
    sa.bindparam("check_out", type_=sa.Date),
    sa.bindparam("quote", type_=pg.JSONB),
    sa.bindparam("hold", type_=sa.Interval),
    sa.bindparam("key", type_=sa.Text),
)
EXPIRE_OVERLAPPING = sa.text(_STALE.format(which=_OVERDUE_ON_DATES + " AND id <> :id")).bindparams(
    sa.bindparam("check_in", type_=sa.Date), sa.bindparam("check_out", type_=sa.Date)
)
EXPIRE_ON_DATES = sa.text(
    _STALE.format(
        which="""accommodation_id = :accommodation_id AND status = 'pre_reserved'
    AND daterange(check_in, check_out, '[)') && daterange(:check_in, :check_out, '[)')
    AND NOT (:spare_same AND check_in = :check_in AND check_out = :check_out)"""
    )
).bindparams(
    sa.bindparam("check_in", type_=sa.Date),
    sa.bindparam("check_out", type_=sa.Date),
    sa.bindparam("spare_same", type_=sa.Boolean),
)
EXPIRE_DUE = sa.text(
    _STALE.format(
        which="""id IN (SELECT id FROM reservation
    WHERE status = 'pre_reserved' AND hold_expires_at <= statement_timestamp()
    ORDER BY hold_expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)"""
    )
)
# No reminder before half of the hold has gone, however short it was.
REMIND_DUE = sa.text(
    """UPDATE reservation SET hold_reminded_at = statement_timestamp()
    WHERE id IN (SELECT id FROM reservation
        WHERE status = 'pre_reserved' AND hold_reminded_at IS NULL
            AND hold_expires_at > statement_timestamp()
            AND hold_expires_at <= statement_timestamp() + :within
            AND statement_timestamp() - created_at >= (hold_expires_at - created_at) / 2
        ORDER BY hold_expires_at FOR UPDATE SKIP LOCKED)
    RETURNING id, code"""
).bindparams(sa.bindparam("within", type_=sa.Interval))
LOCK_UNIT = sa.text("SELECT pg_advisory_xact_lock(:unit_class, :unit_id)")
LOCK_RESERVATION = sa.text("SELECT status FROM reservation WHERE id = :id FOR NO KEY UPDATE")
CONFIRM = sa.text(
    """UPDATE reservation SET status = 'confirmed', confirmed_at = statement_timestamp(),
        updated_at = statement_timestamp() WHERE id = :id"""
)
CANCEL = sa.text(
    """UPDATE reservation SET status = 'cancelled', cancelled_at = statement_timestamp(),
        updated_at = statement_timestamp(), cancel_reason = :reason WHERE id = :id"""
)
NO_SHOW = sa.text(
    "UPDATE reservation SET status = 'no_show', updated_at = statement_timestamp() WHERE id = :id"
)
MOVE = sa.text(
    """UPDATE reservation SET accommodation_id = :accommodation_id, check_in = :check_in,
        check_out = :check_out, guests = :guests, quote = :quote, total = :total,
        deposit = :deposit, updated_at = statement_timestamp() WHERE id = :id"""
).bindparams(
    sa.bindparam("check_in", type_=sa.Date),
    sa.bindparam("check_out", type_=sa.Date),
    sa.bindparam("quote", type_=pg.JSONB),
)
# The day of leaving is still the guest's; the lodging's own midnight ends the stay.
COMPLETE_ENDED = sa.text(
    """UPDATE reservation SET status = 'completed', updated_at = statement_timestamp()
    WHERE id IN (SELECT r.id FROM reservation r JOIN accommodation a ON a.id = r.accommodation_id
        WHERE r.status = 'confirmed'
            AND r.check_out < (CAST(:now AS timestamptz) AT TIME ZONE a.time_zone)::date
        ORDER BY r.check_out, r.id LIMIT :limit FOR NO KEY UPDATE OF r SKIP LOCKED)
    RETURNING id, code, accommodation_id, channel, check_in, check_out"""
)
TAKEN_BY_OTHERS = sa.text(
    f"""SELECT EXISTS {TAKEN_BY.format(unit=":accommodation_id", but="AND taken.id <> :id")}"""
).bindparams(sa.bindparam("check_in", type_=sa.Date), sa.bindparam("check_out", type_=sa.Date))
# Find the guest, or make one: `person` is an orphan when another transaction got there first.
IDENTIFY = sa.text(
    """WITH found AS (
        SELECT g.id, (CAST(:name AS text) IS NOT NULL AND g.name IS NULL)
            OR (CAST(:phone AS text) IS NOT NULL AND g.phone IS NULL)
            OR (CAST(:email AS text) IS NOT NULL AND g.email IS NULL) AS learns
        FROM guest_identity i JOIN guest g ON g.id = i.guest_id
        WHERE i.kind = :kind AND i.value = :value),
    person AS (
        INSERT INTO guest (name, phone, email) SELECT :name, :phone, :email
        WHERE NOT EXISTS (SELECT FROM found) RETURNING id),
    identity AS (
        INSERT INTO guest_identity (guest_id, kind, value) SELECT id, :kind, :value FROM person
        ON CONFLICT (kind, value) DO NOTHING RETURNING guest_id)
    SELECT coalesce((SELECT id FROM found), (SELECT guest_id FROM identity)) AS id,
        coalesce((SELECT learns FROM found), false) AS learns,
        (SELECT id FROM person) AS person"""
)
DROP_ORPHAN = sa.text("DELETE FROM guest WHERE id = :id")
LEARN_GUEST = sa.text(
    """UPDATE guest SET name = coalesce(name, :name), phone = coalesce(phone, :phone),
        email = coalesce(email, :email) WHERE id = :id"""
)

LINK_IDENTITY = sa.text(
    """INSERT INTO guest_identity (guest_id, kind, value)
    SELECT guest_id, :new_kind, :new_value FROM guest_identity
    WHERE kind = :known_kind AND value = :known_value
    ON CONFLICT (kind, value) DO NOTHING"""
)
