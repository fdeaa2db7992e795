"""What all routes of the simulators share: JSON, tokens, faults, one log line."""

import asyncio
import email.parser
import email.policy
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator import log_events
from alojamientos.ops.simulator.faults import Fault
from alojamientos.ops.simulator.graph import GraphError
from alojamientos.ops.simulator.mercadopago_rules import MercadoPagoError
from alojamientos.ops.simulator.world import World
from alojamientos.telemetry import context, logs

Endpoint = Callable[[Request], Awaitable[Response]]
_log = logs.get_logger()


def json_response(
    data: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(data), status_code=status, media_type="application/json", headers=headers
    )


async def json_body(request: Request) -> dict[str, Any]:
    """Return the body as an object; raises ValueError when it is none."""
    data = orjson.loads(await request.body() or b"{}")
    if not isinstance(data, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - as orjson's own error
    return data


def bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def multipart(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """Return the parts of a multipart form: name → (content type, bytes)."""
    head = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n"
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    parts: dict[str, tuple[str, bytes]] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            parts[name] = (part.get_content_type(), content)
    return parts


def provider_route(
    world: World, provider: str, operation: str, path: str, method: str, endpoint: Endpoint
) -> Route:
    """Return a route of a provider: faults first, its error shapes, one log line without a path."""

    async def served(request: Request) -> Response:
        with context.trace(context.parse_traceparent(request.headers.get("traceparent"))):
            start = time.perf_counter()
            fault = world.faults.call(provider)
            response = await _with_fault(fault, provider, endpoint, request)
            _log.info(
                log_events.SERVED,
                provider=provider,
                operation=operation,
                status=response.status_code,
                fault=fault.mode if fault else None,
                duration_ms=round((time.perf_counter() - start) * 1000, 1),
            )
            return response

    return Route(path, served, methods=[method])


def control_route(path: str, method: str, endpoint: Endpoint) -> Route:
    """Return a route of the control API: mistakes are answered in words."""

    async def served(request: Request) -> Response:
        try:
            with context.trace(context.parse_traceparent(request.headers.get("traceparent"))):
                return await endpoint(request)
        except AlojamientosError as error:
            problem = {"title": error.title, "detail": error.message, **error.extra}
            return json_response(problem, status=error.status)
        except MercadoPagoError as error:
            return json_response(error.to_json(), status=error.status)
        except (ValueError, TypeError, KeyError) as error:
            detail = f"The request cannot be used: {error!r}"
            return json_response({"title": "Invalid value", "detail": detail}, status=422)

    return Route(path, served, methods=[method])


async def _with_fault(
    fault: Fault | None, provider: str, endpoint: Endpoint, request: Request
) -> Response:
    mode = fault.mode if fault else None
    delay = fault.delay_s if fault else 0.0
    if mode == "down":
        return HTMLResponse("<h1>503 Service Temporarily Unavailable</h1>", status_code=503)
    if mode in ("401", "429", "500"):
        return _failure(provider, int(mode))
    if mode == "slow":
        await asyncio.sleep(delay)
    try:
        response = await endpoint(request)
    except (GraphError, MercadoPagoError) as error:
        response = json_response(error.to_json(), status=error.status)
    except (ValueError, TypeError, AttributeError):
        response = _failure(provider, 400)
    if mode == "timeout_after_accept":
        await asyncio.sleep(delay)
    return response


def _failure(provider: str, status: int) -> Response:
    if provider == "ical":
        return HTMLResponse(f"<h1>{status}</h1>", status_code=status)
    if provider == "mercadopago":
        words = {
            400: "invalid_parameters",
            401: "invalid_token",
            429: "too_many_requests",
            500: "internal_server_error",
        }
        return json_response(MercadoPagoError(status, words[status]).to_json(), status=status)
    errors = {
        400: GraphError(100, "The request's body could not be read"),
        401: GraphError(190, "The access token has expired", status=401),
        429: GraphError(130429, "Cloud API message throughput has been reached.", status=429),
        500: GraphError(131000, "Something went wrong.", status=500),
    }
    return json_response(errors[status].to_json(), status=status)
