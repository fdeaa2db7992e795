"""The /metrics of a process: what it counted, and the state that it reads for the scrape."""

from importlib import metadata

from fastapi import APIRouter

from alojamientos.entrypoints import collectors
from alojamientos.entrypoints.container import Container
from alojamientos.telemetry import exposition, log_events
from alojamientos.telemetry.sampler import Sampler


def create_router(container: Container) -> APIRouter:
    """Build the route; what the database knows is told by web only, so that it counts once."""
    app = container.settings.app
    sources = collectors.of_process(
        container.database,
        container.needed,
        version=metadata.version("alojamientos"),
        commit=app.version,
    )
    if container.process == "web":
        sources += collectors.of_database(container.database, now=container.now)
        if container.settings.mailbox.host is not None:
            sources += collectors.of_mailbox(container.database)

    def failed(collector: str, error: Exception) -> None:
        container.log.warning(
            log_events.COLLECTOR_FAILED, collector=collector, error=type(error).__name__
        )

    return exposition.create_router(
        registry=container.recorder.instruments.registry,
        sampler=Sampler(sources, on_failure=failed),
        token=app.metrics_token.get_secret_value() if app.metrics_token else None,
    )
