"""What rules read of exporters and of the monitoring is what the real programs tell."""

import re
import urllib.request
from collections import defaultdict
from pathlib import Path

import pytest
from tests.conftest import free_port, running, wait_until
from tests.monitoring.test_configs import answers

from alojamientos.monitoring.definitions.exporters import EXPORTER_METRICS

# Prometheus makes these of each scrape; they are in no exposition.
OF_SCRAPES = {"up", "scrape_samples_post_metric_relabeling"}
# Told only of an address with TLS, and by the owner's own backup script.
OF_OTHERS = {"probe_ssl_earliest_cert_expiry", "backup_last_success_timestamp_seconds"}
# Not there before an alert could not be handed over; seen in a test of its own.
OF_FAILURES = {"prometheus_notifications_errors_total"}
ASKED = sorted(set(EXPORTER_METRICS) - OF_SCRAPES - OF_OTHERS - OF_FAILURES)
_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$", re.MULTILINE)
_TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="')


def _told(command: list[str], url: str, log: Path, *, until: str = "") -> str:
    def ask() -> str:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - ours, on loopback
            return str(answer.read(), "utf-8")

    with running(command, log):
        wait_until(lambda: answers(url) and until in ask(), command[0])
        return ask()


@pytest.fixture
def expositions(tool, native, addresses, postgres_server, redis_url, tmp_path) -> str:
    """What each program tells of itself or of what it watches, one after the other."""

    def at(name: str) -> str:
        return f"http://{getattr(addresses, name)}"

    log = tmp_path / "log"
    dsn = f"{postgres_server.dsn('postgres')}?sslmode=disable"
    node = [
        tool("node_exporter"), f"--web.listen-address={addresses.node}",
        "--no-collector.wifi", "--no-collector.systemd",
    ]  # fmt: skip
    postgres = [
        "env", f"DATA_SOURCE_NAME={dsn}", tool("postgres_exporter"),
        f"--web.listen-address={addresses.postgres}",
    ]  # fmt: skip
    redis = [
        tool("redis_exporter"), "-web.listen-address", addresses.redis, "-redis.addr", redis_url,
    ]  # fmt: skip
    blackbox = [
        tool("blackbox_exporter"), f"--config.file={native.blackbox}",
        f"--web.listen-address={addresses.blackbox}",
    ]  # fmt: skip
    prometheus = [
        tool("prometheus"), f"--config.file={native.prometheus}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address={addresses.prometheus}",
    ]  # fmt: skip
    alertmanager = [
        tool("alertmanager"), f"--config.file={native.alertmanager}",
        f"--storage.path={tmp_path / 'am'}", "--cluster.listen-address=",
        f"--web.listen-address={addresses.alertmanager}",
    ]  # fmt: skip
    nowhere = f"{at('blackbox')}/probe?module=readyz&target=http://127.0.0.1:{free_port()}"
    return "\n".join(
        (
            _told(node, f"{at('node')}/metrics", log),
            _told(postgres, f"{at('postgres')}/metrics", log, until="pg_stat_database_numbackends"),
            _told(redis, f"{at('redis')}/metrics", log),
            _told(blackbox, nowhere, log),
            _told(prometheus, f"{at('prometheus')}/metrics", log, until="rule_evaluation_failures"),
            _told(alertmanager, f"{at('alertmanager')}/metrics", log),
        )
    )


def test_the_real_programs_tell_what_rules_read(expositions):
    kinds = dict(_TYPE.findall(expositions))
    labels: dict[str, set[str]] = defaultdict(set)
    for name, text in _SAMPLE.findall(expositions):
        labels[name] |= {"", *_LABEL.findall(text)}

    for name in ASKED:
        metric = EXPORTER_METRICS[name]
        assert kinds.get(name) in (metric.kind, "untyped"), name
        assert set(metric.labels) <= labels[name], name


def test_prometheus_tells_of_alerts_that_it_could_not_hand_over(tool, native, addresses, tmp_path):
    # Nothing listens where Alertmanager should; the Watchdog is sent there at once.
    text = native.prometheus.read_text("utf-8")
    native.prometheus.write_text(
        text.replace("evaluation_interval: 15s", "evaluation_interval: 1s")
    )
    for path in (native.prometheus.parent / "alerts").glob("*.yml"):
        path.write_text(path.read_text("utf-8").replace("interval: 15s", "interval: 1s"), "utf-8")
    command = [
        tool("prometheus"), f"--config.file={native.prometheus}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address={addresses.prometheus}",
    ]  # fmt: skip
    name = "prometheus_notifications_errors_total"

    told = _told(
        command, f"http://{addresses.prometheus}/metrics", tmp_path / "log", until=f"{name}{{"
    )

    assert f"# TYPE {name} {EXPORTER_METRICS[name].kind}" in told
    assert re.search(rf'^{name}{{alertmanager="http', told, re.MULTILINE)


def test_each_collector_that_rules_read_is_there_by_that_name(tool, tmp_path):
    port = free_port()
    program = [tool("node_exporter"), f"--web.listen-address=127.0.0.1:{port}"]

    told = _told(program, f"http://127.0.0.1:{port}/metrics", tmp_path / "log")

    for collector in ("cpu", "meminfo", "filesystem", "vmstat"):
        assert f'node_scrape_collector_success{{collector="{collector}"}} 1' in told
