"""Two hosts that import our calendar and publish it again: nothing must keep itself up."""

import asyncio
from datetime import date, timedelta

import pytest
from tests.integration.ical.conftest import DOMAIN, TODAY, day
from tests.integration.ical.test_import import stay

from alojamientos.channels.ical import jobs
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.entrypoints import consequences
from alojamientos.jobs.worker import Worker
from alojamientos.kit import db
from alojamientos.kit.errors import Invalid
from alojamientos.ops.simulator import convergence
from alojamientos.ops.simulator.calendar_hub import StackHub
from alojamientos.ops.simulator.convergence import HERE, HOSTS
from alojamientos.reservations.domain import Stay
from alojamientos.telemetry import logs


class Hub:
    """Both hosts and the application, on a clock that a cycle moves by a quarter of an hour."""

    def __init__(self, calendars, door) -> None:
        self.calendars = calendars
        self.door = door
        self.feeds: dict[str, int] = {}
        self.exports: dict[str, str] = {}
        self.sold: dict[str, object] = {}
        self.skips = 0
        self.cycle = 0

    async def connect(self) -> None:
        for host in HOSTS:
            self.feeds[host] = await self.calendars.add(self.calendars.hosts.listing(host, host))
            url = self.exports[host] = await self.door.give_out(host)
            self.calendars.hosts.control("PUT", f"/{host}/imports", url=url)

    async def sell(self, place, nights) -> None:
        first, last = ((one - TODAY).days for one in nights)
        if place == HERE:
            desk = self.calendars.desk
            view = await desk.hold(Stay(*nights), today=TODAY)
            self.sold[place] = await desk.confirm(view)
        else:
            self.sold[place] = self.calendars.hosts.book(place, first, last)

    async def cancel(self, place, nights) -> None:  # noqa: ARG002
        if place == HERE:
            await self.calendars.desk.cancel(self.sold[place])
        else:
            self.calendars.hosts.cancel(place, self.sold[place])

    async def host_imports(self, host) -> None:
        # Hosts ask every few hours, and not together.
        self.cycle += host == HOSTS[0]
        if (self.cycle + HOSTS.index(host)) % (1 + self.skips) == 0:
            answer = self.calendars.hosts.control("POST", f"/{host}/imports")
            assert answer["ics"]

    async def read_feeds(self) -> None:
        self.calendars.later(minutes=15)
        for feed in self.feeds.values():
            await self.calendars.sync(feed)

    async def closed_at(self, host) -> list[tuple[date, date]]:
        published = self.calendars.hosts.control("GET", f"/{host}")["published"]
        return [
            (date.fromisoformat(one["starts_on"]), date.fromisoformat(one["ends_on"]))
            for one in published
        ]

    async def taken_in(self) -> list[tuple[date, date]]:
        events: list[tuple[date, date]] = self.calendars.events()
        return events


@pytest.fixture
async def hub(calendars, door):
    hub = Hub(calendars, door)
    await hub.connect()
    return hub


@pytest.mark.parametrize("skips", [0, 3])
async def test_after_fifty_cycles_with_a_cancellation_in_the_middle_nothing_is_left(
    calendars, door, hub, skips
):
    hub.skips = skips
    report = await convergence.play(hub, first=day(30), cycles=50, cancelled=(HERE, *HOSTS))

    assert report.problems == []
    assert report.told_after is not None
    assert report.settled_after is not None
    for host in HOSTS:
        assert await hub.closed_at(host) == []
        assert await door.nights(hub.exports[host]) == []
    assert calendars.events() == []
    assert calendars.conflicts() == []


async def test_what_is_not_cancelled_stays_and_is_nowhere_twice(calendars, hub):
    desk = calendars.desk  # what the cabin has beside the story is right to be everywhere
    await desk.confirm(await desk.hold(Stay(day(60), day(63)), today=TODAY))
    report = await convergence.play(hub, first=day(30), cycles=8, cancelled=(HERE,))

    assert report.problems == []


async def test_without_leaving_out_echoes_the_story_finds_them(hub, monkeypatch):
    from alojamientos.channels.ical import echoes

    monkeypatch.setattr(echoes, "_is_echo", lambda *_: False)
    report = await convergence.play(hub, first=day(30), cycles=12, cancelled=(HERE, *HOSTS))

    assert any("still has" in one for one in report.problems)


async def test_neighbouring_stays_that_a_host_writes_as_one_are_known_again(calendars, door, hub):
    desk = calendars.desk
    for first in (10, 12):
        await desk.confirm(await desk.hold(stay(first, first + 2), today=TODAY))
    await hub.host_imports("airbnb")
    assert await hub.closed_at("airbnb") == [(day(10), day(14))]
    await hub.read_feeds()

    assert calendars.events() == []


async def test_a_booking_inside_of_nights_of_ours_is_no_echo(calendars, door, hub):
    sold = await calendars.desk.confirm(await calendars.desk.hold(stay(10, 14), today=TODAY))
    await hub.host_imports("booking")
    calendars.hosts.book("booking", 11, 13)
    await hub.read_feeds()

    assert calendars.events() == [(day(11), day(13))]
    assert calendars.conflicts() == [(sold.id, False)]


async def test_the_very_same_nights_are_a_booking_when_the_host_had_not_heard_of_ours(
    calendars, door, hub
):
    await hub.host_imports("booking")
    sold = await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    calendars.hosts.book("booking", 10, 13)
    await hub.read_feeds()

    assert calendars.conflicts() == [(sold.id, False)]


async def test_airbnbs_own_word_for_a_booking_is_believed_on_the_very_same_nights(
    calendars, door, hub
):
    sold = await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    await hub.host_imports("airbnb")
    calendars.hosts.book("airbnb", 10, 13)
    await hub.read_feeds()

    assert calendars.conflicts() == [(sold.id, False)]


async def test_nights_sold_again_at_once_by_the_host_are_taken_in_when_the_echo_has_gone(
    calendars, door, hub
):
    desk = calendars.desk
    sold = await desk.confirm(await desk.hold(stay(10, 13), today=TODAY))
    await hub.host_imports("booking")
    await hub.read_feeds()
    await desk.cancel(sold)
    await hub.host_imports("booking")  # it learns that they are free
    await hub.read_feeds()
    calendars.hosts.book("booking", 10, 13)
    await hub.read_feeds()

    assert calendars.events() == [(day(10), day(13))]


async def test_an_echo_that_outlives_its_grace_closes_the_nights(calendars, door, hub):
    desk = calendars.desk
    sold = await desk.confirm(await desk.hold(stay(10, 13), today=TODAY))
    await hub.host_imports("booking")
    await desk.cancel(sold)
    await door.get(hub.exports["booking"])  # told, and yet it keeps its old copy
    for _ in range(11):
        await hub.read_feeds()
    assert calendars.events() == []
    calendars.later(hours=1)
    await hub.read_feeds()

    assert calendars.events() == [(day(10), day(13))]


async def test_a_host_that_no_longer_asks_is_believed_again(calendars, door, hub):
    desk = calendars.desk
    await desk.confirm(await desk.hold(stay(10, 13), today=TODAY))
    await hub.host_imports("airbnb")
    calendars.later(hours=49)
    await hub.read_feeds()

    assert calendars.events() == [(day(10), day(13))]


async def test_events_under_our_own_names_are_never_taken_in(calendars, door, hub):
    await calendars.desk.hold(stay(10, 13), today=TODAY)
    text = (await door.get(hub.exports["airbnb"])).text
    uid = next(line[4:] for line in text.splitlines() if line.startswith("UID:"))
    calendars.hosts.book("booking", 20, 23, uid=uid, summary="Reserved")
    await hub.read_feeds()

    assert calendars.events() == []


async def test_two_hosts_that_sold_a_night_are_a_conflict_and_mirrors_are_none(calendars, hub):
    calendars.hosts.book("airbnb", 10, 13)
    uid = calendars.hosts.book("booking", 10, 13)
    await hub.read_feeds()
    assert calendars.desk.sql("SELECT count(*) FROM calendar_conflict") == [(0,)]

    calendars.hosts.move("booking", uid, 12, 14)
    await hub.read_feeds()
    await hub.read_feeds()
    (found,) = calendars.desk.sql(
        "SELECT reservation_id, other_event_id - event_id, resolved_at FROM calendar_conflict"
    )
    assert found == (None, 1, None)

    calendars.hosts.move("booking", uid, 13, 14)
    await hub.read_feeds()
    assert calendars.conflicts() == [(None, True)]


async def test_the_owner_is_told_of_a_night_that_was_sold_twice_once_each_time(calendars, hub):
    calendars.desk.database = db.Database(
        calendars.desk.database.engine,
        calendars.desk.told,
        consequences.create_consequences(
            policy=ConversationPolicy(
                lodging_name="Cabañas del Lago", time_zone="America/Argentina/Buenos_Aires"
            ),
            now=calendars.now,
            mail=True,
            owner="duena@example.com",
        ),
    )
    sold = await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    calendars.hosts.book("airbnb", 12, 15)
    calendars.hosts.book("booking", 14, 16)
    for _ in range(2):
        await hub.read_feeds()

    mails = calendars.desk.sql(
        "SELECT address, content::text FROM outbox_message WHERE kind = 'conflict' ORDER BY id"
    )
    assert [address for address, _ in mails] == ["duena@example.com"] * 2
    assert sold.code in mails[0][1]
    assert "confirmada" in mails[0][1]
    assert "Airbnb" in mails[0][1]
    assert "Booking.com no aclara" in mails[1][1]


async def test_a_long_closed_season_is_no_stay_and_may_be_left_out(calendars, hub):
    calendars.hosts.book("airbnb", 40, 43)
    calendars.hosts.book("booking", 30, 130)
    await hub.read_feeds()

    assert calendars.desk.sql("SELECT kind FROM calendar_event ORDER BY starts_on") == [
        ("block",),
        ("reservation",),
    ]
    assert calendars.conflicts() == []

    calendars.desk.sql("UPDATE calendar_feed SET longest_block = 60, etag = NULL")
    for _ in range(4):
        await hub.read_feeds()
    assert calendars.events() == [(day(40), day(43))]
    assert day(30) + timedelta(days=100) == day(130)


async def test_the_story_plays_on_a_running_stack_and_leaves_nothing_behind(calendars, door):
    made = jobs.create_jobs(
        database=calendars.desk.database,
        client=calendars.client,
        recorder=calendars.recorder,
        now=calendars.now,
        domain=DOMAIN,
    )
    worker = Worker(calendars.desk.dsn, made, recorder=calendars.recorder, log=logs.get_logger())
    hub = StackHub(
        database=calendars.desk.database,
        application_url=door.url,
        simulator_url=str(calendars.hosts.http.base_url).rstrip("/"),
        api_token=door.container.settings.app.api_token.get_secret_value(),
        cabin="lenga",
    )
    cycles: list[int] = []
    task = asyncio.create_task(worker.run())
    try:
        async with hub.connected():
            first = await hub.first_free(TODAY)
            report = await convergence.play(hub, first=first, cycles=4, on_cycle=cycles.append)
    finally:
        worker.stop()
        await task

    assert report.problems == []
    assert report.to_json()["ok"] is True
    assert cycles == [1, 2, 3, 4]
    assert calendars.desk.sql("SELECT count(*) FROM calendar_feed") == [(0,)]
    assert calendars.desk.sql("SELECT count(*) FROM calendar_export") == [(0,)]
    assert calendars.desk.sql("SELECT DISTINCT status FROM reservation") == [("cancelled",)]
    assert {one["id"] for one in calendars.hosts.control("GET")} == {"arrayan", "coihue"}


async def test_a_story_of_a_cabin_that_is_not_there_says_so_and_leaves_no_calendar(calendars, door):
    hub = StackHub(
        database=calendars.desk.database,
        application_url=door.url,
        simulator_url=str(calendars.hosts.http.base_url).rstrip("/"),
        api_token=door.container.settings.app.api_token.get_secret_value(),
        cabin="nube",
    )
    with pytest.raises(Invalid, match="there are: arrayan"):
        async with hub.connected():
            pass

    assert {one["id"] for one in calendars.hosts.control("GET")} == {"arrayan", "coihue"}
