import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.unit.ops_verify.conftest import ALERTS, healthy, prometheus

from alojamientos.kit.errors import ProviderUnavailable
from alojamientos.monitoring import conventions
from alojamientos.ops.verify import checklist, dashboards, item, lines, report, soundness
from alojamientos.ops.verify.item import Item, State, failed, not_applicable, passed
from alojamientos.telemetry.catalogue import CATALOGUE

# --- Waiting ------------------------------------------------------------------------------------


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def an_item(*findings: item.Finding | Exception, name: str = "it") -> Item:
    left = list(findings)

    def look():
        finding = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(finding, Exception):
            raise finding
        return finding

    return Item(name=name, look=look, hint="there")


def go(*items: Item, wait_s: float = 90.0):
    told: list[list[str]] = []
    results = item.run(
        items, wait_s=wait_s, on_wait=lambda names: told.append(list(names)), clock=Clock()
    )
    return results, told


def test_what_settles_is_waited_for_and_told():
    early = failed("not yet", may_settle=True)

    (result,), told = go(an_item(early, early, early, passed("there it is")))

    assert (result.state, result.evidence, result.waited_s) == (State.OK, "there it is", 6.0)
    assert result.hint == ""
    assert told == [["it"]] * 3


def test_waiting_ends_and_says_what_was_seen_last():
    (result,), _ = go(an_item(failed("not yet", may_settle=True)), wait_s=10)

    assert (result.state, result.evidence, result.hint) == (State.FAILED, "not yet", "there")
    assert result.waited_s == 10.0


def test_what_cannot_settle_fails_at_once():
    (result,), told = go(an_item(failed("broken"), passed("never asked again")))

    assert (result.state, result.evidence) == (State.FAILED, "broken")
    assert told == []


def test_no_wait_judges_at_once():
    (result,), told = go(an_item(failed("not yet", may_settle=True), passed("later")), wait_s=0)

    assert (result.state, told) == (State.FAILED, [])


@pytest.mark.parametrize(
    ("error", "evidence"),
    [
        (ProviderUnavailable("http://x does not answer"), "http://x does not answer"),
        (KeyError("data"), "an answer could not be read: KeyError 'data'"),
    ],
)
def test_one_that_cannot_be_looked_at_has_failed_and_the_others_go_on(error, evidence):
    results, _ = go(an_item(error), an_item(passed("fine"), name="other"))

    assert [(result.state, result.evidence) for result in results] == [
        (State.FAILED, evidence),
        (State.OK, "fine"),
    ]


# --- The checklist ------------------------------------------------------------------------------


def test_a_stack_that_has_been_up_shows_the_real_interval(serve):
    found = checklist.scrapes(serve(healthy()))

    assert found.state is State.OK
    assert found.evidence == "8 jobs up; the backend every 10.0 s (12 scrapes measured)"


@pytest.mark.parametrize(
    ("gap", "samples", "state", "may_settle"),
    [(15, 12, State.FAILED, False), (10, 3, State.FAILED, True), (10.4, 4, State.OK, False)],
)
def test_the_interval_is_measured(serve, gap, samples, state, may_settle):
    times = [[1000.0 + gap * n, "1"] for n in range(samples)]
    stack = serve({**healthy(), "/api/v1/query": prometheus([{"values": times}])})

    found = checklist.scrapes(stack)

    assert (found.state, found.may_settle) == (state, may_settle)


def test_a_target_that_is_down_is_named(serve):
    targets = [
        {"labels": {"job": job}, "health": "down" if job == "redis" else "up"}
        for job in conventions.JOBS
    ]
    answer = (200, {"data": {"activeTargets": targets}})

    found = checklist.scrapes(serve({**healthy(), "/api/v1/targets": answer}))

    assert (found.state, found.evidence) == (State.FAILED, "not up: redis")


@pytest.mark.parametrize(("stored", "state"), [(19, State.FAILED), (20, State.OK)])
def test_twenty_metrics_of_our_own_are_asked_for_by_name(serve, stored, state):
    names = [*list(CATALOGUE)[:stored], "up", "go_goroutines"]
    stack = serve({**healthy(), "/api/v1/label/__name__/values": (200, {"data": names})})

    found = checklist.custom_metrics(stack)

    assert found.state is state
    assert found.evidence.startswith(f"{stored} of {len(CATALOGUE)} in Prometheus; no series:")


def test_every_defined_alert_must_be_loaded_healthy_and_evaluated(serve):
    def rules(health, names=ALERTS):
        loaded = [{"name": name, "health": health} for name in names]
        answer = (200, {"data": {"groups": [{"rules": loaded}]}})
        return checklist.rules(serve({**healthy(), "/api/v1/rules": answer}))

    assert rules("ok").state is State.OK
    assert rules("ok", ALERTS[1:]).evidence == f"not loaded: {ALERTS[0]}"
    assert rules("err").evidence.startswith("failing: ")
    assert rules("unknown").may_settle


def budgets(left, events):
    """Answer the queries of budgets left and of events as Prometheus does."""

    def answer(parameters, _body):
        found = left if "budget_remaining" in parameters["query"][0] else events
        return prometheus(
            [{"metric": {"slo": name}, "value": [0, str(value)]} for name, value in found.items()]
        )

    return answer


@pytest.mark.parametrize(
    ("left", "events", "state", "said"),
    [
        (
            {"http-availability": 0.995},
            {"http-availability": 2.0, "prereservation-latency": 0.0},
            State.OK,
            "budget left: http-availability 99.5 %; no event to measure yet: webhook-text-latency",
        ),
        ({}, {"http-availability": 2.0}, State.FAILED, "no budget: http-availability"),
        (
            {"http-availability": 1},
            {"http-availability": 1, "webhook-text-latency": 1},
            State.FAILED,
            "events but no budget: webhook-text-latency",
        ),
        ({}, {}, State.FAILED, "budget left: none recorded yet"),
    ],
)
def test_a_level_with_events_must_have_a_budget(serve, left, events, state, said):
    stack = serve({**healthy(), "/api/v1/query": budgets(left, events)})

    found = checklist.slos(stack)

    assert found.state is state
    assert said in found.evidence
    assert found.may_settle is (state is State.FAILED)


def test_the_test_mail_is_posted_once_and_found_by_its_mark(serve):
    posted, mails = [], [{"subject": "another"}]

    def alerts(_parameters, body):
        posted.append(body[0])
        return 200, {}

    def messages(_parameters, _body):
        return 200, mails

    stack = serve({**healthy(), "/api/v2/alerts": alerts, "/api/messages": messages})
    look = checklist.items(stack, checklist.Place(logs=None, grafana_files=None))[5].look

    before = look()
    mark = posted[0]["labels"]["service"]
    mails.append({"subject": f"WARNING: VerifyMail ({mark})"})
    after = look()

    assert (before.state, before.may_settle) == (State.FAILED, True)
    assert (after.state, mark in after.evidence) == (State.OK, True)
    assert len(posted) == 1
    assert posted[0]["labels"]["severity"] == "test"  # what wakes nobody


def test_mail_that_leaves_the_machine_has_not_passed(serve):
    stack = serve({**healthy(), "/api/v2/alerts": (200, {})}, mail=None)
    look = checklist.items(stack, checklist.Place(logs=None, grafana_files=None))[5].look

    assert look().state is State.NOT_APPLICABLE


def test_a_request_is_found_again_in_the_logs(serve, tmp_path):
    log = tmp_path / "web.log"
    log.write_text('{"event": "process.start_finished"}\n')

    def write(parameters, _body):
        trace = parameters["trace"][0].split("-")[1]
        with log.open("a") as out:
            out.write(json.dumps({"event": "http.request_served", "trace_id": trace}) + "\n")
        return 200, []

    lost = lines.traced(serve(healthy()), tmp_path)
    found = lines.traced(serve({**healthy(), "/api/v1/accommodations": write}), tmp_path)

    assert (lost.state, lost.may_settle) == (State.FAILED, True)
    assert found.state is State.OK
    assert found.evidence.startswith("2 lines are JSON; 1 of trace ")
    log.write_text('{"event": "a"}\nplain text\n')
    plain = lines.traced(serve(healthy()), tmp_path)
    assert plain.evidence == "not JSON: web.log, after 1 good lines"
    assert lines.traced(serve(healthy()), None).state is State.NOT_APPLICABLE


# --- Dashboards ---------------------------------------------------------------------------------


def board(name, expression="sum(rate(x[$__rate_interval]))"):
    panels = [{"title": "a row", "panels": [{"title": "P", "targets": [{"expr": expression}]}]}]
    return {"uid": conventions.dashboard_uid(name), "title": name, "panels": panels}


def files(folder: Path, *names: str) -> Path:
    (folder / "dashboards").mkdir()
    (folder / "datasources").mkdir()
    for name in names:
        (folder / "dashboards" / f"{name}.json").write_text(json.dumps(board(name)))
    (folder / "datasources" / "prometheus.yml").write_text(
        "datasources: [{name: Prometheus, type: prometheus}]"
    )
    return folder


def test_without_grafana_the_files_are_read_and_every_query_is_asked(serve, tmp_path):
    asked = []

    def query(parameters, _body):
        asked.append(parameters["query"][0])
        return prometheus([] if len(asked) == 1 else [{"value": [0, "1"]}])

    stack = serve({**healthy(), "/api/v1/query": query})
    grafana = dashboards.Grafana(stack, files(tmp_path, *dashboards.REQUIRED))

    assert grafana.datasource().evidence == "no Grafana here; its files define Prometheus"
    assert grafana.boards().evidence == (
        "4 in files, 4 queries answered, 1 of them with nothing to show yet"
    )
    assert asked == ["sum(rate(x[1m]))"] * 4


def test_a_missing_board_and_a_refused_query_fail(serve, tmp_path):
    refused = (400, {"status": "error", "error": "parse error"})
    stack = serve({**healthy(), "/api/v1/query": refused})
    (tmp_path / "some").mkdir()
    (tmp_path / "all").mkdir()
    some = dashboards.Grafana(stack, files(tmp_path / "some", "overview", "webhooks"))
    every = dashboards.Grafana(stack, files(tmp_path / "all", *dashboards.REQUIRED))

    assert some.boards().evidence == (
        "not in files: alojamientos-reservations, alojamientos-infrastructure"
    )
    assert every.boards().evidence.startswith("refused: infrastructure/P: parse error")


def test_grafana_is_asked_where_there_is_one(serve):
    boards = {conventions.dashboard_uid(name): board(name) for name in dashboards.REQUIRED}
    answers = {
        **healthy(),
        "/api/datasources": (200, [{"type": "prometheus", "uid": "p", "name": "Prometheus"}]),
        "/api/datasources/uid/p/health": (200, {"status": "OK"}),
        "/api/search": (200, [{"uid": uid} for uid in boards]),
        **{f"/api/dashboards/uid/{uid}": (200, {"dashboard": b}) for uid, b in boards.items()},
    }
    grafana = dashboards.Grafana(serve(answers, grafana=True, grafana_token="g"), None)

    assert grafana.datasource().evidence == "Grafana: Prometheus OK"
    assert grafana.boards().evidence.startswith("4 in Grafana, 4 queries answered")


def test_neither_grafana_nor_files_has_not_passed(serve):
    assert dashboards.Grafana(serve(healthy()), None).datasource().state is State.NOT_APPLICABLE


# --- Beyond the checklist -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "answer", "name", "evidence"),
    [
        ("/api/v1/healthz", (503, {"status": "unhealthy"}), "healthy", "503 unhealthy"),
        ("/api/v2/alerts", (200, []), "Alertmanager", "nothing"),
        (
            "/api/v1/invariants",
            (200, {"ok": False, "invariants": [{"name": "no_overlap", "violations": 1}]}),
            "invariant",
            "broken: no_overlap",
        ),
        ("/api/v1/invariants", (401, {}), "invariant", "401"),
        ("/metrics", (200, "a 1\n" * 1501), "Series", "1501"),
        ("/metrics", (401, ""), "Series", "401"),
    ],
)
def test_a_fault_fails_its_item_alone_with_evidence_and_a_hint(serve, path, answer, name, evidence):
    stack = serve({**healthy(), path: answer})

    results, _ = go(*soundness.items(stack), wait_s=0)

    bad = [result for result in results if result.state is State.FAILED]
    assert [name in result.name for result in bad] == [True]
    assert evidence in bad[0].evidence
    assert bad[0].hint


# --- Reports ------------------------------------------------------------------------------------


def test_reports_tell_the_three_ends_apart():
    results, _ = go(
        an_item(passed("seen"), name="good"),
        an_item(failed("gone"), name="bad"),
        an_item(not_applicable("no Grafana"), name="not here"),
    )

    as_json = report.as_json(results)
    suite = ET.fromstring(report.junit(results))  # noqa: S314 - ours

    assert as_json["ok"] is False
    assert [entry["state"] for entry in as_json["items"]] == ["ok", "failed", "not applicable"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert [failure.get("message") for failure in suite.iter("failure")] == ["gone"]
    assert report.table(results).row_count == 3
