"""A drill against small real servers that behave like a stack, or like one that is broken."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from alojamientos.kit.errors import AlojamientosError
from alojamientos.monitoring import definitions
from alojamientos.ops.drill import faults, runner
from alojamientos.ops.drill import report as reports
from alojamientos.ops.drill.clients import Eyes
from alojamientos.ops.drill.faults import Killed
from alojamientos.ops.drill.model import Fault
from alojamientos.ops.drill.runner import Drill, Patience, Step

FAULT = Fault(
    name="backend-down",
    summary="kill web",
    expected=("ServiceDown",),
    held=("ServiceNotReady",),
    within_s=0.5,
    recovery_s=0.5,
    trouble=Killed("web"),
)


class Stack:
    """A stack in which everything follows from whether the part is down, one look at a time."""

    def __init__(self) -> None:
        self.down = False
        self.looks = 0  # at the rules, since the part changed
        self.mails: list[dict[str, object]] = [
            {"id": 1, "subject": "🚨 CRITICAL: ServiceDown (backend) [x]"},  # of an earlier drill
            {"id": 2, "subject": "✅ RESOLVED: ServiceDown (backend) [x]"},
        ]
        self.calls: list[str] = []
        self.broken: set[str] = set()  # stages that do not happen
        self.others: dict[str, str] = {}  # what else Prometheus says while the part is down
        self.flaky = 0  # how many answers will be 500 first

    # What the drill does to it.
    def stop_part(self, name: str, *, kill: bool = False) -> None:
        self.calls.append(f"stop {name} kill={kill}")
        self.down, self.looks = True, 0
        if "stop" in self.broken:
            raise AlojamientosError("there is no part")

    def start_part(self, name: str) -> None:
        self.calls.append(f"start {name}")
        if "start" in self.broken:
            raise AlojamientosError("web: died of SIGSEGV")
        self.down, self.looks = False, 0

    def post_alert(self) -> None:
        self.calls.append("post")

    # What the drill sees of it.
    def answer(self, path: str) -> object:
        if self.flaky:
            self.flaky -= 1
            raise ConnectionError
        if path == "/api/v1/rules":
            self.looks += 1
            states = {"Watchdog": "firing"}
            if "rule" not in self.broken:
                states["ServiceDown"] = self._state()
            if self.down or "others stay" in self.broken:
                states |= self.others
            rules = [{"name": name, "state": state} for name, state in states.items()]
            return {"data": {"groups": [{"rules": rules}]}}
        if path == "/api/v2/alerts/groups":
            firing = ["ServiceDown"] if self._state() == "firing" else []
            held = [name for name in self.others if self.down and name in FAULT.held]
            beats = not self.down or "heart" in self.broken
            watchdog = {"labels": {"alertname": "Watchdog"}, "status": {"state": "active"}}
            night = {"state": "suppressed", "inhibitedBy": [], "mutedBy": ["waking-hours"]}
            status = night if "night" in self.broken else {"state": "active"}
            alerts = [
                *([watchdog] if beats and "no heart" not in self.broken else []),
                *({"labels": {"alertname": n}, "status": status} for n in firing),
                *(
                    {
                        "labels": {"alertname": n},
                        "status": {"state": "suppressed", "inhibitedBy": ["1"]},
                    }
                    for n in held
                ),
            ]
            return [{"labels": {}, "alerts": [alert]} for alert in alerts]
        self._send()
        return self.mails

    def _state(self) -> str:
        if not self.calls:
            return "firing" if "quiet" in self.broken else "inactive"
        if "rule fires" in self.broken:
            return "pending" if self.down else "inactive"
        stages = ("inactive", "pending", "firing") if self.down else ("firing", "inactive")
        return stages[min(self.looks // 2, len(stages) - 1)]

    def _send(self) -> None:
        subject = "🚨 CRITICAL" if self.down else "✅ RESOLVED"
        stage = "alert mail" if self.down else "recovery mail"
        settled = self._state() == ("firing" if self.down else "inactive")
        names = ["Other", "ServiceDown"]
        if "held mail" in self.broken:
            names.append("ServiceNotReady")
        if self.calls and settled and stage not in self.broken:
            for number, name in enumerate(names):
                mail: dict[str, object] = {
                    "id": f"{self.down}{number}",
                    "subject": f"{subject}: {name} (x) [x]",
                }
                if mail not in self.mails:
                    self.mails.append(mail)


@pytest.fixture
def stack():
    return Stack()


@pytest.fixture
def drill(stack):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                body = json.dumps(stack.answer(urlsplit(self.path).path)).encode()
                self.send_response(200)
            except ConnectionError:
                body = b"broken"
                self.send_response(500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with Eyes(prometheus=url, alertmanager=url, mail=url) as eyes:

            def drill(fault=FAULT, on_step=lambda _step: None, before_s=0.0, **more: Any):
                patience = {"settle_s": 0.05, "quiet_s": 0.02, "look_every_s": 0.001}
                return Drill(
                    eyes=eyes,
                    hands=stack,
                    fault=fault,
                    on_step=on_step,
                    patience=Patience(before_s=before_s, **patience),
                    **more,
                )

            yield drill
        server.shutdown()
        thread.join()


def test_a_drill_sees_every_stage_in_order(drill, stack):
    shown: list[Step] = []

    report = drill(on_step=shown.append).run()

    assert report.problems == []
    assert stack.calls == ["stop web kill=True", "start web"]
    assert [(step.stage, step.since) for step in report.steps] == [
        ("pending", "fault"),
        ("firing", "fault"),
        ("active", "fault"),
        ("mailed", "fault"),
        ("quiet", "mending"),
        ("recovery mailed", "mending"),
    ]
    assert shown == report.steps
    assert report.detected_s == report.seconds("ServiceDown", "mailed")
    assert report.recovered_s == report.seconds("ServiceDown", "recovery mailed")


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("rule fires", "ServiceDown: not mailed within 0.5 s"),
        ("alert mail", "ServiceDown: not mailed within 0.5 s"),
        ("recovery mail", "ServiceDown: not recovery mailed within 0.5 s of the mending"),
        ("held mail", "ServiceNotReady: mailed, and should have been held back"),
    ],
)
def test_what_goes_wrong_is_named_and_the_part_is_back(drill, stack, broken, problem):
    stack.broken.add(broken)

    report = drill().run()

    assert problem in report.problems
    assert not report.ok
    assert not stack.down


def test_an_alert_that_should_not_fire_fails_the_drill(drill, stack):
    stack.others = {"DatabaseDown": "firing"}

    report = drill().run()

    assert report.problems == ["fired and should not have: DatabaseDown"]
    assert report.unexpected == {"DatabaseDown"}


def test_an_alert_that_only_waits_is_no_failure(drill, stack):
    stack.others = {"DatabaseDown": "pending"}

    assert drill().run().ok


def test_what_may_fire_or_not_may_also_be_mailed(drill, stack):
    stack.broken.add("held mail")
    stack.others = {"ServiceNotReady": "firing"}

    assert drill(replace(FAULT, held=(), allowed=("ServiceNotReady",))).run().ok


def test_an_alert_with_a_reason_of_its_own_may_be_loud_when_it_is_named(drill, stack):
    stack.others = {"HighCPUUsage": "firing"}

    assert drill(despite=["HighCPUUsage"]).run().ok


AFTERMATH = replace(FAULT, held=(), aftermath=("ServiceNotReady",))


def test_an_aftermath_may_not_be_mailed_before_the_mending(drill, stack):
    stack.broken.add("held mail")
    stack.others = {"ServiceNotReady": "firing"}

    report = drill(AFTERMATH).run()

    assert report.problems == ["ServiceNotReady: mailed, and should have been held back"]


def test_an_aftermath_that_does_not_end_is_told(drill, stack):
    def stay(step):
        if step.stage == "pending":
            stack.others = {"ServiceNotReady": "firing"}
            stack.broken.add("others stay")

    report = drill(AFTERMATH, stay).run()

    assert report.problems == ["ServiceNotReady: still not quiet 0.5 s after the mending"]


def test_what_fires_when_all_seemed_over_is_told(drill, stack):
    def late(step):
        if step.stage == "recovery mailed":
            stack.others = {"DatabaseDown": "firing"}
            stack.broken.add("others stay")

    report = drill(on_step=late).run()

    assert "fired and should not have: DatabaseDown" in report.problems


def test_what_may_linger_does_not_keep_a_drill_from_its_end(drill, stack):
    def stay(step):
        if step.stage == "pending":
            stack.others = {"ServiceNotReady": "firing"}
            stack.broken.add("others stay")

    assert drill(replace(FAULT, held=(), lingers=("ServiceNotReady",)), stay).run().ok


def test_only_the_last_fault_may_leave_an_alert_to_the_next():
    assert [fault.name for fault in faults.ALL if fault.lingers] == [faults.ALL[-1].name]


def test_an_aftermath_may_be_mailed_after_the_mending(drill, stack):
    stack.others = {"ServiceNotReady": "firing"}

    def late(step):
        if step.stage == "quiet":
            subject = "🚨 CRITICAL: ServiceNotReady (x) [x]"
            stack.mails.append({"id": "late", "subject": subject})

    assert drill(AFTERMATH, late).run().ok


def test_what_is_held_back_is_told(drill, stack):
    stack.others = {"ServiceNotReady": "firing"}

    report = drill().run()

    assert (report.ok, report.inhibited) == (True, {"ServiceNotReady"})


def test_where_no_mail_can_leave_firing_is_enough(drill, stack):
    stack.broken |= {"alert mail", "recovery mail"}

    report = drill(replace(FAULT, mailed=False)).run()

    assert report.problems == []
    assert report.detected_s == report.seconds("ServiceDown", "firing")
    assert report.recovered_s == report.seconds("ServiceDown", "quiet")


SILENT = replace(FAULT, mailed=False, heartbeat_stops=True)


def test_a_heartbeat_that_must_stop_is_seen_to_stop_and_to_come_back(drill, stack):
    report = drill(SILENT).run()

    assert report.problems == []
    assert report.seconds("Watchdog", "silent") is not None
    assert report.seconds("Watchdog", "heard again") is not None


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("heart", "Watchdog: not silent within 0.5 s"),
        ("no heart", "Alertmanager has not heard of Watchdog yet; wait a minute"),
    ],
)
def test_a_heartbeat_that_does_not_stop_or_never_was_is_a_problem(drill, stack, broken, problem):
    stack.broken.add(broken)

    assert problem in drill(SILENT).run().problems


def test_a_heartbeat_that_does_not_come_back_is_a_problem(drill, stack):
    def stop(step):
        if step.stage == "silent":
            stack.broken.add("no heart")

    report = drill(SILENT, stop).run()

    assert "Watchdog: not heard again within 0.5 s of the mending" in report.problems


def test_what_could_only_be_sent_after_the_mending_was_not_mailed_in_time(drill, stack):
    stack.broken.add("alert mail")

    def late(step):
        if step.stage == "quiet":
            stack.mails.append({"id": "late", "subject": "🚨 CRITICAL: ServiceDown (x) [x]"})

    report = drill(replace(FAULT, mailed=False), late).run()

    assert (report.ok, report.seconds("ServiceDown", "mailed")) == (True, None)


def test_at_night_a_warning_need_only_fire_and_is_said_to_be_muted(drill, stack):
    stack.broken |= {"night", "alert mail", "recovery mail"}

    report = drill().run()
    page = a_page([report])

    assert report.problems == []
    assert report.detected_s == report.seconds("ServiceDown", "firing")
    assert report.recovered_s == report.seconds("ServiceDown", "quiet")
    assert "| muted | 0.5 | muted |" in page


def test_a_drill_after_another_waits_until_that_is_forgotten(drill, stack):
    stack.others = {"HighErrorRate": "firing"}
    stack.broken.add("others stay")
    told: list[str] = []

    def forget(text: str) -> None:
        told.append(text)
        stack.others.clear()

    report = drill(before_s=20.0, on_wait=forget).run()

    assert told == ["waiting for HighErrorRate to be quiet"]
    assert report.problems == []


def test_a_drill_does_not_wait_for_ever(drill, stack):
    stack.others = {"HighErrorRate": "firing"}
    stack.broken.add("others stay")

    report = drill(before_s=0.05).run()

    assert stack.calls == []
    assert report.problems[0].startswith("HighErrorRate: not quiet")


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("quiet", "ServiceDown: not quiet; wait, or repair what is broken first"),
        ("rule", "Prometheus has no alert ServiceDown"),
    ],
)
def test_a_drill_does_not_begin_in_an_outage_or_without_its_rule(drill, stack, broken, problem):
    stack.broken.add(broken)

    report = drill().run()

    assert [found.startswith(problem) for found in report.problems] == [True]
    assert stack.calls == []


def test_trouble_that_half_worked_is_undone(drill, stack):
    stack.broken.add("stop")

    report = drill().run()

    assert report.problems == ["there is no part"]
    assert stack.calls == ["stop web kill=True", "start web"]


def test_a_part_that_does_not_come_back_is_tried_again_and_told(drill, stack):
    stack.broken.add("start")

    report = drill().run()

    assert report.problems == ["web: died of SIGSEGV", "not mended: web: died of SIGSEGV"]
    assert stack.calls == ["stop web kill=True", "start web", "start web"]


def test_a_server_that_stumbles_is_asked_again(drill, stack):
    def stumble(step):
        if step.stage == "pending":
            stack.flaky = 3

    assert drill(on_step=stumble).run().ok


def test_a_server_that_stays_away_is_named(drill, stack):
    def fall(step):
        if step.stage == "pending":
            stack.flaky = 10_000

    report = drill(on_step=fall).run()

    assert report.problems[0].startswith("ServiceDown: not mailed within 0.5 s; the mail sink at")
    assert not stack.down


def test_ctrl_c_brings_the_part_back(drill, stack):
    def interrupt(step):
        if step.stage == "firing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drill(on_step=interrupt).run()

    assert stack.calls == ["stop web kill=True", "start web"]


def test_a_mail_is_waiting_when_the_mail_server_dies(stack):
    trouble = faults.BY_NAME["mail-down"].trouble

    trouble.begin(stack)
    trouble.end(stack)

    assert stack.calls == ["stop mail kill=True", "post", "start mail"]


@pytest.mark.parametrize("fault", faults.ALL, ids=lambda fault: fault.name)
def test_every_fault_speaks_of_alerts_that_exist(fault):
    known = {rule.name for group in definitions.RULE_GROUPS for rule in group.alerts}

    groups = (fault.expected, fault.held, fault.aftermath, fault.allowed, fault.lingers)
    named = [alert for group in groups for alert in group]

    assert {*named} <= known
    assert len(named) == len({*named})


def a_page(played, *, when="today", before=""):
    order = ["backend-down", "worse"]
    return reports.markdown(played, order=order, when=when, where="here", before=before)


def test_a_fault_that_is_played_again_has_a_new_row_and_the_others_keep_theirs(drill):
    good = drill().run()
    worse = runner.Report(fault=replace(FAULT, name="worse"), problems=["late"])

    page = a_page([worse, good])
    again = a_page([replace(worse, problems=[])], when="tomorrow", before=page)

    assert again.splitlines()[-2] == page.splitlines()[-2]
    assert again.splitlines()[-1].endswith("| ok | tomorrow, here |")
    assert "late" not in again
    assert len(again.splitlines()) == len(page.splitlines())


def test_rows_of_a_page_with_other_columns_are_not_kept(drill):
    page = a_page([drill().run()]).replace("| played |", "| when |")

    assert "backend-down" not in a_page([], before=page)


def test_reports_for_programs_and_for_keeping(drill, stack):
    stack.others = {"ServiceNotReady": "firing"}
    good = drill().run()
    bad = runner.Report(
        fault=replace(FAULT, name="worse"), problems=["ServiceDown: not mailed within 0.5 s"]
    )

    data = reports.as_json([good, bad])
    page = a_page([good, bad]).splitlines()

    assert (data["ok"], [entry["ok"] for entry in data["drills"]]) == (False, [True, False])
    assert data["drills"][0]["held_back"] == ["ServiceNotReady"]
    assert data["drills"][1]["detected_s"] is None
    assert page[-2].startswith("| backend-down | kill web | [ServiceDown](runbooks/ServiceDown.md)")
    assert page[-2].endswith("| ServiceNotReady | - | ok | today, here |")
    assert page[-1].endswith(
        "| - | - | - | 0.5 | - | - | - | ServiceDown: not mailed within 0.5 s | today, here |"
    )
    assert len({line.count("|") for line in page if line.startswith("|")}) == 1
    assert reports.table([good, bad]).row_count == 2
