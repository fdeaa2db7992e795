"""`up`, `status`, `logs`, `restart` and `down` of the whole stack, through the real command."""

import json
import os
import signal
import socket
import time

import psutil
import pytest
from tests.stack.conftest import Stack, a_stack

from alojamientos.ops.launcher.part import State

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.xdist_group("stack")]
PARTS = {
    *(
        "postgres",
        "valkey",
        "migrate",
        "simulators",
        "mail",
        "web",
        "worker",
        "bridge",
        "prometheus",
    ),
    *("alertmanager", "node_exporter", "postgres_exporter", "redis_exporter", "blackbox_exporter"),
}


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def running(pids: set[int]) -> list[str]:
    return [
        f"{process.pid} {process.name()}"
        for process in psutil.process_iter()
        if process.pid in pids and process.status() != psutil.STATUS_ZOMBIE
    ]


def listening(stack: Stack) -> list[str]:
    found = []
    for name, port in stack.ports.items():
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                found.append(name)
    return found


def pids(stack: Stack) -> set[int]:
    """Return every process of the stack, children of children too."""
    status = stack.control.status()
    return {
        status.pid,
        *(child.pid for child in psutil.Process(status.pid).children(recursive=True)),
    }


def test_every_part_is_up_with_its_url_process_and_log(stack):
    status = json.loads(stack.cli("status", "--json").stdout)
    table = stack.cli("status").stdout

    assert {part["name"] for part in status["parts"]} == PARTS
    for part in status["parts"]:
        assert part["state"] == ("done" if part["name"] == "migrate" else "ready")
        assert part["name"] in table
        if part["name"] != "migrate":
            assert part["url"] in table
            assert f" {part['pid']} " in table
    assert all(stack.ports[name] for name in listening(stack))
    assert set(listening(stack)) == set(stack.ports)


def test_everything_listens_on_loopback_only(stack):
    addresses = {
        connection.laddr[0]
        for pid in pids(stack)
        for connection in psutil.Process(pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert addresses == {"127.0.0.1"}


def test_every_line_of_every_log_is_json(stack):
    logs = sorted(stack.logs.glob("*.log"))

    assert {path.stem for path in logs} == PARTS
    for path in logs:
        for line in path.read_text().splitlines():
            assert isinstance(json.loads(line), dict), f"{path.name}: {line}"


def test_logs_of_a_part_are_printed(stack):
    lines = stack.cli(
        "logs", "web", "--no-follow", "--json", "--lines", "1000000"
    ).stdout.splitlines()

    assert any(json.loads(line)["event"] == "process.start_finished" for line in lines)


def test_a_part_that_is_killed_comes_back(stack):
    before = stack.control.status().part("web")

    os.kill(before.pid, signal.SIGKILL)

    until(lambda: stack.control.status().part("web").restarts > before.restarts)
    until(lambda: stack.control.status().part("web").state is State.READY)
    assert stack.control.status().part("web").pid != before.pid


def test_a_part_is_restarted_by_name(stack):
    before = stack.control.status().part("worker")

    said = stack.cli("restart", "worker").stdout

    assert said.split() == ["worker", "ready"]
    assert stack.control.status().part("worker").pid != before.pid


def test_up_again_says_so_and_shows_the_table(stack):
    before = stack.control.status()

    said = stack.cli("up", "--detach").stdout

    assert "It is up already." in said
    assert all(part in said for part in PARTS)
    assert stack.control.status().pid == before.pid


def test_a_stack_comes_and_goes_without_a_trace(tmp_path):
    with a_stack(tmp_path) as stack:
        stack.cli("up", "--detach")
        first = pids(stack)
        token = stack.api_token

        stack.cli("down")
        assert running(first) == []
        assert listening(stack) == []

        stack.cli("up", "--detach")
        second = pids(stack)
        assert (stack.state_dir / "secrets" / "api_token").read_text() == token

        os.kill(stack.control.status().pid, signal.SIGKILL)
        stack.cli("down")
        assert running(second) == []
        assert listening(stack) == []

        stack.cli("up", "--detach", "--reset")
        assert (stack.state_dir / "secrets" / "api_token").read_text() != token
        assert stack.control.is_up()
