"""Commands of the Compose files, run with the real programs outside of a container."""

import json
import re
import subprocess
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import redis
import yaml
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.conftest import free_port, running, wait_until
from tests.contract.docker.conftest import APPLICATION, MONITORING, ROOT, page

from alojamientos.ops.launcher.servers import valkey_server

PROMETHEUS, ALERTMANAGER = 9090, 9093
_AT_ONCE = Retry(NoBackoff(), 0)


def service(file: str, name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / file).read_text())["services"][name])


def health(name: str, tool, inside: int, port: int) -> int:
    """Run the health check of a service, with the port that it has here."""
    _, program, *arguments = service(MONITORING, name)["healthcheck"]["test"]
    command = [tool(program), *(a.replace(str(inside), str(port)) for a in arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode


def flags(name: str, **replaced: str) -> list[str]:
    """Return a service's command with other values for what belongs to its container."""
    found = []
    for argument in service(MONITORING, name)["command"]:
        flag, _, _value = argument.partition("=")
        found.append(f"{flag}={replaced[flag]}" if flag in replaced else argument)
    return found


def test_prometheus_takes_its_flags_and_its_health_check_knows_it(tool, tmp_path):
    (tmp_path / "prometheus.yml").write_text("global: {}\n")
    port = free_port()
    arguments = flags(
        "prometheus",
        **{
            "--config.file": str(tmp_path / "prometheus.yml"),
            "--storage.tsdb.path": str(tmp_path / "data"),
        },
    )
    before = health("prometheus", tool, PROMETHEUS, port)
    command = [tool("prometheus"), *arguments, f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, tmp_path / "log"):
        wait_until(lambda: health("prometheus", tool, PROMETHEUS, port) == 0, "Prometheus")

    assert before != 0


def test_alertmanager_takes_its_flags_and_its_health_check_knows_it(tool, tmp_path):
    (tmp_path / "a.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    port = free_port()
    arguments = flags(
        "alertmanager",
        **{"--config.file": str(tmp_path / "a.yml"), "--storage.path": str(tmp_path / "data")},
    )
    before = health("alertmanager", tool, ALERTMANAGER, port)
    command = [tool("alertmanager"), *arguments, f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, tmp_path / "log"):
        wait_until(lambda: health("alertmanager", tool, ALERTMANAGER, port) == 0, "Alertmanager")

    assert before != 0


@pytest.fixture
def cache(clone, tmp_path):
    """Valkey as the container starts it; its address without a password."""
    port = free_port()
    program, *arguments = service(APPLICATION, "redis")["command"]
    assert program == "valkey-server"
    arguments = [a.replace("/run/secrets", str(clone / "secrets")) for a in arguments]
    command = [str(valkey_server()), *arguments, "--port", str(port), "--dir", str(tmp_path)]
    with running(command, tmp_path / "log"):
        wait_until(lambda: answer(port) != "", "Valkey")
        yield port


def answer(port: int, password: str | None = None) -> str:
    try:
        with redis.Redis(port=port, password=password, socket_timeout=2, retry=_AT_ONCE) as client:
            return str(client.ping())
    except redis.AuthenticationError:
        return "refused"
    except redis.RedisError:
        return ""


def test_the_cache_answers_only_those_who_know_its_password(cache, clone):
    url = urllib.parse.urlsplit((clone / "secrets/redis_url").read_text())

    assert answer(cache) == "refused"
    assert answer(cache, "wrong") == "refused"
    assert answer(cache, url.password) == "True"


def test_the_cache_s_health_check_reads_the_password(clone):
    _, text = service(APPLICATION, "redis")["healthcheck"]["test"]
    (reads,) = re.findall(r"\$\$\((.*?)\)", text)

    shown = subprocess.run(
        ["sh", "-c", reads.replace("/run/secrets", str(clone / "secrets"))],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert shown == urllib.parse.urlsplit((clone / "secrets/redis_url").read_text()).password


def test_the_exporters_log_in_with_their_secrets(cache, clone, tool, tmp_path):
    port = free_port()
    environment = service(MONITORING, "redis-exporter")["environment"]
    address = f"redis://127.0.0.1:{cache}"
    passwords = json.loads((clone / "secrets/redis_passwords_json").read_text())
    file = tmp_path / "passwords.json"
    file.write_text(json.dumps({address: passwords[environment["REDIS_ADDR"]]}))
    variables = {
        **environment,
        "REDIS_ADDR": address,
        "REDIS_PASSWORD_FILE": str(file),
    }
    command = ["env", *(f"{k}={v}" for k, v in variables.items()), tool("redis_exporter")]
    command += ["-web.listen-address", f"127.0.0.1:{port}"]
    with running(command, tmp_path / "exporter.log"):
        wait_until(lambda: "redis_up 1" in page(port), "redis_up 1", seconds=15)


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False)])
def test_alloy_s_health_check_reads_the_answer_with_bash_alone(status, well):
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/-/ready" else 404)
            self.end_headers()

        def log_message(self, *_arguments: object):
            pass

    _, *command = service(MONITORING, "alloy")["healthcheck"]["test"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = [a.replace("/12345", f"/{server.server_port}") for a in command]
        result = subprocess.run(here, capture_output=True, check=False, timeout=30)
        server.shutdown()
    gone = subprocess.run(here, capture_output=True, check=False, timeout=30)

    assert (result.returncode == 0) is well
    assert gone.returncode != 0
