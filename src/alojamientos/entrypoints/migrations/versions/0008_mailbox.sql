-- How far each mailbox has been read. UIDs count from one per `uid_validity` (RFC 9051, 2.3.1.1).
CREATE TABLE mailbox (
    name                text PRIMARY KEY,                                  -- account@host/folder
    uid_validity        bigint,                                            -- NULL until it was read once
    last_uid            bigint NOT NULL DEFAULT 0 CHECK (last_uid >= 0),
    read_at             timestamptz,                                       -- when all of it was last seen
    failures            integer NOT NULL DEFAULT 0 CHECK (failures >= 0),  -- since then
    retry_at            timestamptz
);

-- The mails as they came, at most as much of each as is read.
CREATE TABLE mail_received (
    inbox_id            bigint PRIMARY KEY REFERENCES inbox_event (id) ON DELETE CASCADE,
    content             bytea NOT NULL,
    size                bigint NOT NULL CHECK (size >= 0)                  -- of the whole mail
);

-- Addresses whose server said that they do not work; nothing is mailed to them until they write.
CREATE TABLE mail_undeliverable (
    address             text PRIMARY KEY CHECK (address = lower(address)),
    code                text NOT NULL,                                     -- enhanced status or SMTP reply
    outbox_id           bigint REFERENCES outbox_message (id) ON DELETE SET NULL,
    since               timestamptz NOT NULL DEFAULT now()
);

-- What guests were told about a stay because its day came: each once for each day.
CREATE TABLE stay_notice (
    reservation_id      bigint NOT NULL REFERENCES reservation (id) ON DELETE CASCADE,
    kind                text NOT NULL CHECK (kind IN ('arrival', 'thanks')),
    stay_date           date NOT NULL,                                     -- the check-in or check-out it is about
    told_at             timestamptz NOT NULL,
    PRIMARY KEY (reservation_id, kind, stay_date)
);
