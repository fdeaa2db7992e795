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
