"""Logs as one, the table, and the verbs that need no whole stack."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alojamientos.cli import settings_files
from alojamientos.cli.app import VERBS, app
from alojamientos.ops.launcher import logs, table
from alojamientos.ops.launcher.control import StackStatus
from alojamientos.ops.launcher.part import PartStatus, State
from alojamientos.settings import DEV, Settings, variable_name

ROOT = Path(__file__).parents[3]
runner = CliRunner()


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "state" / "logs").mkdir(parents=True)
    return tmp_path / "state"


def write(state: Path, name: str, *lines: Mapping[str, object] | str) -> None:
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    with (state / "logs" / name).open("a") as file:
        file.write("".join(f"{line}\n" for line in text))


def at(second: int) -> str:
    return f"2027-01-01T00:00:{second:02}Z"


def test_logs_of_all_parts_are_one_by_time(state):
    write(state, "web.log", {"timestamp": at(3), "event": "c"}, "not JSON", {"event": "no time"})
    write(state, "web.log.1", {"timestamp": at(1), "event": "a"})
    write(state, "prometheus.log", {"time": "2027-01-01T00:00:02.123456789Z", "msg": "b"})
    write(
        state, "old.log", {"ts": datetime(2027, 1, 1, 0, 0, 4, tzinfo=UTC).timestamp(), "msg": "d"}
    )

    shown = runner.invoke(app, ["logs", "--json"]).stdout
    newest = runner.invoke(app, ["logs", "--json", "-n", "1"]).stdout
    one = runner.invoke(app, ["logs", "web", "--json"]).stdout

    assert [line[-3] for line in shown.splitlines()[:3]] == ["a", "b", "c"]
    assert newest.splitlines() == shown.splitlines()[-1:]
    assert len(one.splitlines()) == 2


def test_every_full_file_of_a_part_is_read(state):
    for number in (4, 1, 3, 2):
        line = {"timestamp": at(9 - number), "event": str(number), "trace_id": "t1"}
        write(state, f"web.log.{number}", line)
    write(state, "web.log", {"timestamp": at(9), "event": "0", "trace_id": "t1"})

    shown = runner.invoke(app, ["logs", "--trace", "t1", "--json"]).stdout
    unknown = runner.invoke(app, ["logs", "nothing"])

    assert [json.loads(line)["event"] for line in shown.splitlines()] == ["4", "3", "2", "1", "0"]
    assert "there are: web" in " ".join(unknown.output.replace("│", " ").split())


def test_as_many_lines_as_asked_for_are_shown_however_long_the_log(state):
    write(state, "web.log", *[{"timestamp": at(2), "event": "y"}] * 50_000)

    result = runner.invoke(app, ["logs", "web", "--no-follow", "--json", "--lines", "40000"])

    assert len(result.stdout.splitlines()) == 40_000


def test_a_trace_is_shown_whole_however_old(state):
    line = {"timestamp": at(1), "event": "x", "trace_id": "t1"}
    write(state, "web.log", line, *[{"timestamp": at(2), "event": "y"}] * 50_000)
    write(state, "worker.log", {**line, "timestamp": at(3)})

    result = runner.invoke(app, ["logs", "--trace", "t1"])

    assert [text.split()[1] for text in result.stdout.splitlines()] == ["web", "worker"]


def test_a_line_for_people_has_time_part_event_and_the_rest():
    raw = json.dumps(
        {"timestamp": at(1), "level": "error", "event": "http.x", "status": 500, "empty": ""}
    )
    line = logs.parse(raw, "web")
    assert line

    text = logs.pretty(line).plain

    assert text.split(maxsplit=1)[1] == "web                http.x status=500"


def test_a_part_without_a_log_names_those_that_have_one(state):
    write(state, "web.log", {"timestamp": at(1), "event": "x"})

    result = runner.invoke(app, ["logs", "wbe"])

    assert result.exit_code == 2
    assert "there are: web" in " ".join(result.stderr.split())


def test_following_shows_what_comes_also_in_a_new_file(state):
    write(state, "web.log", *[{"timestamp": at(1), "event": "old", "trace_id": "t"}] * 3)
    journal = logs.Journal(state / "logs", trace="t")
    before = journal.newest(0)

    write(state, "web.log", {"timestamp": at(2), "event": "one", "trace_id": "t"})
    write(state, "web.log", {"timestamp": at(2), "event": "other"}, '{"half": ')
    first = journal.new()
    (state / "logs" / "web.log").rename(state / "logs" / "web.log.1")
    write(state, "web.log", {"timestamp": at(3), "event": "two", "trace_id": "t"})
    write(state, "worker.log", {"timestamp": at(2), "event": "three", "trace_id": "t"})
    second = journal.new()

    assert [line.value["event"] for line in before] == ["old"] * 3
    assert [line.value["event"] for line in first] == ["one"]
    assert [line.value["event"] for line in second] == ["three", "two"]
    assert journal.new() == []


def test_the_command_follows_until_it_is_interrupted(state):
    write(state, "web.log", {"timestamp": at(1), "event": "before"})
    process = subprocess.Popen(
        [sys.executable, "-m", "alojamientos", "logs", "--follow", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        # Whoever starts the tests in the background may have left it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert process.stdout
    assert "before" in process.stdout.readline()
    write(state, "web.log", {"timestamp": at(2), "event": "after"})

    assert "after" in process.stdout.readline()

    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.stdout.close()


def test_the_table_has_every_part_with_all_that_is_known():
    status = StackStatus(
        phase="up",
        pid=1,
        parts=[
            PartStatus(name="web", state=State.READY, pid=7, url="http://w", log="/l/web.log"),
            PartStatus(
                name="mail", state=State.RESTARTING, detail="died", url="http://m", restarts=1
            ),
        ],
    )
    console = table.console()

    with console.capture() as captured:
        console.print(table.full(status))

    text = captured.get()
    for word in ("web", "ready", "http://w", "7", "/l/web.log", "restarting died ×2", "http://m"):
        assert word in text
    assert table.line(status.parts[1]) == "mail               restarting (died)"


@pytest.mark.parametrize("verb", ["status", "restart web"])
def test_verbs_of_a_running_stack_say_how_to_start_it(state, verb):
    result = subprocess.run(
        [sys.executable, "-m", "alojamientos", *verb.split()],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert result.returncode == 2
    assert result.stderr == "Error: The stack is not running; start it with: make up.\n"


def test_down_with_nothing_up_says_so(state):
    result = runner.invoke(app, ["down"])

    assert (result.exit_code, result.stdout) == (0, "nothing was running\n")


def test_bad_settings_are_one_message(state):
    result = subprocess.run(
        [sys.executable, "-m", "alojamientos", "up"],
        capture_output=True, text=True, check=False, env={"WEB_PORT": "none", "HOME": "/"},
        cwd=state,
    )  # fmt: skip

    assert result.returncode == 2
    assert result.stderr.startswith("Error: The configuration is not usable:\n  - WEB_PORT: ")
    assert "Traceback" not in result.stderr


def test_a_taken_port_is_named_and_nothing_is_started(state, monkeypatch):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = str(sock.getsockname()[1])
        for name in ("STACK_POSTGRES_PORT", "STACK_REDIS_PORT"):
            monkeypatch.setenv(name, port)
        for name in (
            *("PROMETHEUS", "PROMTOOL", "ALERTMANAGER", "AMTOOL", "NODE_EXPORTER"),
            *("POSTGRES_EXPORTER", "REDIS_EXPORTER", "BLACKBOX_EXPORTER"),
        ):
            monkeypatch.setenv(f"{name}_PROGRAM", "/bin/true")

        result = subprocess.run(
            [sys.executable, "-m", "alojamientos", "up", "--detach"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert result.returncode == 2
    assert result.stderr.startswith("Error: The stack cannot start:\n  - port ")
    assert "wanted by postgres (STACK_POSTGRES_PORT) and valkey (STACK_REDIS_PORT)" in result.stderr
    assert not list((state / "logs").glob("*.log"))


def test_migrate_without_a_database_says_what_to_set(state, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)

    result = runner.invoke(app, ["migrate"])

    assert "DATABASE_URL is not set" in str(result.exception)


def test_migrate_loads_the_demo_once(state, monkeypatch, database_url):
    monkeypatch.setenv("DATABASE_URL", database_url)

    first = runner.invoke(app, ["migrate", "--demo"]).stdout
    second = runner.invoke(app, ["migrate", "--demo"]).stdout

    assert first.splitlines() == ["schema is up to date", "demo cabins loaded"]
    assert "no demo loaded" in second


def test_help_introduces_every_verb():
    shown = runner.invoke(app, ["--help"]).stdout

    for name in VERBS:
        assert f" {name} " in shown


def test_env_example_is_current_and_has_every_setting():
    text = (ROOT / ".env.example").read_text()

    assert text == settings_files.example(), "run: make render"
    for group in Settings.groups.values():
        for name in group.model_fields:
            assert f"\n#{variable_name(group, name)}=" in text


def test_the_settings_page_has_every_setting_and_no_secret():
    text = settings_files.page()

    for group in Settings.groups.values():
        for name in group.model_fields:
            assert f"\n| `{variable_name(group, name)}` | " in text
    assert DEV not in text
    assert "| `HOLD_MINUTES` | `60` | whole number, ≥ 5, ≤ 10080 | " in text
    assert "| `LOG_FORMAT` | `json` | `json`, `console` | " in text
    assert "| `ENVIRONMENT` | `development` | `development`, `production` | " in text
    assert "| `API_TOKEN` | *development* | secret | " in text
    assert "| `METRICS_TOKEN` | none | secret | " in text
