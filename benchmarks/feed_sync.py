"""What a feed of 500 stays costs: to read it, and to give it to a channel.

    python -m benchmarks.feed_sync [--quick]

The host and web are processes of their own, the database is as durable as in production. Bars:
every reading in ≤ 2 s, which is a hundredth of the time between two; a fetch in ≤ 5 s, after which
hosts give up.
"""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx2
import psycopg
from benchmarks._servers import free_port, process, servers, spread, table, wait_for

from alojamientos.channels.ical import api, jobs, operations
from alojamientos.channels.ical.client import FeedClient
from alojamientos.channels.ical.domain import Source
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.telemetry.recorder import Recorder

STAYS = 500
READ_BAR_S, FETCH_BAR_S = 2.0, 5.0
DOMAIN = "bench.example"
_NIGHTS = 1  # so that 500 fit into two years with a night between


@dataclass(frozen=True)
class Bench:
    """A feed of a cabin and the file that its host sends."""

    database: db.Database
    dsn: str
    file: Path
    feed_id: int

    def publish(self, *, shift: int = 0, stamp: int = 0) -> None:
        """Let the host send 500 stays, `shift` days later than usual."""
        first = date.today() + timedelta(days=2 + shift)  # noqa: DTZ011 - any season will do
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN"]
        for number in range(STAYS):
            start = first + timedelta(days=number)
            lines += [
                "BEGIN:VEVENT",
                f"DTSTAMP:20261124T{stamp:06d}Z",
                f"DTSTART;VALUE=DATE:{start:%Y%m%d}",
                f"DTEND;VALUE=DATE:{start + timedelta(days=_NIGHTS):%Y%m%d}",
                "SUMMARY:Reserved",
                f"UID:{number:012d}-0123456789abcdef0123456789abcdef@airbnb.com",
                "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de",
                " tails/HMABCDEFGH\\nPhone Number (Last 4 Digits): 0000",
                "END:VEVENT",
            ]
        self.file.write_text("\r\n".join([*lines, "END:VCALENDAR", ""]), encoding="utf-8")

    def forget(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("TRUNCATE calendar_event CASCADE")
            connection.execute("UPDATE calendar_feed SET last_modified = NULL")

    def ask_in_full(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("UPDATE calendar_feed SET last_modified = NULL")

    async def read(self) -> float:
        """Have the job read the feed; return the seconds it took."""
        made = jobs.create_jobs(
            database=self.database,
            client=FeedClient(allow_private=True),
            recorder=Recorder.for_tests(),
            now=utc_now,
            domain=DOMAIN,
        )
        run = next(job.run for job in made if job.name == jobs.SYNC_FEED)
        start = time.perf_counter()
        await run(feed_id=self.feed_id, forced=True)
        took = time.perf_counter() - start
        with psycopg.connect(self.dsn) as connection:
            query = "SELECT failures, (SELECT count(*) FROM calendar_event) FROM calendar_feed"
            if connection.execute(query).fetchone() != (0, STAYS):
                raise RuntimeError("the feed was not read whole")
        return took


async def readings(bench: Bench, rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"first": [], "moved": [], "the same": [], "304": []}
    for number in range(rounds):
        bench.forget()
        bench.publish(shift=0, stamp=number)
        found["first"].append(await bench.read())
        bench.publish(shift=1, stamp=number)
        bench.ask_in_full()
        found["moved"].append(await bench.read())
        bench.publish(shift=1, stamp=number + 1)
        bench.ask_in_full()
        found["the same"].append(await bench.read())
        found["304"].append(await bench.read())
    return found


async def fetches(url: str, rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"whole": [], "304": []}
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        etag = (await http.get(url)).headers["etag"]
        for _ in range(rounds):
            for name, headers in (("whole", {}), ("304", {"If-None-Match": etag})):
                start = time.perf_counter()
                response = await http.get(url, headers=headers)
                found[name].append(time.perf_counter() - start)
                if (response.status_code == 304) != (name == "304"):
                    raise RuntimeError(f"answered {response.status_code}")
    return found


async def measure(folder: Path, dsn: str, host: str, web: str, rounds: int) -> bool:
    database = db.Database(db.create_engine(dsn, pool_size=4))
    try:
        async with database.begin() as tx:
            feed = await operations.add(
                tx,
                url=f"{host}/feed.ics",
                cabin="arrayan",
                source=Source.AIRBNB,
                actor="bench",
                allow_private=True,
            )
            _, secret = await operations.give_out(
                tx, cabin="arrayan", source=Source.BOOKING, feed_id=None, actor="bench"
            )
        bench = Bench(database=database, dsn=dsn, file=folder / "feed.ics", feed_id=feed.id)
        read = await readings(bench, rounds)
        fetched = await fetches(web + api.PATH.format(secret=secret, cabin="arrayan"), rounds)
    finally:
        await database.close()
    rows = [("reading", read, READ_BAR_S), ("fetch of ours", fetched, FETCH_BAR_S)]
    table(
        [
            (
                f"{what} of {STAYS}, {name}",
                spread([one * 1000 for one in times], " ms"),
                f"≤ {bar:g} s",
            )
            for what, kinds, bar in rows
            for name, times in kinds.items()
        ]
    )
    return all(max(times) <= bar for _, kinds, bar in rows for times in kinds.values())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 3 if parser.parse_args().quick else 15
    with servers() as real:
        folder = real.folder / "host"
        folder.mkdir()
        host, web = free_port(), free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": real.dsn,
            "REDIS_URL": real.redis_url,
            "WEB_PORT": str(web),
            "RATE_LIMIT_PER_MINUTE": "1000000",
            "STACK_STATE_DIR": str(real.folder),
        }
        serve = [sys.executable, "-m", "http.server", str(host), "--bind", "127.0.0.1"]
        with (
            process([*serve, "--directory", str(folder)], real.folder / "host.log"),
            process(
                [sys.executable, "-m", "alojamientos", "serve"],
                real.folder / "web.log",
                environment,
            ),
        ):
            wait_for(lambda: _answers(host) and _answers(web), "the host or web")
            well = asyncio.run(
                measure(
                    folder, real.dsn, f"http://127.0.0.1:{host}", f"http://127.0.0.1:{web}", rounds
                )
            )
    if not well:
        print(f"NOT WITHIN THE BARS: {READ_BAR_S:g} s to read, {FETCH_BAR_S:g} s to fetch")
    return 0 if well else 1


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/", timeout=2, trust_env=False).status_code > 0
    except httpx2.TransportError:
        return False


if __name__ == "__main__":
    sys.exit(main())
