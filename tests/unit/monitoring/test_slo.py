"""Service levels that cannot work are refused when they are defined."""

from dataclasses import replace
from decimal import Decimal

import pytest

from alojamientos.monitoring import slo_alerts, slo_rules
from alojamientos.monitoring.definitions.slos import OUTAGE, POLICIES, SLOS
from alojamientos.monitoring.promql import InvalidExpression, equals
from alojamientos.monitoring.slo import Burn, Failing, Policy, Slow, Stale, minutes_until
from alojamientos.telemetry.catalogue import HTTP_REQUESTS, WEBHOOK_PROCESSING

BY_NAME = {slo.name: slo for slo in SLOS}
HTTP = BY_NAME["http-availability"]
TEXT = BY_NAME["webhook-text-latency"]
PAYMENT = BY_NAME["payment-notifications"]
FAST = POLICIES[0].burns[0]


def problems(slo, policies=POLICIES, outage=OUTAGE):
    return slo.validate(policies, outage)


@pytest.mark.parametrize("slo", SLOS, ids=lambda slo: slo.name)
def test_every_level_is_sound(slo):
    assert problems(slo) == []


def test_the_specifications_targets_are_kept():
    found = {}
    for slo in SLOS:
        match slo.indicator:
            case Slow(seconds=seconds):
                found[slo.name] = (str(slo.objective), f"{seconds:g} s")
            case Stale(limit=limit):
                found[slo.name] = (str(slo.objective), f"{limit} min")
            case Failing(metric=metric):
                bad = "5xx" if metric is HTTP_REQUESTS else "failed"
                found[slo.name] = (str(slo.objective), bad)

    assert found == {
        "webhook-text-latency": ("0.95", "3 s"),
        "webhook-audio-latency": ("0.95", "15 s"),
        "prereservation-latency": ("0.95", "3 s"),
        "ical-freshness": ("0.99", "20 min"),
        "http-availability": ("0.99", "5xx"),
        "payment-notifications": ("0.995", "60 s"),
        "booking-journey": ("0.99", "failed"),
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"objective": Decimal("0.93")}, "ErrorBudgetBurnFast at 14.4 times can never fire"),
        ({"objective": Decimal("0.8")}, "ErrorBudgetBurnSlow at 6 times can never fire"),
        ({"objective": Decimal("0.5")}, "already an outage"),
        ({"objective": Decimal(1)}, "not between 0 and 1"),
        ({"events_per_month": 999}, "allow 9.99 bad ones, fewer than 10"),
        ({"despite": "reasons"}, "needs no excuse"),
        ({"name": "HTTP"}, "words-with-dashes"),
        ({"service": "kitchen"}, "service 'kitchen' is none of"),
        ({"depends_on": ("kitchen",)}, "service 'kitchen' is none of"),
        ({"owner_es": " "}, "owner_es is missing"),
    ],
)
def test_what_is_wrong_with_a_level_is_said(change, says):
    assert any(says in text for text in problems(replace(HTTP, **change)))


@pytest.mark.parametrize(
    ("slo", "change"),
    [
        # 14.4 times its budget is just below everything.
        (HTTP, {"objective": Decimal("0.931")}),
        (HTTP, {"events_per_month": 1_000}),
        # Tickets are reached at 6 times 16 %; pages would not be.
        (HTTP, {"objective": Decimal("0.9"), "pages": False}),
    ],
)
def test_the_edge_of_what_works_is_let_through(slo, change):
    assert problems(replace(slo, **change)) == []


def test_a_budget_finer_than_the_traffic_stands_only_with_a_reason():
    assert PAYMENT.despite
    assert any("fewer than 10" in text for text in problems(replace(PAYMENT, despite="")))


def test_a_threshold_that_is_no_bucket_is_refused_when_it_is_recorded():
    slow = Slow(metric=WEBHOOK_PROCESSING, where=(equals("event_type", "text"),), seconds=5.0)

    with pytest.raises(InvalidExpression, match="no bucket that ends at 5"):
        slo_rules.recording_groups((replace(TEXT, indicator=slow),))


def test_only_counters_that_exist_from_the_start_are_missed():
    rule = next(
        rule
        for rule in slo_alerts.alert_group(SLOS, POLICIES, OUTAGE).alerts
        if rule.name == slo_alerts.MISSING_ALERT
    )

    assert {name for name in BY_NAME if f'"{name}"' in str(rule.expr)} == {
        *("webhook-text-latency", "webhook-audio-latency", "payment-notifications"),
        "booking-journey",
    }


@pytest.mark.parametrize(
    ("objective", "share", "minutes"),
    [
        ("0.99", "1", "8.64"),
        ("0.99", "0.5", "17.28"),
        ("0.99", "0.2", "43.2"),
        ("0.95", "1", "43.2"),
        ("0.999", "1", "0.864"),
        # 14.4 % is not more than 14.4 %.
        ("0.99", "0.144", None),
    ],
)
def test_detection_times_are_the_workbooks(objective, share, minutes):
    found = minutes_until(replace(HTTP, objective=Decimal(objective)), FAST, Decimal(share))

    assert found == (None if minutes is None else Decimal(minutes))


def test_alerts_of_new_factors_are_new_rules():
    policy = Policy(
        alert="ErrorBudgetMelting",
        burn="fast",
        severity="critical",
        burns=(Burn(factor=Decimal(20), long="2h", short="10m"),),
        min_bad=7,
    )
    group = slo_alerts.alert_group((HTTP,), (policy,), OUTAGE)
    rule = next(rule for rule in group.alerts if rule.name == "ErrorBudgetMelting")

    assert group.validate() == []
    assert str(rule.expr).splitlines() == [
        (
            "(slo:bad_per_total:ratio_rate2h / slo:error_budget:ratio)"
            " * on (slo) group_left (service, depends_on) slo:definition:info > 20"
        ),
        "and on (slo)",
        "slo:bad_per_total:ratio_rate10m / slo:error_budget:ratio > 20",
        "and on (slo)",
        "slo:bad_events:rate2h * 7200 >= 7",
    ]


def test_steady_events_want_as_many_bad_ones_as_a_full_window_would_hold():
    steady = replace(HTTP, name="steady", events_per_month=43_200, steady=True)
    policy = Policy(
        alert="ErrorBudgetTicket",
        burn="ticket",
        severity="warning",
        burns=(Burn(factor=Decimal(3), long="1d", short="2h"),),
    )
    group = slo_alerts.alert_group((HTTP, steady), (policy,), OUTAGE)
    rule = next(rule for rule in group.alerts if rule.name == policy.alert)

    assert group.validate() == []
    # 3 % of a day's 1,440 events; the others keep what is no chance.
    assert str(rule.expr).splitlines()[-3:] == [
        '(slo:bad_events:increase1d{slo!~"steady"} >= 3',
        "or",
        'slo:bad_events:increase1d{slo="steady"} >= 43)',
    ]


@pytest.mark.parametrize(
    ("factor", "window", "bad"),
    [("1", "30d", 432), ("3", "1d", 43), ("14.4", "1h", 8), ("1", "5m", 0)],
)
def test_bad_events_at_a_factor_are_those_of_a_full_window(factor, window, bad):
    slo = replace(HTTP, events_per_month=43_200)

    assert slo.bad_events_at(Decimal(factor), window) == bad
