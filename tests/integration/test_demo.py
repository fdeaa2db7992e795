from datetime import date

import psycopg

from alojamientos.entrypoints import demo

TODAY = date(2026, 11, 24)


def test_empty_database_gets_three_cabins_with_weekend_prices_and_seasons(database_url):
    assert demo.load(database_url, today=TODAY)

    with psycopg.connect(database_url) as connection:
        cabins = connection.execute(
            "SELECT capacity, weekend_price > nightly_price FROM accommodation ORDER BY capacity"
        ).fetchall()
        january = connection.execute(
            "SELECT count(*), min(min_nights) FROM price_rule"
            " WHERE daterange(starts_on, ends_on) @> DATE '2027-01-15'"
        ).fetchone()
    assert cabins == [(2, True), (4, True), (6, True)]
    assert january == (3, 3)


def test_database_with_an_accommodation_is_left_alone(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO accommodation (slug, name, capacity, nightly_price, weekend_price)"
            " VALUES ('mine', 'Mine', 2, 100, 100)"
        )

        assert not demo.load(database_url, today=TODAY)

        assert connection.execute("SELECT count(*) FROM accommodation").fetchone() == (1,)


def test_loading_twice_loads_once(database_url):
    assert demo.load(database_url, today=TODAY)
    assert not demo.load(database_url, today=TODAY)


def test_demo_cabins_get_calendars_that_follow_their_host_and_stay_away_once_removed(database_url):
    paths = [("arrayan", "airbnb", "/a.ics?s=1"), ("coihue", "booking", "/b?t=2")]
    demo.load(database_url, today=TODAY)

    def feeds() -> list[tuple[object, ...]]:
        with psycopg.connect(database_url) as connection:
            query = "SELECT accommodation_id, source, url FROM calendar_feed ORDER BY id"
            return connection.execute(query).fetchall()

    demo.load_feeds(database_url, host="http://127.0.0.1:8100", feeds=paths, new=True)
    assert feeds() == [
        (1, "airbnb", "http://127.0.0.1:8100/a.ics?s=1"),
        (2, "booking", "http://127.0.0.1:8100/b?t=2"),
    ]
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM calendar_feed WHERE id = 1")
    demo.load_feeds(database_url, host="http://127.0.0.1:9", feeds=paths, new=False)
    assert feeds() == [(2, "booking", "http://127.0.0.1:9/b?t=2")]
