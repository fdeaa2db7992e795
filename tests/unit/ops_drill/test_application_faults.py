"""Faults of the application against a real database and a small server that plays the rest."""

import contextlib
import json
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from tests.conftest import wait_until

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.drill import application_troubles, faults, outside_hands
from alojamientos.ops.drill.application_hands import ApplicationHands
from alojamientos.ops.drill.application_troubles import (
    BrokenProvider,
    Forgeries,
    PaymentLost,
    SlowProvider,
    TableGone,
)
from alojamientos.ops.drill.hands import StackHands
from alojamientos.ops.drill.outside import Outside
from alojamientos.ops.drill.traffic import Traffic, paced
from alojamientos.ops.launcher.control import Client
from alojamientos.settings import load_settings

INBOUND = "/_control/whatsapp/inbound"
EVERY_S = 0.02


class World:
    """The application and the simulators, as far as a drill touches them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.calls: list[tuple[str, str, dict[str, object]]] = []
        self.statuses: Counter[int] = Counter()
        self.fault: dict[str, object] = {"mode": "none"}
        self.broken: set[str] = set()  # paths that answer 500
        self.url = ""

    def answer(self, method: str, path: str, body: dict[str, object]) -> tuple[int, object]:
        if path in self.broken:
            return 500, "broken"
        if path == "/_control/faults":
            self.fault = body
        if path == "/_control/mercadopago/pay":
            return 201, {"payment": {"id": 77}}
        if path == "/api/v1/webhooks/whatsapp":
            return 401, {}
        if path == "/api/v1/reservations":
            return (404 if self.has_table() else 500), {}
        return 200, {"method": method}

    def has_table(self) -> bool:
        with psycopg.connect(self.dsn) as conn:
            row = conn.execute("SELECT to_regclass('idempotent_response')").fetchone()
            return row is not None and row[0] is not None

    def count(self, path: str) -> int:
        return sum(called == path for _, called, _ in self.calls)

    def sent(self) -> list[dict[str, object]]:
        return [body for _, path, body in self.calls if path == INBOUND]


@pytest.fixture
def world(database_url):
    world = World(database_url.replace("postgresql+psycopg", "postgresql"))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = urlsplit(self.path).path
            body = json.loads(content or b"{}")
            world.calls.append((self.command, path, body))
            status, answer = world.answer(self.command, path, body)
            world.statuses[status] += 1
            shown = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(shown)))
            self.end_headers()
            self.wfile.write(shown)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def do_PUT(self) -> None:
            self.answer()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        world.url = f"http://127.0.0.1:{server.server_port}"
        yield world
        server.shutdown()
        thread.join()


@pytest.fixture
def hands(world):
    application = ApplicationHands(
        url=world.url, api_token="token", simulators=world.url, dsn=world.dsn
    )
    yield SimpleNamespace(application=application)
    application.close()


def quiet_after(world: World) -> bool:
    """Tell whether nothing comes any more."""
    before = len(world.calls)
    time.sleep(10 * EVERY_S)
    return len(world.calls) == before


def test_an_error_storm_is_felt_and_then_gone_and_made_good(world, hands, monkeypatch):
    monkeypatch.setattr(application_troubles, "_PER_ERROR", 3)
    trouble = TableGone(at_once=4, every_s=EVERY_S)

    trouble.begin(hands)
    wait_until(lambda: world.statuses[500] >= 6, "errors")
    trouble.end(hands)
    failed = world.statuses[500]

    assert world.statuses[404] == 0
    assert world.has_table()
    assert world.count("/") == 3 * failed
    trouble.end(hands)
    assert (world.has_table(), world.count("/")) == (True, 3 * failed)
    assert quiet_after(world)


def test_a_storm_whose_bookings_do_not_fail_is_no_storm(world, hands, monkeypatch):
    monkeypatch.setattr(World, "has_table", lambda _: True)  # what if the table was not needed
    trouble = TableGone(at_once=1, every_s=EVERY_S)

    trouble.begin(hands)
    wait_until(lambda: world.statuses[404] > 0, "a booking")
    with pytest.raises(AlojamientosError, match="a booking that should fail was answered 404"):
        trouble.end(hands)

    monkeypatch.undo()
    assert world.has_table()


@pytest.mark.parametrize(("spoken", "part"), [(False, "text"), (True, "media")])
def test_a_slow_provider_has_guests_and_afterwards_many_who_are_answered(
    world, hands, monkeypatch, spoken, part
):
    monkeypatch.setattr(application_troubles, "_PER_LATE_REPLY", 2)
    trouble = SlowProvider(spoken=spoken, delay_s=8, at_once=3, every_s=EVERY_S, good_per_s=1000)

    trouble.begin(hands)
    wait_until(lambda: world.count(INBOUND) >= 5, "guests")
    during = world.fault
    trouble.end(hands)

    asked = next(n for n, call in enumerate(world.calls) if call[2].get("mode") == "none")
    late = sum(path == INBOUND for _, path, _ in world.calls[:asked])
    assert during == {"provider": "whatsapp", "mode": "slow", "delay_s": 8}
    assert world.fault == {"provider": "whatsapp", "mode": "none"}
    assert late * 3 <= world.count(INBOUND) <= late * 3 + 3  # one may be under way at the end
    assert all(part in message for message in world.sent())
    assert len({message["wa_id"] for message in world.sent()}) == len(world.sent())
    assert quiet_after(world)


def test_a_broken_provider_lets_one_guest_wait_and_the_others_only_react(world, hands):
    trouble = BrokenProvider(mode="401", every_s=EVERY_S)

    trouble.begin(hands)
    wait_until(lambda: world.count(INBOUND) >= 4, "guests")
    during = world.fault
    trouble.end(hands)

    assert during == {"provider": "whatsapp", "mode": "401"}
    assert world.fault == {"provider": "whatsapp", "mode": "none"}
    assert sum("text" in message for message in world.sent()) == 1
    assert world.sent()[-1]["message"]["type"] == "reaction"
    assert quiet_after(world)


def test_a_provider_is_mended_although_the_traffic_did_not_get_through(world, hands):
    trouble = SlowProvider(spoken=False, delay_s=8, at_once=1, every_s=EVERY_S, good_per_s=1000)
    world.broken = {INBOUND}

    trouble.begin(hands)
    wait_until(lambda: world.count(INBOUND) >= 2, "tries")
    with pytest.raises(AlojamientosError, match="own traffic did not get through"):
        trouble.end(hands)

    assert world.fault == {"provider": "whatsapp", "mode": "none"}


def test_forgeries_are_refused_and_end(world, hands):
    trouble = Forgeries(every_s=EVERY_S)

    trouble.begin(hands)
    wait_until(lambda: world.statuses[401] >= 3, "forgeries")
    trouble.end(hands)

    assert set(world.statuses) == {401}
    assert quiet_after(world)


def test_a_lost_payment_is_given_back_once(world, hands):
    trouble = PaymentLost(minutes=35)

    trouble.begin(hands)
    trouble.end(hands)
    trouble.end(hands)

    (_, _, paid), (_, refund, body) = world.calls
    assert (refund, body) == ("/_control/mercadopago/payments/77", {"refund": None})
    assert paid["amount"] == 1000
    assert "date_approved" in paid["overrides"]


def test_what_does_not_answer_is_named(database_url):
    application = ApplicationHands(
        url="http://127.0.0.1:9", api_token="t", simulators="http://127.0.0.1:9", dsn=database_url
    )

    with pytest.raises(AlojamientosError, match="The application does not answer"):
        application.ask("GET", "/")
    with pytest.raises(AlojamientosError, match="The simulators do not answer"):
        application.simulate("GET", "/")
    with pytest.raises(AlojamientosError, match="The database refused"):
        application.sql("DROP TABLE moon")
    application.close()


@contextlib.contextmanager
def supervisor(folder: Path, *, pid: int | None) -> Iterator[Client]:
    """Answer as a supervisor whose only part is a worker, and give who asks it."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            part = {"name": "worker", "state": "ready", "pid": pid}
            answer = {"result": {"phase": "up", "pid": 1, "parts": [part]}}
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        (folder / "run").mkdir()
        entry = {"port": server.server_address[1], "token": "t"}
        (folder / "run" / "control.json").write_text(json.dumps(entry))
        yield Client(folder)
        server.shutdown()
        thread.join()


def around(control: Client) -> Outside:
    return outside_hands.of_stack(load_settings(check_production=False), control)


def test_a_part_is_frozen_and_goes_on(tmp_path, hands):
    trouble = faults.BY_NAME["worker-stuck"].trouble
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        with supervisor(tmp_path, pid=process.pid) as control:
            stack = StackHands(
                control=control,
                alertmanager="http://127.0.0.1:9",
                application=hands.application,
                outside=around(control),
            )
            trouble.begin(stack)
            wait_until(
                lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "a stop"
            )
            trouble.end(stack)
            trouble.end(stack)
        process.communicate(b"\n", timeout=10)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 0


def test_a_part_that_does_not_run_cannot_be_frozen(tmp_path, hands):
    with supervisor(tmp_path, pid=None) as control:
        stack = StackHands(
            control=control,
            alertmanager="http://127.0.0.1:9",
            application=hands.application,
            outside=around(control),
        )

        with pytest.raises(AlojamientosError, match="worker is not running"):
            stack.freeze_part("worker")


def test_traffic_goes_on_after_a_failure_and_counts_what_got_through():
    answers = iter([AlojamientosError("no"), None, AlojamientosError("no"), None])

    def once() -> None:
        answer = next(answers, None)
        if answer:
            raise answer

    traffic = Traffic(once, every_s=0.001)
    traffic.start()
    wait_until(lambda: traffic.done >= 3, "traffic")
    traffic.stop()
    traffic.stop()

    assert traffic.done >= 3


def test_what_is_made_good_comes_as_often_as_it_was_asked_for():
    came: list[int] = []

    paced(lambda: came.append(1), times=5, per_s=10_000)

    assert len(came) == 5
