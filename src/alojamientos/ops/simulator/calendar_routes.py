"""The addresses of the fake Airbnb and Booking.com calendars, and their control API."""

import asyncio
from dataclasses import asdict
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from alojamientos.kit.errors import Invalid
from alojamientos.ops.simulator import calendar_imports
from alojamientos.ops.simulator.calendars import Listing
from alojamientos.ops.simulator.http import (
    control_route,
    json_body,
    json_response,
    provider_route,
)
from alojamientos.ops.simulator.world import World

_STATUSES = {"404": 404, "403": 403, "429": 429, "500": 500}


def calendar_routes(world: World) -> list[Route]:
    """Return the hosts' routes."""
    calendars = world.calendars

    async def airbnb(request: Request) -> Response:
        listing = calendars.of_secret("airbnb", request.query_params.get("s", ""))
        if listing is None or listing.id != request.path_params["listing"]:
            return PlainTextResponse("Not Found", status_code=404)
        return await _answer(world, listing, request)

    async def booking_door(request: Request) -> Response:
        token = request.query_params.get("t", "")
        return RedirectResponse(f"{world.config.public_url}/v1/export?t={token}", status_code=302)

    async def booking(request: Request) -> Response:
        listing = calendars.of_secret("booking", request.query_params.get("t", ""))
        if listing is None:
            return PlainTextResponse("Not Found", status_code=404)
        return await _answer(world, listing, request)

    return [
        provider_route(world, "ical", "airbnb", "/calendar/ical/{listing}.ics", "GET", airbnb),
        provider_route(
            world, "ical", "booking_door", "/hotel/hoteladmin/ical.html", "GET", booking_door
        ),
        provider_route(world, "ical", "booking", "/v1/export", "GET", booking),
    ]


async def _answer(world: World, listing: Listing, request: Request) -> Response:
    listing.counts["asked"] += 1
    if listing.mode in _STATUSES:
        page = f"<h1>{listing.mode}</h1>"
        headers = {"Retry-After": "120"} if listing.mode == "429" else {}
        return HTMLResponse(page, status_code=_STATUSES[listing.mode], headers=headers)
    if listing.mode == "slow":
        await asyncio.sleep(listing.delay_s)
    etag = listing.etag()
    if request.headers.get("if-none-match") == etag:
        listing.counts["not_modified"] += 1
        return Response(status_code=304, headers={"ETag": etag})
    listing.counts["sent"] += 1
    media_type = "text/html" if listing.mode == "garbage" else "text/calendar"
    return Response(world.calendars.body(listing), media_type=media_type, headers={"ETag": etag})


def calendar_control_routes(world: World) -> list[Route]:
    """Return what the owner's guests do elsewhere, and what goes wrong there."""
    control = _Control(world)
    one = "/_control/calendars/{id}"
    return [
        control_route("/_control/calendars", "GET", control.show_all),
        control_route(one, "GET", control.show),
        control_route(one, "PUT", control.put),
        control_route(one, "DELETE", control.remove),
        control_route(f"{one}/answer", "PUT", control.answer),
        control_route(f"{one}/imports", "PUT", control.connect),
        control_route(f"{one}/imports", "POST", control.fetch),
        control_route(f"{one}/events", "POST", control.add),
        control_route(f"{one}/events", "DELETE", control.cancel_all),
        control_route(f"{one}/events/{{uid}}", "PUT", control.move),
        control_route(f"{one}/events/{{uid}}", "DELETE", control.cancel),
    ]


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world
        self._calendars = world.calendars

    async def show_all(self, _: Request) -> Response:
        return json_response([self._shown(one) for one in self._calendars.listings.values()])

    async def show(self, request: Request) -> Response:
        return json_response(self._shown(self._calendars.get(request.path_params["id"])))

    async def put(self, request: Request) -> Response:
        body = await _known(request, "source")
        listing = self._calendars.put(
            request.path_params["id"], source=str(body.get("source", "airbnb"))
        )
        return json_response(self._shown(listing))

    async def remove(self, request: Request) -> Response:
        self._calendars.remove(request.path_params["id"])
        return json_response({"removed": 1})

    async def answer(self, request: Request) -> Response:
        body = await _known(request, "mode", "delay_s")
        delay = None if body.get("delay_s") is None else float(body["delay_s"])
        listing = self._calendars.answer(
            request.path_params["id"], mode=str(body.get("mode")), delay_s=delay
        )
        return json_response(self._shown(listing))

    async def connect(self, request: Request) -> Response:
        body = await _known(request, "url")
        listing = self._calendars.get(request.path_params["id"])
        listing.imports, listing.import_etag = str(body.get("url")), None
        return json_response(self._shown(listing))

    async def fetch(self, request: Request) -> Response:
        listing = self._calendars.get(request.path_params["id"])
        return json_response(asdict(await calendar_imports.fetch(listing)))

    async def add(self, request: Request) -> Response:
        body = await _known(request, "starts_on", "ends_on", "summary", "uid")
        event = self._calendars.add(
            request.path_params["id"],
            **_nights(body),
            summary=body.get("summary"),
            uid=body.get("uid"),
        )
        return json_response(asdict(event), status=201)

    async def move(self, request: Request) -> Response:
        body = await _known(request, "starts_on", "ends_on")
        event = self._calendars.move(
            request.path_params["id"], request.path_params["uid"], **_nights(body)
        )
        return json_response(asdict(event))

    async def cancel(self, request: Request) -> Response:
        self._calendars.cancel(request.path_params["id"], request.path_params["uid"])
        return json_response({"cancelled": 1})

    async def cancel_all(self, request: Request) -> Response:
        events = self._calendars.get(request.path_params["id"]).events
        count = len(events)
        events.clear()
        return json_response({"cancelled": count})

    def _shown(self, listing: Listing) -> dict[str, Any]:
        url = self._world.config.public_url + listing.path()
        return {
            **asdict(listing),
            "url": url,
            "events": list(listing.events.values()),
            "published": listing.published(),
        }


async def _known(request: Request, *names: str) -> dict[str, Any]:
    body = await json_body(request)
    if unknown := body.keys() - set(names):
        raise Invalid(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(names)}")
    return body


def _nights(body: dict[str, Any]) -> dict[str, date]:
    return {name: date.fromisoformat(str(body.get(name))) for name in ("starts_on", "ends_on")}
