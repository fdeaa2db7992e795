"""Sixty connections book, pay, cancel and let holds run out on the same few nights.

    python -m benchmarks.overlap_hammer [--quick]

Bars: no overlap, no deadlock that reaches a caller, p99 < 250 ms.
"""

import argparse
import asyncio
import multiprocessing
import random
import sys
import time
from dataclasses import dataclass, field
from datetime import date, timedelta

import psycopg
import uvloop
from benchmarks._servers import percentile, servers, table

from alojamientos.kit import db
from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.locks import UnitLocks
from alojamientos.kit.redis import create_client
from alojamientos.reservations import invariants, operations, queries
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.events import Channel

CONNECTIONS = 60
PROCESSES = 4  # as a lodging with several web processes would have
SHARE = CONNECTIONS // PROCESSES
OPERATIONS = 10_020  # 167 for each connection
BAR_S = 0.25
LOCK_WAIT_MS = 100  # REDIS_LOCK_WAIT_MS of a busy site: rather refused at once than kept waiting
NIGHTS = 40  # that everyone wants to have
MIX = (("hold", 60), ("confirm", 12), ("cancel", 12), ("revive", 8), ("run_out", 4), ("sweep", 4))
POLICY = operations.Policy(
    time_zone="America/Argentina/Buenos_Aires",
    hold=timedelta(minutes=60),
    deposit_percent=30,
    max_open_holds=10_000,
)


@dataclass
class Tally:
    by_kind: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    deadlocks: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for kind, seconds in other.by_kind.items():
            self.by_kind.setdefault(kind, []).extend(seconds)
        self.seconds += other.seconds
        self.deadlocks += other.deadlocks
        self.errors += other.errors


class Hammer:
    def __init__(self, database: db.Database, locks: UnitLocks) -> None:
        self.database = database
        self.locks = locks
        self.made: list[int] = []
        self.tally = Tally()
        self.first_day = date(date.today().year + 1, 1, 4)  # noqa: DTZ011 - any season will do

    async def one(self, chance: random.Random, guest_id: int) -> None:
        kinds, weights = zip(*MIX, strict=True)
        kind = chance.choices(kinds, weights)[0]
        if not self.made and kind != "sweep":
            kind = "hold"
        start = time.perf_counter()
        try:
            await self.database.run(lambda tx: self.act(tx, kind, chance, guest_id))
            outcome = "ok"
        except AlojamientosError as refusal:
            outcome = refusal.code
        except Exception as error:  # noqa: BLE001 - what must not surface is counted and shown
            outcome = "error"
            self.tally.deadlocks += db.sqlstate(error) == "40P01"
            self.tally.errors.append(f"{kind}: {type(error).__name__}: {error}"[:300])
        elapsed = time.perf_counter() - start
        self.tally.seconds.append(elapsed)
        self.tally.by_kind.setdefault(f"{kind} {outcome}", []).append(elapsed)

    async def act(
        self, tx: db.Transaction, kind: str, chance: random.Random, guest_id: int
    ) -> None:
        if kind == "hold":
            check_in = self.first_day + timedelta(days=chance.randrange(NIGHTS))
            view = await operations.hold(
                tx,
                accommodation_id=chance.randint(1, 3),
                stay=Stay(check_in, check_in + timedelta(days=chance.randint(3, 6))),
                guests=2,
                guest_id=guest_id,
                channel=Channel.API,
                policy=POLICY,
                locks=self.locks,
                today=self.first_day - timedelta(days=1),
            )
            self.made.append(view.id)
        elif kind == "sweep":
            await operations.expire_due_holds(tx, limit=50)
        elif kind == "run_out":
            await tx.conn.exec_driver_sql(
                "UPDATE reservation SET hold_expires_at = now() WHERE id = %s"
                " AND status = 'pre_reserved'",
                (chance.choice(self.made),),
            )
        elif kind == "cancel":
            chosen = chance.choice(self.made)
            await operations.cancel(tx, reservation_id=chosen, reason="bench")
        else:
            change = operations.confirm if kind == "confirm" else operations.revive
            await change(tx, reservation_id=chance.choice(self.made))


async def hammer(dsn: str, redis_url: str | None, *, first: int, count: int) -> Tally:
    """Be the connections from `first` on, one process's share, with `count` operations in all."""
    engine = db.create_engine(dsn, pool_size=SHARE, lock_timeout_ms=10_000)
    database = db.Database(engine)
    client = None if redis_url is None else create_client(redis_url)
    tool = Hammer(database, UnitLocks(client, ttl_ms=5_000, wait_ms=LOCK_WAIT_MS))
    async with database.begin() as tx:
        guests = [
            await operations.identify_guest(tx, kind="wa_id", value=f"guest-{first + n}")
            for n in range(SHARE)
        ]
    await connect_all(database)

    async def worker(number: int) -> None:
        chance = random.Random(first + number)
        for _ in range(count // SHARE):
            await tool.one(chance, guests[number])

    await asyncio.gather(*(worker(n) for n in range(SHARE)))
    await database.close()
    if client is not None:
        await client.aclose()
    return tool.tally


def one_process(arguments: tuple[str, str | None, int, int]) -> Tally:
    dsn, redis_url, first, count = arguments
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(hammer(dsn, redis_url, first=first, count=count))


async def broken(dsn: str) -> list[str]:
    """Return what the bookings' invariants find."""
    database = db.Database(db.create_engine(dsn))
    async with database.read() as conn:
        overlaps = await queries.double_booked(conn)
        findings = await invariants.check_all(conn)
    await database.close()
    found = [line for finding in findings for line in finding.violations]
    assert len(found) >= overlaps
    return found


def run(dsn: str, redis_url: str | None, *, count: int) -> tuple[Tally, float]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE reservation, guest CASCADE")
    shares = [(dsn, redis_url, n * SHARE, count // PROCESSES) for n in range(PROCESSES)]
    total = Tally()
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        for tally in pool.map(one_process, shares, chunksize=1):
            total.add(tally)
    return total, time.perf_counter() - start


async def connect_all(database: db.Database) -> None:
    """Open every connection first: a crowd of handshakes is not what is measured."""
    connections = [await database.engine.connect() for _ in range(SHARE)]
    for connection in connections:
        await connection.close()


def deadlocks_seen_by(dsn: str) -> int:
    """Return how many the server broke, also those that were run again unseen."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    return int(row[0]) if row else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    count = 1_200 if parser.parse_args().quick else OPERATIONS
    good = True
    with servers() as real:
        for label, redis_url in (("with Redis", real.redis_url), ("without Redis", None)):
            tally, elapsed = run(real.dsn, redis_url, count=count)
            found = asyncio.run(broken(real.dsn))
            good = report(f"{label}, {elapsed:.0f} s", tally, found, real.dsn) and good
    return 0 if good else 1


def report(label: str, tally: Tally, found: list[str], dsn: str) -> bool:
    """Print the figures; tell whether they are within the bars."""
    p50, p99 = percentile(tally.seconds, 0.5), percentile(tally.seconds, 0.99)
    print(f"{label}: {len(tally.seconds)} operations, {CONNECTIONS} connections")
    rows = [
        ("violated invariants", f"{len(found)}", "bar 0"),
        ("deadlocks surfaced", f"{tally.deadlocks}", "bar 0"),
        ("other errors", f"{len(tally.errors) - tally.deadlocks}", "bar 0"),
        ("deadlocks in the server", f"{deadlocks_seen_by(dsn)}", ""),
        ("p50", f"{p50 * 1000:.0f} ms", ""),
        ("p99", f"{p99 * 1000:.0f} ms", f"bar < {BAR_S * 1000:.0f} ms"),
        ("slowest", f"{max(tally.seconds) * 1000:.0f} ms", ""),
    ]
    rows += [
        (f"  {kind}", f"{len(seconds)}", f"p99 {percentile(seconds, 0.99) * 1000:.0f} ms")
        for kind, seconds in sorted(tally.by_kind.items())
    ]
    table(rows)
    for line in [*found[:3], *tally.errors[:3]]:
        print(f"  ! {line}")
    return not found and not tally.errors and p99 < BAR_S


if __name__ == "__main__":
    sys.exit(main())
