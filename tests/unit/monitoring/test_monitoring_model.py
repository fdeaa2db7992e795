from dataclasses import replace

import pytest

from alojamientos.monitoring.definitions.exporters import UP
from alojamientos.monitoring.model import (
    AlertRule,
    Inhibition,
    Probe,
    Receiver,
    RecordingRule,
    Route,
    RuleGroup,
    ScrapeJob,
)
from alojamientos.monitoring.promql import compare, series, total

GOOD = AlertRule(
    name="ServiceDown",
    expr=compare(total(series(UP), "job"), "==", "0"),
    hold="1m",
    severity="critical",
    service="backend",
    summary="It is down",
    description="{{ $labels.job }} is down.",
    owner_es="Está caído.",
)


def test_a_complete_alert_has_no_problem():
    assert GOOD.validate() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "service_down"}, "its name is not in CamelCase"),
        ({"hold": "1 minute"}, "'1 minute' is not a duration like 1m"),
        ({"severity": "bad"}, "severity 'bad' is none of critical, warning, info, none"),
        ({"service": "web"}, "service 'web' is none of"),
        ({"depends_on": ("sun",)}, "service 'sun' is none of"),
        ({"summary": " "}, "summary is missing"),
        ({"description": ""}, "description is missing"),
        ({"owner_es": ""}, "owner_es is missing"),
        ({"summary": "{{ $value }} down"}, "summary holds a value"),
        ({"description": "{{ $value }} down"}, "description shows $value unformatted"),
        ({"owner_es": "{{ $labels.instance }}"}, "shows the label 'instance', which"),
        ({"labels": {"value": "{{ $value }}"}}, "label 'value' holds $value"),
    ],
)
def test_an_alert_says_what_it_lacks(change, problem):
    problems = replace(GOOD, **change).validate()

    assert any(problem in found for found in problems)
    assert all(
        found.startswith(f"alert {change.get('name', 'ServiceDown')}: ") for found in problems
    )


def test_a_group_says_what_its_rules_lack():
    group = RuleGroup(
        name="g",
        file="g.yml",
        interval="often",
        alerts=(replace(GOOD, summary=""),),
        recordings=(RecordingRule(record="up_sum", expr=total(series(UP))),),
    )

    assert group.validate() == [
        "recording up_sum: its name is not level:metric:operations",
        "alert ServiceDown: summary is missing",
        "group g: 'often' is not a duration like 15s",
    ]


def test_a_recording_with_a_proper_name_has_no_problem():
    assert RecordingRule(record="job:up:sum", expr=total(series(UP))).validate() == []


def test_an_empty_group_is_a_problem():
    assert RuleGroup(name="g", file="g.yml", interval="15s").validate() == [
        "group g: it has no rule"
    ]


def test_a_scrape_job_says_what_is_wrong():
    job = ScrapeJob(
        name="web",
        address="moon",
        interval="10",
        timeout="5s",
        probe=Probe(module="m", address="sun", path="/"),
    )

    assert job.validate() == [
        (
            "job web: it is none of backend, worker, postgres, redis, node, blackbox, prometheus,"
            " alertmanager"
        ),
        "job web: there is no address 'moon'",
        "job web: there is no address 'sun'",
        "job web: '10' is not a duration like 10s",
    ]


@pytest.mark.parametrize(
    "receiver", [Receiver(name="r"), Receiver(name="r", mail_to="oncall", is_heartbeat=True)]
)
def test_a_receiver_is_told_in_exactly_one_way(receiver):
    assert receiver.validate() == ["receiver r: it needs either mail_to or is_heartbeat"]


def test_routes_say_what_is_wrong_at_any_depth():
    route = Route(
        receiver="top",
        matchers=('severity="none"',),
        routes=(
            Route(receiver="r", matchers=("severity: critical",), group_wait="0s"),
            Route(receiver="s", matchers=('a="b"',), repeat_interval="daily"),
        ),
    )

    assert route.validate() == [
        "route to r: 'severity: critical' is not a matcher like severity=\"critical\"",
        (
            "route to r: without group_wait, what should be inhibited is sent before what inhibits"
            " it has arrived"
        ),
        "route to s: 'daily' is not a duration like 10s",
        "the root route must take every alert; it has matchers",
    ]


def test_an_inhibition_may_only_compare_labels_that_every_alert_has():
    rule = Inhibition(source=('alertname="A"',), target=(), equal=("env", "instance"))

    assert rule.validate() == [
        'inhibition by alertname="A": source and target must both say whom they mean',
        "inhibition by alertname=\"A\": not every alert carries the label 'instance'",
    ]


def test_an_inhibition_between_levels_may_compare_which():
    fast, slow = ('burn=~"fast"',), ('burn=~"slow"',)

    assert Inhibition(source=fast, target=slow, equal=("slo", "env")).validate() == []
    assert Inhibition(source=fast, target=('severity="critical"',), equal=("slo",)).validate() == [
        "inhibition by burn=~\"fast\": not every alert carries the label 'slo'"
    ]
