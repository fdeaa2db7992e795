"""Everything that the simulators are made of, together, and how it is remembered."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from alojamientos.ops.simulator.calendars import Calendars
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.faults import Faults
from alojamientos.ops.simulator.mercadopago import MercadoPago
from alojamientos.ops.simulator.webhooks import Webhooks
from alojamientos.ops.simulator.whatsapp import WhatsApp

SAVE_EVERY_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The simulated providers of one application."""

    config: SimulatorConfig
    clock: Callable[[], float]
    faults: Faults
    webhooks: Webhooks
    whatsapp: WhatsApp
    mercadopago: MercadoPago
    calendars: Calendars
    random: random.Random

    def reset(self) -> None:
        """Forget every guest, message, payment, stay elsewhere and fault."""
        self.faults.clear()
        self.whatsapp.reset()
        self.mercadopago.reset()
        self.calendars.reset()
        self.webhooks.statuses.clear()
        self.random.seed(self.config.seed)

    def save(self) -> None:
        """Write what must outlive a restart, all or nothing."""
        if (path := self.config.state_file) is None:
            return
        data = {
            "chats": self.whatsapp.chats.to_json(),
            "recipients": self.whatsapp.recipients,
            "mercadopago": self.mercadopago.to_json(),
            "calendars": self.calendars.to_json(),
        }
        _replace(path, orjson.dumps(data))

    async def keep_saving(self) -> None:
        """Save every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            self.save()

    def load(self) -> None:
        """Read what was saved; a file that cannot be read is set aside as if there were none."""
        path = self.config.state_file
        if path is None or not path.exists():
            return
        try:
            data = orjson.loads(path.read_bytes())
            self.whatsapp.chats.load(data["chats"].items())
            self.whatsapp.recipients = data["recipients"]
            self.mercadopago.load(data["mercadopago"])
            if "calendars" in data:
                self.calendars.load(data["calendars"])
        except (ValueError, KeyError, TypeError):
            path.replace(path.with_suffix(".broken"))


def create_world(config: SimulatorConfig, *, clock: Callable[[], float]) -> World:
    """Put the simulators together; `clock` gives epoch seconds."""
    faults = Faults(seed=config.seed, clock=clock)
    webhooks = Webhooks(faults=faults, timeout_s=config.webhook_timeout_s)
    return World(
        config=config,
        clock=clock,
        faults=faults,
        webhooks=webhooks,
        whatsapp=WhatsApp(config=config, webhooks=webhooks, clock=clock),
        mercadopago=MercadoPago(config=config, webhooks=webhooks, clock=clock),
        calendars=Calendars(seed=config.seed, clock=clock),
        random=random.Random(config.seed),
    )


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
