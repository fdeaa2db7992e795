"""`alojamientos blocks` and `today`."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.integration.owner.conftest import audited, day
from tests.integration.reservations.conftest import TODAY, nights

from alojamientos.reservations import stays
from alojamientos.reservations.domain import DatesTaken
from alojamientos.reservations.events import Status

STAY = nights(0, 3)
DATES = ("--from", str(STAY.check_in), "--to", str(STAY.check_out))


async def test_blocked_nights_are_not_sold_until_the_block_is_removed(desk, verbs):
    verbs("blocks", "add", "coihue", *DATES, "--note", "pintura")

    with pytest.raises(DatesTaken):
        await desk.hold(STAY, unit=2)
    (block,) = verbs.json("blocks", "list")["blocks"]
    verbs("blocks", "remove", str(block["id"]), "--yes")
    await desk.hold(STAY, unit=2)

    assert (block["cabin"], block["note"]) == ("coihue", "pintura")
    assert audited(desk) == [("block.added", "cabin:coihue"), ("block.removed", "cabin:coihue")]
    assert "no blocks" in verbs("blocks", "list")


async def test_a_block_over_a_booking_wants_to_be_forced_and_shows_both(desk, verbs):
    view = await desk.confirm(await desk.hold(STAY, unit=2))

    refused = verbs("blocks", "add", "coihue", *DATES, code=2)
    forced = verbs("blocks", "add", "coihue", *DATES, "--force")

    assert view.code in refused
    assert "Move or cancel them" in refused
    assert f"over booking {view.code}" in forced
    assert (await desk.see(view)).status is Status.CONFIRMED


async def test_a_hold_that_ran_out_is_in_no_block_s_way(desk, verbs):
    desk.run_out(await desk.hold(STAY, unit=2))

    assert "over booking" not in verbs("blocks", "add", "coihue", *DATES)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("add", "nube", *DATES), "there are: arrayan"),
        (("add", "coihue", "--from", day(-5), "--to", day(-2)), "these nights are over"),
        (("add", "coihue", "--from", day(1), "--to", day(1)), "check_out must be after check_in"),
        (("add", "coihue", "--from", day(1), "--to", day(900)), "retire the cabin instead"),
        (("remove", "7", "--yes"), "There is no block 7"),
    ],
)
def test_a_mistake_in_a_block_is_named(verbs, args, words):
    assert words in verbs("blocks", *args, code=2)


async def test_the_board_tells_who_comes_and_goes_what_to_clean_and_who_owes(desk, verbs):
    leaving = await desk.confirm(await desk.hold(nights(0, 3), unit=1))
    coming = await desk.confirm(await desk.hold(nights(3, 2), unit=1, guest="eva"))
    staying = await desk.confirm(await desk.hold(nights(1, 5), unit=2, guest="leo"))
    unpaid = await desk.hold(nights(3, 1), unit=3, guest="mia")
    await desk.cancel(await desk.hold(nights(4, 2), unit=3, guest="zoe"))
    chosen = nights(3, 1).check_in
    desk.sql("INSERT INTO calendar_feed (accommodation_id, source, url) VALUES (3, 'airbnb', 'u')")
    desk.sql(
        "INSERT INTO calendar_event (feed_id, accommodation_id, uid, starts_on, ends_on, kind,"
        " content_hash) VALUES (1, 3, 'u', %s, %s, 'reservation', '')",
        *(chosen - timedelta(days=2), chosen),
    )

    board = verbs.json("today", "--date", chosen.isoformat())
    text = verbs("today", "--date", f"{chosen:%d/%m/%Y}")

    assert [each["code"] for each in board["arrivals"]] == [coming.code, unpaid.code]
    assert [each["code"] for each in board["departures"]] == [leaving.code, None]
    assert [each["code"] for each in board["staying"]] == [staying.code]
    assert board["cleaning"] == [
        {"cabin": "arrayan", "cabin_name": "Cabaña Arrayán", "arriving": True},
        {"cabin": "lenga", "cabin_name": "Cabaña Lenga", "arriving": True},
    ]
    assert {each["code"]: each["due"] for each in board["due"]} == {
        each.code: each.total for each in (leaving, coming, staying, unpaid)
    }
    assert "calendar of airbnb" in text
    assert "deposit not paid yet" in text


def test_an_empty_day_says_so(verbs):
    text = verbs("today", "--date", "2030-06-01")

    assert "Arrivals: none" in text
    assert "To clean: nothing" in text
    assert "date must be a day such as" in verbs("today", "--date", "hoy", code=2)


@pytest.mark.parametrize(
    ("now", "completed"),
    [
        # The guest leaves on 31 December; the lodging's midnight is three hours after UTC's.
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), 0),
        (datetime(2027, 1, 1, 2, 59, 59, tzinfo=UTC), 0),
        (datetime(2027, 1, 1, 3, 0, tzinfo=UTC), 1),
    ],
)
async def test_a_stay_is_over_when_its_day_of_leaving_is_over_at_the_lodging(desk, now, completed):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))
    desk.sql(
        "UPDATE reservation SET check_in = %s, check_out = %s",
        *(date(2026, 12, 28), date(2026, 12, 31)),
    )

    count = await desk.do(lambda tx: stays.complete_ended(tx, now=now, limit=10))

    assert count == completed
    assert desk.sql("SELECT status FROM reservation WHERE id = %s", view.id) == [
        ("completed" if completed else "confirmed",)
    ]
    assert desk.told.changes()[2:] == [("completed", "confirmed")] * completed


async def test_each_lodging_s_own_midnight_ends_its_stays(desk):
    for unit, zone in ((1, "America/Santiago"), (2, "America/Argentina/Buenos_Aires")):
        desk.sql("UPDATE accommodation SET time_zone = %s WHERE id = %s", zone, unit)
        await desk.confirm(await desk.hold(nights(0, 3), unit=unit, guest=str(unit)))
    # Santiago leaves daylight saving on 4 April 2027: the day before it is 25 hours long.
    desk.sql("UPDATE reservation SET check_in = '2027-04-01', check_out = '2027-04-03'")

    async def complete(now: datetime) -> object:
        return await desk.do(lambda tx: stays.complete_ended(tx, now=now, limit=10))

    assert await complete(datetime(2027, 4, 4, 2, 59, tzinfo=UTC)) == 0
    assert await complete(datetime(2027, 4, 4, 3, 0, tzinfo=UTC)) == 1  # Buenos Aires
    assert await complete(datetime(2027, 4, 4, 3, 59, tzinfo=UTC)) == 0
    assert await complete(datetime(2027, 4, 4, 4, 0, tzinfo=UTC)) == 1


def test_today_without_a_date_is_the_lodging_s(verbs):
    assert verbs.json("today")["day"] in (str(TODAY), str(TODAY - timedelta(days=1)))
