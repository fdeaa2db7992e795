"""The whole stack with a guest who only presses."""

import json

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.xdist_group("stack")]


def test_a_stay_is_booked_paid_and_cancelled_by_pressing_alone(stack):
    report = json.loads(stack.cli("simulate", "buttons", "--json").stdout)

    assert report["problems"] == []
    assert [check["ok"] for check in report["audit"]] == [True] * 9
    assert {"change:yes", "pay the deposit"} <= set(report["pressed"])
