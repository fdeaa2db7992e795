"""What every HTTP request leaves behind: metrics by route template, a trace, one line."""

import time
from typing import Any

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator, metrics
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from alojamientos.telemetry import context, log_events
from alojamientos.telemetry.catalogue import LATENCY_BUCKETS
from alojamientos.telemetry.instruments import Instruments

UNMATCHED = "none"
# Searched as regular expressions; probes and scrapes would drown the guests' requests.
_UNCOUNTED = ["^/metrics$", "/healthz$", "/readyz$"]
_PROBES = ("/metrics", "/healthz", "/readyz")


def instrument(
    app: FastAPI, *, instruments: Instruments, log: FilteringBoundLogger, enabled: bool = True
) -> None:
    """Trace and log every request of `app` and, when `enabled`, measure it from outermost.

    Call it after every other middleware has been added. The options are the specification's; but
    whether metrics are on is our setting's to say, not the absence of an environment variable,
    and latency ends where the response starts, so that background work does not count.
    """
    app.add_middleware(TraceMiddleware, log=log)
    if not enabled:
        return
    instrumentator = Instrumentator(
        should_group_status_codes=False,
        should_ignore_untemplated=True,
        should_respect_env_var=False,
        should_instrument_requests_inprogress=True,
        should_exclude_streaming_duration=True,
        excluded_handlers=_UNCOUNTED,
        inprogress_name="http_requests_inprogress",
        inprogress_labels=True,
        registry=instruments.registry,
    )
    default = metrics.default(
        should_exclude_streaming_duration=True,
        latency_highr_buckets=LATENCY_BUCKETS,
        latency_lowr_buckets=LATENCY_BUCKETS,
        registry=instruments.registry,
    )
    if default is not None:
        instrumentator.add(default)
    instrumentator.instrument(app)


class TraceMiddleware:
    """Join the caller's trace or start one; tell of the request once it has ended."""

    def __init__(self, app: ASGIApp, *, log: FilteringBoundLogger) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500
        with context.trace(context.parse_traceparent(_traceparent(scope))) as trace_id:
            # The handler of last resort runs outside of this context.
            scope["trace_id"] = trace_id

            async def send_traced(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    MutableHeaders(scope=message).append("X-Trace-Id", trace_id)
                await send(message)

            try:
                await self._app(scope, receive, send_traced)
            except Exception:
                self._log.exception(
                    log_events.HTTP_CRASHED, method=scope["method"], handler=handler_of(scope)
                )
                raise
            finally:
                self._served(scope, status, time.perf_counter() - start)

    def _served(self, scope: Scope, status: int, seconds: float) -> None:
        handler = handler_of(scope)
        tell = self._log.debug if handler.endswith(_PROBES) else self._log.info
        tell(
            log_events.HTTP_REQUEST,
            method=scope["method"],
            handler=handler,
            status=status,
            duration_ms=round(seconds * 1000, 2),
        )


def handler_of(scope: Scope) -> str:
    """Return the full template of the route that a routed request took, or "none".

    FastAPI keeps the path of an included router's route in a context of its own; `route.path`
    is only the inner part.
    """
    routed: Any = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return getattr(routed, "path", None) or UNMATCHED


def _traceparent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value.decode("latin-1"))
    return None
