"""Three demo cabins with prices and seasons, so that an empty installation can take a booking.

Where the providers are simulated, two of the cabins have a calendar at a fake host as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import psycopg

from alojamientos.entrypoints import demo_pictures
from alojamientos.kit.clock import utc_now

_LOCK = 7_402_002  # two starts at once load the cabins once
_SEASON_YEARS = 3
_PLACE = ("Av. Siete Lagos 1200, Villa La Angostura, Neuquén", -40.7617, -71.6463)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cabin:
    slug: str
    name: str
    description: str
    capacity: int
    nightly: int  # centavos
    weekend: int
    rooms: int

    def season(self, share: int) -> tuple[int, int]:
        """Return both prices raised by `share` percent, in whole thousands of pesos."""
        return tuple(  # type: ignore[return-value] # two prices in, two out
            round(price * (100 + share) / 100, -5) for price in (self.nightly, self.weekend)
        )


_CABINS = (
    _Cabin(
        slug="arrayan",
        name="Cabaña Arrayán",
        description="Para dos, con hogar a leña y deck con vista al lago.",
        capacity=2,
        nightly=60_000_00,
        weekend=75_000_00,
        rooms=1,
    ),
    _Cabin(
        slug="coihue",
        name="Cabaña Coihue",
        description="Dos dormitorios, parrilla propia y bajada a la playa.",
        capacity=4,
        nightly=85_000_00,
        weekend=105_000_00,
        rooms=2,
    ),
    _Cabin(
        slug="lenga",
        name="Cabaña Lenga",
        description="Tres dormitorios, dos baños y galería grande, para familias o grupos.",
        capacity=6,
        nightly=110_000_00,
        weekend=135_000_00,
        rooms=3,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Season:
    name: str
    starts_on: date
    ends_on: date
    raise_percent: int
    min_nights: int


def _seasons(first_year: int) -> list[_Season]:
    seasons = []
    for year in range(first_year, first_year + _SEASON_YEARS):
        seasons += [
            _Season(
                name=f"Verano {year}/{year + 1}",
                starts_on=date(year, 12, 20),
                ends_on=date(year + 1, 3, 1),
                raise_percent=40,
                min_nights=3,
            ),
            _Season(
                name=f"Vacaciones de invierno {year}",
                starts_on=date(year, 7, 5),
                ends_on=date(year, 8, 2),
                raise_percent=30,
                min_nights=3,
            ),
        ]
    return seasons


def load(dsn: str, *, today: date | None = None) -> bool:
    """Load the demo cabins unless the database at `dsn` has any; return whether they were loaded.

    Prices are in centavos; seasons reach from last year's summer to about three years ahead.
    """
    first_year = (today or utc_now().date()).year - 1
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        cursor.execute("SELECT EXISTS (SELECT FROM accommodation)")
        row = cursor.fetchone()
        if row is None or row[0]:
            return False
        for cabin in _CABINS:
            cursor.execute(
                "INSERT INTO accommodation"
                " (slug, name, description, capacity, nightly_price, weekend_price, min_nights,"
                " address, latitude, longitude) VALUES (%s, %s, %s, %s, %s, %s, 2, %s, %s, %s)"
                " RETURNING id",
                (
                    *(cabin.slug, cabin.name, cabin.description),
                    *(cabin.capacity, cabin.nightly, cabin.weekend),
                    *_PLACE,
                ),
            )
            inserted = cursor.fetchone()
            if inserted is None:
                raise AssertionError  # pragma: no cover - INSERT … RETURNING gives a row
            cursor.executemany(
                "INSERT INTO accommodation_photo"
                " (accommodation_id, position, caption, mime_type, content)"
                " VALUES (%s, %s, %s, 'image/png', %s)",
                [
                    (inserted[0], 1, "de día", demo_pictures.draw(rooms=cabin.rooms, dusk=False)),
                    (
                        inserted[0],
                        2,
                        "al atardecer",
                        demo_pictures.draw(rooms=cabin.rooms, dusk=True),
                    ),
                ],
            )
            cursor.executemany(
                "INSERT INTO price_rule (accommodation_id, name, starts_on, ends_on,"
                " nightly_price, weekend_price, min_nights) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        *(inserted[0], season.name, season.starts_on, season.ends_on),
                        *(*cabin.season(season.raise_percent), season.min_nights),
                    )
                    for season in _seasons(first_year)
                ],
            )
    return True


def load_feeds(dsn: str, *, host: str, feeds: Sequence[tuple[str, str, str]], new: bool) -> None:
    """Give `new` demo cabins their feeds: (cabin, source, path) at `host` (http://127.0.0.1:8100).

    Those that are there already follow their host to another port; a removed one stays away.
    """
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        for cabin, source, path in feeds:
            cursor.execute(
                r"UPDATE calendar_feed SET url = %(url)s WHERE source = %(source)s"
                r" AND regexp_replace(url, '^http://127\.0\.0\.1:\d+', '') = %(path)s",
                {"url": host + path, "source": source, "path": path},
            )
            if new and cursor.rowcount == 0:
                cursor.execute(
                    "INSERT INTO calendar_feed (accommodation_id, source, url)"
                    " SELECT id, %s, %s FROM accommodation WHERE slug = %s",
                    (source, host + path, cabin),
                )
