import dataclasses
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from tests.conftest import free_port
from tests.simulators.receiver import Receiver
from tests.simulators.running import running_app

from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.server import create_app

WHATSAPP_TOKEN = "dev-only-whatsapp-token"
MERCADOPAGO_TOKEN = "dev-only-mp-token"


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_500_000.0

    def __call__(self) -> float:
        return self.now


class Providers:
    """The running simulators, and a client of their APIs with the right tokens."""

    def __init__(self, url: str, clock: Clock, config: SimulatorConfig) -> None:
        self.url = url
        self.clock = clock
        self.config = config
        self.http = httpx2.Client(base_url=url, trust_env=False, timeout=15)

    def control(self, method: str, path: str, json=None, status: int | None = None):
        response = self.http.request(method, f"/_control/{path}", json=json)
        assert status in (None, response.status_code), response.text
        return response.json()

    def guest(self, wa_id: str = "5492944111111", **message: Any):
        return self.control("POST", "whatsapp/inbound", {"wa_id": wa_id, **message})

    def send(self, to: str = "5492944111111", *, token: str = WHATSAPP_TOKEN, **body: Any):
        body = {"messaging_product": "whatsapp", "to": to, **body}
        if not {"type", "status"} & body.keys():
            body |= {"type": "text", "text": {"body": "Hola"}}
        return self.http.post(
            "/v25.0/1122334455667/messages",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        )

    def chat(self, wa_id: str = "5492944111111"):
        return self.control("GET", f"whatsapp/chats/{wa_id}")["entries"]

    def mercadopago(self, method: str, path: str, json=None, *, key=None, token=MERCADOPAGO_TOKEN):
        headers = {"Authorization": f"Bearer {token}"}
        if key:
            headers["X-Idempotency-Key"] = key
        return self.http.request(method, path, json=json, headers=headers)

    def preference(self, reference: str = "R1", **more: Any):
        items = [{"title": "Seña", "quantity": 1, "unit_price": 81000.5, "currency_id": "ARS"}]
        body = {"items": items, "external_reference": reference, **more}
        response = self.mercadopago("POST", "/checkout/preferences", body)
        assert response.status_code == 201, response.text
        return response.json()

    def pay(self, status: int = 201, **body: Any):
        body = {"external_reference": "R1"} | body
        return self.control("POST", "mercadopago/pay", body, status=status)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def application_url(receiver) -> Iterator[str]:
    with running_app(receiver.create_app(), port=free_port()) as url:
        yield url


@pytest.fixture
def simulator_config(application_url, tmp_path) -> SimulatorConfig:
    port = free_port()
    return SimulatorConfig(
        public_url=f"http://127.0.0.1:{port}",
        application_url=application_url,
        state_file=tmp_path / "state.json",
        status_delays_s=(0.0, 0.01, 0.01),
        whatsapp_retries_s=(0.01, 0.02),
        mercadopago_retries_s=(0.01, 0.02),
    )


@pytest.fixture
def providers(simulator_config) -> Iterator[Providers]:
    clock = Clock()
    port = int(simulator_config.public_url.rpartition(":")[2])
    with running_app(create_app(simulator_config, clock=clock), port=port) as url:
        providers = Providers(url, clock, dataclasses.replace(simulator_config))
        yield providers
        providers.http.close()
