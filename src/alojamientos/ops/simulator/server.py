"""The one web application of the provider simulators."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor

from alojamientos.kit.clock import utc_now
from alojamientos.ops.simulator.calendar_routes import calendar_control_routes, calendar_routes
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.control import control_routes
from alojamientos.ops.simulator.pages import page_routes
from alojamientos.ops.simulator.provider_routes import mercadopago_routes, whatsapp_routes
from alojamientos.ops.simulator.world import create_world


class _Version(Convertor[str]):
    """A Graph API version, so that other paths are not taken for one."""

    regex = r"v\d+\.\d+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return re.sub(r"[^v0-9.]", "", value)


def create_app(
    config: SimulatorConfig, *, clock: Callable[[], float] = lambda: utc_now().timestamp()
) -> Starlette:
    """Build the fake WhatsApp, Mercado Pago and calendar hosts, and their control API."""
    register_url_convertor("version", _Version())
    world = create_world(config, clock=clock)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        world.load()
        saving = asyncio.create_task(world.keep_saving())
        try:
            yield
        finally:
            saving.cancel()
            await asyncio.gather(saving, return_exceptions=True)
            await world.webhooks.close()
            world.save()

    routes = [
        *control_routes(world),
        *calendar_control_routes(world),
        *page_routes(world),
        *mercadopago_routes(world),
        *calendar_routes(world),
        *whatsapp_routes(world),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.hang_up = world.whatsapp.chats.hang_up  # before connections are waited for
    return app
