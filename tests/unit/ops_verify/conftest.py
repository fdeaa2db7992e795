"""A small real server in the place of every part, so that what is read goes over the wire."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from alojamientos.monitoring import conventions, definitions
from alojamientos.ops.verify.clients import Addresses, Stack
from alojamientos.telemetry.catalogue import CATALOGUE

ALERTS = [rule.name for group in definitions.RULE_GROUPS for rule in group.alerts]


def prometheus(samples):
    return 200, {"status": "success", "data": {"result": samples}}


def query(parameters, body):
    """Answer an instant query as a stack does that has been up for a while."""
    asked = parameters["query"][0]
    if asked.startswith("up{"):
        return prometheus([{"values": [[1000.0 + 10 * n, "1"] for n in range(12)]}])
    return prometheus([{"metric": {"slo": "a"}, "value": [0, "0.5"]}])


def healthy():
    """Return what each path answers: a pair, or a function of query parameters and body."""
    return {
        "/api/v1/healthz": (200, {"status": "healthy"}),
        "/api/v1/invariants": (200, {"ok": True, "invariants": [{"name": "a", "violations": 0}]}),
        "/api/v1/accommodations": (200, []),
        "/api/v1/targets": (
            200,
            {
                "data": {
                    "activeTargets": [
                        {"labels": {"job": job}, "health": "up"} for job in conventions.JOBS
                    ]
                }
            },
        ),
        "/api/v1/query": query,
        "/api/v1/label/__name__/values": (200, {"data": list(CATALOGUE)}),
        "/api/v1/rules": (
            200,
            {"data": {"groups": [{"rules": [{"name": n, "health": "ok"} for n in ALERTS]}]}},
        ),
        "/api/v2/alerts": (200, [{"labels": {"alertname": "Watchdog"}}]),
        "/api/messages": (200, []),
        "/metrics": (200, "# HELP a\na 1\nb 2\n"),
    }


@pytest.fixture
def serve():
    """Start a server that gives these answers; return the stack that asks it."""
    servers: list[ThreadingHTTPServer] = []
    stacks: list[Stack] = []

    def start(answers: dict[str, Any], **addresses: Any) -> Stack:
        class Answer(BaseHTTPRequestHandler):
            def answer(self):
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                found = answers.get(parts.path, (404, {"detail": "no such path"}))
                given = {**parse_qs(parts.query), "trace": self.headers.get_all("traceparent")}
                status, said = found(given, body) if callable(found) else found
                data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer  # noqa: N815 - their names there

            def log_message(self, format, *args):  # noqa: A002, ANN002 - its name there
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        given = {
            **dict.fromkeys(("web", "worker", "prometheus", "alertmanager", "mail"), base),
            "api_token": "t",
            **{name: base if value is True else value for name, value in addresses.items()},
        }
        stacks.append(Stack(Addresses(**given)))
        return stacks[-1]

    yield start
    for stack in stacks:
        stack.close()
    for server in servers:
        server.shutdown()
        server.server_close()
