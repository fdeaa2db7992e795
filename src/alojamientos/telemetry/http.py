"""What every HTTP request leaves behind: metrics by route template, a trace, one line."""

import time
from collections.abc import Iterable
from contextlib import nullcontext
from functools import cache

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import metrics
from prometheus_fastapi_instrumentator.middleware import PrometheusInstrumentatorMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from alojamientos.telemetry import catalogue, context, log_events, logs
from alojamientos.telemetry.instruments import Instruments
from alojamientos.telemetry.routes import UNMATCHED, Routes, handler_of
from alojamientos.telemetry.synthetic import Marks

__all__ = ["TraceMiddleware", "handler_of", "instrument"]

# Not counted, and told for debugging only: they would drown the guests' requests. Synthetic ones
# are counted apart, and told when they fail.
_PROBES = ("/metrics", "/healthz", "/readyz")
_TRACE = "alojamientos.trace_id"
_SERVER_ERROR = 500


def instrument(
    app: FastAPI,
    *,
    instruments: Instruments,
    log: FilteringBoundLogger,
    enabled: bool = True,
    synthetic_secret: str = "",
) -> None:
    """Trace and log every request of `app` and, when `enabled`, measure it from outermost.

    Requests marked under `synthetic_secret` are told apart; without a secret none are.
    Call it after every other middleware has been added. The options are the specification's; but
    whether metrics are on is our setting's to say, not the absence of an environment variable,
    and latency ends where the response starts, so that background work does not count.
    """
    routes = Routes(app)
    marks = Marks(synthetic_secret)
    app.add_middleware(TraceMiddleware, routes=routes, log=log, marks=marks)
    if enabled:
        app.add_middleware(_MeasureMiddleware, routes=routes, instruments=instruments, marks=marks)


class _MeasureMiddleware(PrometheusInstrumentatorMiddleware):
    """The library's, with its default metrics on instruments of ours, which know their children.

    Left to itself it puts the gauge of requests in progress on the global registry, labels a
    redirected slash with the path as it was asked for, and makes a series of every method tried.
    """

    def __init__(
        self, app: ASGIApp, *, routes: Routes, instruments: Instruments, marks: Marks
    ) -> None:
        super().__init__(
            app,
            should_group_status_codes=False,
            should_ignore_untemplated=True,
            should_exclude_streaming_duration=True,
            inprogress_labels=True,
            instrumentations=(self._record,),
        )
        self._routes = routes
        self._marks = marks
        self._series = _Series(instruments)
        self.should_instrument_requests_inprogress = True
        self.inprogress = self._series  # type: ignore[assignment]  # it asks for labels() only

    def _get_handler(self, request: Request) -> tuple[str, bool]:
        handler = self._routes.handler(request.scope)
        is_templated = handler != UNMATCHED
        if is_templated and not handler.endswith(_PROBES) and self._marks.is_on(request.scope):
            handler = catalogue.SYNTHETIC_HANDLER
        elif handler.startswith(f"{catalogue.OWNER_HANDLER}/"):
            handler = catalogue.OWNER_HANDLER
        return handler, is_templated

    def _is_handler_excluded(self, handler: str, is_templated: bool) -> bool:
        return not is_templated or handler.endswith(_PROBES)

    def _record(self, info: metrics.Info) -> None:
        scope = info.request.scope
        handler, trace_id = info.modified_handler, scope.get(_TRACE)
        # Without a response there is no start of it: count until the request was given up.
        seconds = info.modified_duration_without_streaming or info.modified_duration
        response = info.response.raw_headers if info.response else ()
        duration, received, sent = self._series.of_route(info.method, handler)
        self._series.total(info.method, handler, info.modified_status).inc()
        if handler != catalogue.SYNTHETIC_HANDLER:
            self._series.all_routes.observe(seconds)
        duration.observe(seconds, {"trace_id": trace_id} if trace_id else None)
        received.observe(_length(scope["headers"]))
        sent.observe(_length(response))


class _Series:
    """The series of requests, found once for each route, method and status."""

    def __init__(self, instruments: Instruments) -> None:
        child = instruments.child
        self.all_routes = child(catalogue.HTTP_REQUEST_DURATION_HIGHR)
        self.labels = cache(
            lambda method, handler: child(
                catalogue.HTTP_REQUESTS_INPROGRESS, method=method, handler=handler
            )
        )
        self.total = cache(
            lambda method, handler, status: child(
                catalogue.HTTP_REQUESTS, handler=handler, method=method, status=status
            )
        )
        self.of_route = cache(
            lambda method, handler: (
                child(catalogue.HTTP_REQUEST_DURATION, handler=handler, method=method),
                child(catalogue.HTTP_REQUEST_SIZE, handler=handler),
                child(catalogue.HTTP_RESPONSE_SIZE, handler=handler),
            )
        )


class TraceMiddleware:
    """Join the caller's trace or start one; tell of the request once it has ended."""

    def __init__(
        self, app: ASGIApp, *, routes: Routes, log: FilteringBoundLogger, marks: Marks
    ) -> None:
        self._app = app
        self._routes = routes
        self._marks = marks
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500
        handler = self._routes.handler(scope)
        synthetic = self._marks.is_on(scope)
        with (
            context.trace(context.parse_traceparent(_traceparent(scope))) as trace_id,
            context.bound(synthetic=True) if synthetic else nullcontext(),
        ):
            scope[_TRACE] = trace_id

            async def send_traced(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    header = (b"x-trace-id", trace_id.encode())
                    message["headers"] = [*message.get("headers", ()), header]
                await send(message)

            try:
                await self._app(scope, receive, send_traced)
            except Exception as error:
                self._log.exception(
                    log_events.HTTP_CRASHED, method=scope["method"], handler=handler
                )
                logs.mark_told(error)
                raise
            finally:
                quiet = handler.endswith(_PROBES) or (synthetic and status < _SERVER_ERROR)
                tell = self._log.debug if quiet else self._log.info
                tell(
                    log_events.HTTP_REQUEST,
                    method=scope["method"],
                    handler=handler,
                    status=status,
                    duration_ms=round((time.perf_counter() - start) * 1000, 2),
                )


def _traceparent(scope: Scope) -> str | None:
    found = _header(scope["headers"], b"traceparent")
    return None if found is None else found.decode("latin-1")


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Return what a message says of its length, 0 when it does not."""
    found = _header(headers, b"content-length")
    return int(found) if found is not None and found.isdigit() else 0


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    for key, value in headers:
        if key == name:
            return value
    return None
