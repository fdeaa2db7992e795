"""The drill against small real servers that behave like a stack, or like one that is broken."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.conftest import free_port

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.drill import report as reports
from alojamientos.ops.drill.backend_down import BackendDown, Step
from alojamientos.ops.drill.clients import Eyes, Unreachable


class Stack:
    """A stack in which everything follows from whether the part is down, one look at a time."""

    def __init__(self, alert: str = "ServiceDown") -> None:
        self.alert = alert
        self.down = False
        self.looks = 0  # at the rules, since the part changed
        self.mails: list[dict[str, object]] = [
            {"id": 1, "subject": f"🚨 CRITICAL: {alert} (backend) [x]"},  # of an earlier drill
            {"id": 2, "subject": f"✅ RESOLVED: {alert} (backend) [x]"},
        ]
        self.calls: list[str] = []
        self.broken: set[str] = set()  # stages that do not happen
        self.flaky = 0  # how many answers will be 500 first
        self.held_back = False

    # What the drill does to it.
    def status(self) -> None:
        if "supervisor" in self.broken:
            raise AlojamientosError("The stack is not running; start it with: make up.")

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

    # What the drill sees of it.
    def answer(self, path: str, query: dict[str, list[str]]) -> object:
        if self.flaky:
            self.flaky -= 1
            raise ConnectionError
        if path == "/api/v1/rules":
            self.looks += 1
            rules = [] if "rule" in self.broken else [{"name": self.alert, "state": self._state()}]
            return {"data": {"groups": [{"rules": [{"name": "Other", "state": "firing"}, *rules]}]}}
        if path == "/api/v2/alerts":
            assert query["filter"] == [f'alertname="{self.alert}"']
            state = "suppressed" if self.held_back else "active"
            return [{"status": {"state": state}}] if self._state() == "firing" else []
        return self.mails if self._mail() else self.mails[:2]

    def _state(self) -> str:
        if "rule fires" in self.broken:
            return "pending" if self.down else "inactive"
        stages = ("inactive", "pending", "firing") if self.down else ("firing", "inactive")
        if not self.down and not self.calls:
            return "firing" if "quiet" in self.broken else "inactive"
        return stages[min(self.looks // 2, len(stages) - 1)]

    def _mail(self) -> bool:
        subject = "🚨 CRITICAL" if self.down else "✅ RESOLVED"
        stage = "alert mail" if self.down else "recovery mail"
        settled = self._state() == ("firing" if self.down else "inactive")
        if self.calls and settled and stage not in self.broken:
            mail = {"id": 10 + self.down, "subject": f"{subject}: {self.alert} (backend) [x]"}
            if mail not in self.mails:
                self.mails += [{"id": 20 + self.down, "subject": f"{subject}: Other"}, mail]
        return True


@pytest.fixture
def stack():
    return Stack()


@pytest.fixture
def url(stack):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            try:
                body = json.dumps(stack.answer(asked.path, parse_qs(asked.query))).encode()
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
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def drill(stack, url):
    with Eyes(prometheus=url, alertmanager=url, mail=url) as eyes:
        yield lambda **changes: BackendDown(
            **{
                "eyes": eyes,
                "control": stack,
                "target": "web",
                "timeout_s": 0.3,
                "on_step": lambda _step: None,
                "pause": lambda _seconds: None,
                **changes,
            }
        )


def test_a_drill_sees_every_step_in_order(drill, stack):
    shown: list[Step] = []

    report = drill(on_step=shown.append).run()

    assert report.problem == ""
    assert stack.calls == ["stop web kill=True", "start web"]
    assert [(step.name, step.since) for step in report.steps] == [
        ("killed", "kill"),
        ("pending in Prometheus", "kill"),
        ("firing in Prometheus", "kill"),
        ("active in Alertmanager", "kill"),
        ("alert mail received", "kill"),
        ("ready again", "restore"),
        ("inactive in Prometheus", "restore"),
        ("recovery mail received", "restore"),
    ]
    assert shown == report.steps
    assert report.seconds("kill") == report.steps[4].seconds
    assert 0 < report.seconds("kill") < 5


def test_the_worker_has_its_own_alert(url):
    stack = Stack("WorkerDown")

    with Eyes(prometheus=url, alertmanager=url, mail=url) as eyes:
        drill = BackendDown(
            eyes=eyes, control=stack, target="worker", timeout_s=0.1, on_step=lambda _step: None
        )
        assert drill.report.alert == "WorkerDown"
        assert "Prometheus at" in drill.run().problem  # this one knows ServiceDown only
    assert stack.calls == []


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("rule fires", "not firing in Prometheus within 0.3 s of the kill; last seen: pending in"),
        ("alert mail", "not alert mail received within 0.3 s of the kill; last seen: active in"),
        ("recovery mail", "not recovery mail received within 0.3 s of the restore"),
    ],
)
def test_what_does_not_happen_in_time_is_named_and_the_part_is_back(drill, stack, broken, problem):
    stack.broken.add(broken)

    report = drill().run()

    assert problem in report.problem
    assert not stack.down


def test_an_alert_that_alertmanager_holds_back_does_not_count(drill, stack):
    stack.held_back = True

    report = drill().run()

    assert report.problem.startswith("not active in Alertmanager within 0.3 s")
    assert not stack.down


def test_a_drill_does_not_begin_in_an_outage(drill, stack):
    stack.broken.add("quiet")

    report = drill().run()

    assert "ServiceDown is firing already" in report.problem
    assert stack.calls == []


def test_a_drill_does_not_begin_without_a_stack(drill, stack):
    stack.broken.add("supervisor")

    assert drill().run().problem == "The stack is not running; start it with: make up."
    assert stack.calls == []


def test_a_drill_does_not_begin_without_its_rule(drill, stack):
    stack.broken.add("rule")

    assert "has no alert ServiceDown" in drill().run().problem
    assert stack.calls == []


def test_a_kill_that_half_worked_is_undone(drill, stack):
    stack.broken.add("stop")

    report = drill().run()

    assert report.problem == "there is no part"
    assert stack.calls == ["stop web kill=True", "start web"]


def test_a_part_that_does_not_come_back_is_told(drill, stack):
    stack.broken.add("start")

    report = drill().run()

    assert report.problem == ("web: died of SIGSEGV; web did not start again: web: died of SIGSEGV")


def test_a_server_that_stumbles_is_asked_again(drill, stack):
    def stumble(step):
        if step.name == "killed":
            stack.flaky = 3

    assert drill(on_step=stumble).run().problem == ""


def test_a_server_that_stays_away_is_named(drill, stack):
    def fall(step):
        if step.name == "killed":
            stack.flaky = 10_000

    report = drill(on_step=fall).run()

    assert "last seen: killed; Prometheus at http" in report.problem
    assert not stack.down


def test_ctrl_c_brings_the_part_back(drill, stack):
    def interrupt(step):
        if step.name == "firing in Prometheus":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drill(on_step=interrupt).run()

    assert stack.calls == ["stop web kill=True", "start web"]


def test_a_server_that_is_not_there_is_named():
    nowhere = f"http://127.0.0.1:{free_port()}"

    with (
        Eyes(prometheus=nowhere, alertmanager=nowhere, mail=nowhere) as eyes,
        pytest.raises(Unreachable, match="the mail sink at http"),
    ):
        eyes.mails()


def test_subjects_are_read_also_when_encoded(stack, url):
    stack.mails[0]["subject"] = "=?utf-8?q?=F0=9F=9A=A8_CRITICAL:_ServiceDown?="

    with Eyes(prometheus=url, alertmanager=url, mail=url) as eyes:
        assert eyes.mails()[0].subject == "🚨 CRITICAL: ServiceDown"


def test_reports_are_for_people_and_for_programs(drill):
    report = drill().run()

    value = reports.as_json(report)

    assert (value["ok"], value["problem"], value["alert"]) == (True, None, "ServiceDown")
    assert [step["name"] for step in value["steps"]][-1] == "recovery mail received"
    assert reports.table(report).row_count == 8


def test_a_report_without_steps_has_no_seconds(drill, stack):
    stack.broken.add("supervisor")

    report = drill().run()

    assert report.seconds("kill") is None
    assert reports.as_json(report)["ok"] is False
