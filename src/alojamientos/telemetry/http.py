"""What every HTTP request leaves behind: metrics by route template, a trace, one line."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import metrics
from prometheus_fastapi_instrumentator.middleware import PrometheusInstrumentatorMiddleware
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from alojamientos.kit.errors import AlojamientosError
from alojamientos.telemetry import catalogue, context, log_events, logs
from alojamientos.telemetry.instruments import Instruments
from alojamientos.telemetry.routes import UNMATCHED, Routes, handler_of

__all__ = ["TraceMiddleware", "handler_of", "instrument"]

# Searched as regular expressions; probes and scrapes would drown the guests' requests.
_UNCOUNTED = ("^/metrics$", "/healthz$", "/readyz$")
_PROBES = ("/metrics", "/healthz", "/readyz")


def instrument(
    app: FastAPI, *, instruments: Instruments, log: FilteringBoundLogger, enabled: bool = True
) -> None:
    """Trace and log every request of `app` and, when `enabled`, measure it from outermost.

    Call it after every other middleware has been added. The options are the specification's; but
    whether metrics are on is our setting's to say, not the absence of an environment variable,
    and latency ends where the response starts, so that background work does not count.
    Raises AlojamientosError when `instruments` measure another application already.
    """
    routes = Routes(app)
    app.add_middleware(TraceMiddleware, routes=routes, log=log)
    if not enabled:
        return
    record = metrics.default(
        should_exclude_streaming_duration=True,
        latency_highr_buckets=catalogue.HTTP_REQUEST_DURATION_HIGHR.buckets,
        latency_lowr_buckets=catalogue.HTTP_REQUEST_DURATION.buckets,
        registry=instruments.registry,
    )
    if record is None:
        raise AlojamientosError("These instruments measure another application; give each its own")

    def record_ended(info: metrics.Info) -> None:
        # Without a response there is no start of it: count until the request was given up.
        if not info.modified_duration_without_streaming:
            info.modified_duration_without_streaming = info.modified_duration
        record(info)

    app.add_middleware(
        _MeasureMiddleware,
        routes=routes,
        in_progress=instruments.gauge(catalogue.HTTP_REQUESTS_INPROGRESS),
        record=record_ended,
    )


class _MeasureMiddleware(PrometheusInstrumentatorMiddleware):
    """The library's, with our registry for all of it and no label that a client chose.

    It would put the gauge of requests in progress on the global registry, label a redirected
    slash with the path as it was asked for, and make a series of every method tried.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        routes: Routes,
        in_progress: Any,
        record: Callable[[metrics.Info], None],
    ) -> None:
        super().__init__(
            app,
            should_group_status_codes=False,
            should_ignore_untemplated=True,
            should_exclude_streaming_duration=True,
            excluded_handlers=_UNCOUNTED,
            inprogress_labels=True,
            instrumentations=(record,),
        )
        self._routes = routes
        self.should_instrument_requests_inprogress = True
        self.inprogress = in_progress

    def _get_handler(self, request: Request) -> tuple[str, bool]:
        handler = self._routes.handler(request.scope)
        return handler, handler != UNMATCHED


class TraceMiddleware:
    """Join the caller's trace or start one; tell of the request once it has ended."""

    def __init__(self, app: ASGIApp, *, routes: Routes, log: FilteringBoundLogger) -> None:
        self._app = app
        self._routes = routes
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500
        handler = self._routes.handler(scope)
        with context.trace(context.parse_traceparent(_traceparent(scope))) as trace_id:

            async def send_traced(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    MutableHeaders(scope=message).append("X-Trace-Id", trace_id)
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
                tell = self._log.debug if handler.endswith(_PROBES) else self._log.info
                tell(
                    log_events.HTTP_REQUEST,
                    method=scope["method"],
                    handler=handler,
                    status=status,
                    duration_ms=round((time.perf_counter() - start) * 1000, 2),
                )


def _traceparent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value.decode("latin-1"))
    return None
