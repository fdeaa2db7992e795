from typing import Any

import httpx2
import pytest
from tests.conftest import free_port, wait_until
from tests.simulators.running import running_app

from alojamientos.ops.simulator import world
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.server import create_app


def fault(providers, mode, **more: Any):
    return providers.control("PUT", "faults", {"provider": "whatsapp", "mode": mode, **more})


@pytest.mark.parametrize(
    ("mode", "status"), [("down", 503), ("401", 401), ("429", 429), ("500", 500)]
)
def test_a_provider_can_fail(providers, mode, status):
    providers.guest(text="Hola")
    fault(providers, mode)

    broken = providers.send()
    other = providers.mercadopago("GET", "/v1/payments/search")
    fault(providers, "none")
    well = providers.send()

    assert (broken.status_code, other.status_code, well.status_code) == (status, 200, 200)


def test_whatsapp_refuses_an_expired_token_as_meta_does(providers):
    fault(providers, "401")

    error = providers.send().json()["error"]

    assert (error["code"], error["type"]) == (190, "OAuthException")


@pytest.mark.parametrize(("mode", "error"), [("500", "internal_error"), ("401", "unauthorized")])
def test_mercado_pago_fails_in_its_own_words(providers, mode, error):
    providers.control("PUT", "faults", {"provider": "mercadopago", "mode": mode})

    response = providers.mercadopago("GET", "/v1/payments/search")

    assert response.json()["error"] == error


def test_a_slow_provider_answers_late(providers):
    providers.guest(text="Hola")
    fault(providers, "slow", delay_s=0.05)

    assert providers.send().elapsed.total_seconds() >= 0.05


def test_a_timeout_after_accepting_still_delivers(providers):
    providers.guest(text="Hola")
    fault(providers, "timeout_after_accept", delay_s=2)

    with pytest.raises(httpx2.ReadTimeout):
        providers.http.post(
            "/v25.0/1122334455667/messages",
            json={
                "messaging_product": "whatsapp",
                "to": "5492944111111",
                "type": "text",
                "text": {"body": "llegó"},
            },
            headers={"Authorization": "Bearer dev-only-whatsapp-token"},
            timeout=0.3,
        )

    assert [e["text"] for e in providers.chat()] == ["Hola", "llegó"]


def test_a_fault_ends_by_itself_and_can_hit_only_a_share(providers):
    providers.guest(text="Hola")
    fault(providers, "500", seconds=10, share=0.5)

    drawn = [providers.send().status_code for _ in range(20)]
    providers.clock.now += 11
    after = {providers.send().status_code for _ in range(5)}

    assert 3 < drawn.count(500) < 17
    assert after == {200}
    assert providers.control("GET", "faults") == []


def test_webhooks_can_come_twice_or_not_at_all(providers, receiver):
    fault(providers, "duplicate_webhooks")
    doubled = providers.guest(text="Hola")
    providers.control("DELETE", "faults")
    fault(providers, "lose_webhooks")
    lost = providers.guest(text="Hola")

    assert len(doubled["attempts"]) == 2
    assert lost["attempts"] == []
    assert len(receiver.received) == 2


def test_webhooks_can_be_held_back(providers, receiver):
    fault(providers, "reorder_webhooks", delay_s=0.01)

    providers.guest(text="Hola")

    assert receiver.wait_for(1)


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "visa", "mode": "slow"},
        {"provider": "whatsapp", "mode": "explode"},
        {"provider": "whatsapp", "mode": "slow", "share": 2},
        {"provider": "whatsapp", "mode": "slow", "shares": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_explained(providers, body):
    assert providers.control("PUT", "faults", body, status=422)["detail"]


def test_stats_and_reset(providers):
    providers.guest(text="Hola")
    providers.preference()
    providers.pay(notify=False)

    stats = providers.control("GET", "stats")
    summary = providers.control("GET", "whatsapp/chats")
    providers.control("POST", "reset")

    assert stats["whatsapp"]["received"] == 1
    assert stats["mercadopago"]["payment_approved"] == 1
    assert stats["webhooks"]["whatsapp:200"] == 1
    assert summary[0]["wa_id"] == "5492944111111"
    assert providers.chat() == []
    assert providers.mercadopago("GET", "/v1/payments/search").json()["results"] == []


def test_a_recipients_behaviour_must_be_known(providers):
    answer = providers.control("PUT", "whatsapp/recipients/1", {"eror": 1}, status=422)

    assert "failed_status" in answer["detail"]


def test_the_phone_page_is_served(providers):
    page = providers.http.get("/")

    assert "WhatsApp simulado" in page.text


def test_a_chat_can_be_waited_for(providers):
    nothing = providers.control("GET", "whatsapp/chats/5492944111111?wait=0.01")
    providers.guest(text="Hola")
    something = providers.control("GET", "whatsapp/chats/5492944111111?wait=10")

    assert nothing["entries"] == []
    assert len(something["entries"]) == 1


@pytest.mark.parametrize("broken", [False, True])
def test_what_happened_outlives_a_restart(tmp_path, application_url, broken):
    state = tmp_path / "state.json"
    config = SimulatorConfig(application_url=application_url, state_file=state)
    body = {"external_reference": "R1", "amount": 5, "notify": False}
    headers = {"Authorization": "Bearer dev-only-mp-token"}

    with running_app(create_app(config), port=free_port()) as url:
        httpx2.post(f"{url}/_control/whatsapp/inbound", json={"wa_id": "54911", "text": "Hola"})
        paid = httpx2.post(f"{url}/_control/mercadopago/pay", json=body).json()["payment"]
    if broken:
        state.write_bytes(b"{")
    with running_app(create_app(config), port=free_port()) as url:
        chat = httpx2.get(f"{url}/_control/whatsapp/chats/54911").json()["entries"]
        found = httpx2.get(f"{url}/v1/payments/{paid['id']}", headers=headers)

    assert len(chat) == (0 if broken else 1)
    assert found.status_code == (404 if broken else 200)
    assert state.with_suffix(".broken").exists() is broken


def test_state_is_saved_while_running(tmp_path, monkeypatch):
    monkeypatch.setattr(world, "SAVE_EVERY_S", 0.01)
    state = tmp_path / "state.json"

    with running_app(create_app(SimulatorConfig(state_file=state)), port=free_port()):
        wait_until(state.exists, "the saved state")
