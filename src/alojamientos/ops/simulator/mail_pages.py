"""The mail sink over HTTP: a page for people, JSON for programs."""

from datetime import datetime
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from alojamientos.ops.simulator.http import json_response
from alojamientos.ops.simulator.mail import Mailbox
from alojamientos.ops.simulator.pages import environment

# A mail's HTML is shown without scripts, forms or anything loaded from elsewhere.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


class Door(Protocol):
    """The way in to a mailbox that can be read over IMAP."""

    def shut(self) -> None: ...

    def open(self) -> None: ...

    async def unread(self) -> int: ...


def create_mail_app(mailbox: Mailbox, door: Door | None = None) -> Starlette:
    """Build the mail sink's web application over `mailbox`; `door` shuts what is read over IMAP."""
    templates = environment()
    templates.filters["moment"] = _moment

    async def inbox(_: Request) -> Response:
        template = templates.get_template("mails.html")
        return HTMLResponse(template.render(mails=mailbox.newest_first()))

    async def message(request: Request) -> Response:
        mail = mailbox.get(request.path_params["id"])
        template = templates.get_template("mail.html")
        return HTMLResponse(template.render(mail=mail), status_code=200 if mail else 404)

    async def html(request: Request) -> Response:
        mail = mailbox.get(request.path_params["id"])
        headers = {"Content-Security-Policy": _MAIL_POLICY}
        return HTMLResponse(mail.html if mail else "", 200 if mail else 404, headers)

    async def listed(request: Request) -> Response:
        to = request.query_params.get("to")
        mails = (mail for mail in mailbox.newest_first() if to is None or to in mail.to)
        return json_response([mail.to_json() for mail in mails])

    async def raw(request: Request) -> Response:
        content = mailbox.content(request.path_params["id"])
        return Response(content or b"", 200 if content else 404, media_type="message/rfc822")

    async def one(request: Request) -> Response:
        mail = mailbox.get(request.path_params["id"])
        if mail is None:
            return json_response({"title": "Not found", "detail": "no such mail"}, status=404)
        return json_response(mail.to_json())

    async def cleared(_: Request) -> Response:
        mailbox.clear()
        return Response(status_code=204)

    async def state(_: Request) -> Response:
        return json_response(
            {"taken": mailbox.taken, "unread": 0 if door is None else await door.unread()}
        )

    return Starlette(
        routes=[
            Route("/", inbox),
            Route("/messages/{id}", message),
            Route("/messages/{id}/html", html),
            Route("/api/messages", listed, methods=["GET"]),
            Route("/api/messages/{id}", one, methods=["GET"]),
            Route("/api/messages/{id}/raw", raw, methods=["GET"]),
            Route("/api/messages", cleared, methods=["DELETE"]),
            Route("/_control/mailbox", state, methods=["GET"]),
            *([] if door is None else _door_routes(door)),
        ]
    )


def _door_routes(door: Door) -> list[Route]:
    async def shut(_: Request) -> Response:
        door.shut()
        return Response(status_code=204)

    async def opened(_: Request) -> Response:
        door.open()
        return Response(status_code=204)

    path = "/_control/mailbox/shut"
    return [Route(path, shut, methods=["PUT"]), Route(path, opened, methods=["DELETE"])]


def _moment(value: str) -> str:
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S} UTC"
