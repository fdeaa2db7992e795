-- How reading a feed goes, and when it is read next.
ALTER TABLE calendar_feed
    ADD COLUMN next_sync_at    timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN failures        integer NOT NULL DEFAULT 0,      -- in a row
    ADD COLUMN last_error      text,                            -- its type, not its text
    ADD COLUMN content_hash    text,                            -- of what was read last
    ADD COLUMN vanishing_since timestamptz;                     -- most events are gone: kept for now
-- The address itself may be longer than an index takes.
CREATE UNIQUE INDEX calendar_feed_url ON calendar_feed (accommodation_id, md5(url));
CREATE INDEX calendar_feed_due ON calendar_feed (next_sync_at) WHERE active;

-- Booking.com does not tell bookings from closures.
ALTER TABLE calendar_event DROP CONSTRAINT calendar_event_kind_check;
ALTER TABLE calendar_event ADD CONSTRAINT calendar_event_kind_check
    CHECK (kind IN ('reservation', 'block', 'unknown'));
CREATE INDEX calendar_conflict_open ON calendar_conflict (id) WHERE resolved_at IS NULL;

-- Whether calendars or the owner block a night in [from_day, to_day), seen as of this call and not
-- as of the statement around it: VOLATILE gives every query inside a snapshot of its own. A booking
-- calls it once it has the accommodation's lock, and so sees what an import has committed while it
-- waited for that lock. Reservations are not asked for: their constraint needs no snapshot.
CREATE FUNCTION nights_blocked(unit integer, from_day date, to_day date) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM calendar_event event
                    WHERE event.accommodation_id = unit AND event.cancelled_at IS NULL
                      AND daterange(event.starts_on, event.ends_on, '[)')
                          && daterange(from_day, to_day, '[)'))
        OR EXISTS (SELECT FROM manual_block block
                    WHERE block.accommodation_id = unit
                      AND daterange(block.starts_on, block.ends_on, '[)')
                          && daterange(from_day, to_day, '[)'));
END $$;
