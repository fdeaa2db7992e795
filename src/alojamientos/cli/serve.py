"""The verbs that run one process of the application."""

from alojamientos.entrypoints import web
from alojamientos.entrypoints import worker as workers
from alojamientos.settings import load_settings


def serve() -> None:
    """Run web on WEB_HOST:WEB_PORT: API, webhooks, /metrics.

    It wants DATABASE_URL, with the schema up to date, and REDIS_URL; more than one may run, each
    on a port of its own. SIGTERM lets requests end first. `make up` starts it with everything else.
    """
    web.run(load_settings())


def worker() -> None:
    """Run the worker: messages, deliveries, payments, timers; /metrics on WORKER_METRICS_PORT.

    It wants DATABASE_URL, with the schema up to date, and REDIS_URL; more than one may run.
    SIGTERM lets jobs end first; what a killed one was doing is done again by another.
    """
    workers.run(load_settings())
