"""Which of a channel's events are only what it has from us."""

from datetime import date, timedelta

import pytest

from alojamientos.channels.ical import echoes
from alojamientos.channels.ical.domain import Kind, Known, Occupancy, Reading, Source
from alojamientos.channels.ical.echoes import Told

TODAY = date(2026, 11, 24)
DOMAIN = "reservas.example.org"


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def found(first: int, last: int, kind: Kind, uid: str = "x@host.com") -> Occupancy:
    return Occupancy(uid=uid, starts_on=day(first), ends_on=day(last), kind=kind)


def told(first: int, last: int, *, withdrawn: bool = False) -> Told:
    return Told(starts_on=day(first), ends_on=day(last), withdrawn=withdrawn)


def sort(one: Occupancy, *ours: Told, known: tuple[Known, ...] = (), source: Source = Source.OTHER):
    return echoes.sort_out(
        Reading(occupied=(one,)), ours, known, source=source, domain=DOMAIN, today=TODAY
    )


@pytest.mark.parametrize(
    ("source", "one", "ours", "is_echo"),
    [
        # Closed nights: wherever ours cover them, in one piece or in several.
        (Source.AIRBNB, found(10, 13, Kind.BLOCK), [told(10, 13)], True),
        (Source.AIRBNB, found(10, 16, Kind.BLOCK), [told(13, 16), told(10, 13)], True),
        (Source.AIRBNB, found(11, 12, Kind.BLOCK), [told(10, 13)], True),
        (Source.AIRBNB, found(10, 14, Kind.BLOCK), [told(10, 13)], False),
        (Source.AIRBNB, found(9, 13, Kind.BLOCK), [told(10, 13)], False),
        (Source.AIRBNB, found(10, 16, Kind.BLOCK), [told(10, 12), told(13, 16)], False),
        (Source.AIRBNB, found(10, 13, Kind.BLOCK), [], False),
        # What may be a booking: only whole stays of ours.
        (Source.BOOKING, found(10, 13, Kind.UNKNOWN), [told(10, 13)], True),
        (Source.BOOKING, found(10, 16, Kind.UNKNOWN), [told(10, 13), told(13, 16)], True),
        (Source.BOOKING, found(10, 12, Kind.UNKNOWN), [told(10, 13)], False),
        (Source.BOOKING, found(11, 13, Kind.UNKNOWN), [told(10, 13)], False),
        (Source.BOOKING, found(10, 15, Kind.UNKNOWN), [told(10, 13), told(13, 16)], False),
        # But for a stay under way, whose start moves.
        (Source.BOOKING, found(0, 2, Kind.UNKNOWN), [told(-3, 2)], True),
        (Source.BOOKING, found(0, 3, Kind.UNKNOWN), [told(-3, 2)], False),
        (Source.BOOKING, found(1, 2, Kind.UNKNOWN), [told(-3, 2)], False),
        # What a host calls a booking is one, unless it may be our own word.
        (Source.AIRBNB, found(10, 13, Kind.RESERVATION), [told(10, 13)], False),
        (Source.VRBO, found(10, 13, Kind.RESERVATION), [told(10, 13)], False),
        (Source.OTHER, found(10, 13, Kind.RESERVATION), [told(10, 13)], True),
        (Source.GOOGLE, found(10, 12, Kind.RESERVATION), [told(10, 13)], False),
    ],
)
def test_what_was_told_is_known_again(source, one, ours, is_echo):
    result = sort(one, *ours, source=source)

    assert result.reading.occupied == (() if is_echo else (one,))
    assert result.reading.freed == ({one.uid} if is_echo else frozenset())
    assert result.echoes == int(is_echo)


@pytest.mark.parametrize("uid", [f"a@{DOMAIN}", f"a@{DOMAIN}/2026-12-04"])
def test_a_name_of_ours_is_ours_whatever_its_nights(uid):
    assert sort(found(10, 13, Kind.RESERVATION, uid)).echoes == 1
    assert sort(found(10, 13, Kind.RESERVATION, f"a@evil{DOMAIN}")).echoes == 0


def test_what_was_there_before_we_told_of_it_stays():
    one = found(10, 13, Kind.BLOCK)
    known = Known(
        id=1,
        uid=one.uid,
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        kind=one.kind,
        miss_count=0,
        first_missed_at=None,
        cancelled_at=None,
    )

    assert sort(one, told(10, 13), known=(known,)).echoes == 0
    moved = found(10, 12, Kind.BLOCK)
    assert sort(moved, told(10, 13), known=(known,)).echoes == 1


def test_withdrawn_nights_are_let_go_as_soon_as_the_host_has():
    gone, kept = told(10, 13, withdrawn=True), told(20, 23, withdrawn=True)
    result = sort(found(20, 23, Kind.BLOCK), gone, kept, told(30, 33))

    assert result.let_go == (gone,)
