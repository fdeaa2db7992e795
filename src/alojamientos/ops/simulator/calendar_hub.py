"""The running stack and its fake hosts, as the story of `convergence` needs them."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx2
import sqlalchemy as sa

from alojamientos.channels.ical import api, operations
from alojamientos.channels.ical.domain import Source
from alojamientos.channels.ical.store import calendar_event
from alojamientos.kit.db import Database
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.feeds import read_now
from alojamientos.ops.simulator.client import NotReachable
from alojamientos.ops.simulator.convergence import HERE, HOSTS, Nights

_ACTOR = "simulate:ical"
_FIRST_DAY, _LAST_DAY = 380, 530  # far enough not to be in any simulated guest's way
_NIGHTS, _STAY = 15, 3  # a night before and one after: hosts write neighbours as one
_FREE_BEFORE = timedelta(days=1)
_READ_S, _TIMEOUT_S = 60.0, 30.0
_ERROR = 400


@dataclass(kw_only=True)
class StackHub:
    """One cabin of the running stack, connected with two calendars made for the story."""

    database: Database
    application_url: str
    simulator_url: str
    api_token: str
    cabin: str
    allow_private: bool = True
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _http: httpx2.AsyncClient = field(
        default_factory=lambda: httpx2.AsyncClient(timeout=_TIMEOUT_S, trust_env=False), init=False
    )
    _listings: list[str] = field(default_factory=list, init=False)
    _feeds: dict[str, int] = field(default_factory=dict, init=False)
    _sold: dict[tuple[str, Nights], str] = field(default_factory=dict, init=False)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Connect both hosts with the cabin; take all of it away again at the end."""
        try:
            for host in HOSTS:
                await self._connect(host)
            yield
        finally:
            await self._clear()
            await self._http.aclose()

    async def first_free(self, today: date) -> date:
        """Return a day from which on the cabin is free for the whole story."""
        day = today + timedelta(days=_FIRST_DAY)
        while day < today + timedelta(days=_LAST_DAY):
            # All of it is free, and so few nights as a stay has are enough in that season.
            if await self._is_free(day, _NIGHTS) and await self._is_free(day + _FREE_BEFORE, _STAY):
                return day + _FREE_BEFORE
            day += timedelta(days=_NIGHTS)
        raise AlojamientosError(
            f"{self.cabin} has no {_NIGHTS} free nights a year ahead; choose another --cabin"
        )

    async def sell(self, place: str, nights: Nights) -> None:
        """Sell nights here or at a host."""
        dates = {"check_in": str(nights[0]), "check_out": str(nights[1])}
        if place == HERE:
            cabins = await self._api("GET", "/accommodations")
            found = next((one["id"] for one in cabins if one["slug"] == self.cabin), None)
            guest = {"name": "Prueba de calendarios", "email": "ical@example.com"}
            body = {"accommodation_id": found, **dates, "guests": 1, "guest": guest}
            self._sold[place, nights] = (await self._api("POST", "/reservations", body))["code"]
        else:
            body = {"starts_on": dates["check_in"], "ends_on": dates["check_out"]}
            event = await self._control("POST", f"/{self._listing(place)}/events", body)
            self._sold[place, nights] = event["uid"]

    async def cancel(self, place: str, nights: Nights) -> None:
        """Cancel what was sold there."""
        name = self._sold.pop((place, nights))
        if place == HERE:
            await self._api("POST", f"/reservations/{name}/cancel", {"reason": "simulate ical"})
        else:
            await self._control("DELETE", f"/{self._listing(place)}/events/{name}")

    async def host_imports(self, host: str) -> None:
        """Let a host fetch our calendar."""
        await self._control("POST", f"/{self._listing(host)}/imports")

    async def read_feeds(self) -> None:
        """Let the worker read both calendars; raises AlojamientosError when it does not."""
        read, late = await read_now(self.database, list(self._feeds.values()), _READ_S)
        failed = [f"{feed.label}: {feed.last_error}" for feed in read if feed.failures]
        if late or failed:
            raise AlojamientosError(
                "The calendars could not be read: "
                + ("; ".join(failed) or "no worker has; is it running? alojamientos status")
            )

    async def closed_at(self, host: str) -> list[Nights]:
        """Return the nights that a host publishes as taken."""
        published = (await self._control("GET", f"/{self._listing(host)}"))["published"]
        return [
            (date.fromisoformat(one["starts_on"]), date.fromisoformat(one["ends_on"]))
            for one in published
        ]

    async def taken_in(self) -> list[Nights]:
        """Return the nights that the application has from both hosts."""
        query = sa.select(calendar_event.c.starts_on, calendar_event.c.ends_on).where(
            calendar_event.c.feed_id.in_(self._feeds.values()),
            calendar_event.c.cancelled_at.is_(None),
        )
        async with self.database.read() as conn:
            return [(row.starts_on, row.ends_on) for row in await conn.execute(query)]

    async def _is_free(self, day: date, nights: int) -> bool:
        query = f"?check_in={day}&check_out={day + timedelta(days=nights)}&guests=1"
        offers = (await self._api("GET", f"/availability{query}"))["offers"]
        return any(one["available"] for one in offers if one["accommodation"]["slug"] == self.cabin)

    async def _connect(self, host: str) -> None:
        self._listings.append(self._listing(host))
        listing = await self._control("PUT", f"/{self._listing(host)}", {"source": host})
        source = Source(host)
        async with self.database.begin() as tx:
            feed = await operations.add(
                tx,
                url=listing["url"],
                cabin=self.cabin,
                source=source,
                actor=_ACTOR,
                allow_private=self.allow_private,
            )
            self._feeds[host] = feed.id
            _, secret = await operations.give_out(
                tx, cabin=self.cabin, source=source, feed_id=feed.id, actor=_ACTOR
            )
        url = self.application_url + api.PATH.format(secret=secret, cabin=self.cabin)
        await self._control("PUT", f"/{self._listing(host)}/imports", {"url": url})

    async def _clear(self) -> None:
        for place, nights in list(self._sold):
            if place == HERE:
                await self.cancel(place, nights)
        for feed_id in self._feeds.values():
            async with self.database.begin() as tx:
                await operations.remove(tx, feed_id=feed_id, actor=_ACTOR)
        for listing in self._listings:
            await self._control("DELETE", f"/{listing}")

    def _listing(self, host: str) -> str:
        return f"story-{self.run}-{host}"

    async def _api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.api_token}"}
        return await self._call(method, f"{self.application_url}/api/v1{path}", body, headers)

    async def _control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return await self._call(method, f"{self.simulator_url}/_control/calendars{path}", body, {})

    async def _call(
        self, method: str, url: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> Any:
        try:
            response = await self._http.request(method, url, json=body, headers=headers)
        except httpx2.TransportError as error:
            base = "/".join(url.split("/")[:3])
            raise NotReachable(
                f"{base} cannot be reached; start the stack with `make up`"
            ) from error
        if response.status_code >= _ERROR:
            raise AlojamientosError(f"{method} was refused: {response.text[:300]}")
        return response.json()
