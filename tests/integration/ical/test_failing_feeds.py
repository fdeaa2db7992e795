"""Feeds that cannot be read: counted by type, left as they were, asked again with patience."""

from datetime import timedelta

import pytest
from tests.conftest import free_port
from tests.integration.ical.conftest import day

from alojamientos.channels.ical.client import FeedClient
from alojamientos.channels.ical.domain import ErrorType, FeedError
from alojamientos.channels.ical.events import FeedFailed


@pytest.mark.parametrize(
    ("mode", "error_type"),
    [
        ("404", "http_4xx"),
        ("403", "http_4xx"),
        ("429", "rate_limited"),
        ("500", "http_5xx"),
        ("garbage", "not_a_calendar"),
        ("blank", "not_a_calendar"),
        ("truncated", "truncated"),
        ("huge", "too_large"),
    ],
)
async def test_a_failed_reading_is_counted_by_type_and_changes_nothing(calendars, mode, error_type):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.book("a", 10, 13)
    await calendars.sync(feed)
    success = calendars.feed(feed, "last_success_at")
    calendars.hosts.answer("a", mode)
    calendars.later(hours=1)
    await calendars.sync(feed)

    assert calendars.errors(feed) == {error_type: 1}
    assert calendars.events() == [(day(10), day(13))]
    assert calendars.feed(feed, "last_success_at") == success
    assert calendars.feed(feed, "last_error") == error_type
    assert calendars.feed(feed, "failures") == 1


async def test_a_host_that_does_not_answer_in_time_is_given_up(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.answer("a", "slow", delay_s=30)
    calendars.client = FeedClient(timeout_s=0.3, allow_private=True)
    await calendars.sync(feed)

    assert calendars.errors(feed) == {"timeout": 1}


async def test_a_host_that_is_not_there_is_unreachable(calendars):
    feed = await calendars.add(f"http://127.0.0.1:{free_port()}/calendar/ical/a.ics?s=x")
    await calendars.sync(feed)

    assert calendars.errors(feed) == {"unreachable": 1}


async def test_a_feed_on_this_machine_is_refused_unless_that_is_allowed(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.client = FeedClient(timeout_s=5)
    await calendars.sync(feed)

    assert calendars.errors(feed) == {"address_refused": 1}
    assert calendars.hosts.counts("a")["asked"] == 0


async def test_a_feed_that_fails_is_asked_again_later_and_later_and_then_as_ever(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.answer("a", "404")
    waits = []
    for _ in range(4):
        await calendars.sync(feed)
        waits.append(calendars.desk.told.of(FeedFailed)[-1].retry_in_s)
    calendars.hosts.answer("a", "429")
    await calendars.sync(feed)
    limited = calendars.desk.told.of(FeedFailed)[-1].retry_in_s
    calendars.hosts.answer("a", "ok")
    await calendars.sync(feed)

    for wait, most in zip([*waits, limited], (600, 1200, 2400, 4800, 9600), strict=True):
        assert most * 0.8 <= wait <= most
    assert calendars.feed(feed, "failures") == 0
    assert calendars.feed(feed, "last_error") is None
    assert calendars.feed(feed, "next_sync_at") - calendars.now() <= timedelta(minutes=10)


async def test_a_failure_holds_no_secret(calendars):
    url = calendars.hosts.listing("a")
    secret = url.rpartition("=")[2]
    calendars.hosts.answer("a", "404")
    with pytest.raises(FeedError) as caught:
        await calendars.client.fetch(url, etag=None, last_modified=None)

    assert secret not in str(caught.value)
    assert secret not in repr(caught.value.extra)
    assert caught.value.error_type is ErrorType.HTTP_4XX
