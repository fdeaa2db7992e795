"""The checks ask a small real server, so that what they read is what goes over the wire."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from alojamientos.ops.verify import checks, report
from alojamientos.ops.verify.clients import Addresses, Stack

RULES = [{"name": name, "health": "ok"} for name in (*checks.ALERTS, "Watchdog")]


def healthy_answers():
    return {
        "/api/v1/healthz": (200, {"status": "healthy"}),
        "/api/v1/invariants": (200, {"ok": True, "invariants": [{"name": "a", "violations": 0}]}),
        "/api/v1/targets": (
            200,
            {
                "data": {
                    "activeTargets": [{"labels": {"job": j}, "health": "up"} for j in checks.JOBS]
                }
            },
        ),
        "/api/v1/query": (200, {"data": {"result": [{"value": [0, "4"]}]}}),
        "/api/v1/rules": (200, {"data": {"groups": [{"rules": RULES}]}}),
        "/api/v2/alerts": (200, [{"labels": {"alertname": "Watchdog"}}]),
        "/metrics": (200, "# HELP a\na 1\nb 2\n"),
    }


@pytest.fixture
def serve():
    servers = []

    def start(answers):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = answers[self.path.split("?")[0]]
                data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format, *args):  # noqa: A002, ANN002 - its name there
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        return Addresses(web=base, worker=base, prometheus=base, alertmanager=base, api_token="t")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def results(addresses, logs=None):
    with Stack(addresses) as stack:
        return {result.name: result for result in checks.run(stack, logs)}


def test_a_healthy_stack_passes_every_check(serve):
    found = results(serve(healthy_answers()))

    assert [result.evidence for result in found.values() if not result.ok] == []
    assert len(found) == len(checks.CHECKS)


@pytest.mark.parametrize(
    ("path", "answer", "name", "evidence"),
    [
        ("/api/v1/healthz", (503, {"status": "unhealthy"}), "healthy", "503 unhealthy"),
        ("/api/v1/targets", (200, {"data": {"activeTargets": []}}), "scrapes", "not up: backend"),
        ("/api/v1/query", (200, {"data": {"result": []}}), "business", "no series"),
        ("/api/v1/rules", (200, {"data": {"groups": []}}), "rules", "DatabaseDown"),
        ("/api/v2/alerts", (200, []), "Alertmanager", "nothing"),
        (
            "/api/v1/invariants",
            (200, {"ok": False, "invariants": [{"name": "no_overlap", "violations": 1}]}),
            "invariant",
            "no_overlap",
        ),
        ("/api/v1/invariants", (401, {}), "invariant", "401"),
        ("/metrics", (200, "a 1\n" * 1501), "Series", "1501"),
        ("/metrics", (401, ""), "Series", "401"),
    ],
)
def test_a_fault_fails_its_check_alone_with_evidence_and_a_hint(
    serve, path, answer, name, evidence
):
    found = results(serve({**healthy_answers(), path: answer}))

    failed = [result for result in found.values() if not result.ok]
    assert len(failed) == 1
    assert name.lower() in failed[0].name.lower()
    assert evidence in failed[0].evidence
    assert failed[0].hint


def test_a_part_that_does_not_answer_fails_its_checks_and_not_the_program(serve):
    addresses = serve(healthy_answers())
    gone = Addresses(
        web="http://127.0.0.1:1",
        worker=addresses.worker,
        prometheus=addresses.prometheus,
        alertmanager=addresses.alertmanager,
        api_token="t",
    )

    found = results(gone)

    failed = {result.name for result in found.values() if not result.ok}
    assert len(failed) == 3
    assert "The application says that it is healthy" in failed


def test_log_lines_that_are_no_json_are_found_with_their_file(tmp_path):
    (tmp_path / "web.log").write_text('{"event": "a"}\n')
    assert checks.log_lines(tmp_path).ok

    (tmp_path / "valkey.log").write_text("* ready\n")
    found = checks.log_lines(tmp_path)

    assert not found.ok
    assert "valkey.log" in found.evidence


def test_no_log_line_at_all_is_a_failure(tmp_path):
    assert not checks.log_lines(tmp_path).ok


def test_the_report_is_ok_only_when_every_check_is():
    good = checks.Result(name="a", ok=True, evidence="x")
    bad = checks.Result(name="b", ok=False, evidence="y", hint="z")

    assert report.as_json([good])["ok"]
    assert not report.as_json([good, bad])["ok"]
    assert report.table([good, bad]).row_count == 2
