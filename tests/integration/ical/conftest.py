"""Feeds of fake hosts over real HTTP, taken into a real database."""

import contextlib
import dataclasses
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import psycopg
import pytest
import structlog
from pydantic import SecretStr
from tests.conftest import free_port
from tests.integration.reservations.conftest import Desk, Told
from tests.simulators.running import running_app

from alojamientos.channels.ical import jobs, operations
from alojamientos.channels.ical.client import FeedClient
from alojamientos.channels.ical.domain import Source
from alojamientos.channels.ical.feed import parse
from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import demo, subscribers, web
from alojamientos.entrypoints.container import Container
from alojamientos.kit import db
from alojamientos.kit.clock import today_in, utc_now
from alojamientos.kit.events import Bus
from alojamientos.kit.locks import UnitLocks
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.server import create_app
from alojamientos.settings import load_settings
from alojamientos.telemetry.recorder import Recorder

DOMAIN = "calendars.example"
TODAY = today_in("America/Argentina/Buenos_Aires")


def day(number: int) -> date:
    """The day that is `number` days ahead."""
    return TODAY + timedelta(days=number)


class Hosts:
    """The fake Airbnb and Booking.com, and what happens there."""

    def __init__(self, url: str) -> None:
        self.http = httpx2.Client(base_url=url, trust_env=False, timeout=15)

    def control(self, method: str, path: str = "", **body: Any) -> Any:
        response = self.http.request(method, f"/_control/calendars{path}", json=body)
        assert response.status_code < 400, response.text
        return response.json()

    def listing(self, name: str, source: str = "airbnb") -> str:
        """Make an empty calendar and return its secret address."""
        return str(self.control("PUT", f"/{name}", source=source)["url"])

    def book(self, name: str, first: int, last: int, **more: Any) -> str:
        nights = {"starts_on": str(day(first)), "ends_on": str(day(last))}
        return str(self.control("POST", f"/{name}/events", **nights, **more)["uid"])

    def move(self, name: str, uid: str, first: int, last: int) -> None:
        nights = {"starts_on": str(day(first)), "ends_on": str(day(last))}
        self.control("PUT", f"/{name}/events/{uid}", **nights)

    def cancel(self, name: str, uid: str) -> None:
        self.control("DELETE", f"/{name}/events/{uid}")

    def answer(self, name: str, mode: str, **more: Any) -> None:
        self.control("PUT", f"/{name}/answer", mode=mode, **more)

    def counts(self, name: str) -> dict[str, int]:
        counts: dict[str, int] = self.control("GET", f"/{name}")["counts"]
        return counts


class TellingBoth(Told):
    """Remember facts, and tell them to metrics and log as the application does."""

    def __init__(self, bus: Bus) -> None:
        super().__init__()
        self._bus = bus

    def publish_all(self, facts) -> None:
        facts = list(facts)
        super().publish_all(facts)
        self._bus.publish_all(facts)


@dataclass
class Calendars:
    """The jobs of the room, run by hand at instants of the test's choice."""

    desk: Desk
    hosts: Hosts
    recorder: Recorder
    client: FeedClient
    lag: timedelta = timedelta()
    labels: dict[int, str] = field(default_factory=dict)

    def now(self) -> datetime:
        return utc_now() + self.lag

    def later(self, **time: float) -> None:
        self.lag += timedelta(**time)

    async def add(self, url: str, *, cabin: str = "arrayan") -> int:
        feed = await self.desk.do(
            lambda tx: operations.add(
                tx, url=url, cabin=cabin, source=None, actor="test", allow_private=True
            )
        )
        # What the host is called tells the source; here all are on one machine.
        source = "booking" if "hoteladmin" in url else "airbnb"
        self.desk.sql("UPDATE calendar_feed SET source = %s WHERE id = %s", source, feed.id)
        self.labels[feed.id] = feed.label
        return feed.id

    def job(self, name: str):
        made = jobs.create_jobs(
            database=self.desk.database,
            client=self.client,
            recorder=self.recorder,
            now=self.now,
            domain=DOMAIN,
        )
        return next(job.run for job in made if job.name == name)

    async def sync(self, feed_id: int, *, forced: bool = True) -> None:
        await self.job(jobs.SYNC_FEED)(feed_id=feed_id, forced=forced)

    def errors(self, feed_id: int) -> dict[str, float]:
        """The errors of a feed that were counted, by type."""
        return {
            sample.labels["error_type"]: sample.value
            for family in self.recorder.instruments.registry.collect()
            if family.name == "ical_sync_errors"
            for sample in family.samples
            if sample.labels["feed_url"] == self.labels[feed_id] and sample.value
        }

    def events(self, *, cancelled: bool = False) -> list[tuple[date, date]]:
        rows = self.desk.sql(
            "SELECT starts_on, ends_on FROM calendar_event"
            " WHERE (cancelled_at IS NOT NULL) = %s ORDER BY starts_on",
            cancelled,
        )
        return [tuple(row) for row in rows]

    def feed(self, feed_id: int, column: str) -> Any:
        query = f"SELECT {column} FROM calendar_feed WHERE id = %s"  # noqa: S608 - words of ours
        return self.desk.sql(query, feed_id)[0][0]

    def conflicts(self) -> list[tuple[Any, ...]]:
        """Every conflict: the reservation, and whether it is over."""
        return self.desk.sql(
            "SELECT reservation_id, resolved_at IS NOT NULL FROM calendar_conflict ORDER BY id"
        )


@dataclass(kw_only=True)
class Door:
    """Our web application on a real port, and the calendars that channels fetch from it."""

    url: str
    desk: Desk
    http: httpx2.AsyncClient
    container: Container
    log: io.BytesIO

    async def give_out(
        self, source: str = "airbnb", *, cabin: str = "arrayan", feed: int | None = None
    ) -> str:
        """Give a cabin's calendar out and return its secret address."""
        _, secret = await self.desk.do(
            lambda tx: operations.give_out(
                tx, cabin=cabin, source=Source(source), feed_id=feed, actor="test"
            )
        )
        return f"{self.url}/ical/{secret}/{cabin}.ics"

    async def get(self, url: str, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.get(url, headers=named)

    async def nights(self, url: str) -> list[tuple[date, date, str]]:
        """What a channel that fetches the address reads in it, with our own reader."""
        response = await self.get(url)
        assert response.status_code == 200, response.text
        reading = parse(response.content, source=Source.OTHER, zone=ZoneInfo("UTC"), today=TODAY)
        return [(one.starts_on, one.ends_on, one.kind.value) for one in reading.occupied]


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    port = free_port()
    config = SimulatorConfig(public_url=f"http://127.0.0.1:{port}")
    with running_app(create_app(config), port=port) as url:
        hosts = Hosts(url)
        yield hosts
        hosts.http.close()


@pytest.fixture
async def calendars(database_url: str, hosts: Hosts):
    """Three demo cabins, fake hosts, and nothing imported yet."""
    demo.load(database_url, today=TODAY)
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("DELETE FROM price_rule")  # any two nights can be booked
    recorder = Recorder.for_tests()
    told = TellingBoth(subscribers.create_bus(recorder=recorder, log=structlog.get_logger()))
    database = db.Database(db.create_engine(database_url), told)
    desk = Desk(database, told, database_url, UnitLocks(None, ttl_ms=1000, wait_ms=100))
    yield Calendars(
        desk=desk,
        hosts=hosts,
        recorder=recorder,
        client=FeedClient(timeout_s=5, allow_private=True),
    )
    await database.close()


@pytest.fixture
async def door(calendars: Calendars, redis_url: str):
    """The application as it is composed, at the instant of the test."""
    port = free_port()
    settings = load_settings(check_production=False).evolve(
        app={
            "public_base_url": f"http://{DOMAIN}:{port}",
            "rate_limit_per_minute": 100_000,
        },
        database={"url": SecretStr(calendars.desk.dsn), "pool_size": 3},
        redis={"url": SecretStr(redis_url)},
    )
    log = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(log, write_through=True)) as text:
        built = containers.build(settings, process="web")
    container = dataclasses.replace(built, now=calendars.now)
    with running_app(web.create_app(container), port=port) as url:
        async with httpx2.AsyncClient(trust_env=False, timeout=15) as http:
            yield Door(url=url, desk=calendars.desk, http=http, container=container, log=log)
    text.detach()  # or it would close the bytes that the loggers write to
