"""What a booking over the API costs in the real web process, and what crowds get.

    python -m benchmarks.pre_reservation [--quick]

Bars: ≤ 4 ms of CPU per pre-reservation in the server; of 50 at once for the same nights one gets
201 and 49 get 409, none 5xx.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

import httpx2
import orjson
import psutil
import psycopg
from benchmarks._servers import (
    free_port,
    percentile,
    process,
    servers,
    spread,
    table,
    wait_for,
)

CPU_BAR_MS = 4.0
CROWD_BAR_MS = 200
CLIENTS = 8
CROWD = 50
CABINS = 80  # so that bookings that are to succeed always find a free one
STAYS_EACH = 150
TOKEN = "bench-token"  # noqa: S105 - of a server that lives for a minute
FIRST_DAY = date(date.today().year + 1, 1, 4)  # noqa: DTZ011 - any season will do
_numbers = count(1)


@dataclass(frozen=True)
class Web:
    url: str
    server: psutil.Process
    dsn: str

    def clear(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("TRUNCATE reservation, guest, procrastinate_jobs CASCADE")
            connection.execute("ANALYZE")

    def cpu_s(self) -> float:
        used = self.server.cpu_times()
        return float(used.user + used.system)


@contextlib.contextmanager
def web() -> Iterator[Web]:
    with servers() as real, psycopg.connect(real.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO accommodation (slug, name, capacity, nightly_price, weekend_price,"
            " min_nights) SELECT 'bench-' || n, 'Cabaña ' || n, 4, 8500000, 10500000, 1"
            " FROM generate_series(1, %s) n",
            (CABINS,),
        )
        port = free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": real.dsn,
            "REDIS_URL": real.redis_url,
            "WEB_PORT": str(port),
            "API_TOKEN": TOKEN,
            "RATE_LIMIT_PER_MINUTE": "1000000",
            "STACK_STATE_DIR": str(real.folder),
        }
        command = [sys.executable, "-m", "alojamientos", "serve"]
        with process(command, real.folder / "web.log", environment) as started:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: _answers(url), "web")
            yield Web(url=url, server=psutil.Process(started.pid), dsn=real.dsn)


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx2.TransportError):
        return httpx2.get(f"{url}/api/v1/readyz", timeout=2, trust_env=False).status_code < 500
    return False


def booking(unit: int, first_night: int, nights: int = 3) -> bytes:
    check_in = FIRST_DAY + timedelta(days=first_night)
    number = next(_numbers)
    return orjson.dumps(
        {
            "accommodation_id": unit,
            "check_in": check_in.isoformat(),
            "check_out": (check_in + timedelta(days=nights)).isoformat(),
            "guests": 2,
            "guest": {"name": f"Guest {number}", "email": f"guest{number}@example.com"},
        }
    )


def free_bookings() -> Iterator[bytes]:
    """Yield requests that all succeed, spread over the cabins (whose ids follow the demo's)."""
    for stay in range(STAYS_EACH):
        for unit in range(4, 4 + CABINS):
            yield booking(unit, 3 * stay)


async def post_all(
    client: httpx2.AsyncClient, bodies: list[bytes], *, clients: int
) -> tuple[list[int], list[float]]:
    """Post `bodies` from so many clients; return statuses and milliseconds each."""
    queue, statuses, times = iter(bodies), [], []

    async def one() -> None:
        for body in queue:
            start = time.perf_counter()
            response = await client.post("/api/v1/reservations", content=body)
            times.append((time.perf_counter() - start) * 1000)
            statuses.append(response.status_code)

    await asyncio.gather(*(one() for _ in range(clients)))
    return statuses, times


async def cost(site: Web, client: httpx2.AsyncClient, *, rounds: int, size: int) -> list[float]:
    """Return the server's CPU milliseconds per booking, a figure per round."""
    found = []
    for _ in range(rounds):
        site.clear()
        bodies = [body for body, _ in zip(free_bookings(), range(size), strict=False)]
        before = site.cpu_s()
        statuses, _ = await post_all(client, bodies, clients=1)
        found.append((site.cpu_s() - before) * 1000 / size)
        assert set(statuses) == {201}, Counter(statuses)
    return found


async def throughput(
    site: Web, client: httpx2.AsyncClient, *, rounds: int, size: int
) -> tuple[list[float], list[float], list[float]]:
    """Return bookings a second and CPU milliseconds each, per round, and every request's time."""
    rates, cpu, times = [], [], []
    for _ in range(rounds):
        site.clear()
        bodies = [body for body, _ in zip(free_bookings(), range(size), strict=False)]
        start, before = time.perf_counter(), site.cpu_s()
        statuses, taken = await post_all(client, bodies, clients=CLIENTS)
        rates.append(size / (time.perf_counter() - start))
        cpu.append((site.cpu_s() - before) * 1000 / size)
        times += taken
        assert set(statuses) == {201}, Counter(statuses)
    return rates, cpu, times


async def crowd(
    site: Web, client: httpx2.AsyncClient, *, rounds: int, same: bool
) -> tuple[list[Counter[int]], list[float]]:
    """Let a crowd ask at once for the same nights, or for overlapping different ones."""
    outcomes, times = [], []
    for _ in range(rounds):
        site.clear()
        bodies = [
            booking(4, 10 if same else 10 + 7 * number % 40, 3 if same else 3 + number % 4)
            for number in range(CROWD)
        ]
        statuses, taken = await post_all(client, bodies, clients=CROWD)
        outcomes.append(Counter(statuses))
        times.append(percentile(taken, 0.95))
    return outcomes, times


async def measure(site: Web, *, quick: bool) -> bool:
    rounds, size = (2, 100) if quick else (5, 400)
    limits = httpx2.Limits(max_connections=CROWD, max_keepalive_connections=CROWD)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(
        base_url=site.url, headers=headers, limits=limits, timeout=30, trust_env=False
    ) as client:
        await cost(site, client, rounds=1, size=50)  # warm up
        await crowd(site, client, rounds=1, same=True)  # open every connection
        cpu = await cost(site, client, rounds=rounds, size=size)
        rates, busy_cpu, times = await throughput(site, client, rounds=rounds, size=size)
        same, same_p95 = await crowd(site, client, rounds=rounds, same=True)
        other, other_p95 = await crowd(site, client, rounds=rounds, same=False)
    table(
        [
            ("CPU per pre-reservation", spread(cpu, " ms"), f"bar ≤ {CPU_BAR_MS:.0f} ms"),
            (f"  with {CLIENTS} clients", spread(busy_cpu, " ms"), ""),
            (f"bookings a second, {CLIENTS} clients", spread(rates), ""),
            ("  p50", f"{percentile(times, 0.5):.1f} ms", ""),
            ("  p95", f"{percentile(times, 0.95):.1f} ms", ""),
            (f"{CROWD} at once, same nights", _outcomes(same), "bar 1 × 201, 49 × 409"),
            ("  p95", spread(same_p95, " ms"), f"bar ≤ {CROWD_BAR_MS} ms, quiet machine"),
            (f"{CROWD} at once, overlapping nights", _outcomes(other), "bar no 5xx"),
            ("  p95", spread(other_p95, " ms"), ""),
        ]
    )
    fair = all(found == {201: 1, 409: CROWD - 1} for found in same)
    sane = all(set(found) <= {201, 409} and found[201] >= 1 for found in other)
    return fair and sane and sorted(cpu)[len(cpu) // 2] <= CPU_BAR_MS


def _outcomes(rounds: list[Counter[int]]) -> str:
    """Return the statuses of each kind of round, and how many rounds went that way."""
    kinds = Counter(
        ", ".join(f"{number} × {status}" for status, number in sorted(found.items()))
        for found in rounds
    )
    return "; ".join(f"{kind} ({number}x)" for kind, number in kinds.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with web() as site:
        return 0 if asyncio.run(measure(site, quick=quick)) else 1


if __name__ == "__main__":
    sys.exit(main())
