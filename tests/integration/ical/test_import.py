"""What is taken in from a feed, and what becomes of it when the feed changes."""

import pytest
from tests.integration.ical.conftest import TODAY, day

from alojamientos.channels.ical.events import ConflictFound, ConflictResolved, FeedRead
from alojamientos.reservations.domain import DatesTaken, Stay
from alojamientos.reservations.events import Status


def stay(first: int, last: int) -> Stay:
    return Stay(day(first), day(last))


async def test_imported_nights_cannot_be_sold_here_and_their_neighbours_can(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.book("a", 10, 13)
    await calendars.sync(feed)

    with pytest.raises(DatesTaken):
        await calendars.desk.hold(stay(12, 14), today=TODAY)
    assert await calendars.desk.hold(stay(13, 15), today=TODAY)
    assert calendars.events() == [(day(10), day(13))]
    assert calendars.feed(feed, "failures") == 0


async def test_bookings_door_is_followed_to_its_calendar(calendars):
    feed = await calendars.add(calendars.hosts.listing("b", "booking"))
    calendars.hosts.book("b", 10, 13)
    await calendars.sync(feed)

    assert calendars.events() == [(day(10), day(13))]
    assert calendars.desk.sql("SELECT kind FROM calendar_event") == [("unknown",)]


async def test_changed_nights_follow_and_a_second_reading_changes_nothing(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    uid = calendars.hosts.book("a", 10, 13)
    await calendars.sync(feed)
    calendars.hosts.move("a", uid, 20, 24)
    await calendars.sync(feed)
    await calendars.sync(feed)

    assert calendars.events() == [(day(20), day(24))]
    assert calendars.desk.sql("SELECT count(*) FROM calendar_event") == [(1,)]
    reads = calendars.desk.told.of(FeedRead)
    assert [(one.added, one.changed, one.unchanged) for one in reads] == [
        (1, 0, False),
        (0, 1, False),
        (0, 0, True),
    ]
    assert await calendars.desk.hold(stay(10, 13), today=TODAY)


async def test_nothing_is_sent_again_while_nothing_is_new(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.book("a", 10, 13)
    for _ in range(3):
        await calendars.sync(feed)

    counts = calendars.hosts.counts("a")
    assert (counts["sent"], counts["not_modified"]) == (1, 2)
    assert calendars.events() == [(day(10), day(13))]


async def test_a_stay_is_cancelled_when_it_is_missing_twice_and_for_half_an_hour(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.book("a", 20, 22)
    uid = calendars.hosts.book("a", 10, 13)
    await calendars.sync(feed)
    calendars.hosts.cancel("a", uid)

    blocked = []
    for minutes in (0, 10, 10, 11):
        calendars.later(minutes=minutes)
        await calendars.sync(feed)
        blocked.append(len(calendars.events()))

    assert blocked == [2, 2, 2, 1]
    assert calendars.events(cancelled=True) == [(day(10), day(13))]
    assert await calendars.desk.hold(stay(10, 13), today=TODAY)


async def test_a_stay_that_was_missing_once_and_is_back_starts_anew(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.book("a", 20, 22)
    uid = calendars.hosts.book("a", 10, 13)
    await calendars.sync(feed)
    calendars.hosts.cancel("a", uid)
    await calendars.sync(feed)
    calendars.hosts.book("a", 10, 13, uid=uid)
    calendars.later(hours=2)
    await calendars.sync(feed)

    assert calendars.desk.sql("SELECT DISTINCT miss_count FROM calendar_event") == [(0,)]
    assert len(calendars.events()) == 2


async def test_most_of_a_calendar_gone_at_once_stays_blocked_for_a_day(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    for first in (10, 20, 30):
        calendars.hosts.book("a", first, first + 3)
    await calendars.sync(feed)
    calendars.hosts.answer("a", "empty")

    for hours in (0, 1, 22):
        calendars.later(hours=hours)
        await calendars.sync(feed)
        assert len(calendars.events()) == 3
    held = calendars.errors(feed)
    for hours in (2, 1, 1):
        calendars.later(hours=hours)
        await calendars.sync(feed)

    assert held == {"mass_vanish": 3}
    assert calendars.events() == []
    assert calendars.feed(feed, "failures") == 0


async def test_an_empty_calendar_by_mistake_changes_nothing(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    for first in (10, 20):
        calendars.hosts.book("a", first, first + 3)
    await calendars.sync(feed)
    calendars.hosts.answer("a", "empty")
    await calendars.sync(feed)
    calendars.hosts.answer("a", "ok")
    calendars.later(hours=30)
    await calendars.sync(feed)
    calendars.hosts.answer("a", "empty")
    await calendars.sync(feed)

    assert len(calendars.events()) == 2
    assert calendars.desk.told.of(FeedRead)[-1].held == 2  # a day from now, not from then


async def test_a_bad_event_is_counted_once_and_the_others_are_taken_in(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.book("a", 10, 13)
    calendars.hosts.book("a", 25, 20)
    for _ in range(2):
        calendars.desk.sql("UPDATE calendar_feed SET etag = NULL")
        await calendars.sync(feed)

    assert calendars.events() == [(day(10), day(13))]
    assert calendars.errors(feed) == {"bad_event": 1}
    assert [one.rejected for one in calendars.desk.told.of(FeedRead)] == [1, 1]


async def test_a_stay_booked_elsewhere_over_one_sold_here_is_kept_and_is_a_conflict(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    sold = await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    uid = calendars.hosts.book("a", 12, 15)
    await calendars.sync(feed)
    await calendars.sync(feed)

    assert calendars.events() == [(day(12), day(15))]
    assert calendars.conflicts() == [(sold.id, False)]
    assert len(calendars.desk.told.of(ConflictFound)) == 1

    calendars.hosts.move("a", uid, 13, 15)
    await calendars.sync(feed)
    assert calendars.conflicts() == [(sold.id, True)]

    calendars.hosts.move("a", uid, 12, 15)
    await calendars.sync(feed)
    assert calendars.conflicts() == [(sold.id, False)]
    assert len(calendars.desk.told.of(ConflictFound)) == 2


@pytest.mark.parametrize("mode", ["ok", "500"])
async def test_a_conflict_is_over_when_our_stay_is_cancelled_also_if_the_host_is_down(
    calendars, mode
):
    feed = await calendars.add(calendars.hosts.listing("a"))
    sold = await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    calendars.hosts.book("a", 10, 13)
    await calendars.sync(feed)
    await calendars.desk.cancel(sold)
    calendars.hosts.answer("a", mode)
    await calendars.sync(feed)

    assert calendars.conflicts() == [(sold.id, True)]
    assert len(calendars.desk.told.of(ConflictResolved)) == 1


@pytest.mark.parametrize(
    ("source", "summary", "first", "collides"),
    [
        ("airbnb", "Airbnb (Not available)", 9, False),
        ("booking", None, 10, False),
        ("booking", None, 9, True),
    ],
    ids=["closed", "closed there because sold here", "perhaps a booking"],
)
async def test_what_a_host_closes_collides_only_if_it_may_be_a_booking(
    calendars, source, summary, first, collides
):
    feed = await calendars.add(calendars.hosts.listing("x", source))
    sold = await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    calendars.hosts.book("x", first, 13, summary=summary)
    await calendars.sync(feed)

    assert calendars.conflicts() == ([(sold.id, False)] if collides else [])
    assert calendars.events() == [(day(first), day(13))]


async def test_an_unpaid_hold_gives_way_to_a_booking_and_late_money_does_not_bring_it_back(
    calendars,
):
    feed = await calendars.add(calendars.hosts.listing("a"))
    held = await calendars.desk.hold(stay(10, 13), today=TODAY)
    calendars.hosts.book("a", 12, 15)
    await calendars.sync(feed)

    assert (await calendars.desk.see(held)).status is Status.EXPIRED
    assert calendars.desk.told.changes()[-1] == ("expired", "pre_reserved")
    assert calendars.conflicts() == []
    with pytest.raises(DatesTaken):
        await calendars.desk.revive(held)


@pytest.mark.parametrize(
    ("source", "summary", "first", "status"),
    [
        ("airbnb", "Reserved", 10, Status.EXPIRED),
        ("airbnb", "Airbnb (Not available)", 9, Status.PRE_RESERVED),
        ("booking", None, 10, Status.PRE_RESERVED),
        ("booking", None, 9, Status.EXPIRED),
    ],
    ids=["booked", "closed", "closed there because held here", "perhaps a booking"],
)
async def test_an_unpaid_hold_gives_way_only_to_what_may_be_a_booking(
    calendars, source, summary, first, status
):
    feed = await calendars.add(calendars.hosts.listing("x", source))
    held = await calendars.desk.hold(stay(10, 13), today=TODAY)
    calendars.hosts.book("x", first, 13, summary=summary)
    await calendars.sync(feed)

    assert (await calendars.desk.see(held)).status is status
