"""From a process that dies to a mail: real Prometheus, real Alertmanager, only quicker."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.conftest import running, wait_until
from tests.monitoring.test_configs import alertmanager, answers, call, parsed

from alojamientos.monitoring.generate import Addresses, NativeConfig

QUICKER = {
    "scrape_interval: 10s": "scrape_interval: 1s",
    "scrape_interval: 15s": "scrape_interval: 1s",
    "scrape_timeout: 5s": "scrape_timeout: 1s",
    "scrape_timeout: 10s": "scrape_timeout: 1s",
    "evaluation_interval: 15s": "evaluation_interval: 1s",
    "interval: 10s": "interval: 1s",
    "for: 1m": "for: 2s",
    "group_wait: 10s": "group_wait: 1s",
    "group_interval: 30s": "group_interval: 1s",
}


class Process:
    """Something that answers /metrics while it is up."""

    def __init__(self, address: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b'app_dependency_up{dependency="postgres"} 1\n'
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        host, port = address.split(":")
        self._server = ThreadingHTTPServer((host, int(port)), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def die(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def quick(native: NativeConfig) -> NativeConfig:
    rules = sorted((native.prometheus.parent / "alerts").glob("*.yml"))
    for path in (native.prometheus, native.alertmanager, *rules):
        text = path.read_text("utf-8")
        for was, becomes in QUICKER.items():
            text = text.replace(was, becomes)
        path.write_text(text, "utf-8")
    return native


@pytest.fixture
def prometheus(tool, quick, addresses, tmp_path):
    command = [
        tool("prometheus"), f"--config.file={quick.prometheus}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address={addresses.prometheus}",
    ]  # fmt: skip
    with running(command, tmp_path / "prometheus.log"):
        wait_until(lambda: answers(f"http://{addresses.prometheus}/-/ready"), "Prometheus")
        yield f"http://{addresses.prometheus}/api/v1"


@pytest.fixture
def delivery(tool, quick, addresses, tmp_path):
    with alertmanager(tool("alertmanager"), quick, addresses.alertmanager, tmp_path):
        yield


@pytest.mark.usefixtures("delivery")
def test_a_backend_that_dies_is_mailed_and_so_is_its_return(addresses: Addresses, sink, prometheus):
    def is_watching() -> bool:
        answer = call(f"{prometheus}/query?query=up%7Bjob%3D%22backend%22%7D")["data"]["result"]
        known = call(f"{prometheus}/alertmanagers")["data"]["activeAlertmanagers"]
        return bool(known) and [sample["value"][1] for sample in answer] == ["1"]

    def about(word: str) -> list[str]:
        subjects = [str(parsed(text)["Subject"]) for _, text in list(sink.mails)]
        return [subject for subject in subjects if word in subject and "ServiceDown" in subject]

    backend = Process(addresses.web)
    worker = Process(addresses.worker)
    try:
        wait_until(is_watching, "Prometheus' first scrape")
        backend.die()
        wait_until(lambda: bool(about("CRITICAL")), "alert mail")
        backend = Process(addresses.web)
        wait_until(lambda: bool(about("RESOLVED")), "recovery mail")
    finally:
        backend.die()
        worker.die()

    assert about("CRITICAL") == ["🚨 CRITICAL: ServiceDown (backend) [development]"]
    assert about("RESOLVED") == ["✅ RESOLVED: ServiceDown (backend) [development]"]
    assert not [text for _, text in sink.mails if "DatabaseDown" in text]
