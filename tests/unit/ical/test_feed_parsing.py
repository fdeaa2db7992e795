"""Calendars as they are really sent, and as they are broken."""

import gzip
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from alojamientos.channels.ical import feed
from alojamientos.channels.ical.domain import ErrorType, FeedError, Kind, Source
from alojamientos.channels.ical.feed import HORIZON, parse

TODAY = date(2026, 11, 24)
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
AIRBNB = b"""BEGIN:VCALENDAR\r
PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN\r
CALSCALE:GREGORIAN\r
VERSION:2.0\r
BEGIN:VEVENT\r
DTSTAMP:20261120T031500Z\r
DTSTART;VALUE=DATE:20270115\r
DTEND;VALUE=DATE:20270118\r
SUMMARY:Reserved\r
UID:1418fb94e984-0123456789abcdef0123456789abcdef@airbnb.com\r
DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de\r
 tails/HMABCDEFGH\\nPhone Number (Last 4 Digits): 0000\r
END:VEVENT\r
BEGIN:VEVENT\r
DTEND;VALUE=DATE:20270205\r
DTSTART;VALUE=DATE:20270201\r
UID:7f662ec65913-fedcba9876543210fedcba9876543210@airbnb.com\r
SUMMARY:Airbnb (Not available)\r
END:VEVENT\r
END:VCALENDAR\r
"""
BOOKING = rb"""BEGIN:VCALENDAR
METHOD:PUBLISH
PRODID:-//admin.booking.com\\\, b.v.//NONSGML v1.0//EN
CALSCALE:GREGORIAN
VERSION:2.0
BEGIN:VEVENT
DTSTAMP:20261124T030000Z
DTSTART;VALUE=DATE:20270115
DTEND;VALUE=DATE:20270118
UID:0123456789abcdef0123456789abcdef@booking.com
SUMMARY:CLOSED - Not available
ORGANIZER:mailto:noreply@booking.com
END:VEVENT
END:VCALENDAR
"""
GOOD = "UID:good\nDTSTART;VALUE=DATE:20270301\nDTEND;VALUE=DATE:20270304\nSUMMARY:Reserved"


def read(content: bytes, source: Source = Source.OTHER):
    return parse(content, source=source, zone=ZONE, today=TODAY)


def calendar(*events: str) -> bytes:
    blocks = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{blocks}END:VCALENDAR\n".encode()


def nights(content: bytes) -> list[tuple[str, str]]:
    return [(str(one.starts_on), str(one.ends_on)) for one in read(content).occupied]


def test_airbnbs_bookings_and_blocks_are_told_apart():
    reading = read(AIRBNB, Source.AIRBNB)

    assert [(one.starts_on, one.ends_on, one.kind) for one in reading.occupied] == [
        (date(2027, 1, 15), date(2027, 1, 18), Kind.RESERVATION),
        (date(2027, 2, 1), date(2027, 2, 5), Kind.BLOCK),
    ]
    assert reading.rejected == {}


def test_bookings_closures_are_of_unknown_kind():
    (event,) = read(BOOKING, Source.BOOKING).occupied

    assert event.kind is Kind.UNKNOWN
    assert event.uid == "0123456789abcdef0123456789abcdef@booking.com"


@pytest.mark.parametrize(
    ("source", "summary", "kind"),
    [
        (Source.BOOKING, "CLOSED - Ana Perez", Kind.RESERVATION),
        (Source.VRBO, "Reserved - Ana", Kind.RESERVATION),
        (Source.VRBO, "Réservée - Ana", Kind.RESERVATION),
        (Source.VRBO, "Indisponible", Kind.BLOCK),
        (Source.OTHER, "Blocked By Guesty", Kind.BLOCK),
        (Source.AIRBNB, "Not available", Kind.BLOCK),
        (Source.GOOGLE, "Ana y familia", Kind.UNKNOWN),
        (Source.GOOGLE, "Reserva Ana", Kind.RESERVATION),
    ],
)
def test_the_words_of_each_host_tell_the_kind(source, summary, kind):
    content = calendar(f"UID:a\nDTSTART:20270101\nSUMMARY:{summary}")

    assert read(content, source).occupied[0].kind is kind


ONE = [("2027-01-15", "2027-01-18")]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("bare dates", "UID:a\nDTSTART:20270115\nDTEND:20270118"),
        ("lower case", "uid:a\ndtstart;value=date:20270115\ndtend;value=date:20270118"),
        ("folded by a tab", "UID:a\nDTSTART;VALUE=DA\n\tTE:20270115\nDTEND:20270118"),
        ("duration", "UID:a\nDTSTART;VALUE=DATE:20270115\nDURATION:P3D"),
        ("end and duration", "UID:a\nDTSTART:20270115\nDTEND:20270118\nDURATION:P9D"),
        ("mixed", "UID:a\nDTSTART;VALUE=DATE:20270115\nDTEND:20270118T130000Z"),
        ("floating", "UID:a\nDTSTART:20270115T150000\nDTEND:20270118T100000"),
        ("utc over midnight", "UID:a\nDTSTART:20270115T180000Z\nDTEND:20270119T020000Z"),
        (
            "quoted zone",
            (
                'UID:a\nDTSTART;TZID="America/Argentina/Buenos_Aires":20270115T150000'
                "\nDTEND;TZID=Argentina Standard Time:20270118T100000"
            ),
        ),
        ("unknown zone", "UID:a\nDTSTART;TZID=Luna/Mar:20270115T150000\nDTEND:20270118"),
        (
            "alarm",
            (
                "UID:a\nDTSTART:20270115\nDTEND:20270118\nBEGIN:VALARM\nACTION:DISPLAY\n"
                "TRIGGER:-PT15M\nDESCRIPTION:x\nEND:VALARM"
            ),
        ),
        ("a line that is none", "UID:a\nhola\nDTSTART:20270115\nDTEND:20270118"),
        ("tentative", "UID:a\nSTATUS:TENTATIVE\nDTSTART:20270115\nDTEND:20270118"),
    ],
)
def test_the_same_nights_however_they_are_written(name, event):
    assert nights(calendar(event)) == ONE
    assert nights(calendar(event).replace(b"\n", b"\r\n")) == ONE
    assert nights(calendar(event).replace(b"\n", b"\r")) == ONE
    assert nights(b"\xef\xbb\xbf" + calendar(event)) == ONE


@pytest.mark.parametrize(
    "event",
    [
        "UID:a\nDTSTART;VALUE=DATE:20270115",
        "UID:a\nDTSTART;VALUE=DATE:20270115\nDTEND;VALUE=DATE:20270115",
        "UID:a\nDTSTART:20270115T150000\nDTEND:20270115T180000",
    ],
    ids=["no end", "no length", "within a day"],
)
def test_what_has_no_night_takes_one(event):
    assert nights(calendar(event)) == [("2027-01-15", "2027-01-16")]


def test_a_fold_in_the_middle_of_a_letter_is_mended():
    content = calendar("UID:se@or\nSUMMARY:Reserva\nDTSTART:20270115").replace(
        b"se@or", "se\u00f1or".encode().replace(b"\xb1", b"\r\n \xb1")
    )

    assert read(content).occupied[0].uid == "señor"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("UID:a\nDTSTART:20270118\nDTEND:20270115", "ends_before_start"),
        ("UID:a\nDTSTART:2027-01-15\nDTEND:20270118", "unreadable"),
        ("UID:a\nDTSTART:20270115\nDTEND:manana", "unreadable"),
        ("UID:a\nDTSTART:20270115\nDTSTART:20270116", "unreadable"),
        ("UID:a\nDTSTART:20270115\nDURATION:mucho", "unreadable"),
        ("UID:a\nDTSTART:99991231\nDURATION:P9999D", "unreadable"),
        ("UID:a\nDTSTART:20270115\nRRULE:FREQ=HOLA", "unreadable"),
        ("UID:a\nDTSTART:20270115T000000\nRRULE:FREQ=SECONDLY", "unreadable"),
        ("UID:a\nDTSTART:20270115\nDTEND 20270118", "unreadable"),
        ("UID:a\nDTSTART:20270115\ndtend;VALUE=DATE;X:20270118", "unreadable"),
        ("UID:a\nSUMMARY:Reserved", "no_start"),
    ],
)
def test_one_bad_event_is_counted_and_spoils_no_other(event, reason):
    reading = read(calendar(event, GOOD))

    assert [one.uid for one in reading.occupied] == ["good"]
    assert reading.rejected == {reason: 1}
    assert reading.doubtful == {"a"}


@pytest.mark.parametrize("mark", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"])
def test_what_is_cancelled_or_free_is_said_to_be_so(mark):
    reading = read(calendar(f"UID:a\n{mark}\nDTSTART:20270115\nDTEND:20270118", GOOD))

    assert [one.uid for one in reading.occupied] == ["good"]
    assert reading.freed == {"a"}


def test_todos_and_journals_take_no_nights():
    content = calendar(GOOD).replace(
        b"END:VCALENDAR", b"BEGIN:VTODO\nUID:t\nDTSTART:20270101\nEND:VTODO\nEND:VCALENDAR"
    )

    assert len(read(content).occupied) == 1


def test_an_event_without_uid_keeps_one_made_of_its_nights_and_words():
    first, second = (
        read(calendar(f"DTSTART:20270115\nDTEND:20270118\nDTSTAMP:{stamp}")).occupied[0]
        for stamp in ("20260101T000000Z", "20260202T000000Z")
    )

    assert first == second
    assert first.uid.startswith("without-uid-")


def test_two_events_of_one_uid_and_other_nights_both_count():
    event = "UID:a\nDTSTART:202701{}\nDTEND:202701{}"
    reading = read(
        calendar(event.format("15", "18"), event.format("15", "18"), event.format("20", "22"))
    )

    assert [one.uid for one in reading.occupied] == ["a", "a/2027-01-20"]


def test_repeats_are_spelled_out_with_their_exceptions_and_end_at_the_horizon():
    weekly = "UID:w\nDTSTART;VALUE=DATE:20261127\nDTEND;VALUE=DATE:20261129\nRRULE:FREQ=WEEKLY"
    moved = (
        "UID:w\nRECURRENCE-ID;VALUE=DATE:20261211\n"
        "DTSTART;VALUE=DATE:20261212\nDTEND;VALUE=DATE:20261213"
    )
    reading = read(calendar(weekly + "\nEXDATE;VALUE=DATE:20261204", moved, GOOD))

    found = [one for one in reading.occupied if one.uid.startswith("w")]
    assert [str(one.starts_on) for one in found[:3]] == ["2026-11-27", "2026-12-12", "2026-12-18"]
    assert found[-1].starts_on <= TODAY + HORIZON
    assert 90 < len(found) < 110


def test_the_past_and_the_far_future_are_left_out():
    far = (TODAY + HORIZON + timedelta(days=1)).strftime("%Y%m%d")
    reading = read(
        calendar(
            "UID:gone\nDTSTART:20261120\nDTEND:20261124",
            "UID:now\nDTSTART:20261120\nDTEND:20261125",
            f"UID:far\nDTSTART:{far}",
        )
    )

    assert [one.uid for one in reading.occupied] == ["now"]


@pytest.mark.parametrize(
    ("content", "error_type"),
    [
        (b"", ErrorType.NOT_A_CALENDAR),
        (b"\r\n \r\n", ErrorType.NOT_A_CALENDAR),
        (b"<!doctype html><title>Log in</title>", ErrorType.NOT_A_CALENDAR),
        (AIRBNB[: len(AIRBNB) // 2], ErrorType.TRUNCATED),
        (AIRBNB.rstrip()[:-1], ErrorType.TRUNCATED),
        (b"BEGIN:VCALENDAR\nhola\nEND:VCALENDAR", ErrorType.NOT_A_CALENDAR),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", ErrorType.NOT_A_CALENDAR),
        (gzip.compress(AIRBNB), ErrorType.NOT_A_CALENDAR),
        (calendar(*["UID:a"] * 5001), ErrorType.TOO_LARGE),
    ],
    ids=["empty", "blank", "html", "half", "cut", "nonsense", "unclosed", "packed", "many"],
)
def test_what_is_no_whole_calendar_is_an_error_and_never_an_empty_one(content, error_type):
    with pytest.raises(FeedError) as caught:
        read(content)

    assert caught.value.error_type is error_type


def test_rules_that_never_come_true_do_not_keep_us_busy(monkeypatch):
    never = "DTSTART:20270115\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    monkeypatch.setattr(feed, "_MOST_SECONDS", 0.1)  # one alone takes longer

    with pytest.raises(FeedError, match="too long") as caught:
        read(calendar(*[f"UID:{number}\n{never}" for number in range(40)]))

    assert caught.value.error_type is ErrorType.TOO_LARGE
    assert len(read(calendar(f"UID:1\n{never}")).occupied) <= 1


def test_an_empty_calendar_is_one():
    assert read(calendar()).occupied == ()


def test_the_digest_follows_nights_and_not_timestamps():
    moved = AIRBNB.replace(b"20270118", b"20270119")
    later = AIRBNB.replace(b"DTSTAMP:20261120", b"DTSTAMP:20261121")

    assert read(later).digest == read(AIRBNB).digest
    assert read(moved).digest != read(AIRBNB).digest


def test_names_and_phones_are_not_kept():
    reading = read(
        calendar("UID:a\nDTSTART:20270115\nSUMMARY:Ana Perez\nDESCRIPTION:+5492944111111")
    )

    assert "Ana" not in repr(reading)
    assert "5492944111111" not in repr(reading)
