"""What channels fetch from us, read again with our own reader."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alojamientos.channels.ical import writer
from alojamientos.channels.ical.domain import Source
from alojamientos.channels.ical.feed import HORIZON, parse
from alojamientos.channels.ical.writer import Entry

TODAY = date(2026, 11, 24)
DOMAIN = "reservas.example.org"
_INSTANTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - the strategy puts the zone in
    datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        first = TODAY + timedelta(days=draw(st.integers(-30, HORIZON.days)))
        created = draw(_INSTANTS)
        found.append(
            Entry(
                origin=draw(st.sampled_from(("reservation", "block", "event"))),
                id=number,
                starts_on=first,
                ends_on=first + timedelta(days=draw(st.integers(1, 60))),
                booked=draw(st.booleans()),
                created_at=created,
                updated_at=created + timedelta(seconds=draw(st.integers(0, 10**7))),
            )
        )
    return found


@given(entries(), st.text(max_size=120))
def test_what_is_written_is_read_as_the_same(given_entries, name):
    content = writer.write(given_entries, name=name, domain=DOMAIN)
    reading = parse(content, source=Source.OTHER, zone=ZoneInfo("UTC"), today=TODAY)

    assert {(one.uid, one.starts_on, one.ends_on, one.kind.value) for one in reading.occupied} == {
        (one.uid(DOMAIN), one.starts_on, one.ends_on, "reservation" if one.booked else "block")
        for one in given_entries
        if one.ends_on > TODAY
    }
    assert reading.rejected == {}
    assert writer.write(given_entries, name=name, domain=DOMAIN) == content


@given(entries(), st.text(max_size=300))
def test_lines_are_as_long_as_hosts_take_and_no_letter_is_cut(given_entries, name):
    content = writer.write(given_entries, name=name, domain=DOMAIN)

    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


ONE = Entry(
    origin="reservation",
    id=7,
    starts_on=date(2027, 1, 15),
    ends_on=date(2027, 1, 18),
    booked=True,
    created_at=datetime(2026, 11, 1, 10, 0, tzinfo=UTC),
    updated_at=datetime(2026, 11, 1, 10, 1, 30, tzinfo=UTC),
)


def test_an_event_has_all_that_hosts_want_and_nothing_else():
    lines = writer.write([ONE], name="Arrayán", domain=DOMAIN).decode().split("\r\n")

    begin = lines.index("BEGIN:VEVENT")
    uid = ONE.uid(DOMAIN)
    assert sorted(lines[begin + 1 : lines.index("END:VEVENT")]) == [
        "DTEND;VALUE=DATE:20270118",
        "DTSTAMP:20261101T100130Z",
        "DTSTART;VALUE=DATE:20270115",
        "LAST-MODIFIED:20261101T100130Z",
        "SEQUENCE:90",
        "STATUS:CONFIRMED",
        "SUMMARY:Reserved",
        "TRANSP:OPAQUE",
        f"UID:{uid}",
    ]
    # Never another: hosts know stays by it.
    assert uid == "d8d954db-f46e-5200-9a2c-e783942f5b1a@reservas.example.org"


@pytest.mark.parametrize(
    "change",
    [
        {"starts_on": date(2027, 1, 14)},
        {"ends_on": date(2027, 1, 19)},
        {"booked": False},
        {"id": 8},
        {"origin": "block"},
        {"updated_at": datetime(2026, 11, 1, 10, 1, 31, tzinfo=UTC)},
    ],
)
def test_the_digest_changes_exactly_when_what_is_written_does(change):
    changed = replace(ONE, **change)

    def both(entry: Entry, name: str = "a") -> tuple[str, bytes]:
        return (
            writer.digest([entry], name=name, domain=DOMAIN),
            writer.write([entry], name=name, domain=DOMAIN),
        )

    assert both(ONE) == both(replace(ONE))
    for before, after in zip(both(ONE), both(changed), strict=True):
        assert before != after
    for before, after in zip(both(ONE), both(ONE, "b"), strict=True):
        assert before != after
