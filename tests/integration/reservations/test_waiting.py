"""Who waits for whom: the locks that keep bookings from deadlocking and from undoing each other."""

import asyncio
import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from tests.integration.reservations.conftest import nights

from alojamientos.reservations.domain import DatesTaken, NotCancellable, NotConfirmable
from alojamientos.reservations.events import Status


@contextlib.contextmanager
def transaction(
    desk, statement: str, *values: object
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Keep what `statement` did open in a transaction of somebody else's."""
    with psycopg.connect(desk.dsn) as other:
        other.execute(statement, values)
        yield other


async def until_waiting(desk, task: asyncio.Task[object]) -> None:
    """Return once a connection waits for a lock; the task must not end before."""
    while not desk.sql(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    ):
        assert not task.done(), "it did not wait"
        await asyncio.sleep(0.01)


async def test_booking_waits_for_another_of_the_same_accommodation(desk):
    await desk.guest()
    with transaction(desk, "SELECT pg_advisory_xact_lock(101, 1)") as other:
        task = asyncio.create_task(desk.hold(nights(0, 3)))
        await until_waiting(desk, task)
        elsewhere = await desk.hold(nights(0, 3), unit=2, guest="eva")
        other.rollback()

        assert (await task).status is Status.PRE_RESERVED
    assert elsewhere.accommodation_id == 2


IMPORTED = """WITH feed AS (INSERT INTO calendar_feed (accommodation_id, source, url)
        VALUES (1, 'airbnb', 'https://x') RETURNING id)
    INSERT INTO calendar_event (feed_id, accommodation_id, uid, starts_on, ends_on, kind,
        content_hash) SELECT id, 1, 'u', %s, %s, 'reservation', '' FROM feed"""
BLOCKED = "INSERT INTO manual_block (accommodation_id, starts_on, ends_on) VALUES (1, %s, %s)"


@pytest.mark.parametrize("blocking", [IMPORTED, BLOCKED], ids=["imported", "blocked"])
async def test_booking_sees_the_nights_that_were_blocked_while_it_waited(desk, blocking):
    await desk.guest()
    imported = nights(2, 2)
    with transaction(desk, "SELECT pg_advisory_xact_lock(101, 1)") as other:
        task = asyncio.create_task(desk.hold(nights(0, 3)))
        await until_waiting(desk, task)
        other.execute(blocking, (imported.check_in, imported.check_out))
        other.commit()

        with pytest.raises(DatesTaken):
            await task
    assert desk.sql("SELECT count(*) FROM reservation") == [(0,)]
    assert await desk.hold(nights(4, 3))  # back to back


async def test_late_payment_waits_for_a_booking_of_the_same_accommodation(desk):
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)
    with transaction(desk, "SELECT pg_advisory_xact_lock(101, 1)") as other:
        task = asyncio.create_task(desk.revive(view))
        await until_waiting(desk, task)
        other.rollback()

        assert (await task).status is Status.CONFIRMED


@pytest.mark.parametrize(
    ("change", "refusal"), [("confirm", NotConfirmable), ("cancel", NotCancellable)]
)
async def test_change_waits_for_an_expiry_under_way_and_then_respects_it(desk, change, refusal):
    view = await desk.hold(nights(0, 3))
    with transaction(desk, "UPDATE reservation SET status = 'expired'") as other:
        task = asyncio.create_task(getattr(desk, change)(view))
        await until_waiting(desk, task)
        other.commit()

        with pytest.raises(refusal):
            await task
    assert desk.sql("SELECT status FROM reservation") == [("expired",)]


async def test_cancelling_and_confirming_do_not_wait_for_bookings(desk):
    first, second = await desk.hold(nights(0, 3)), await desk.hold(nights(3, 3))
    with transaction(desk, "SELECT pg_advisory_xact_lock(101, 1)"):
        assert (await desk.confirm(first)).status is Status.CONFIRMED
        assert (await desk.cancel(second)).status is Status.CANCELLED


async def test_payment_for_a_cancelled_stay_is_refused_without_waiting(desk):
    view = await desk.hold(nights(0, 3))
    await desk.cancel(view)
    with transaction(desk, "SELECT pg_advisory_xact_lock(101, 1)"), pytest.raises(NotConfirmable):
        await desk.revive(view)
