"""What others have built dashboards and alerts on: spelled out here once more, on purpose."""

from enum import StrEnum

import pytest

from alojamientos.conversation.events import HandOverReason
from alojamientos.conversation.messages import Hearing, MessageKind
from alojamientos.nlu.values import Intent
from alojamientos.payments.events import Outcome
from alojamientos.reservations.events import Channel, Status
from alojamientos.telemetry import catalogue
from alojamientos.telemetry.catalogue import CATALOGUE

SPECIFIED = {
    "reservations_created_total": ("counter", ["status", "channel"]),
    "reservations_lock_failed_total": ("counter", ["channel"]),
    "reservations_date_overlap_total": ("counter", ["channel"]),
    "webhook_signature_invalid_total": ("counter", ["source"]),
    "webhook_processing_seconds": ("histogram", ["source", "event_type"]),
    "ical_last_sync_age_minutes": ("gauge", ["feed_url"]),
    "ical_sync_errors_total": ("counter", ["feed_url", "error_type"]),
    "nlu_intent_detected_total": ("counter", ["intent", "channel"]),
    "nlu_processing_seconds": ("histogram", []),
}
HTTP = {
    "http_requests_total": {"handler", "method", "status"},
    "http_request_duration_seconds": {"handler", "method"},
    "http_requests_inprogress": {"handler", "method"},
}


@pytest.mark.parametrize("name", SPECIFIED)
def test_the_business_metrics_have_the_names_and_labels_of_the_specification(name: str):
    kind, labels = SPECIFIED[name]

    metric = CATALOGUE[name]

    assert metric.kind == kind
    assert list(metric.labels) == labels


@pytest.mark.parametrize("name", HTTP)
def test_the_http_metrics_have_the_names_and_labels_of_the_specification(name: str):
    assert set(CATALOGUE[name].labels) == HTTP[name]


@pytest.mark.parametrize(
    ("values", "mirrored"),
    [
        (catalogue.CHANNELS, Channel),
        (catalogue.STATUSES, Status),
        (catalogue.PAYMENT_OUTCOMES, Outcome),
        (catalogue.MESSAGE_KINDS, MessageKind),
        (catalogue.INTENTS, Intent),
        (catalogue.HEARINGS, Hearing),
        (catalogue.HAND_OVER_REASONS, HandOverReason),
    ],
)
def test_closed_label_sets_are_those_of_the_rooms_that_they_mirror(
    values: tuple[str, ...], mirrored: type[StrEnum]
):
    assert set(values) == {member.value for member in mirrored}


def test_there_are_at_least_thirty_families_of_our_own():
    ours = [metric for metric in CATALOGUE.values() if not metric.name.startswith("http_")]

    assert len(ours) >= 30


@pytest.mark.parametrize("metric", CATALOGUE.values(), ids=CATALOGUE)
def test_names_follow_the_conventions_of_prometheus(metric: catalogue.Metric):
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.help.endswith(".")
    assert (metric.kind == "histogram") == bool(metric.buckets)
    if metric.unit:
        assert metric.name.endswith(metric.unit)


def test_every_threshold_of_the_specification_is_a_buckets_edge():
    assert {3, 4, 6, 15, 20, 30, 60} <= set(catalogue.LATENCY_BUCKETS)


@pytest.mark.parametrize("metric", CATALOGUE.values(), ids=CATALOGUE)
def test_known_label_sets_hold_only_known_values(metric: catalogue.Metric):
    for values in metric.known_label_sets():
        for allowed, value in zip(metric.labels.values(), values, strict=True):
            assert allowed is not None
            assert value in allowed
