"""The verbs that run one process of the application."""

from typing import Annotated

import orjson
import typer

from alojamientos.entrypoints import bridge as bridges
from alojamientos.entrypoints import web
from alojamientos.entrypoints import worker as workers
from alojamientos.settings import load_settings


def serve() -> None:
    """Run web on WEB_HOST:WEB_PORT: API, webhooks, /metrics.

    It wants DATABASE_URL, with the schema up to date, and REDIS_URL; more than one may run, each
    on a port of its own. SIGTERM lets requests end first. `make up` starts it with everything else.
    """
    web.run(load_settings())


def worker(
    *,
    list_jobs: Annotated[
        bool,
        typer.Option("--list", help="Print every job and its cron line as JSON; run none."),
    ] = False,
) -> None:
    """Run the worker: messages, deliveries, payments, timers; /metrics on WORKER_METRICS_PORT.

    It wants DATABASE_URL, with the schema up to date, and REDIS_URL; more than one may run.
    SIGTERM lets jobs end first; what a killed one was doing is done again by another.
    """
    settings = load_settings()
    if list_jobs:
        print(orjson.dumps(workers.schedule(settings), option=orjson.OPT_INDENT_2).decode())
        return
    workers.run(settings)


def bridge() -> None:
    """Run the bridge from critical alerts to the owner's WhatsApp, on ALERT_BRIDGE_PORT.

    It wants neither database nor Redis, so that it still speaks when they are down. Alertmanager
    posts to /alerts with ALERT_BRIDGE_TOKEN; the message goes to ALERT_WHATSAPP_TO as the template
    ALERT_WHATSAPP_TEMPLATE.
    """
    bridges.run(load_settings(with_servers=False))
