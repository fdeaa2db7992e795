"""The real Caddy with our Caddyfile in front of a server that answers everything."""

import http.client
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.conftest import free_port, running, wait_until
from tests.contract.docker.conftest import BIN, ROOT

CADDYFILE = ROOT / "deploy/caddy/Caddyfile"


# Where nobody answers, so that the proxy tells of it in its log.
BROKEN = """handle /ical/top-secret/away.ics {
		reverse_proxy 127.0.0.1:1
	}
	"""


class Everything(BaseHTTPRequestHandler):
    """Answers every path with what it was asked."""

    def do_GET(self):
        body = json.dumps({"path": self.path, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object):
        pass


@pytest.fixture(scope="module")
def proxy(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("caddy")
    backend = ThreadingHTTPServer(("127.0.0.1", 0), Everything)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    port, health = free_port(), free_port()
    text = CADDYFILE.read_text()
    for there, here in (
        ("{$SITE_DOMAIN}", f"http://127.0.0.1:{port}"),  # no certificate to be had for a test
        ("{$ACME_EMAIL}", "owner@example.com"),
        ("backend:8000", f"127.0.0.1:{backend.server_port}"),
        ("127.0.0.1:2020", f"127.0.0.1:{health}"),
    ):
        assert there in text
        text = text.replace(there, here)
    text = text.replace("handle @calendars {", BROKEN + "handle @calendars {")
    (folder / "Caddyfile").write_text(text)
    command = ["env", f"HOME={folder}", f"XDG_DATA_HOME={folder}", f"XDG_CONFIG_HOME={folder}"]
    command += [str(BIN / "caddy"), "run", "--config", str(folder / "Caddyfile")]
    with running(command, folder / "log"):
        wait_until(lambda: status(f"http://127.0.0.1:{health}/") == 200, "Caddy")
        yield f"http://127.0.0.1:{port}"
        log = (folder / "log").read_text()
    assert "dial tcp" in log  # a request went wrong, and was told of
    assert "top-secret" not in log
    backend.shutdown()
    backend.server_close()


def ask(url: str, **headers: str) -> tuple[int, bytes]:
    """Ask for exactly this path; most clients would tidy it first."""
    _, _, rest = url.partition("://")
    address, _, path = rest.partition("/")
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", f"/{path}", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def status(url: str) -> int:
    try:
        return ask(url)[0]
    except OSError:
        return 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/availability?guests=2",
        "/api/v1/readyz",
        "/api/v1/webhooks/whatsapp",
        "/api/v1/webhooks/mercadopago?data.id=1",
        "/ical/q1W-e2_r3/arrayan.ics",
    ],
)
def test_what_guests_and_providers_need_gets_through(proxy, path):
    code, body = ask(proxy + path)

    assert code == 200
    assert json.loads(body)["path"] == path


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "/METRICS",
        "//metrics",
        "/%6detrics",
        "/api/../metrics",
        "/api/v1/../../metrics",
        "/api/v1/%2e%2e/%2e%2e/metrics",
        "/api/v1/..%2f..%2fmetrics",
        "/ical",
        "/ical/",
        "/ical/secret",
        "/ical/secret/arrayan",
        "/ical/secret/../../metrics",
        "/ical/../metrics/a.ics",
        "/ical/..%2fmetrics%3f/a.ics",
        "/docs",
        "/openapi.json",
        "/",
        "/api/v1/healthz",
        "/api/v1//healthz",
        "/api/v1/HEALTHZ",
    ],
)
def test_what_is_for_the_inside_is_not_there(proxy, path):
    assert ask(proxy + path) == (404, b"")


def test_a_calendar_that_cannot_be_had_leaves_no_secret_in_the_log(proxy):
    assert ask(f"{proxy}/ical/top-secret/away.ics")[0] == 502  # the fixture looks at the log


def test_a_client_cannot_choose_its_address(proxy):
    _, body = ask(f"{proxy}/api/v1/readyz", **{"X-Forwarded-For": "203.0.113.7"})

    assert json.loads(body)["headers"]["X-Forwarded-For"] == "127.0.0.1"


def test_the_caller_s_trace_gets_through(proxy):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    _, body = ask(f"{proxy}/api/v1/readyz", traceparent=trace)

    headers = {name.lower(): value for name, value in json.loads(body)["headers"].items()}
    assert headers["traceparent"] == trace


def adapted() -> dict[str, Any]:
    result = subprocess.run(
        [str(BIN / "caddy"), "adapt", "--config", str(CADDYFILE)],
        env={"SITE_DOMAIN": "reservas.example.com", "ACME_EMAIL": "owner@example.com"},
        capture_output=True,
        check=True,
    )
    return dict(json.loads(result.stdout))


def test_the_site_is_served_with_tls_of_its_own_name_and_nobody_can_reconfigure_it():
    config = adapted()

    (site,) = [
        server
        for server in config["apps"]["http"]["servers"].values()
        if ":443" in server["listen"]
    ]
    assert site["routes"][0]["match"] == [{"host": ["reservas.example.com"]}]
    assert config["apps"]["tls"]["automation"]["policies"][0]["issuers"][0]["email"]
    assert config["admin"] == {"disabled": True}


def test_the_caddyfile_is_in_the_usual_form():
    formatted = subprocess.run(
        [str(BIN / "caddy"), "fmt", str(CADDYFILE)], capture_output=True, check=False, text=True
    )
    assert formatted.stdout == CADDYFILE.read_text()
