"""The address that a channel fetches a cabin's calendar from. It is a secret, nothing tells it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from alojamientos.channels.ical import exporting, writer
from alojamientos.channels.ical.exporting import Version
from alojamientos.kit.db import Database

PATH = "/ical/{secret}/{cabin}.ics"  # hosts refuse an address that does not end in .ics
_MEDIA_TYPE = "text/calendar; charset=utf-8"
_NOT_MODIFIED = 304


def create_router(
    *,
    database: Database,
    domain: str,
    rate_limit: Callable[[Request], Awaitable[None]],
    now: Callable[[], datetime],
) -> APIRouter:
    """Return the route; `domain` is what the events' names end with."""
    router = APIRouter(tags=["calendars"], dependencies=[Depends(rate_limit)])

    @router.api_route(PATH, methods=["GET", "HEAD"], include_in_schema=False)
    async def calendar(
        secret: Annotated[str, Path()], cabin: Annotated[str, Path()], request: Request
    ) -> Response:
        is_head = request.method == "HEAD"
        agent = None if is_head else request.headers.get("user-agent", "")
        contents = await database.run(
            lambda tx: exporting.look(
                tx, secret=secret, cabin=cabin, domain=domain, agent=agent, now=now()
            )
        )
        headers = _headers(contents.version)
        if _has_it(request, contents.version):
            return Response(status_code=_NOT_MODIFIED, headers=headers)
        # In a thread: a long calendar takes longer to write than a guest should wait.
        content = await asyncio.to_thread(
            writer.write, contents.entries, name=contents.name, domain=domain
        )
        if is_head:
            headers["Content-Length"] = str(len(content))
            content = b""
        return Response(content, headers={**headers, "Content-Type": _MEDIA_TYPE})

    return router


def _headers(version: Version) -> dict[str, str]:
    return {
        "ETag": version.etag,
        "Last-Modified": format_datetime(version.changed_at, usegmt=True),
        "Cache-Control": "private, max-age=300",
        "X-Robots-Tag": "noindex",
        "Referrer-Policy": "no-referrer",
    }


def _has_it(request: Request, version: Version) -> bool:
    """Tell whether the client has this version (RFC 9110 13.1.2, 13.1.3): the tag goes first."""
    tags = request.headers.getlist("if-none-match")
    if tags:
        given = [tag.strip().removeprefix("W/") for line in tags for tag in line.split(",")]
        return "*" in given or version.etag in given
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (ValueError, OverflowError):
        return False
    return version.changed_at <= (since if since.tzinfo else since.replace(tzinfo=UTC))
