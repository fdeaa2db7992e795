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
    assert migrate.current(database_url) == "0002"


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
