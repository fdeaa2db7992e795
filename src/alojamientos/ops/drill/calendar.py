"""The drill's own calendar: published at the fake host, imported, sold against, taken away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any, TypeVar

import httpx2
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels.ical import jobs, operations, queries
from alojamientos.channels.ical.domain import Source
from alojamientos.channels.ical.queries import Feed
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.errors import AlojamientosError

T = TypeVar("T")
_ACTOR = "drill"
_LISTING = "/_control/calendars/drill"
_GUEST = "simulacro@example.com"  # by whom the drill's bookings are found again
_SECONDS = 10.0
_PATIENCE_S = 60.0  # a reading that waits for the host's deadline comes first
_POLL_S = 0.2
# Far ahead, where no guest asks: every few days of these, so that some are free.
_DAYS_AHEAD = range(480, 540, 6)
_NIGHTS = 4
_HOST_THINKS_S = 60.0  # longer than the application waits

_AGE = sa.text(
    "UPDATE calendar_feed SET next_sync_at = now(),"
    " last_success_at = now() - make_interval(mins => :minutes) WHERE id = :feed_id"
)
_LINK = sa.text(
    "SELECT link.preference_id FROM payment_link link"
    " JOIN reservation r ON r.id = link.reservation_id"
    " WHERE r.code = :code AND link.preference_id IS NOT NULL"
)
_LIVE_STAYS = sa.text(
    "SELECT r.code FROM reservation r JOIN guest_identity who ON who.guest_id = r.guest_id"
    " WHERE who.kind = 'email' AND who.value = :guest"
    " AND (r.status = 'confirmed' OR (r.status = 'pre_reserved' AND r.hold_expires_at > now()))"
    " ORDER BY r.id"
)


class DrillCalendar:
    """The calendar of `drill.outside`; every method raises AlojamientosError.

    It wants the provider simulators: nobody but them publishes a calendar to order.
    """

    def __init__(self, *, database: str, simulators: str, web: str, api_token: str) -> None:
        self._database = database
        self._simulators = simulators
        self._web = web
        self._headers = {"Authorization": f"Bearer {api_token}"}

    def add(self) -> None:
        """Publish it at the fake host and import it."""
        url = self._publish()
        cabin = self._api("GET", "/accommodations")[0]["slug"]
        feed = self._in_transaction(
            lambda tx: operations.add(
                tx, url=url, cabin=cabin, source=Source.AIRBNB, actor=_ACTOR, allow_private=True
            )
        )
        if self._read_now(feed).last_error is not None:
            raise AlojamientosError(f"{feed.label}: the new calendar could not be read")

    def fall_silent(self, *, since_minutes: float) -> None:
        """Let the host answer no more, and the last reading be so long ago."""
        self._control("PUT", f"{_LISTING}/answer", mode="slow", delay_s=_HOST_THINKS_S)
        feed = self._the_feed()
        values = {"feed_id": feed.id, "minutes": int(since_minutes)}
        self._in_transaction(lambda tx: tx.conn.execute(_AGE, values))

    def sell_a_sold_night(self) -> None:
        """Book and pay a stay here, and let the calendar book the same nights."""
        feed = self._the_feed()
        booked = self._book(feed.accommodation_id)
        self._pay(booked["code"])
        nights = {"starts_on": booked["check_in"], "ends_on": booked["check_out"]}
        self._control("POST", f"{_LISTING}/events", **nights)
        self._read_now(feed)
        found = self._query(queries.occupied).get(feed.id)
        if found is None or not found.conflicts:
            raise AlojamientosError(f"{feed.label}: the same nights are no conflict")

    def remove(self) -> None:
        """Undo all of it: cancel what was booked, read the calendar once more, take it away."""
        for code in self._query(_live_stays):
            self._api("POST", f"/reservations/{code}/cancel", json={"reason": "simulacro"})
        url = self._publish()  # anew: empty, and answering well
        for feed in self._query(queries.feeds):
            if feed.url != url:
                continue
            try:
                self._read_now(feed)
            finally:
                self._in_transaction(lambda tx: _removed(tx, feed.id))  # noqa: B023 - called now
        self._control("DELETE", _LISTING)

    def _publish(self) -> str:
        return str(self._control("PUT", _LISTING, source="airbnb")["url"])

    def _the_feed(self) -> Feed:
        url = self._control("GET", _LISTING)["url"]
        return next(feed for feed in self._query(queries.feeds) if feed.url == url)

    def _read_now(self, feed: Feed) -> Feed:
        """Let the worker read the feed now, whoever's turn it is, and return it as it then is."""
        before = self._query(lambda conn: queries.feed(conn, feed.id)).last_attempt_at
        self._in_transaction(lambda tx: jobs.request_sync(tx, feed_id=feed.id, forced=True))

        def read() -> Feed | None:
            now = self._query(lambda conn: queries.feed(conn, feed.id))
            return now if now.last_attempt_at != before else None

        return _until(read, f"{feed.label} was not read; is the worker running?")

    def _book(self, accommodation_id: int) -> dict[str, Any]:
        for days in _DAYS_AHEAD:
            arrival = utc_now().date() + timedelta(days=days)
            if self._is_free(accommodation_id, arrival):
                break
        else:
            raise AlojamientosError("no free nights far enough ahead for a drill's booking")
        booking = {
            "accommodation_id": accommodation_id,
            **_stay(arrival),
            "guests": 1,
            "guest": {"name": "Simulacro", "email": _GUEST},
        }
        return dict(self._api("POST", "/reservations", json=booking))

    def _is_free(self, accommodation_id: int, arrival: date) -> bool:
        found = self._api("GET", "/availability", params={**_stay(arrival), "guests": "1"})
        return any(
            offer["available"] and offer["accommodation"]["id"] == accommodation_id
            for offer in found["offers"]
        )

    def _pay(self, code: str) -> None:
        link = _until(
            lambda: self._query(lambda conn: _link(conn, code)), f"{code} got no link to pay"
        )
        self._control("POST", "/_control/mercadopago/pay", preference_id=link)

        def confirmed() -> bool:
            return bool(self._api("GET", f"/reservations/{code}")["status"] == "confirmed")

        _until(confirmed, f"{code} was paid and not confirmed")

    def _api(self, method: str, path: str, **more: Any) -> Any:
        return self._call("web", method, f"{self._web}/api/v1{path}", headers=self._headers, **more)

    def _control(self, method: str, path: str, **body: Any) -> Any:
        return self._call("the simulators", method, self._simulators + path, json=body)

    def _call(self, part: str, method: str, url: str, **more: Any) -> Any:
        try:
            answer = httpx2.request(method, url, timeout=_SECONDS, trust_env=False, **more)
        except httpx2.TransportError as error:
            raise AlojamientosError(f"{part} at {url} does not answer: {error}") from error
        if answer.is_error:
            raise AlojamientosError(f"{part} refused {method} {url}: {answer.text[:300]}")
        return answer.json()

    def _query(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async def read(database: Database) -> T:
            async with database.read() as conn:
                return await work(conn)

        return self._run(read)

    def _in_transaction(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return self._run(lambda database: database.run(work))

    def _run(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def run() -> T:
            engine = db.create_engine(self._database, pool_size=1, application_name=_ACTOR)
            database = Database(engine)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())


def _stay(arrival: date) -> dict[str, str]:
    return {
        "check_in": arrival.isoformat(),
        "check_out": (arrival + timedelta(days=_NIGHTS)).isoformat(),
    }


async def _link(conn: AsyncConnection, code: str) -> str | None:
    return (await conn.execute(_LINK, {"code": code})).scalar_one_or_none()


async def _live_stays(conn: AsyncConnection) -> list[str]:
    return list((await conn.execute(_LIVE_STAYS, {"guest": _GUEST})).scalars())


async def _removed(tx: Transaction, feed_id: int) -> None:
    await operations.remove(tx, feed_id=feed_id, actor=_ACTOR)


def _until(look: Callable[[], T | None], otherwise: str) -> T:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(_POLL_S)
    raise AlojamientosError(f"{otherwise} ({_PATIENCE_S:g} s)")
