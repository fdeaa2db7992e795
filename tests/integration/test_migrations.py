import psycopg

from alojamientos.entrypoints import migrate


def _tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as conn:
        rows = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row[0] for row in rows} - {"alembic_version"}


def test_up_down_up_leaves_the_same_tables(database_url: str) -> None:
    before = _tables(database_url)

    migrate.downgrade(database_url)
    after_down = _tables(database_url)
    migrate.upgrade(database_url)

    assert {"reservation", "inbox_event", "procrastinate_jobs"} <= before
    assert after_down == set()
    assert _tables(database_url) == before
    assert migrate.current(database_url) == "0007"


def test_overlap_is_excluded_by_half_open_dates_of_live_reservations(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        row = conn.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = 'reservation_no_overlap'"
        ).fetchone()

    assert row is not None
    definition = row[0]
    assert definition.startswith("EXCLUDE USING gist (accommodation_id WITH =,")
    assert "daterange(check_in, check_out, '[)'::text) WITH &&" in definition
    assert "'pre_reserved'::text, 'confirmed'::text" in definition


def test_newest_revision_goes_back_and_forth_with_data(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO accommodation (slug, name, capacity, nightly_price, weekend_price)"
            " VALUES ('a', 'A', 2, 1, 1)"
        )
        conn.execute(
            "INSERT INTO calendar_feed (accommodation_id, source, url) VALUES (1, 'other', 'u')"
        )
        conn.execute(
            "INSERT INTO calendar_event (feed_id, accommodation_id, uid, starts_on, ends_on, kind,"
            " content_hash) VALUES (1, 1, 'u', '2027-01-01', '2027-01-02', 'unknown', '')"
        )

    migrate.downgrade(database_url, "0001")
    with psycopg.connect(database_url) as conn:
        kinds = conn.execute("SELECT kind FROM calendar_event").fetchall()
    migrate.upgrade(database_url)

    assert kinds == [("block",)]
    with psycopg.connect(database_url) as conn:
        feed = conn.execute("SELECT failures, next_sync_at <= now() FROM calendar_feed").fetchone()
    assert feed == (0, True)


def test_a_pause_without_a_reason_gets_one_and_survives_the_way_back(database_url: str) -> None:
    migrate.downgrade(database_url, "0003")
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO conversation (channel, address, paused_until)"
            " VALUES ('whatsapp', '1', now()), ('whatsapp', '2', NULL)"
        )

    migrate.upgrade(database_url)
    query = "SELECT pause_reason FROM conversation ORDER BY address"
    with psycopg.connect(database_url) as conn:
        reasons = conn.execute(query).fetchall()
    migrate.downgrade(database_url, "0003")

    assert reasons == [("asked",), (None,)]
    with psycopg.connect(database_url) as conn:
        paused = "SELECT count(paused_until) FROM conversation"
        assert conn.execute(paused).fetchone() == (1,)


def test_money_by_hand_goes_with_its_tables_and_leaves_the_rest(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO accommodation (slug, name, capacity, nightly_price, weekend_price)"
            " VALUES ('a', 'A', 2, 1, 1)"
        )
        conn.execute("INSERT INTO guest (name) VALUES ('Ana')")
        conn.execute(
            "INSERT INTO reservation (code, accommodation_id, guest_id, check_in, check_out,"
            " guests, status, channel, quote, total, deposit) VALUES ('C', 1, 1, '2027-01-01',"
            " '2027-01-03', 2, 'cancelled', 'api', '{}', 100, 30)"
        )
        for provider in ("mercadopago", "hand"):
            conn.execute(
                "INSERT INTO payment (provider, provider_id, reservation_id, status, amount,"
                " currency, provider_updated_at) VALUES (%s, '1', 1, 'approved', 50, 'ARS', now())",
                [provider],
            )
        conn.execute(
            "INSERT INTO hand_payment (payment_id, method, received_on, entered_by)"
            " VALUES (2, 'cash', '2026-11-24', 'cli:ana')"
        )
        conn.execute(
            "INSERT INTO refund (payment_id, reason, amount, idempotency_key, up_to)"
            " SELECT id, 'x', 20, gen_random_uuid(), 20 FROM payment"
        )
        conn.execute(
            "INSERT INTO ledger_entry (reservation_id, kind, amount, payment_id, key) VALUES"
            " (1, 'paid', -50, 1, 'a'), (1, 'paid', -50, 2, 'b'), (1, 'retained', 5, NULL, 'c')"
        )

    migrate.downgrade(database_url, "0003")
    with psycopg.connect(database_url) as conn:
        left = conn.execute("SELECT provider FROM payment").fetchall()
        lines = conn.execute("SELECT key FROM ledger_entry").fetchall()
    migrate.upgrade(database_url)

    assert (left, lines) == ([("mercadopago",)], [("a",)])
    with psycopg.connect(database_url) as conn:
        # What was on its way before was a whole payment.
        refunds = conn.execute("SELECT amount, up_to, by_hand FROM refund").fetchall()
    assert refunds == [(20, 50, False)]
