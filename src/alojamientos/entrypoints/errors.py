"""Every error of the API as one RFC 9457 problem; refusals are told to the bus here."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alojamientos.kit.errors import AlojamientosError, Unavailable
from alojamientos.kit.events import Bus
from alojamientos.telemetry import context
from alojamientos.telemetry.redaction import redact

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = 2
_SERVER_ERROR = 500
_PRIVATE = frozenset({"channel", "retry_after_s"})  # of an error's extra: not for the client
_FIXES = {"missing": "add it", "extra_forbidden": "remove it", "json_invalid": "send valid JSON"}


def install(app: FastAPI, *, bus: Bus) -> None:
    """Make `app` answer every error as a problem and tell `bus` of every refusal.

    Call it before other middleware is added: what nobody translated must be answered inside of
    the trace, and then goes on to whoever counts and logs it.
    """

    # The handlers are coroutines: Starlette would run plain functions in a thread each time.
    async def refused(_request: Request, error: Exception) -> Response:
        if not isinstance(error, AlojamientosError):
            raise error
        bus.publish(error)
        return from_error(error)

    app.add_exception_handler(AlojamientosError, refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(AnswerCrashes)


def problem(
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Build a problem response; `extra` are its extension members, which replace nothing."""
    return Response(
        _body(status=status, code=code, title=title, detail=detail, extra=extra or {}),
        status_code=status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def from_error(error: AlojamientosError) -> Response:
    """Build the problem that `error` is; what is our own fault says nothing about itself."""
    if error.status == _SERVER_ERROR:
        return Response(_crash_body(), status_code=_SERVER_ERROR, media_type=MEDIA_TYPE)
    retry_after = error.extra.get("retry_after_s")
    if retry_after is None and (isinstance(error, Unavailable) or error.status == 503):  # noqa: PLR2004
        retry_after = _RETRY_AFTER_S
    return problem(
        status=error.status,
        code=error.code,
        title=error.title,
        detail=error.message,
        headers=None if retry_after is None else {"Retry-After": str(retry_after)},
        extra={name: value for name, value in error.extra.items() if name not in _PRIVATE},
    )


def _body(*, status: int, code: str, title: str, detail: str, extra: Mapping[str, Any]) -> bytes:
    return orjson.dumps(
        {
            **extra,
            "type": f"urn:alojamientos:problem:{code}",
            "title": title,
            "status": status,
            "detail": detail,
            "code": code,
            "trace_id": context.current_trace_id(),
        },
        default=str,
    )


def _crash_body() -> bytes:
    return _body(
        status=_SERVER_ERROR,
        code="internal",
        title="Internal error",
        detail="Something went wrong on our side; quote trace_id when you report it",
        extra={},
    )


async def _invalid(_request: Request, error: Exception) -> Response:
    """Name every field that is wrong and how to right it; never repeat what was sent."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {
            "field": _field(item["loc"], item["type"]),
            "message": item["msg"],
            "fix": _FIXES.get(item["type"], item["msg"]),
        }
        for item in error.errors()
    ]
    return problem(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        code="invalid",
        title="Invalid request",
        detail="; ".join(f"{item['field']}: {item['message']}" for item in errors),
        extra={"field": errors[0]["field"], "errors": errors},
    )


def _field(location: Sequence[int | str], kind: str) -> str:
    """Return a dotted name for where in the request the mistake is.

    The name of an unknown field is the client's: it may be an address or a phone.
    """
    if kind == "json_invalid":
        return "body"
    return ".".join(redact(str(part)) for part in location[1:]) or str(location[0])


async def _http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    return problem(
        status=error.status_code,
        code=phrase.lower().replace(" ", "_").replace("-", "_"),
        title=phrase,
        detail=str(error.detail),
        headers=error.headers,
    )


class AnswerCrashes:
    """Answer an exception that nobody translated with a bare problem, then let it go on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if not started:
                response = Response(_crash_body(), status_code=_SERVER_ERROR, media_type=MEDIA_TYPE)
                await response(scope, receive, send)
            raise
