"""The web process: API, webhooks, health, metrics."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import metadata as packages

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from alojamientos.channels.ical import api as calendars
from alojamientos.channels.mercadopago import webhook as mercadopago
from alojamientos.channels.whatsapp import webhook as whatsapp
from alojamientos.console import api as owner
from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import deps, errors, invariants, metrics, serving
from alojamientos.entrypoints.container import Container
from alojamientos.health import api as health
from alojamientos.health.checks import Check
from alojamientos.jobs import queries as jobs
from alojamientos.kit.errors import Unavailable
from alojamientos.kit.ratelimit import RateLimiter
from alojamientos.reservations import api as reservations
from alojamientos.reservations import pictures_api
from alojamientos.settings import Settings
from alojamientos.telemetry import http, log_events

_WORKER_SILENT_AFTER = timedelta(seconds=60)
_BEATING_JOB = "jobs.sweep"  # the worker runs it every few seconds
_DESCRIPTION = """Bookings for small lodgings.

Money is integer centavos; a stay is `[check_in, check_out)`, so check-out is the day of leaving.
Whatever writes or shows a person's data wants the API token as a bearer; `/api/v1/owner` wants the
owner's.
Every error is an RFC 9457 problem with a stable `code` and the request's `trace_id`."""


def create_app(container: Container) -> FastAPI:
    """Build the application; nothing connects before it serves."""
    settings = container.settings

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with container.running():
            container.log.info(
                log_events.PROCESS_STARTED,
                version=settings.app.version,
                host=settings.app.web_host,
                port=settings.app.web_port,
                pid=os.getpid(),
            )
            yield

    app = FastAPI(
        title="Alojamientos",
        version=packages.version("alojamientos"),
        description=_DESCRIPTION,
        lifespan=lifespan,
    )
    errors.install(app, bus=container.database.bus)
    _add_routes(app, container)
    http.instrument(
        app,
        instruments=container.recorder.instruments,
        log=container.log,
        enabled=settings.app.enable_metrics,
        synthetic_secret=settings.app.api_token.get_secret_value(),
    )
    return app


def _add_routes(app: FastAPI, container: Container) -> None:
    settings = container.settings
    guards = reservations.Guards(
        token=deps.require_token(settings.app.api_token.get_secret_value()),
        rate_limit=deps.limit_rate(
            RateLimiter(
                container.redis,
                limit=settings.app.rate_limit_per_minute,
                on_unavailable=lambda _error: container.recorder.rate_limit_unavailable(),
                circuit=container.circuit,
            ),
            trusted_proxies=settings.app.trusted_proxies,
            recorder=container.recorder,
            log=container.log,
        ),
    )
    # The busiest first: routes are matched in order.
    app.include_router(
        whatsapp.create_router(
            database=container.database,
            recorder=container.recorder,
            log=container.log,
            app_secret=settings.whatsapp.app_secret.get_secret_value(),
            verify_token=settings.whatsapp.verify_token.get_secret_value(),
            phone_number_id=settings.whatsapp.phone_number_id,
        )
    )
    app.include_router(
        mercadopago.create_router(
            database=container.database,
            recorder=container.recorder,
            log=container.log,
            secret=settings.mercadopago.webhook_secret.get_secret_value(),
            accept_unsigned_ipn=settings.mercadopago.accept_unsigned_ipn,
            now=container.now,
        )
    )
    app.include_router(
        reservations.create_router(
            database=container.database,
            locks=container.locks,
            policy=container.booking_policy,
            guards=guards,
            now=container.now,
            checks=invariants.ALL,
        )
    )
    app.include_router(pictures_api.create_router(database=container.database))
    app.include_router(
        calendars.create_router(
            database=container.database,
            domain=settings.calendar_domain,
            rate_limit=guards.rate_limit,
            now=container.now,
        )
    )
    _add_owner(app, container, guards)
    postgres, redis = container.needed
    app.include_router(
        health.create_router(
            health=[postgres.check, redis.check, _worker(container)], ready=[postgres.check]
        ),
        prefix="/api/v1",
    )
    if settings.app.enable_metrics:
        app.include_router(metrics.create_router(container))

    @app.get("/", include_in_schema=False)
    async def index() -> RedirectResponse:
        return RedirectResponse("/docs")


def _add_owner(app: FastAPI, container: Container, guards: reservations.Guards) -> None:
    token = container.settings.app.owner_token
    app.include_router(
        owner.create_router(
            owner.Room(
                database=container.database,
                policy=container.booking_policy,
                locks=container.locks,
                clock=container.now,
            ),
            guards=owner.Guards(
                token=deps.require_owner(token.get_secret_value() if token else None),
                rate_limit=guards.rate_limit,
            ),
        )
    )


def _worker(container: Container) -> Check:
    """Return the check that a worker is running jobs: messages wait while none does."""

    async def beats() -> None:
        async with container.database.read() as conn:
            found = {beat.job: beat.last_success_at for beat in await jobs.heartbeats(conn)}
        last = found.get(_BEATING_JOB)
        if last is None or container.now() - last > _WORKER_SILENT_AFTER:
            raise Unavailable("No worker has run a job lately")

    return Check(name="worker", critical=False, probe=beats)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    container = containers.build(settings, process="web")
    serving.run(_serve(container))


async def _serve(container: Container) -> None:
    app = container.settings.app
    server = serving.create_server(create_app(container), host=app.web_host, port=app.web_port)
    stopped = serving.until_signalled()
    stopped.add_done_callback(lambda _future: setattr(server, "should_exit", True))
    await server.serve()
    container.log.info(
        log_events.PROCESS_STOPPED, reason=stopped.result() if stopped.done() else "ended"
    )
