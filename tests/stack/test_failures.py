"""What holds when things break: every fault on the real stack, with guests writing meanwhile."""

import hashlib
import hmac
import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import count

import httpx2
import psycopg
import pytest

from alojamientos.ops.launcher.part import State

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400), pytest.mark.xdist_group("stack")]

WEBHOOK = "/api/v1/webhooks/whatsapp"
_numbers = count(1)


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        time.sleep(0.1)
    return found


@pytest.fixture
def http():
    with httpx2.Client(timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def whole(stack):
    """The stack, put right again after the test whatever it broke."""
    yield stack
    httpx2.delete(f"{stack.simulator}/_control/faults", trust_env=False)
    for part in ("postgres", "valkey", "web", "worker"):
        if stack.control.status().part(part).state is not State.READY:
            stack.control.start_part(part)
        until(lambda part=part: stack.control.status().part(part).state is State.READY)


@pytest.fixture
def guest(whole, http):
    """Write as a guest of one's own; read what came back."""
    wa_id = f"54929445{os.getpid() % 1000:03}{next(_numbers):02}"

    class Guest:
        address = wa_id

        def says(self, text, **options):  # noqa: ANN003 - what the control API takes
            return http.post(
                f"{whole.simulator}/_control/whatsapp/inbound",
                json={"wa_id": wa_id, "text": text, **options},
            )

        def answers(self):
            chat = http.get(f"{whole.simulator}/_control/whatsapp/chats/{wa_id}").json()
            return [entry for entry in chat["entries"] if entry["direction"] == "out"]

    return Guest()


def problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()


def count_of(stack, query, *values):  # noqa: ANN002 - of the query
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def test_with_the_provider_down_replies_wait_and_then_go_out_in_order_once(whole, http, guest):
    fault = {"provider": "whatsapp", "mode": "down"}
    http.put(f"{whole.simulator}/_control/faults", json=fault).raise_for_status()
    guest.says("hola")
    guest.says("lugar del 10 al 13 de agosto para 2")
    waiting = "SELECT count(*) FROM outbox_message WHERE address = %s AND status <> 'sent'"
    until(lambda: count_of(whole, waiting, guest.address) == 2)

    assert guest.answers() == []
    http.delete(f"{whole.simulator}/_control/faults").raise_for_status()

    until(lambda: len(guest.answers()) == 2, seconds=90)
    texts = [entry["text"] for entry in guest.answers()]
    assert "Para qué fechas" in texts[0]
    assert "agosto" in texts[1]


def test_with_postgresql_gone_everyone_is_told_to_come_back_and_it_recovers(whole, http, guest):
    assert http.get(f"{whole.web}/api/v1/readyz").status_code == 200
    whole.control.stop_part("postgres", kill=True)

    body = problem(http.get(f"{whole.web}/api/v1/accommodations"), 503)
    assert body["code"] == "database_unavailable"
    assert http.get(f"{whole.web}/api/v1/readyz").status_code == 503
    health = http.get(f"{whole.web}/api/v1/healthz")
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    sent = guest.says("hola")  # the provider keeps it and tries again
    assert {attempt["status"] for attempt in sent.json()["attempts"]} == {503}

    whole.control.start_part("postgres")
    until(lambda: http.get(f"{whole.web}/api/v1/readyz").status_code == 200)
    until(lambda: len(guest.answers()) == 1, seconds=90)


def test_with_valkey_gone_a_booking_still_ends_confirmed_and_it_shows(whole, http):
    whole.control.stop_part("valkey", kill=True)

    result = whole.cli("simulate", "booking", "--json", check=False)

    assert result.returncode == 0, result.stderr
    metrics = http.get(
        f"{whole.web}/metrics", headers={"Authorization": f"Bearer {whole.metrics_token}"}
    ).text
    assert 'app_dependency_up{dependency="redis"} 0.0' in metrics
    assert http.get(f"{whole.web}/api/v1/healthz").json()["status"] == "degraded"


@pytest.mark.parametrize("seed", [1, 2])
def test_processes_killed_at_random_during_traffic_lose_and_double_nothing(whole, http, seed):
    traffic = subprocess.Popen(
        [
            *(sys.executable, "-m", "alojamientos", "simulate", "traffic", "--json"),
            *("--rate", "4/s", "--minutes", "0.5", "--seed", str(seed), "--deadline", "90"),
        ],
        cwd=whole.folder,
        env=whole.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    rng = random.Random(seed)
    for _ in range(4):
        time.sleep(rng.uniform(2, 6))
        part = rng.choice(["web", "worker"])
        pid = whole.control.status().part(part).pid
        if pid:
            os.kill(pid, signal.SIGKILL)
    output, errors = traffic.communicate(timeout=300)
    report = json.loads(output)

    assert report["messages"]["unanswered"] == 0, errors
    assert report["messages"]["answered_twice"] == 0, report
    assert report["invariants"]["ok"], report["invariants"]
    doubled = (
        "SELECT count(*) FROM (SELECT in_reply_to FROM outbox_message WHERE kind = 'reply'"
        " GROUP BY in_reply_to, content HAVING count(*) > 1) AS twice"
    )
    assert count_of(whole, doubled) == 0
    assert count_of(whole, "SELECT count(*) FROM inbox_event WHERE processed_at IS NULL") == 0
    assert references_sent_twice(whole, http) == []


def references_sent_twice(stack, http):
    """Return the references of messages that some guest got more than once."""
    twice = []
    for chat in http.get(f"{stack.simulator}/_control/whatsapp/chats").json():
        entries = http.get(f"{stack.simulator}/_control/whatsapp/chats/{chat['wa_id']}").json()
        references = [
            entry["callback_data"]
            for entry in entries["entries"]
            # What the owner writes from the phone has none.
            if entry["direction"] == "out" and entry.get("callback_data")
        ]
        twice += [one for one in set(references) if references.count(one) > 1]
    return twice


def signed(stack, body):
    secret = stack.settings.whatsapp.app_secret.get_secret_value().encode()
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


def test_unsigned_webhooks_are_refused_before_they_are_read(whole, http):
    problem(http.post(whole.web + WEBHOOK, content=b'{"entry": []}'), 401)
    forged = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    problem(http.post(whole.web + WEBHOOK, content=b"{", headers=forged), 401)
    problem(http.post(f"{whole.web}/api/v1/webhooks/mercadopago?data.id=1", json={}), 401)


@pytest.mark.parametrize("body", [b"", b"{", b'{"entry": [{"chan', b"[]", b"\xff\xfe", b"nan"])
def test_signed_garbage_is_a_bad_request_and_nothing_breaks(whole, http, body):
    problem(http.post(whole.web + WEBHOOK, content=body, headers=signed(whole, body)), 400)
    assert http.get(f"{whole.web}/api/v1/readyz").status_code == 200


def test_a_huge_webhook_is_refused(whole, http):
    body = b"x" * (4 * 1024 * 1024)
    problem(http.post(whole.web + WEBHOOK, content=body, headers=signed(whole, body)), 413)


def test_a_webhook_replayed_has_one_effect(whole, http, guest):
    guest.says("hola", duplicate=4)

    until(lambda: len(guest.answers()) == 1)
    guest.says("hola de nuevo")
    until(lambda: len(guest.answers()) == 2)
    stored = "SELECT count(*) FROM inbox_event WHERE conversation_key = %s"
    assert count_of(whole, stored, f"whatsapp:{guest.address}") == 2
