"""From Alertmanager to the owner's phone: the bridge's process, the fake provider's process."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from tests.conftest import free_port, wait_until

TOKEN = "bridge-token"
OWNER = "5492944000001"


class Bridge:
    def __init__(self, folder: Path) -> None:
        self.simulator = f"http://127.0.0.1:{free_port()}"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, url: str, path: str) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "STACK_STATE_DIR": str(self.folder),
            "STACK_SIMULATOR_PORT": self.simulator.rpartition(":")[2],
            "WHATSAPP_BASE_URL": self.simulator,
            "ALERT_BRIDGE_PORT": self.url.rpartition(":")[2],
            "ALERT_BRIDGE_TOKEN": TOKEN,
        }
        with (self.folder / f"{arguments[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "alojamientos", *arguments],
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self.folder,
            )
        self._running.append(process)
        wait_until(lambda: _answers(f"{url}{path}"), arguments[0])
        return process

    def post(self, body: object, token: str = TOKEN) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.post(f"{self.url}/alerts", json=body, headers=headers, trust_env=False)

    def received(self) -> list[str]:
        answer = httpx2.get(f"{self.simulator}/_control/whatsapp/chats/{OWNER}", trust_env=False)
        return [entry["text"] for entry in answer.json()["entries"]]

    def stop(self) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(10)


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx2.TransportError):
        return httpx2.get(url, trust_env=False).status_code < 500
    return False


@pytest.fixture
def bridge(tmp_path):
    bridge = Bridge(tmp_path)
    bridge.start("bridge", url=bridge.url, path="/healthz")
    yield bridge
    bridge.stop()


def _simulate(bridge: Bridge) -> subprocess.Popen[bytes]:
    return bridge.start("simulators", "providers", url=bridge.simulator, path="/")


def _told(status: str = "firing", **annotations: str) -> dict[str, object]:
    """Return what Alertmanager posts, as short as it can be."""
    given = {
        "summary": "Backend service is DOWN",
        "owner_es": "El sistema no responde.\nNadie puede reservar.",
        **annotations,
    }
    return {
        "version": "4",
        "status": status,
        "receiver": "critical-team",
        "groupLabels": {"alertname": "ServiceDown", "service": "backend"},
        "commonLabels": {"severity": "critical"},
        "alerts": [{"status": status, "labels": {}, "annotations": given}],
    }


def test_the_owner_is_written_to_when_it_breaks_and_when_it_is_well_again(bridge):
    _simulate(bridge)

    answers = [bridge.post(_told(status)).status_code for status in ("firing", "resolved")]

    assert answers == [200, 200]
    assert bridge.received() == [
        "alerta · Alerta · El sistema no responde. Nadie puede reservar. · ServiceDown",
        "alerta · Resuelto · El sistema no responde. Nadie puede reservar. · ServiceDown",
    ]


def test_alertmanager_is_told_when_whatsapp_did_not_take_it(bridge):
    refused = bridge.post(_told())
    _simulate(bridge)
    accepted = bridge.post(_told())

    assert (refused.status_code, refused.json()["code"]) == (502, "alert_not_sent")
    assert accepted.status_code == 200
    assert len(bridge.received()) == 1


def test_a_refusal_of_the_provider_is_passed_on(bridge):
    _simulate(bridge)
    httpx2.put(
        f"{bridge.simulator}/_control/whatsapp/recipients/{OWNER}",
        json={"error": 131026},
        trust_env=False,
    )

    assert bridge.post(_told()).status_code == 502
    assert bridge.received() == []


def test_only_alertmanager_may_write_to_the_owner(bridge):
    _simulate(bridge)

    assert bridge.post(_told(), token="guessed").status_code == 401
    assert bridge.post({"status": "on fire"}).status_code == 422
    assert bridge.post({**_told(), "alerts": []}).status_code == 422
    assert bridge.received() == []


def test_lines_are_json_and_name_the_alert_and_nobody(bridge):
    _simulate(bridge)
    bridge.post(_told())
    bridge.stop()

    lines = [json.loads(line) for line in (bridge.folder / "bridge.log").read_text().splitlines()]
    assert [line["event"] for line in lines] == [
        "process.start_finished",
        "alert.message_sent",
        "process.stop_finished",
    ]
    assert lines[1]["alert"] == "ServiceDown"
    assert OWNER not in (bridge.folder / "bridge.log").read_text()
