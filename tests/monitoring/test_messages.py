"""Every message, as Alertmanager's own program writes it, and who is spared at night."""

import json
import subprocess
from datetime import UTC, datetime

import pytest
from tests.conftest import wait_until
from tests.monitoring.test_configs import ALERTS, alertmanager, call, parsed, posted

from alojamientos.monitoring.generate import Delivery, render_native


@pytest.fixture
def templates(tmp_path, addresses, mail):
    delivery = Delivery(mail=mail, dashboards="http://grafana.example")
    native = render_native(tmp_path / "linked", addresses, delivery)
    return native.alertmanager.parent / "templates"


@pytest.fixture
def write(tool, templates, tmp_path):
    """Return what a template makes of a rule's alert."""

    def render(alert: str, template: str, status: str) -> str:
        rule = ALERTS[alert]
        labels = {**rule.all_labels(), "alertname": alert, "env": "test"}
        given = tmp_path / "data.json"
        given.write_text(
            json.dumps(
                {
                    "receiver": "critical-team",
                    "status": status,
                    "groupLabels": {"alertname": alert},
                    "commonLabels": labels,
                    "commonAnnotations": {},
                    "externalURL": "http://am",
                    "alerts": [
                        {
                            "status": status,
                            "labels": labels,
                            "annotations": {
                                **rule.annotations(),
                                "description": "a < b & <i>c</i>",
                            },
                            "startsAt": "2026-11-24T03:04:05Z",
                            "endsAt": "2026-11-24T04:05:06Z",
                        }
                    ],
                }
            ),
            encoding="utf-8",
        )
        kind = "html" if template.endswith("html") else "text"
        result = subprocess.run(
            [
                tool("amtool"), "template", "render", f"--template.glob={templates}/*.tmpl",
                f'--template.text={{{{ template "{template}" . }}}}',
                f"--template.type={kind}", f"--template.data={given}",
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return result.stdout

    return render


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_reads_well_in_text(alert, write):
    rule = ALERTS[alert]

    text = write(alert, "alojamientos.text", "firing")

    assert text.startswith(f"{rule.owner_es}\n")
    assert f"[firing] {rule.summary}" in text
    assert "Since 2026-11-24 03:04 UTC\n" in text
    assert f"Runbook: docs/runbooks/{alert}.md\n" in text
    assert f"Dashboard: http://grafana.example/d/alojamientos-{rule.dashboard}\n" in text


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_reads_well_in_html(alert, write):
    html = write(alert, "alojamientos.html", "firing")

    assert "a &lt; b &amp; &lt;i&gt;c&lt;/i&gt;" in html
    assert f'href="http://grafana.example/d/alojamientos-{ALERTS[alert].dashboard}"' in html
    assert '<meta name="viewport"' in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("alert", "status", "subject"),
    [
        ("ServiceDown", "firing", "🚨 CRITICAL: ServiceDown (backend) [test]"),
        ("ServiceDown", "resolved", "✅ RESOLVED: ServiceDown (backend) [test]"),
        ("CollectorFailing", "firing", "⚠️ WARNING: CollectorFailing (monitoring) [test]"),
    ],
)
def test_the_subject_says_how_bad_and_what(alert, status, subject, write):
    assert write(alert, "alojamientos.subject", status).strip() == subject


def test_telegram_gets_the_owners_line_and_the_facts(write):
    text = write("ServiceDown", "alojamientos.telegram", "resolved")

    assert text.startswith("<b>✅ RESOLVED: ServiceDown (backend) [test]</b>\n")
    assert f"Ya está resuelto. El aviso era: «{ALERTS['ServiceDown'].owner_es}»" in text
    assert "Since 2026-11-24 03:04 UTC, until 2026-11-24 04:05 UTC" in text


def test_without_dashboards_nothing_is_linked(tmp_path, addresses, mail):
    native = render_native(tmp_path, addresses, Delivery(mail=mail))

    text = (native.alertmanager.parent / "templates" / "mail.tmpl").read_text("utf-8")
    assert "Dashboard" not in text
    assert "href" not in text


def _hours(native, *, around_now: bool) -> None:
    """Move the waking hours around this minute, or away from it; in UTC."""
    now = datetime.now(UTC)
    start, end = ("00:00", "24:00") if around_now else ("00:00", "00:01")
    if not around_now and now.hour < 12:
        start, end = "23:58", "23:59"
    text = native.alertmanager.read_text("utf-8")
    for was, becomes in (
        ("start_time: 08:00", f"start_time: '{start}'"),
        ("end_time: '22:00'", f"end_time: '{end}'"),
        ("location: America/Argentina/Buenos_Aires", "location: UTC"),
        ("group_wait: 10s", "group_wait: 1s"),
        ("group_wait: 30s", "group_wait: 1s"),
    ):
        assert was in text
        text = text.replace(was, becomes)
    native.alertmanager.write_text(text, "utf-8")


@pytest.mark.parametrize("awake", [True, False])
def test_a_warning_waits_for_the_morning_and_a_critical_alert_does_not(
    awake, tool, native, addresses, tmp_path, sink
):
    _hours(native, around_now=awake)
    with alertmanager(tool("alertmanager"), native, addresses.alertmanager, tmp_path) as api:
        call(f"{api}/alerts", [posted("CollectorFailing")])
        wait_until(lambda: bool(call(f"{api}/alerts")), "the warning")
        call(f"{api}/alerts", [posted("ServiceDown", env="other")])
        wait_until(lambda: any("ServiceDown" in text for _, text in sink.mails), "critical mail")
        if awake:
            wait_until(lambda: len(sink.mails) == 2, "warning mail")

    subjects = {str(parsed(text)["Subject"]) for _, text in sink.mails}
    assert "🚨 CRITICAL: ServiceDown (backend) [other]" in subjects
    assert ("⚠️ WARNING: CollectorFailing (monitoring) [test]" in subjects) is awake


def test_alerts_of_one_name_come_in_one_mail(tool, native, addresses, tmp_path, sink):
    quick = native.alertmanager.read_text().replace("group_wait: 10s", "group_wait: 3s")
    native.alertmanager.write_text(quick)
    two = [posted("ServiceDown", instance=instance) for instance in ("a", "b")]
    with alertmanager(tool("alertmanager"), native, addresses.alertmanager, tmp_path) as api:
        call(f"{api}/alerts", two)
        wait_until(lambda: bool(sink.mails), "the mail")
        call(f"{api}/alerts", [posted("WorkerDown")])
        wait_until(lambda: any("WorkerDown" in text for _, text in sink.mails), "the next mail")

    first = parsed(sink.mails[0][1]).get_body(("plain",)).get_content()
    assert len(sink.mails) == 2
    assert first.count("[firing] Backend service is DOWN") == 2
