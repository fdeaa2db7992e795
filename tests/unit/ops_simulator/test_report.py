import pytest

from alojamientos.kit.errors import Invalid
from alojamientos.ops.simulator.report import TrafficPlan, TrafficReport, judge, parse_rate

PLAN = TrafficPlan(rate=1, seconds=1, seed=1)


@pytest.mark.parametrize(
    ("text", "rate"), [("5/s", 5), ("2", 2), ("30/min", 0.5), ("3600/h", 1), (" 1 / s", 1)]
)
def test_a_rate_is_messages_per_second(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "x/s", "5/day", "0", "-1/s", "1000/s", "nan", "inf"])
def test_a_rate_that_cannot_be_is_refused(text):
    with pytest.raises(Invalid, match="5/s"):
        parse_rate(text)


def test_percentiles_are_of_the_answers():
    report = TrafficReport(plan=PLAN, latencies=[0.3, 0.1, 0.2])

    assert (report.latency(0.5), report.latency(1.0)) == (0.2, 0.3)
    assert TrafficReport(plan=PLAN).latency(0.5) is None


def test_a_report_without_a_check_of_the_invariants_is_not_well():
    report = TrafficReport(plan=PLAN)

    judge(report)

    assert report.problems == ["invariants: the check did not say ok"]


def test_nobody_listening_and_server_errors_are_problems():
    report = TrafficReport(plan=PLAN, invariants={"ok": True})
    report.statuses.update({"whatsapp:0": 2, "mercadopago:503": 1, "whatsapp:200": 9})

    judge(report)

    assert report.problems == [
        "1 webhooks were answered with 5xx",
        "2 webhooks found nobody listening",
    ]
