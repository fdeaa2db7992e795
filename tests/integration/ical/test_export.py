"""The calendars that channels fetch from us, over real HTTP from the application as composed."""

import asyncio
import dataclasses
from datetime import timedelta

import httpx2
import pytest
from tests.integration.ical.conftest import DOMAIN, TODAY, day
from tests.integration.ical.test_import import stay

from alojamientos.channels.ical import operations
from alojamientos.channels.ical.domain import ExportExists, NoSuchExport, Source
from alojamientos.entrypoints import web
from alojamientos.kit.errors import Invalid


def exports(calendars, column: str):
    query = f"SELECT {column} FROM calendar_export ORDER BY id"  # noqa: S608 - words of ours
    return [row[0] for row in calendars.desk.sql(query)]


async def test_an_empty_calendar_is_a_whole_one_with_all_that_hosts_want(door):
    response = await door.get(await door.give_out())

    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    assert response.headers["cache-control"] == "private, max-age=300"
    assert response.content.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert response.content.endswith(b"END:VCALENDAR\r\n")
    assert b"METHOD:PUBLISH\r\n" in response.content
    assert b"CALSCALE:GREGORIAN\r\n" in response.content
    assert b"VEVENT" not in response.content


async def test_stays_holds_and_closed_nights_are_told_and_what_is_over_is_not(calendars, door):
    url = await door.give_out()
    await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    await calendars.desk.hold(stay(13, 15), today=TODAY)
    overdue = await calendars.desk.hold(stay(20, 22), today=TODAY, guest="eva")
    calendars.desk.run_out(overdue)
    cancelled = await calendars.desk.hold(stay(30, 32), today=TODAY, guest="leo")
    await calendars.desk.cancel(cancelled)
    calendars.desk.sql(
        "INSERT INTO manual_block (accommodation_id, starts_on, ends_on, note)"
        " VALUES (1, %s, %s, 'pintar'), (2, %s, %s, 'otra cabaña')",
        *(day(15), day(18), day(50), day(51)),
    )

    assert await door.nights(url) == [
        (day(10), day(13), "reservation"),
        (day(13), day(15), "block"),
        (day(15), day(18), "block"),
    ]


async def test_nothing_in_it_tells_who_comes(calendars, door):
    view = await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    calendars.desk.sql("UPDATE guest SET name = 'Zoraida', phone = '5492944111111'")
    calendars.desk.sql(
        "INSERT INTO manual_block (accommodation_id, starts_on, ends_on, note)"
        " VALUES (1, %s, %s, 'Zoraida llega tarde')",
        *(day(15), day(18)),
    )
    text = (await door.get(await door.give_out())).text

    for private in ("Zoraida", "5492944111111", view.code, view.code.replace("-", "")):
        assert private not in text


async def test_a_channel_is_not_told_of_what_came_from_it_and_the_others_are(calendars, door):
    from_airbnb = await calendars.add(calendars.hosts.listing("a"))
    from_booking = await calendars.add(calendars.hosts.listing("b", "booking"))
    calendars.hosts.book("a", 10, 13)
    calendars.hosts.book("b", 20, 23)
    await calendars.sync(from_airbnb)
    await calendars.sync(from_booking)

    assert await door.nights(await door.give_out("airbnb")) == [(day(20), day(23), "block")]
    assert await door.nights(await door.give_out("booking")) == [(day(10), day(13), "reservation")]
    assert len(await door.nights(await door.give_out("other"))) == 2
    assert await door.nights(await door.give_out("other", feed=from_booking)) == [
        (day(10), day(13), "reservation")
    ]


async def test_nights_that_others_only_mirror_are_not_told_back(calendars, door):
    from_airbnb = await calendars.add(calendars.hosts.listing("a"))
    from_booking = await calendars.add(calendars.hosts.listing("b", "booking"))
    calendars.hosts.book("a", 10, 13, summary="Airbnb (Not available)")
    await calendars.sync(from_airbnb)
    calendars.hosts.book("b", 10, 13)  # it has read Airbnb's calendar behind our back
    await calendars.sync(from_booking)

    assert await door.nights(await door.give_out("airbnb")) == []
    assert len(await door.nights(await door.give_out("booking"))) == 1
    assert calendars.conflicts() == []


async def test_the_same_thing_is_sent_once_and_changes_are_seen(calendars, door):
    url = await door.give_out()
    view = await calendars.desk.hold(stay(10, 13), today=TODAY)
    first = await door.get(url)
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    calendars.later(minutes=5)
    again = await door.get(url)
    by_tag = await door.get(url, if_none_match=f'"other", W/{etag}')
    by_date = await door.get(url, if_modified_since=modified)
    both = await door.get(url, if_none_match='"other"', if_modified_since=modified)
    broken = await door.get(url, if_modified_since="Sun, 99 Nov 2026")

    assert again.content == first.content
    assert (again.headers["etag"], again.headers["last-modified"]) == (etag, modified)
    assert [one.status_code for one in (by_tag, by_date, both, broken)] == [304, 304, 200, 200]
    assert by_tag.content == b""
    assert by_tag.headers["etag"] == etag

    await calendars.desk.cancel(view)
    changed = await door.get(url, if_none_match=etag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert (await door.get(url, if_modified_since=modified)).status_code == 200


async def test_changes_within_one_second_have_different_dates(calendars, door):
    url = await door.give_out()
    dates = []
    for number in range(3):
        await calendars.desk.hold(
            stay(10 + 2 * number, 12 + 2 * number), today=TODAY, guest=f"g{number}"
        )
        dates.append((await door.get(url)).headers["last-modified"])

    assert len(set(dates)) == 3


async def test_a_stay_keeps_its_name_and_its_number_grows_with_it(calendars, door):
    def line(text: str, name: str) -> str:
        return next(one for one in text.splitlines() if one.startswith(name))

    url = await door.give_out()
    view = await calendars.desk.hold(stay(10, 13), today=TODAY)
    before = (await door.get(url)).text
    calendars.desk.sql(
        "UPDATE reservation SET check_out = %s, updated_at = created_at + interval '90 seconds'",
        day(14),
    )
    after = (await door.get(url)).text

    assert line(before, "UID:") == line(after, "UID:")
    assert line(after, "UID:").endswith(f"@{DOMAIN}")
    assert str(view.id) != line(after, "UID:")[4:].partition("@")[0]
    assert (line(before, "SEQUENCE:"), line(after, "SEQUENCE:")) == ("SEQUENCE:0", "SEQUENCE:90")
    assert line(before, "DTSTAMP:") != line(after, "DTSTAMP:")


async def test_a_head_tells_the_same_and_counts_for_nothing(calendars, door):
    url = await door.give_out()
    head = await door.http.head(url)

    assert exports(calendars, "fetches") == [0]
    response = await door.get(url)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("etag", "last-modified", "content-type", "content-length", "cache-control"):
        assert head.headers[name] == response.headers[name]


@pytest.mark.parametrize(
    "path",
    [
        "/ical/wrong/arrayan.ics",
        "/ical/{secret}x/arrayan.ics",
        "/ical/{secret}/coihue.ics",
        "/ical/{secret}/.ics",
        "/ical/{secret}/nube%00.ics",
        "/ical/%ff%fe/arrayan.ics",
        "/ical/" + "a" * 3000 + "/arrayan.ics",
    ],
)
async def test_any_other_address_finds_nothing(door, path):
    secret = (await door.give_out()).split("/")[-2]
    response = await door.get(door.url + path.format(secret=secret))

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
    assert secret not in response.text


async def test_who_fetched_is_known_by_the_address_and_what_by_its_own_word(calendars, door):
    airbnb, booking = await door.give_out("airbnb"), await door.give_out("booking")
    await door.get(booking, user_agent="Airbnb/1.0 (calendar)")
    calendars.later(minutes=3)
    await door.get(booking, user_agent='<Evil"[31m> ' + "x" * 300)
    await door.http.head(airbnb)

    assert exports(calendars, "fetches") == [0, 2]
    assert exports(calendars, "last_agent") == [None, "Evil31m " + "x" * 32]
    last = exports(calendars, "last_fetched_at")
    assert last[0] is None
    assert abs(last[1] - calendars.now()) < timedelta(seconds=30)


async def test_a_rotated_address_leaves_nothing_of_the_old_one(calendars, door):
    old = await door.give_out()
    before = exports(calendars, "secret_hash")
    export, secret = await calendars.desk.do(
        lambda tx: operations.rotate(tx, export_id=1, actor="test", now=calendars.now())
    )
    new = f"{door.url}/ical/{secret}/arrayan.ics"

    assert (await door.get(old)).status_code == 404
    assert (await door.get(new)).status_code == 200
    assert exports(calendars, "secret_hash") != before
    everything = str(calendars.desk.sql("SELECT calendar_export::text FROM calendar_export"))
    assert old.split("/")[-2] not in everything
    assert secret not in everything
    assert bytes(before[0]).hex() not in everything
    assert export.is_stale_address

    await calendars.desk.do(lambda tx: operations.take_back(tx, export_id=1, actor="test"))
    assert (await door.get(new)).status_code == 404
    with pytest.raises(NoSuchExport):
        await calendars.desk.do(lambda tx: operations.take_back(tx, export_id=1, actor="test"))
    actions = calendars.desk.sql("SELECT action FROM audit_entry WHERE actor = 'test' ORDER BY id")
    assert actions == [("export.given_out",), ("export.rotated",), ("export.taken_back",)]


async def test_a_channel_has_one_calendar_of_a_cabin(calendars, door):
    feed = await calendars.add(calendars.hosts.listing("a"), cabin="coihue")
    await door.give_out("airbnb")
    with pytest.raises(ExportExists, match="rotate"):
        await door.give_out("airbnb")
    with pytest.raises(Invalid, match="is of coihue"):
        await door.give_out("other", feed=feed)
    with pytest.raises(Invalid, match="there are: arrayan"):
        await door.give_out("airbnb", cabin="nube")
    await door.give_out("airbnb", cabin="coihue")
    await door.give_out(Source.OTHER, cabin="coihue", feed=feed)


async def test_fetches_at_once_are_all_counted(calendars, door):
    url = await door.give_out()
    await calendars.desk.hold(stay(10, 13), today=TODAY)
    responses = await asyncio.gather(*(door.get(url) for _ in range(12)))

    assert {one.status_code for one in responses} == {200}
    assert len({one.headers["etag"] for one in responses}) == 1
    assert exports(calendars, "fetches") == [12]


async def test_the_address_is_in_no_metric_and_no_log(door):
    url = await door.give_out()
    secret = url.split("/")[-2]
    await door.get(url)
    await door.get(f"{door.url}/ical/{secret}/other.ics")
    await door.get(f"{url}/")
    await door.http.post(url)
    metrics = (await door.get(f"{door.url}/metrics")).text
    async with asyncio.timeout(20):
        while door.log.getvalue().count(b"http.request_served") < 4:
            await asyncio.sleep(0.05)
    lines = door.log.getvalue().decode()

    assert 'handler="/ical/{secret}/{cabin}.ics"' in metrics
    assert '"handler":"/ical/{secret}/{cabin}.ics"' in lines
    assert "export.fetched" in lines
    assert secret not in metrics
    assert secret not in lines


async def test_who_asks_too_often_is_told_to_wait_also_with_wrong_addresses(door):
    url = await door.give_out()
    container = dataclasses.replace(
        door.container, settings=door.container.settings.evolve(app={"rate_limit_per_minute": 3})
    )
    transport = httpx2.ASGITransport(app=web.create_app(container))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        path = url.removeprefix(door.url)
        statuses = [(await client.get(path.replace("/ical/", "/ical/x"))).status_code]
        statuses += [(await client.get(path)).status_code for _ in range(3)]

    assert statuses == [404, 200, 200, 429]
