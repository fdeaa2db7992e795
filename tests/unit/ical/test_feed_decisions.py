"""What follows from a reading: cancelled, kept, held back, asked for again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alojamientos.channels.ical import decisions, domain
from alojamientos.channels.ical.domain import (
    ErrorType,
    FeedError,
    Kind,
    Known,
    Occupancy,
    Reading,
    Source,
)
from alojamientos.telemetry import catalogue

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TODAY = NOW.date()


def found(uid: str, first: int = 10, last: int = 13, kind: Kind = Kind.RESERVATION) -> Occupancy:
    return Occupancy(
        uid=uid,
        starts_on=TODAY + timedelta(days=first),
        ends_on=TODAY + timedelta(days=last),
        kind=kind,
    )


def known(uid: str, first: int = 10, last: int = 13, **changes: Any) -> Known:
    one = found(uid, first, last)
    values: dict[str, Any] = {
        "id": sum(uid.encode()),
        "uid": uid,
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
        "kind": Kind.RESERVATION,
        "miss_count": 0,
        "first_missed_at": None,
        "cancelled_at": None,
        **changes,
    }
    return Known(**values)


def decide(occupied, stored, *, freed=(), now=NOW, since=None) -> decisions.Plan:
    return decisions.plan(
        Reading(occupied=tuple(occupied), freed=frozenset(freed)),
        stored,
        today=TODAY,
        now=now,
        vanishing_since=since,
    )


def uids(events) -> list[str]:
    return [event.uid for event in events]


def test_new_moved_and_unchanged_are_told_apart():
    plan = decide(
        [found("new", 1, 2), found("moved", 4, 6), found("same")], [known("moved"), known("same")]
    )

    assert uids(plan.added) == ["new"]
    assert [(event.uid, new.starts_on) for event, new in plan.changed] == [
        ("moved", TODAY + timedelta(days=4))
    ]
    assert [*plan.found_again, *plan.missing, *plan.cancelled] == []


@pytest.mark.parametrize("uid", ["b", "b/2026-12-04"], ids=["plain", "repeating"])
def test_one_that_cannot_be_read_any_more_is_not_gone(uid):
    missed = known(uid, miss_count=1, first_missed_at=NOW - timedelta(hours=9))
    reading = Reading(occupied=(found("a", 20, 22),), doubtful=frozenset({"b"}))
    plan = decisions.plan(
        reading, [known("a", 20, 22), missed], today=TODAY, now=NOW, vanishing_since=None
    )

    assert [*plan.cancelled, *plan.missing] == []


def test_the_first_miss_is_only_noted():
    plan = decide([found("a", 20, 22)], [known("a", 20, 22), known("b")])

    assert uids(plan.missing) == ["b"]
    assert plan.cancelled == []


@pytest.mark.parametrize(("minutes", "gone"), [(29, False), (30, True)])
def test_the_second_miss_cancels_after_half_an_hour(minutes, gone):
    missed = known("b", miss_count=1, first_missed_at=NOW - timedelta(minutes=minutes))
    plan = decide([found("a", 20, 22)], [known("a", 20, 22), missed])

    assert uids(plan.cancelled) == (["b"] if gone else [])
    assert uids(plan.missing) == ([] if gone else ["b"])


def test_one_that_comes_back_is_not_missing_any_more():
    plan = decide([found("b")], [known("b", miss_count=1, first_missed_at=NOW)])

    assert uids(plan.found_again) == ["b"]


def test_one_that_was_cancelled_comes_back():
    plan = decide([found("b")], [known("b", cancelled_at=NOW)])

    assert [event.uid for event, _ in plan.changed] == ["b"]


@pytest.mark.parametrize("first", [-2, 0])
def test_a_stay_under_way_is_never_cancelled_by_its_absence(first):
    gone = known("b", first, 3, miss_count=5, first_missed_at=NOW - timedelta(days=1))

    plan = decide([], [gone])

    assert [*plan.cancelled, *plan.missing] == []


def test_a_cancellation_that_is_said_counts_at_once():
    plan = decide([], [known("b")], freed=["b"])

    assert uids(plan.cancelled) == ["b"]


def test_a_start_that_moves_forward_during_the_stay_changes_nothing():
    plan = decide([found("b", 0, 3)], [known("b", -2, 3)])

    assert [*plan.changed, *plan.added] == []


def test_a_start_that_moves_forward_before_the_stay_is_a_change():
    plan = decide([found("b", 11, 13)], [known("b", 10, 13)])

    assert [event.uid for event, _ in plan.changed] == ["b"]


def test_another_check_out_under_another_uid_is_another_stay():
    plan = decide([found("new", 11, 14)], [known("old", 10, 13)])

    assert uids(plan.added) == ["new"]
    assert uids(plan.missing) == ["old"]


def test_the_same_stay_under_a_new_uid_is_a_change():
    plan = decide([found("new", 11, 13)], [known("old", 10, 13)])

    assert [(event.uid, new.uid) for event, new in plan.changed] == [("old", "new")]
    assert [*plan.added, *plan.missing] == []


@pytest.mark.parametrize(
    ("stored", "left", "held"),
    [(4, 1, 3), (4, 2, 0), (2, 0, 2), (1, 0, 0)],
    ids=["three of four", "half", "both", "the only one"],
)
def test_most_of_a_calendar_gone_at_once_is_held(stored, left, held):
    events = [known(f"e{n}", n * 10 + 1, n * 10 + 3) for n in range(stored)]
    plan = decide([found(f"e{n}", n * 10 + 1, n * 10 + 3) for n in range(left)], events)

    assert plan.held == held
    assert plan.vanishing_since == (NOW if held else None)
    assert len(plan.missing) == (0 if held else stored - left)


@pytest.mark.parametrize(("hours", "held"), [(23, 2), (24, 0)])
def test_what_stays_gone_for_a_day_begins_to_be_missed(hours, held):
    since = NOW - timedelta(hours=hours)
    plan = decide([], [known("a"), known("b", 20, 22)], since=since)

    assert plan.held == held
    assert uids(plan.missing) == ([] if held else ["a", "b"])


def test_a_feeds_turns_are_ten_minutes_apart_and_its_own():
    turns = {feed_id: decisions.next_turn(feed_id, NOW) for feed_id in range(1, 40)}

    for feed_id, turn in turns.items():
        assert timedelta(0) < turn - NOW <= decisions.INTERVAL
        assert decisions.next_turn(feed_id, turn) == turn + decisions.INTERVAL
    assert len({turn.replace(second=0) for turn in turns.values()}) >= 8


@pytest.mark.parametrize(
    ("error_type", "failures", "retry_after", "minutes"),
    [
        (ErrorType.TIMEOUT, 1, None, 1),
        (ErrorType.HTTP_5XX, 3, None, 4),
        (ErrorType.UNREACHABLE, 9, None, 10),
        (ErrorType.HTTP_4XX, 1, None, 10),
        (ErrorType.HTTP_4XX, 3, None, 40),
        (ErrorType.RATE_LIMITED, 900, None, 360),
        (ErrorType.RATE_LIMITED, 1, 1800, 30),
        (ErrorType.RATE_LIMITED, 1, 99999, 360),
    ],
)
def test_failures_are_given_time(error_type, failures, retry_after, minutes):
    error = FeedError(error_type, retry_after_s=retry_after)

    pauses = [
        decisions.next_try(error, failures, NOW, feed_id=feed_id) - NOW for feed_id in range(50)
    ]
    asked = min(timedelta(seconds=retry_after or 0), timedelta(hours=6))
    assert max(pauses) <= timedelta(minutes=minutes)
    assert min(pauses) >= max(asked, timedelta(minutes=minutes) * 0.8)
    assert len(set(pauses)) > 20 or asked == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://www.airbnb.com.ar/calendar/ical/1.ics?s=x", Source.AIRBNB),
        ("https://admin.booking.com/hotel/hoteladmin/ical.html?t=x", Source.BOOKING),
        ("https://ical.booking.com/v1/export?t=x", Source.BOOKING),
        ("http://www.vrbo.com/icalendar/x.ics", Source.VRBO),
        ("https://calendar.google.com/calendar/ical/x/basic.ics", Source.GOOGLE),
        ("https://example.org/airbnb.ics", Source.OTHER),
        ("https://notairbnb.evil.org/x", Source.OTHER),
        ("https://airbnb.com.evil.org/x", Source.OTHER),
    ],
)
def test_the_host_tells_whose_calendar_it_is(url, source):
    assert domain.source_of(url) is source


def test_a_label_has_no_secret():
    url = "https://www.airbnb.com/calendar/ical/99.ics?s=topsecret"

    assert domain.label(3, url) == "www.airbnb.com/3"
    assert domain.label(3, "https://[broken") == "unknown/3"


def test_the_catalogue_knows_every_error_and_source():
    assert tuple(ErrorType) == catalogue.FEED_ERRORS
    assert tuple(Source) == catalogue.FEED_SOURCES
