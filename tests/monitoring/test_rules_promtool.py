"""Every alert does what its cases say, by promtool's word."""

import pytest
from tests.monitoring.cases import slo
from tests.monitoring.rule_cases import CASES, TEXTS
from tests.monitoring.tools.promtool import run_cases
from tests.monitoring.tools.rules import committed

from alojamientos.monitoring import definitions

ALERTS = {rule.name: rule for group in definitions.RULE_GROUPS for rule in group.alerts}
# Their words are of what is recorded by whole files: test_slo_alerts.py.
OF_SLOS = {case.alert for case in slo.CASES}


@pytest.mark.parametrize("alert", ALERTS)
def test_alert_fires_and_keeps_quiet_as_it_should(alert, tool, tmp_path):
    cases = [case for case in CASES if case.alert == alert]

    assert run_cases(tool("promtool"), cases, tmp_path, committed()) == ""


def test_templates_read_well(tool, tmp_path):
    texts = [case for case in TEXTS if case.alert not in OF_SLOS]

    assert run_cases(tool("promtool"), texts, tmp_path, committed()) == ""


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_firing_a_quiet_and_a_boundary_case(alert):
    kinds = {case.kind for case in CASES if case.alert == alert}

    if not ALERTS[alert].hold:  # one that fires always is never quiet and has no boundary
        assert kinds >= {"firing"}
    else:
        assert kinds >= {"firing", "quiet", "boundary"}


def test_no_case_is_about_an_alert_that_is_gone():
    assert {case.alert for case in CASES + TEXTS} <= set(ALERTS)
