"""Many at once, on real servers: one wins, nobody deadlocks, and a lost Redis changes nothing."""

import asyncio
import random
from collections.abc import Awaitable

import pytest
from tests.conftest import free_port, running, wait_until
from tests.integration.reservations.conftest import POLICY, nights

from alojamientos.kit import db
from alojamientos.kit.locks import UnitLocks
from alojamientos.kit.redis import create_client
from alojamientos.ops.launcher.servers import Valkey
from alojamientos.reservations import queries
from alojamientos.reservations.domain import DatesTaken, LockNotAcquired
from alojamientos.reservations.events import LockAcquired, Status

CROWD = 50


@pytest.fixture
async def crowded(desk):
    """The desk with connections enough for everyone at once."""
    await desk.database.close()
    engine = db.create_engine(desk.dsn, pool_size=CROWD)
    desk.database = db.Database(engine, desk.told)
    yield desk
    await desk.database.close()


@pytest.fixture(params=["with the lock in front", "without Redis"])
async def locks(request, redis_url):
    client = create_client(redis_url, timeout_s=5) if request.param.startswith("with the") else None
    yield UnitLocks(client, ttl_ms=5_000, wait_ms=30_000)
    if client is not None:
        await client.aclose()


async def outcomes(*works: Awaitable[object]) -> list[str]:
    results = await asyncio.gather(*works, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, DatesTaken):
            raise result
    return ["taken" if isinstance(result, DatesTaken) else "held" for result in results]


async def test_of_fifty_who_want_the_same_nights_one_gets_them(crowded, locks):
    crowded.locks = locks

    found = await outcomes(*(crowded.hold(nights(0, 3), guest=f"guest{n}") for n in range(CROWD)))

    assert (found.count("held"), found.count("taken")) == (1, CROWD - 1)
    assert crowded.sql("SELECT count(*) FROM reservation") == [(1,)]


async def test_fifty_who_want_overlapping_nights_never_share_one(crowded, locks):
    crowded.locks = locks
    chance = random.Random(7)
    wishes = [nights(chance.randrange(20), chance.randrange(3, 7)) for _ in range(CROWD)]

    await outcomes(*(crowded.hold(stay, guest=f"guest{n}") for n, stay in enumerate(wishes)))

    async with crowded.database.read() as conn:
        assert await queries.double_booked(conn) == 0
        for stay in wishes:  # nobody was turned away from nights that are free
            offers = await queries.offers(conn, stay=stay, guests=2, policy=POLICY)
            assert not offers[0].available


async def test_crowd_over_an_expired_hold_ends_it_once(crowded, locks):
    crowded.locks = locks
    overdue = await crowded.hold(nights(1, 3), guest="late")
    crowded.run_out(overdue)

    found = await outcomes(*(crowded.hold(nights(0, 3), guest=f"guest{n}") for n in range(CROWD)))

    assert found.count("held") == 1
    assert crowded.told.changes().count(("expired", "pre_reserved")) == 1
    assert (await crowded.see(overdue)).status is Status.EXPIRED


async def test_late_payment_and_new_bookings_race_for_the_same_nights(crowded, locks):
    crowded.locks = locks
    overdue = await crowded.hold(nights(0, 3), guest="late")
    crowded.run_out(overdue)

    found = await outcomes(
        crowded.revive(overdue),
        *(crowded.hold(nights(1, 3), guest=f"guest{n}") for n in range(9)),
    )

    assert found.count("held") == 1
    async with crowded.database.read() as conn:
        assert await queries.double_booked(conn) == 0


async def test_who_cannot_have_the_lock_in_time_is_told_to_try_again(desk, redis_url):
    client = create_client(redis_url)
    desk.locks = UnitLocks(client, ttl_ms=5_000, wait_ms=20)
    async with UnitLocks(client, ttl_ms=5_000, wait_ms=0).hold(1):
        with pytest.raises(LockNotAcquired) as caught:
            await desk.hold(nights(0, 3))
    await client.aclose()

    assert caught.value.extra["channel"] == "api"
    assert desk.told.of(LockAcquired) == []


async def test_booking_goes_on_while_valkey_stops_and_comes_back(desk, tmp_path):
    server = Valkey(directory=tmp_path, port=free_port())
    client = create_client(server.url)
    desk.locks = UnitLocks(client, ttl_ms=5_000, wait_ms=1_000)
    with running(server.command(), tmp_path / "log"):
        wait_until(lambda: "Ready" in (tmp_path / "log").read_text(), "Valkey")
        await desk.hold(nights(0, 3), guest="a")

    await desk.hold(nights(3, 3), guest="b")
    with pytest.raises(DatesTaken):
        await desk.hold(nights(4, 3), guest="c")
    await client.aclose()

    skipped = [fact.skipped for fact in desk.told.of(LockAcquired)]
    assert skipped == [False, True]
