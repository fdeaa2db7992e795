"""The hunt for mutants finds what cases miss, and says so."""

import pytest
from tests.monitoring.cases.readings import READINGS
from tests.monitoring.rule_cases import CASES
from tests.monitoring.tools import mutants, mutations
from tests.monitoring.tools.rules import committed, recordings

ALERT = "RefundsFailing"
RECORDED = "slo:bad_per_total:ratio_rate1d"
EXPR = 'sum by (a) (rate(x_total{job="j",k=~"b|c"}[5m])) > 3 and on (a) max(y) == 0'


@pytest.mark.parametrize(
    "changed",
    [
        'sum by (a) (rate(x_total{job="j",k=~"b|c"}[5m])) >= 3 and on (a) max(y) == 0',
        'sum by (a) (rate(x_total{job="j",k=~"b|c"}[5m])) > 4 and on (a) max(y) == 0',
        'sum by (a) (rate(x_total{job="j",k=~"b|c"}[600s])) > 3 and on (a) max(y) == 0',
        'max by (a) (rate(x_total{job="j",k=~"b|c"}[5m])) > 3 and on (a) max(y) == 0',
        'sum (rate(x_total{job="j",k=~"b|c"}[5m])) > 3 and on (a) max(y) == 0'.replace(
            "sum (", "sum("
        ),
        'sum by (a) (rate(x_total{k=~"b|c"}[5m])) > 3 and on (a) max(y) == 0',
        'sum by (a) (rate(x_total{job="j",k=~"c"}[5m])) > 3 and on (a) max(y) == 0',
        'sum by (a) (rate(x_total{job!="j",k=~"b|c"}[5m])) > 3 and on (a) max(y) == 0',
        'sum by (a) (rate(x_total{job="j",k=~"b|c"}[5m])) > 3 unless on (a) max(y) == 0',
        'sum by (a) (rate(x_total{job="j",k=~"b|c"}[5m])) > 3 and on (a) max(y) != 0',
    ],
)
def test_an_expression_is_changed_in_one_place_at_a_time(changed):
    texts = [text.replace("sum (", "sum(") for _, text in mutations.of_expression(EXPR)]

    assert changed in texts
    assert EXPR not in texts


def test_changes_of_one_expression_have_names_of_their_own():
    for rule in committed().values():
        names = [what for what, _ in mutations.of_expression(rule.alert["expr"])]
        assert len(names) == len(set(names)), rule.alert["alert"]


def test_a_hold_is_changed_by_a_step_and_left_out():
    assert [text for _, text in mutations.of_hold("5m", 10)] == ["290s", "310s", "0s"]


def test_good_cases_catch_what_they_should(tool, capsys):
    rules = {ALERT: committed()[ALERT]}
    results = list(mutants.hunt(tool("promtool"), mutants.in_alerts(rules, CASES), workers=2))

    mutants.report(results, mutants.reasons())
    assert "survived, 0 of them not explained" in capsys.readouterr().out


def test_cases_that_only_keep_quiet_are_found_out(tool, capsys):
    rules = {ALERT: committed()[ALERT]}
    lazy = [case for case in CASES if case.kind == "absent"]
    results = list(mutants.hunt(tool("promtool"), mutants.in_alerts(rules, lazy), workers=2))

    assert not mutants.report(results, {})
    assert f"survived   {ALERT}: > → <" in capsys.readouterr().out


def test_readings_catch_what_goes_wrong_in_a_recording(tool, capsys):
    rules = {key: rule for key, rule in recordings().items() if key[0] == RECORDED}
    found = mutants.hunt(tool("promtool"), mutants.in_recordings(rules, READINGS), workers=2)

    mutants.report(found, mutants.reasons())
    assert "survived, 0 of them not explained" in capsys.readouterr().out


def test_a_recording_without_readings_is_found_out(tool, capsys):
    rules = {key: rule for key, rule in recordings().items() if key[0] == RECORDED}
    found = mutants.hunt(tool("promtool"), mutants.in_recordings(rules, ()), workers=2)

    assert not mutants.report(found, {})
    assert f"survived   {RECORDED}: 0 → 1" in capsys.readouterr().out


def test_reasons_are_about_rules_that_exist():
    names = {*committed(), *(f"{record} {slo}".strip() for record, slo in recordings())}

    assert {name for name, _ in mutants.reasons()} <= names
