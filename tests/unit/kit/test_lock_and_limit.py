"""The lock in front and the rate limit, on a real Valkey, and on one that is away or silent."""

import asyncio
import socket
import time

import pytest
import redis

from alojamientos.kit.locks import NotAcquired, UnitLocks
from alojamientos.kit.ratelimit import RateLimiter
from alojamientos.kit.redis import Circuit, create_client


@pytest.fixture
async def client(redis_url):
    client = create_client(redis_url)
    yield client
    await client.aclose()


@pytest.fixture(params=["absent", "silent"])
async def broken(request):
    """A client of a server that is not there, or that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen(20)
        client = create_client(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", timeout_s=0.05)
        yield client
        await client.aclose()


def keys(url: str) -> list[bytes]:
    with redis.Redis.from_url(url) as admin:
        return list(admin.keys("lock:*"))


async def test_lock_is_held_inside_and_let_go_after(client, redis_url):
    locks = UnitLocks(client, ttl_ms=5_000, wait_ms=0)

    async with locks.hold(7) as result:
        assert result == "acquired"
        assert keys(redis_url) == [b"lock:unit:7"]
        with pytest.raises(NotAcquired):
            async with locks.hold(7):
                pytest.fail("two holders")
        async with locks.hold(8) as other:
            assert other == "acquired"

    assert keys(redis_url) == []


async def test_lock_is_let_go_when_the_work_fails(client, redis_url):
    with pytest.raises(ZeroDivisionError):
        async with UnitLocks(client, ttl_ms=5_000, wait_ms=0).hold(7):
            raise ZeroDivisionError

    assert keys(redis_url) == []


async def test_lock_is_let_go_when_the_task_is_cancelled(client, redis_url):
    locks = UnitLocks(client, ttl_ms=5_000, wait_ms=5_000)
    inside = asyncio.Event()

    async def work() -> None:
        async with locks.hold(7):
            inside.set()
            await asyncio.Event().wait()

    holder = asyncio.create_task(work())
    await inside.wait()
    waiter = asyncio.create_task(work())
    await asyncio.sleep(0)
    for task in (waiter, holder):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async with UnitLocks(client, ttl_ms=5_000, wait_ms=1_000).hold(7) as result:
        assert result == "acquired"


async def test_lock_that_ran_out_is_not_taken_from_its_next_holder(client, redis_url):
    locks = UnitLocks(client, ttl_ms=30, wait_ms=2_000)
    async with locks.hold(7), UnitLocks(client, ttl_ms=5_000, wait_ms=2_000).hold(7) as second:
        assert second == "acquired"
        holder = await client.get("lock:unit:7")
        await locks._release(client, "lock:unit:7", "token of the first")
        assert await client.get("lock:unit:7") == holder


async def test_many_wait_for_one_another(client):
    locks = UnitLocks(client, ttl_ms=5_000, wait_ms=10_000)
    inside = 0
    most = 0

    async def work() -> None:
        nonlocal inside, most
        async with locks.hold(7):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(30)))

    assert most == 1


async def test_lock_without_its_server_is_skipped_at_once(broken):
    locks = UnitLocks(broken, ttl_ms=5_000, wait_ms=5_000)
    start = time.monotonic()

    for _ in range(50):
        async with locks.hold(7) as result:
            assert result == "skipped"

    assert time.monotonic() - start < 1.0, "the deadline is paid for once"


async def test_lock_without_redis_is_skipped():
    async with UnitLocks(None, ttl_ms=1, wait_ms=1).hold(7) as result:
        assert result == "skipped"


async def test_lock_is_tried_again_when_the_rest_is_over(client):
    now = 100.0
    circuit = Circuit(rest_s=3, clock=lambda: now)
    locks = UnitLocks(client, ttl_ms=5_000, wait_ms=0, circuit=circuit)
    circuit.failed()

    async with locks.hold(7) as during:
        pass
    now += 3
    async with locks.hold(7) as after:
        pass

    assert (during, after) == ("skipped", "acquired")


async def test_limit_counts_each_client_alone(client):
    limiter = RateLimiter(client, limit=2)

    waits = [await limiter.wait_s("a") for _ in range(4)]

    assert waits[:2] == [0, 0]
    assert all(0 < wait <= 120 for wait in waits[2:])
    assert await limiter.wait_s("b") == 0


async def test_limit_allows_again_after_the_seconds_that_it_said(client):
    limiter = RateLimiter(client, limit=3, window_s=0.3)
    start = time.monotonic()
    allowed = 0

    while time.monotonic() - start < 1.5:
        wait = await limiter.wait_s("a")
        allowed += wait == 0
        await asyncio.sleep(wait)

    assert 8 <= allowed <= 18, "three in any 0.3 s, for 1.5 s"


async def test_limit_weighs_what_the_last_window_let_through(client):
    """A client that used its calls up gets them back bit by bit, not all at a window's edge."""
    limiter = RateLimiter(client, limit=100, window_s=60)

    async def now() -> tuple[int, int]:
        seconds, microseconds = await client.time()
        index, passed = divmod(int(seconds) * 1000 + int(microseconds) // 1000, 60_000)
        return index, passed

    index, before = await now()
    allowed, after, later = 0, 0, index + 1
    while later != index:  # again, if a window ended meanwhile
        index, before = await now()
        await client.delete("rate:a")
        await client.hset("rate:a", mapping={"index": index - 1, "count": 100, "last": 0})
        allowed = 0
        while await limiter.wait_s("a") == 0:
            allowed += 1
        later, after = await now()

    assert before / 600 - 1 <= allowed <= after / 600 + 1


async def test_limit_without_its_server_lets_through_and_says_so(broken):
    told: list[Exception | None] = []
    limiter = RateLimiter(broken, limit=1, on_unavailable=told.append)
    start = time.monotonic()

    waits = [await limiter.wait_s("a") for _ in range(20)]

    assert waits == [0] * 20
    assert len(told) == 20
    assert isinstance(told[0], redis.RedisError)
    assert time.monotonic() - start < 5.0


async def test_limit_without_redis_lets_through():
    assert await RateLimiter(None, limit=1).wait_s("a") == 0
