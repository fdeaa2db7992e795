"""The oldest and the newest Prometheus take the rules, and do with them what ours does."""

import subprocess

import pytest
from tests.monitoring.conftest import ROOT
from tests.monitoring.rule_cases import CASES
from tests.monitoring.tools.promtool import run_cases
from tests.monitoring.tools.rules import committed

from alojamientos.ops.launcher.promtools import NEWEST, OLDEST

AGES = (OLDEST, NEWEST)


def _run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_they_are_what_their_names_say(promtools):
    assert "version 2.42." in _run(promtools[OLDEST], "--version")
    assert "version 3." in _run(promtools[NEWEST], "--version")


@pytest.mark.parametrize("age", AGES)
def test_rules_are_sound(age, promtools):
    files = sorted(map(str, (ROOT / "monitoring/prometheus").glob("*/*.yml")))

    assert files
    _run(promtools[age], "check", "rules", "--lint=all", "--lint-fatal", *files)


@pytest.mark.parametrize("age", AGES)
def test_the_configuration_is_accepted(age, promtools, native):
    _run(promtools[age], "check", "config", str(native.prometheus))


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("alert", committed())
def test_alerts_fire_and_keep_quiet_as_they_should(alert, age, promtools, tmp_path):
    cases = [case for case in CASES if case.alert == alert]

    assert run_cases(promtools[age], cases, tmp_path, committed()) == ""
