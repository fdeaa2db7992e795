"""Every recording rule records what its readings say, by promtool's word."""

import pytest
from tests.monitoring.cases.readings import READINGS
from tests.monitoring.tools.promtool import read
from tests.monitoring.tools.rules import recordings

RULES = recordings()


@pytest.mark.parametrize(("record", "slo"), sorted(RULES))
def test_a_rule_records_what_it_should(record, slo, tool, tmp_path):
    readings = [r for r in READINGS if r.record == record and slo in ("", r.slo)]

    assert readings, f"no reading of {record} {slo} in cases/readings.py"
    assert read(tool("promtool"), readings, tmp_path, RULES[record, slo]) == ""


def test_no_reading_is_of_a_rule_that_is_gone():
    known = {record for record, _ in RULES}

    assert {reading.record for reading in READINGS} <= known
