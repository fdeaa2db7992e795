-- Money that did not come through the provider: its payment is a row of `payment` whose provider is
-- 'hand', so that refunds, the ledger and every question about money treat it like any other.
CREATE TABLE hand_payment (
    payment_id  bigint PRIMARY KEY REFERENCES payment (id),
    method      text NOT NULL CHECK (method IN ('cash', 'transfer', 'card')),
    received_on date NOT NULL,
    note        text NOT NULL DEFAULT '',
    entered_by  text NOT NULL CHECK (entered_by <> ''),
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE SEQUENCE hand_payment_number OWNED BY hand_payment.payment_id;
-- The counter-entry of one that was entered by mistake; at most one, and the entry itself stays.
CREATE TABLE hand_payment_reversal (
    payment_id  bigint PRIMARY KEY REFERENCES hand_payment (payment_id),
    note        text NOT NULL DEFAULT '',
    entered_by  text NOT NULL CHECK (entered_by <> ''),
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- A refund may be of a part, and by hand where the money came by hand or the provider refuses.
-- It is done once the provider says that the payment has given back `up_to`.
ALTER TABLE refund
    ADD COLUMN by_hand  boolean NOT NULL DEFAULT false,
    ADD COLUMN up_to    bigint,
    ADD COLUMN note     text NOT NULL DEFAULT '',
    ADD COLUMN asked_by text NOT NULL DEFAULT 'rule',
    ADD COLUMN ended_by text;
UPDATE refund SET up_to = p.amount FROM payment p WHERE p.id = refund.payment_id;
ALTER TABLE refund
    ALTER COLUMN up_to SET NOT NULL,
    ADD CONSTRAINT refund_up_to_check CHECK (up_to >= amount);

ALTER TABLE payment_link
    ADD COLUMN purpose text NOT NULL DEFAULT 'deposit' CHECK (purpose IN ('deposit', 'balance'));

-- retained: what a cancelled guest does not get back. reverted: the counter-entry of a payment by hand.
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_kind_check;
ALTER TABLE ledger_entry
    ADD CONSTRAINT ledger_entry_kind_check CHECK (kind IN ('charged', 'paid', 'refunded', 'released',
        'charged_back', 'retained', 'reverted')),
    ADD CONSTRAINT ledger_entry_sign_check CHECK (CASE
        WHEN kind IN ('paid', 'released') THEN amount < 0
        WHEN kind IN ('charged', 'reverted') THEN amount > 0
        ELSE true END),
    ADD CONSTRAINT ledger_entry_payment_check CHECK (
        (payment_id IS NULL) = (kind IN ('charged', 'released', 'retained')));

-- What was written about money stays as it was written: a mistake gets a counter-entry.
CREATE FUNCTION money_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is written once: write a counter-entry instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER ledger_entry_written_once BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION money_is_written_once();
CREATE TRIGGER hand_payment_written_once BEFORE UPDATE OR DELETE ON hand_payment
    FOR EACH ROW EXECUTE FUNCTION money_is_written_once();
CREATE TRIGGER hand_payment_reversal_written_once BEFORE UPDATE OR DELETE ON hand_payment_reversal
    FOR EACH ROW EXECUTE FUNCTION money_is_written_once();
