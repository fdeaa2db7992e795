"""The verb that brings the schema up to date."""

from typing import Annotated

import typer

from alojamientos.entrypoints import demo
from alojamientos.entrypoints import migrate as migrations
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator.calendars import demo_addresses
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.settings import load_settings


def migrate(
    *,
    with_demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Also load three demo cabins, if there is no accommodation, and their calendars.",
        ),
    ] = False,
) -> None:
    """Bring the schema of DATABASE_URL to the newest revision.

    Safe to run at any time and from several machines at once: one migrates, the others wait.
    """
    settings = load_settings(check_production=False)
    url = settings.database.url
    if url is None:
        raise AlojamientosError(
            "DATABASE_URL is not set; set it to postgresql://user:password@host:port/name."
            " The stack of `make up` migrates its own server by itself"
        )
    migrations.upgrade(url.get_secret_value())
    print("schema is up to date")
    if with_demo:
        loaded = demo.load(url.get_secret_value())
        print("demo cabins loaded" if loaded else "accommodations exist: no demo loaded")
        if settings.stack.simulate_providers:
            host = f"http://127.0.0.1:{settings.stack.simulator_port}"
            feeds = demo_addresses(seed=SimulatorConfig().seed)
            demo.load_feeds(url.get_secret_value(), host=host, feeds=feeds, new=loaded)
