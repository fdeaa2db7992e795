"""Prometheus, Alertmanager and the blackbox exporter accept what we render, and do what we mean."""

import contextlib
import email
import json
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import running, wait_until
from tests.monitoring.conftest import ROOT

from alojamientos.monitoring import definitions
from alojamientos.monitoring.generate import Delivery, NativeConfig, render_native

ALERTS = {rule.name: rule for group in definitions.RULE_GROUPS for rule in group.alerts}


def run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_prometheus_accepts_the_native_configuration(tool, native):
    assert "SUCCESS" in run(tool("promtool"), "check", "config", str(native.prometheus))


def test_prometheus_accepts_the_committed_configuration(tool):
    path = ROOT / "monitoring/prometheus/prometheus.yml"

    # The secrets that it names exist only in the containers.
    run(tool("promtool"), "check", "config", "--syntax-only", str(path))


def test_prometheus_accepts_a_token(tool, tmp_path, addresses, mail):
    token = tmp_path / "token"
    token.write_text("s3cret")

    native = render_native(tmp_path, addresses, Delivery(mail=mail), metrics_token_file=token)

    run(tool("promtool"), "check", "config", str(native.prometheus))
    text = native.prometheus.read_text()
    assert text.count(f"credentials_file: {token}") == 2
    assert "s3cret" not in text


def test_committed_rules_are_sound(tool):
    files = sorted((ROOT / "monitoring/prometheus/alerts").glob("*.yml"))

    run(tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *map(str, files))


@pytest.mark.parametrize("where", ["native", "committed"])
def test_alertmanager_accepts_its_configuration(where, tool, native):
    path = ROOT / "monitoring/alertmanager/alertmanager.yml"

    said = run(
        tool("amtool"), "check-config", str(native.alertmanager if where == "native" else path)
    )

    assert "1 templates" in said
    assert "FAILED" not in said


def test_blackbox_exporter_accepts_its_configuration(tool):
    path = ROOT / "monitoring/blackbox/blackbox.yml"

    run(tool("blackbox_exporter"), "--config.check", f"--config.file={path}")


def test_alertmanager_configuration_lints_clean():
    amlint = ROOT / ".venv/bin/amlint"

    run(str(amlint), "check", str(ROOT / "monitoring/alertmanager/alertmanager.yml"))


RECEIVERS = {
    "critical": "critical-team",
    "warning": "warning-team",
    "info": "warning-team",
    "none": "heartbeat",
}


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_reaches_its_receiver(alert, tool, native):
    labels = {**ALERTS[alert].all_labels(), "alertname": alert, "env": "test"}
    # An alert about many services is labelled by whichever it is about.
    labels = {name: "backend" if "{{" in value else value for name, value in labels.items()}

    run(
        tool("amtool"), "config", "routes", "test", f"--config.file={native.alertmanager}",
        f"--verify.receivers={RECEIVERS[ALERTS[alert].severity]}",
        *(f"{name}={value}" for name, value in labels.items()),
    )  # fmt: skip


def test_an_alert_that_nobody_thought_of_still_reaches_somebody(tool, native):
    run(
        tool("amtool"), "config", "routes", "test", f"--config.file={native.alertmanager}",
        "--verify.receivers=default", "alertname=Unknown", "severity=unheard-of",
    )  # fmt: skip


def test_a_heartbeat_address_is_told_of_the_watchdog_only(tool, tmp_path, addresses, mail):
    url = tmp_path / "heartbeat"
    url.write_text("https://heartbeat.example/secret")

    native = render_native(tmp_path, addresses, Delivery(mail=mail, heartbeat_url_file=url))

    run(tool("amtool"), "check-config", str(native.alertmanager))
    text = native.alertmanager.read_text()
    assert f"url_file: {url}" in text
    assert "heartbeat.example" not in text


# --- A running Alertmanager ----------------------------------------------------------------------


def call(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - ours, on loopback
        url, data=data, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - ours
        text = answer.read()
    return json.loads(text) if text.strip() else None


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - ours, on loopback
            return True
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def alertmanager(program: str, native: NativeConfig, address: str, folder: Path):
    """Run Alertmanager; give the base URL of its API."""
    command = [
        program, f"--config.file={native.alertmanager}", f"--storage.path={folder / 'am'}",
        f"--web.listen-address={address}", "--cluster.listen-address=",
    ]  # fmt: skip
    with running(command, folder / "alertmanager.log"):
        wait_until(lambda: answers(f"http://{address}/-/ready"), "Alertmanager")
        yield f"http://{address}/api/v2"


def posted(
    alert: str, *, env: str = "test", ends_at: datetime | None = None, **labels: str
) -> dict[str, Any]:
    """Return the alert as Prometheus posts it."""
    rule = ALERTS[alert]
    body: dict[str, Any] = {
        "labels": {**rule.all_labels(), "alertname": alert, "env": env, **labels},
        "annotations": rule.annotations(),
        "startsAt": (datetime.now(UTC) - timedelta(minutes=2)).isoformat(),
    }
    if ends_at is not None:
        body["endsAt"] = ends_at.isoformat()
    return body


# What fires, what else would be sent, whether both are of one environment, and whether it is held.
INHIBITED = [
    ("ServiceDown", "ServiceNotReady", True, True),
    ("ServiceDown", "ServiceInstanceDown", True, True),
    ("ServiceDown", "CollectorFailing", True, True),
    ("ServiceDown", "ServiceNotReady", False, False),
    ("ServiceDown", "WorkerDown", True, False),
    ("ServiceDown", "DatabaseDown", True, False),
    ("ServiceDown", "MonitoringTargetDown", True, False),
    ("DatabaseDown", "ServiceNotReady", True, True),
    ("DatabaseDown", "CollectorFailing", True, True),
    ("DatabaseDown", "ServiceDown", True, False),
    ("RedisDown", "CollectorFailing", True, True),
    ("RedisDown", "ServiceNotReady", True, False),
    ("AlertmanagerDown", "PrometheusNotificationsFailing", True, True),
    ("WorkerDown", "WorkerInstanceDown", True, True),
    ("WorkerDown", "ServiceInstanceDown", True, False),
    *(
        ("ServiceDown", name, True, "backend" in rule.depends_on)
        for name, rule in ALERTS.items()
        if name != "ServiceDown"
    ),
    ("WorkerDown", "ICalSyncNotRunning", True, True),
    ("WorkerDown", "InboxStuck", True, True),
    ("WorkerDown", "ProviderFailing", True, False),
    ("DatabaseDown", "HighErrorRate", True, True),
    ("DatabaseDown", "HighCPUUsage", True, False),
    ("RedisDown", "FrequentLockFailures", True, True),
    ("RedisDown", "HighErrorRate", True, False),
    ("HighLatencyP95", "ElevatedLatencyP95", True, True),
    ("ICalSyncStale", "ICalSyncDelayed", True, True),
    ("DiskSpaceCritical", "DiskSpaceLow", True, True),
    ("HighLatencyP95", "ElevatedErrorRate", True, False),
    ("PaymentsUnreconciled", "RefundsFailing", True, False),
    ("DiskSpaceCritical", "HighMemoryUsage", True, False),
    ("DatabaseDown", "BackupStale", True, False),
    ("SloOutage", "ErrorBudgetBurnFast", True, True),
    ("SloOutage", "ErrorBudgetBurnSlow", True, True),
    ("SloOutage", "ErrorBudgetTicket", True, True),
    ("SloOutage", "ErrorBudgetExhausted", True, False),
    ("ErrorBudgetBurnFast", "ErrorBudgetBurnSlow", True, True),
    ("ErrorBudgetBurnFast", "ErrorBudgetTicket", True, True),
    ("ErrorBudgetBurnFast", "SloOutage", True, False),
    ("ErrorBudgetBurnSlow", "ErrorBudgetTicket", True, True),
    ("ErrorBudgetBurnSlow", "ErrorBudgetBurnFast", True, False),
    ("ErrorBudgetTicket", "ErrorBudgetBurnSlow", True, False),
    ("SloOutage", "SloSignalMissing", True, False),
    ("SloOutage", "HighErrorRate", True, False),
    ("WorkerDown", "JourneyFailing", True, True),
    ("DatabaseDown", "JourneyFailing", True, True),
    ("RedisDown", "JourneyFailing", True, True),
    ("RedisDown", "JourneyFailing", False, False),
    ("JourneyFailing", "ServiceDown", True, False),
    ("JourneyFailing", "InboxStuck", True, False),
]


SPEEDS = ("SloOutage", "ErrorBudgetBurnFast", "ErrorBudgetBurnSlow", "ErrorBudgetTicket")


@pytest.fixture
def running_alertmanager(tool, native, addresses, tmp_path):
    with alertmanager(tool("alertmanager"), native, addresses.alertmanager, tmp_path) as api:
        yield api


def test_a_full_disk_does_not_silence_another(running_alertmanager):
    full, other = posted("DiskSpaceCritical"), posted("DiskSpaceLow")
    full["labels"] |= {"instance": "host", "mountpoint": "/"}
    other["labels"] |= {"instance": "host", "mountpoint": "/data"}
    same = {**other, "labels": {**other["labels"], "mountpoint": "/"}}

    call(f"{running_alertmanager}/alerts", [full, other, same])

    assert {
        alert["labels"]["mountpoint"]: bool(alert["status"]["inhibitedBy"])
        for alert in call(f"{running_alertmanager}/alerts")
        if alert["labels"]["alertname"] == "DiskSpaceLow"
    } == {"/": True, "/data": False}


@pytest.mark.parametrize("worst", SPEEDS)
def test_only_the_worst_of_a_level_is_told(running_alertmanager, worst):
    firing = SPEEDS[SPEEDS.index(worst) :]
    here = [posted(name, slo="http-availability", service="backend") for name in firing]
    elsewhere = posted(SPEEDS[-1], slo="text-replies", service="channels")

    call(f"{running_alertmanager}/alerts", [*here, elsewhere])

    assert {
        (alert["labels"]["alertname"], alert["labels"]["slo"])
        for alert in call(f"{running_alertmanager}/alerts")
        if not alert["status"]["inhibitedBy"]
    } == {(worst, "http-availability"), (SPEEDS[-1], "text-replies")}


def test_what_follows_from_something_bigger_is_held_back(running_alertmanager):
    for number, (source, target, same, _) in enumerate(INHIBITED):
        pair = f"pair-{number}"  # an environment of its own, so that pairs do not meet
        call(
            f"{running_alertmanager}/alerts",
            [posted(source, env=pair if same else "other"), posted(target, env=pair)],
        )

    alerts = call(f"{running_alertmanager}/alerts")

    held = {
        (alert["labels"]["alertname"], alert["labels"]["env"]): bool(alert["status"]["inhibitedBy"])
        for alert in alerts
    }
    for number, (source, target, _, inhibited) in enumerate(INHIBITED):
        assert held[target, f"pair-{number}"] is inhibited, f"{source} and {target}"


def parsed(mail: str):
    return email.message_from_string(mail, policy=policy.default)


def test_an_alert_and_its_recovery_are_mailed(tool, native, addresses, tmp_path, sink):
    quick = native.alertmanager.read_text().replace("group_wait: 10s", "group_wait: 1s")
    native.alertmanager.write_text(quick.replace("group_interval: 30s", "group_interval: 1s"))
    with alertmanager(tool("alertmanager"), native, addresses.alertmanager, tmp_path) as api:
        call(f"{api}/alerts", [posted("ServiceDown")])
        wait_until(lambda: len(sink.mails) == 1, "alert mail")
        call(f"{api}/alerts", [posted("ServiceDown", ends_at=datetime.now(UTC))])
        wait_until(lambda: len(sink.mails) == 2, "recovery mail")

    assert [to for to, _ in sink.mails] == [["oncall@example.com", "owner@example.com"]] * 2
    alert, recovery = (parsed(text) for _, text in sink.mails)
    assert alert["Subject"] == "🚨 CRITICAL: ServiceDown (backend) [test]"
    assert recovery["Subject"] == "✅ RESOLVED: ServiceDown (backend) [test]"
    for kind in ("plain", "html"):
        text = alert.get_body((kind,)).get_content()
        assert "El sistema de reservas no responde y por ahora nadie puede reservar." in text
        assert "No backend process has answered Prometheus" in text
        assert "docs/runbooks/ServiceDown.md" in text
        assert (
            "Ya está resuelto. El aviso era: «El sistema"
            in recovery.get_body((kind,)).get_content()
        )
