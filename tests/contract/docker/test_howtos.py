"""What the how-tos name is there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.docker.conftest import ROOT
from tests.contract.docker.test_compose_files import SERVICES

from alojamientos.monitoring.definitions.compose_shared import SECRETS
from alojamientos.telemetry import log_events

LOGS = (ROOT / "docs/howto/logs.md").read_text()
DOCKER = (ROOT / "docs/howto/docker.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_events_in_queries_are_events_that_are_logged():
    known = set(log_events.ALL)
    rooms = "|".join({name.partition(".")[0] for name in known})
    named = set(re.findall(rf"\b((?:{rooms})\.[a-z]+_[a-z_]+)\b", LOGS))

    assert len(named) > 8
    assert named <= known


def test_fields_in_queries_are_fields_of_our_lines():
    known = {field for event in log_events.ALL.values() for field in event.fields}
    known |= {"timestamp", "level", "event", "process", "trace_id", "msg"}
    for block in blocks(LOGS, "bash"):
        used = set(re.findall(r"(?<![\w*/])\.([a-z_]+)\b", re.sub(r"\.state\S*", "", block)))
        used |= {
            name for group in re.findall(r"\{([a-z_, ]+)\}", block) for name in group.split(", ")
        } - {"web,worker"}
        assert used <= known | set(re.findall(r"(\w+):", block)), block


def test_logql_selects_by_the_labels_that_there_are():
    for block in blocks(LOGS, "logql"):
        for selector in re.findall(r"\{(\w.*?)\}", block):
            if "=" in selector:
                assert set(re.findall(r"(\w+)=~?\"", selector)) <= {"service", "level", "env"}
        for named in re.findall(r'service=~?"([^"]*)"', block):
            if named != ".+":
                assert set(named.split("|")) <= set(SERVICES)


@pytest.fixture
def commands(tmp_path):
    """A folder with the command jq: the real engine, with those options that the how-to uses."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/jq"
    command.write_text(
        f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("jq_command.py")} "$@"\n'
    )
    command.chmod(0o755)
    return command.parent


def line(event: str) -> str:
    fields = {"level": "error", "code": "C", "handler": "/", "duration_ms": 1, "event": event}
    return json.dumps({"timestamp": "2999-01-01T00:00:00.1Z", **fields}) + "\n"


@pytest.mark.parametrize("block", blocks(LOGS, "bash"))
def test_queries_find_something_in_a_line_of_each_event(block, commands, tmp_path):
    logs = tmp_path / ".state/logs"
    logs.mkdir(parents=True)
    for name in ("web", "worker"):
        text = "".join(line(name) for name in log_events.ALL)
        (logs / f"{name}.log").write_text(text)
    # Only where lines come from is replaced: neither a stack nor an engine is running.
    script = re.sub(
        r"^docker compose logs [^|]*", "(echo no JSON; cat .state/logs/web.log) ", block
    )
    script = re.sub(r"alojamientos logs [^|\n]*", "cat .state/logs/web.log ", script)
    script = script.replace("ME7W-27AS-637B", "C").replace("> 1000", ">= 1")

    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def test_services_that_commands_name_are_there():
    verb = r"(?:exec -T|exec|stop|start|up -d --wait|up -d --force-recreate)"
    verbs = rf"docker compose {verb}((?: [a-z][\w-]*)+)"
    found = {
        word
        for words in re.findall(verbs, DOCKER)
        for word in (words.split()[:1] if "exec" in words else words.split())
    }
    programs = {"pg_dump", "createdb", "dropdb", "psql", "sh", "pg_restore", "then"}

    assert "backend" in found
    assert found - programs <= set(SERVICES)


def test_every_secret_that_a_person_gives_has_its_place():
    for secret in SECRETS:
        if not secret.made:
            assert f"| `{secret.name}` |" in DOCKER


def test_the_figures_for_memory_are_the_sums_of_the_limits():
    def sum_of(services) -> str:
        megabytes = {"M": 1, "G": 1024}
        limits = [s["deploy"]["resources"]["limits"]["memory"] for s in services]
        return f"{sum(int(m[:-1]) * megabytes[m[-1]] for m in limits) / 1024:.1f} GB"

    lasting = [s for s in SERVICES.values() if s["restart"] != "no"]
    assert f"{sum_of(s for s in lasting if 'profiles' not in s)} of memory" in DOCKER
    assert f"({sum_of(lasting)} with the logs' profile)" in DOCKER


def test_the_reference_has_every_event_with_its_fields():
    rows = (ROOT / "docs/reference/logs.md").read_text().splitlines()
    for event in log_events.ALL.values():
        (row,) = [row for row in rows if row.startswith(f"| `{event.name}` |")]
        assert event.help in row
        assert all(f"`{field}`" in row for field in event.fields)
