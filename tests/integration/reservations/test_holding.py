"""Holds: what they refuse, what frees their dates, and what they say happened."""

import asyncio
from datetime import date, timedelta

import psycopg
import pytest
from tests.integration.reservations.conftest import POLICY, TODAY, nights

from alojamientos.reservations import operations, queries
from alojamientos.reservations.domain import (
    DatesTaken,
    InvalidStay,
    NoSuchAccommodation,
    NoSuchReservation,
    NotCancellable,
    NotConfirmable,
    Stay,
    TooFewNights,
    TooManyGuests,
    TooManyHolds,
)
from alojamientos.reservations.events import HoldReminded, LockAcquired, ReservationChanged, Status


async def test_hold_reads_back_as_it_was_returned(desk):
    view = await desk.hold(nights(0, 3))

    assert view == await desk.see(view)
    assert view.status is Status.PRE_RESERVED
    assert view.hold_expires_at is not None
    assert (
        timedelta(0) <= view.hold_expires_at - view.created_at - POLICY.hold < timedelta(seconds=5)
    )
    assert desk.told.facts == [
        LockAcquired(channel=view.channel, skipped=True),
        ReservationChanged(
            reservation_id=view.id,
            code=view.code,
            accommodation_id=1,
            channel=view.channel,
            status=Status.PRE_RESERVED,
            previous=None,
            nights=3,
        ),
    ]


@pytest.mark.parametrize("shift", [-2, -1, 0, 1, 2])
async def test_stays_that_share_a_night_exclude_each_other(desk, shift):
    await desk.hold(nights(10, 3))

    with pytest.raises(DatesTaken):
        await desk.hold(nights(10 + shift, 3), guest="eva")


@pytest.mark.parametrize("shift", [-3, 3])
async def test_leaving_and_arriving_on_one_day_is_fine(desk, shift):
    await desk.hold(nights(10, 3))

    assert await desk.hold(nights(10 + shift, 3), guest="eva")


async def test_same_nights_in_another_accommodation_are_free(desk):
    await desk.hold(nights(10, 3))

    assert await desk.hold(nights(10, 3), unit=2, guest="eva")


@pytest.mark.parametrize(
    ("changes", "refusal", "field"),
    [
        ({"guests": 3}, TooManyGuests, "guests"),
        ({"stay": nights(0, 2)}, TooFewNights, "check_out"),
        ({"stay": Stay(date(2020, 1, 1), date(2020, 1, 5))}, InvalidStay, "check_in"),
        ({"unit": 99}, NoSuchAccommodation, "accommodation_id"),
    ],
)
async def test_hold_refuses_what_does_not_fit_and_writes_nothing(desk, changes, refusal, field):
    with pytest.raises(refusal) as caught:
        await desk.hold(**{"stay": nights(0, 3), **changes})

    assert caught.value.extra["field"] == field
    assert desk.sql("SELECT count(*) FROM reservation") == [(0,)]


async def test_inactive_accommodation_cannot_be_held(desk):
    desk.sql("UPDATE accommodation SET active = false WHERE id = 1")

    with pytest.raises(NoSuchAccommodation):
        await desk.hold(nights(0, 3))


async def test_owner_block_and_imported_occupancy_take_nights(desk):
    stay = nights(0, 3)
    desk.sql(
        "INSERT INTO manual_block (accommodation_id, starts_on, ends_on) VALUES (1, %s, %s)",
        *(stay.check_in, stay.check_out),
    )
    imported = nights(10, 3)
    desk.sql(
        "WITH feed AS (INSERT INTO calendar_feed (accommodation_id, source, url)"
        " VALUES (1, 'airbnb', 'https://x') RETURNING id)"
        " INSERT INTO calendar_event (feed_id, accommodation_id, uid, starts_on, ends_on, kind,"
        " content_hash) SELECT id, 1, 'u', %s, %s, 'reservation', '' FROM feed",
        *(imported.check_in, imported.check_out),
    )

    for taken in (stay, imported):
        with pytest.raises(DatesTaken):
            await desk.hold(taken)

    desk.sql("UPDATE calendar_event SET cancelled_at = now()")
    assert await desk.hold(imported)


async def test_guest_has_only_so_many_open_holds_and_expired_ones_do_not_count(desk):
    first = await desk.hold(nights(0, 3))
    await desk.hold(nights(3, 3))

    with pytest.raises(TooManyHolds):
        await desk.hold(nights(6, 3))

    desk.run_out(first)
    assert await desk.hold(nights(6, 3))


async def test_confirmed_stays_do_not_count_as_open_holds(desk):
    for first in (0, 3, 6):
        await desk.confirm(await desk.hold(nights(first, 3)))

    assert await desk.hold(nights(9, 3))


async def test_one_guest_asking_for_everything_at_once_gets_only_so_many_holds(desk):
    guest_id = await desk.guest()

    async def ask(first: int, unit: int) -> object:
        try:
            return await desk.hold(nights(first, 3), unit=unit, guest_id=guest_id)
        except TooManyHolds:
            return None

    results = await asyncio.gather(*(ask(3 * n, 1 + n % 3) for n in range(12)))

    assert sum(result is not None for result in results) == POLICY.max_open_holds


async def test_expired_hold_never_blocks_and_is_ended_by_whoever_wants_its_dates(desk):
    overdue = await desk.hold(nights(0, 3))
    desk.run_out(overdue)

    taken = await desk.hold(nights(2, 3), guest="eva")

    assert taken.status is Status.PRE_RESERVED
    assert desk.sql("SELECT status FROM reservation ORDER BY id") == [
        ("expired",),
        ("pre_reserved",),
    ]
    assert desk.told.changes()[-2:] == [("expired", "pre_reserved"), ("pre_reserved", None)]


async def test_overdue_hold_reads_as_expired_before_anyone_has_swept_it(desk):
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)

    assert (await desk.see(view)).status is Status.EXPIRED
    assert desk.sql("SELECT status FROM reservation") == [("pre_reserved",)]


async def test_used_key_returns_what_it_made(desk):
    view = await desk.hold(nights(0, 3), key="wamid.1")

    assert await desk.hold(nights(0, 3), key="wamid.1") == view
    assert desk.told.changes() == [("pre_reserved", None)]


async def test_same_key_at_once_makes_one_reservation(desk):
    guest_id = await desk.guest()

    views = await asyncio.gather(
        *(desk.hold(nights(0, 3), key="wamid.1", guest_id=guest_id) for _ in range(10))
    )

    assert len({view.id for view in views}) == 1
    assert desk.sql("SELECT count(*) FROM reservation") == [(1,)]


async def test_same_key_at_once_for_different_cabins_makes_one_reservation(desk):
    ids = [await desk.guest("ana"), await desk.guest("eva")]

    views = await asyncio.gather(
        *(
            desk.hold(nights(0, 3), key="wamid.1", guest_id=ids[n % 2], unit=1 + n % 3)
            for n in range(9)
        )
    )

    assert len({view.id for view in views}) == 1


async def test_refusal_leaves_the_transaction_usable(desk):
    await desk.hold(nights(0, 3))
    guest_id = await desk.guest("eva")

    async with desk.database.begin() as tx:
        values = {
            "accommodation_id": 1,
            "guests": 2,
            "guest_id": guest_id,
            "channel": "whatsapp",
            "policy": POLICY,
            "locks": desk.locks,
            "today": TODAY,
        }
        with pytest.raises(DatesTaken):
            await operations.hold(tx, stay=nights(1, 3), **values)
        view = await operations.hold(tx, stay=nights(3, 3), **values)

    assert (await desk.see(view)).status is Status.PRE_RESERVED


async def test_confirming_is_told_once(desk):
    view = await desk.hold(nights(0, 3))

    await desk.confirm(view)
    again = await desk.confirm(view)

    assert again.status is Status.CONFIRMED
    assert again.hold_expires_at == view.hold_expires_at
    assert desk.told.changes() == [("pre_reserved", None), ("confirmed", "pre_reserved")]


async def test_payment_at_the_deadline_wins_over_the_clock(desk):
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)

    confirmed = await desk.confirm(view)

    assert confirmed.status is Status.CONFIRMED
    assert (await desk.see(view)).status is Status.CONFIRMED


async def test_expired_hold_comes_back_when_its_dates_are_free(desk):
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)
    await desk.do(lambda tx: operations.expire_due_holds(tx, limit=10))

    revived = await desk.revive(view)

    assert revived.status is Status.CONFIRMED
    assert (await desk.revive(view)).status is Status.CONFIRMED
    assert desk.told.changes()[1:] == [("expired", "pre_reserved"), ("confirmed", "expired")]


async def test_expired_hold_does_not_come_back_over_others(desk):
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)
    await desk.hold(nights(2, 3), guest="eva")

    with pytest.raises(DatesTaken):
        await desk.revive(view)

    assert (await desk.see(view)).status is Status.EXPIRED


async def test_expired_hold_comes_back_over_another_that_has_run_out_too(desk):
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)
    other = await desk.hold(nights(2, 3), guest="eva")
    desk.run_out(other)

    assert (await desk.revive(view)).status is Status.CONFIRMED
    assert (await desk.see(other)).status is Status.EXPIRED


async def test_late_payment_does_not_override_the_owner(desk):
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)
    desk.sql(
        "INSERT INTO manual_block (accommodation_id, starts_on, ends_on) VALUES (1, %s, %s)",
        *(view.check_in, view.check_out),
    )

    with pytest.raises(DatesTaken):
        await desk.revive(view)


async def test_constraint_is_the_last_line_when_the_lock_was_not_respected(desk):
    """A row written past every lock is met by the constraint, and the transaction stays usable."""
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)
    await desk.do(lambda tx: operations.expire_due_holds(tx, limit=10))
    intruder = psycopg.connect(desk.dsn)
    try:
        intruder.execute(
            "INSERT INTO reservation (code, accommodation_id, guest_id, check_in, check_out,"
            " guests, status, channel, quote, total, deposit) SELECT 'INTRUDER', accommodation_id,"
            " guest_id, check_in, check_out, guests, 'confirmed', channel, quote, total, deposit"
            " FROM reservation"
        )
        async with desk.database.begin() as tx:
            reviving = asyncio.create_task(operations.revive(tx, reservation_id=view.id))
            while not desk.sql(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock' AND query LIKE 'UPDATE reservation%%'"
            ):
                await asyncio.sleep(0.01)
            intruder.commit()
            with pytest.raises(DatesTaken):
                await reviving
            assert (await queries.by_id(tx.conn, view.id)).status is Status.EXPIRED
    finally:
        intruder.close()


async def test_cancelled_reservation_frees_its_dates_and_stays_cancelled(desk):
    view = await desk.hold(nights(0, 3))

    cancelled = await desk.cancel(view)

    assert cancelled.status is Status.CANCELLED
    assert (await desk.cancel(view)).status is Status.CANCELLED
    assert await desk.hold(nights(0, 3), guest="eva")
    for attempt in (desk.confirm, desk.revive):
        with pytest.raises(NotConfirmable):
            await attempt(view)
    assert desk.told.changes()[:2] == [("pre_reserved", None), ("cancelled", "pre_reserved")]


@pytest.mark.parametrize("status", ["expired", "completed", "no_show"])
async def test_what_has_ended_cannot_be_cancelled(desk, status):
    view = await desk.hold(nights(0, 3))
    desk.sql("UPDATE reservation SET status = %s", status)

    with pytest.raises(NotCancellable) as caught:
        await desk.cancel(view)

    assert status in caught.value.message


async def test_unknown_reservation_is_named_as_such(desk):
    for change in (operations.confirm, operations.revive):
        with pytest.raises(NoSuchReservation):
            await desk.do(lambda tx, change=change: change(tx, reservation_id=404))


async def test_sweep_ends_overdue_holds_oldest_first_and_only_so_many(desk):
    views = [await desk.hold(nights(3 * n, 3), guest=f"guest{n}") for n in range(3)]
    for view in views[:2]:
        desk.run_out(view)

    first = await desk.do(lambda tx: operations.expire_due_holds(tx, limit=1))
    rest = await desk.do(lambda tx: operations.expire_due_holds(tx, limit=10))

    assert (first, rest) == (1, 1)
    assert [(await desk.see(view)).status for view in views] == [
        Status.EXPIRED,
        Status.EXPIRED,
        Status.PRE_RESERVED,
    ]


async def test_guest_is_reminded_once_when_the_deadline_is_near(desk):
    view = await desk.hold(nights(0, 3))
    within = timedelta(minutes=15)

    async def remind() -> int:
        return int(await desk.do(lambda tx: operations.remind_due_holds(tx, within=within)))

    early = await remind()
    desk.sql(
        "UPDATE reservation SET created_at = now() - interval '50 minutes',"
        " hold_expires_at = now() + interval '10 minutes'"
    )
    on_time, again = await remind(), await remind()

    assert (early, on_time, again) == (0, 1, 0)
    assert desk.told.of(HoldReminded) == [HoldReminded(reservation_id=view.id, code=view.code)]


async def test_short_hold_is_not_reminded_of_before_half_of_it_has_gone(desk):
    await desk.hold(nights(0, 3))
    desk.sql(
        "UPDATE reservation SET created_at = now(), hold_expires_at = now() + interval '5 minutes'"
    )

    reminded = await desk.do(
        lambda tx: operations.remind_due_holds(tx, within=timedelta(minutes=15))
    )

    assert reminded == 0


async def test_open_reservations_of_a_guest_are_those_that_still_matter(desk):
    live = await desk.hold(nights(9, 3))
    overdue = await desk.hold(nights(0, 3))
    desk.run_out(overdue)
    stay = await desk.confirm(await desk.hold(nights(3, 3)))
    await desk.cancel(await desk.hold(nights(6, 3)))
    past = await desk.confirm(await desk.hold(nights(20, 3)))
    desk.sql(
        "UPDATE reservation SET check_in = current_date - 9, check_out = current_date - 6"
        " WHERE id = %s",
        past.id,
    )
    await desk.hold(nights(12, 3), guest="eva")

    async with desk.database.read() as conn:
        found = await queries.open_for_guest(conn, guest_id=live.guest_id)
        counts = await queries.active_by_status(conn)
        due = await queries.holds_due(conn)
        doubles = await queries.double_booked(conn)

    assert [view.id for view in found] == [stay.id, live.id]
    assert counts == {"pre_reserved": 2, "confirmed": 1}
    assert (due, doubles) == (1, 0)


async def test_double_booking_is_counted_even_when_the_constraint_is_gone(desk):
    await desk.confirm(await desk.hold(nights(0, 3)))
    await desk.confirm(await desk.hold(nights(5, 3)))
    desk.sql("ALTER TABLE reservation DROP CONSTRAINT reservation_no_overlap")
    desk.sql("UPDATE reservation SET check_in = '2030-01-01', check_out = '2030-01-04'")

    async with desk.database.read() as conn:
        assert await queries.double_booked(conn) == 1


async def test_reservation_is_found_by_its_code(desk):
    view = await desk.hold(nights(0, 3))

    async with desk.database.read() as conn:
        assert await queries.by_code(conn, view.code) == view
        with pytest.raises(NoSuchReservation):
            await queries.by_code(conn, "0000-0000-0000")
