"""A whole stack of small parts: brought up, asked, taken down, killed, cleaned up after."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil
import pytest
from tests.unit.ops_launcher.made_parts import made

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import launch, orphans
from alojamientos.ops.launcher.control import Client, ControlRefused, NotRunning
from alojamientos.ops.launcher.launch import AlreadyStarted
from alojamientos.ops.launcher.part import Part, State
from alojamientos.ops.launcher.ports import PortTaken, PortUse
from alojamientos.ops.launcher.supervisor import StartFailed

# A supervisor as a process of its own, as `make up` is one.
STACK = """
import sys, signal
from pathlib import Path
from alojamientos.ops.launcher import launch
from alojamientos.ops.launcher.part import Part
code = sys.argv[2]
parts = [
    Part(name="server", command=(sys.executable, "-c", code), stop_signal=signal.SIGINT,
         probe=lambda: "" if "sleep" in code else "silence"),
    Part(name="client", command=(sys.executable, "-c", "import time; time.sleep(600)"),
         after=("server",)),
]
try:
    launch.run(Path(sys.argv[1]), lambda: parts, redact=str, on_change=print, on_ready=print)
except Exception as error:
    sys.exit(f"Error: {error}")
"""
SLEEP = "import time; time.sleep(600)"


def command(folder: Path, code: str = SLEEP) -> list[str]:
    return [sys.executable, "-c", STACK, str(folder), code]


def gone(pid: int | None) -> bool:
    assert pid is not None
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    # longer than a Unix socket's path may be
    folder = tmp_path / ("a long folder with spaces" * 5)
    yield folder
    launch.stop(folder)


def test_a_stack_behind_is_up_when_the_call_returns_and_gone_after_stop(folder):
    changes: list[tuple[str, State]] = []

    status = launch.run_behind(
        folder, command(folder), lambda part: changes.append((part.name, part.state))
    )

    assert [part.state for part in status.parts] == [State.READY, State.READY]
    assert Client(folder).is_up()
    assert ("client", State.READY) in changes
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert launch.stop(folder)
    assert all(gone(pid) for pid in (status.pid, *(part.pid for part in status.parts)))
    assert not launch.stop(folder)
    with pytest.raises(NotRunning, match="make up"):
        Client(folder).status()


def test_a_client_stops_starts_and_restarts_parts(folder):
    before = launch.run_behind(folder, command(folder), print).part("server")
    client = Client(folder)

    stopped = client.stop_part("server", kill=True)
    assert stopped.state is State.STOPPED
    assert not client.is_up()
    started = client.start_part("server")
    restarted = client.restart_part("server")

    assert client.is_up()
    assert len({before.pid, started.pid, restarted.pid}) == 3
    with pytest.raises(ControlRefused, match="no part 'db'; there are server, client"):
        client.stop_part("db")


def test_a_wrong_token_is_refused(folder):
    launch.run_behind(folder, command(folder), print)
    file = folder / "run" / "control.json"
    entry = orjson.loads(file.read_bytes())
    assert file.stat().st_mode & 0o777 == 0o600

    file.write_bytes(orjson.dumps({**entry, "token": "guessed"}))
    with pytest.raises(ControlRefused, match="wrong token"):
        Client(folder).status()

    file.write_bytes(orjson.dumps(entry))
    with socket.create_connection(("127.0.0.1", entry["port"])) as sock:
        sock.sendall(b"this is no JSON\n")
        assert sock.recv(10) == b""
    assert Client(folder).is_up()


def test_a_second_start_is_refused_while_the_first_runs(folder):
    launch.run_behind(folder, command(folder), print)

    with pytest.raises(AlreadyStarted):
        launch.run(folder, list, redact=str, on_change=print, on_ready=print)


def test_a_stack_that_fails_tells_why_and_leaves_nothing(folder):
    with pytest.raises(AlojamientosError, match="server: ended with exit 1") as caught:
        launch.run_behind(folder, command(folder, "raise SystemExit('no disk')"), print)

    assert "no disk" in caught.value.message
    assert list(orphans.alive(folder / "run")) == []


def test_a_killed_supervisor_leaves_nothing_after_stop(folder):
    status = launch.run_behind(folder, command(folder), print)
    os.kill(status.pid, signal.SIGKILL)
    wait_until(lambda: gone(status.pid))
    assert not any(gone(part.pid) for part in status.parts)

    assert launch.stop(folder)

    assert all(gone(part.pid) for part in status.parts)
    assert list((folder / "run").glob("*.pid")) == []


def test_the_next_start_clears_up_after_a_killed_supervisor(folder):
    before = launch.run_behind(folder, command(folder), print)
    os.kill(before.pid, signal.SIGKILL)
    wait_until(lambda: gone(before.pid))

    after = launch.run_behind(folder, command(folder), print)

    assert all(gone(part.pid) for part in before.parts)
    assert [part.state for part in after.parts] == [State.READY, State.READY]


def test_an_orphan_that_ignores_its_signal_is_killed(folder):
    deaf = "import signal,time; signal.signal(2, signal.SIG_IGN); print(1, flush=True); "
    deaf += "time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-c", deaf], start_new_session=True, stdout=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.readline()
    orphans.remember(folder / "run", "deaf", process.pid, signal.SIGINT)

    assert orphans.sweep(folder / "run", seconds=0.2) == ["deaf"]

    assert process.wait(5) == -signal.SIGKILL
    process.stdout.close()


def test_a_number_that_is_another_process_now_is_left_alone(folder):
    with subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True) as process:
        orphans.remember(folder / "run", "web", process.pid, signal.SIGTERM)
        file = folder / "run" / "web.pid"
        entry = orjson.loads(file.read_bytes())
        file.write_bytes(orjson.dumps({**entry, "created": entry["created"] - 1000}))
        (folder / "run" / "broken.pid").write_text("{")

        assert orphans.sweep(folder / "run") == []

        assert process.poll() is None
        process.kill()


def test_a_process_that_has_ended_is_not_remembered(folder):
    process = subprocess.Popen(["true"])
    process.wait()

    orphans.remember(folder / "run", "web", process.pid, signal.SIGTERM)

    assert not (folder / "run" / "web.pid").exists()


def here(folder: Path, parts: list[Part], then) -> None:
    """Run a stack in this process and call `then` with a client from another thread."""
    problems: list[Exception] = []

    def ask() -> None:
        try:
            then(Client(folder))
        except (AssertionError, AlojamientosError) as error:
            problems.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=ask)
    launch.run(
        folder,
        lambda: parts,
        redact=str,
        on_change=lambda _part: None,
        on_ready=lambda _status: thread.start(),
    )
    thread.join()
    assert problems == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_stack_in_order(folder, number):
    seen = []

    def then(client: Client) -> None:
        seen.extend(client.status().parts)
        os.kill(os.getpid(), number)

    here(folder, [made("web")], then)

    assert gone(seen[0].pid)
    assert not (folder / "run" / "control.json").exists()


def test_a_client_can_end_it(folder):
    here(folder, [made("web")], lambda client: client.shutdown())


def test_a_taken_port_starts_nothing(folder):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        use = PortUse(sock.getsockname()[1], "WEB_PORT", "web")

        with pytest.raises(PortTaken, match=f"pid {os.getpid()}"):
            here(folder, [made("web", ports=(use,))], lambda client: client.shutdown())

    assert not (folder / "logs").exists()


def test_a_part_that_fails_ends_the_others(folder):
    parts = [
        made("server"),
        made("web", "raise SystemExit(1)", after=("server",), probe=lambda: "silence"),
    ]

    with pytest.raises(StartFailed):
        here(folder, parts, lambda client: client.shutdown())

    assert list(orphans.alive(folder / "run")) == []


def wait_until(condition, seconds=15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
