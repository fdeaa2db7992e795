"""Emitted is what the catalogue holds, and the catalogue holds what is emitted."""

import inspect
from collections.abc import Callable
from typing import Literal

import pytest
from prometheus_client import CollectorRegistry

from alojamientos.kit.errors import AlojamientosError
from alojamientos.telemetry import catalogue, context
from alojamientos.telemetry.catalogue import CATALOGUE
from alojamientos.telemetry.instruments import Instruments
from alojamientos.telemetry.recorder import Recorder

Say = Callable[[Recorder], None]

# One call of each verb, and the samples that it must move by one (or set).
VERBS: dict[str, tuple[Say, dict[str, dict[str, str]]]] = {
    "reservation_changed": (
        lambda r: r.reservation_changed(status="confirmed", channel="whatsapp"),
        {
            "reservations_created_total": {"status": "confirmed", "channel": "whatsapp"},
            "reservations_status_changes_total": {"status": "confirmed", "channel": "whatsapp"},
        },
    ),
    "reservation_attempted": (
        lambda r: r.reservation_attempted(channel="api"),
        {"reservations_attempts_total": {"channel": "api"}},
    ),
    "lock_attempted": (
        lambda r: r.lock_attempted(channel="api", result="failed"),
        {
            "reservations_lock_attempts_total": {"channel": "api", "result": "failed"},
            "reservations_lock_failed_total": {"channel": "api"},
        },
    ),
    "date_overlap": (
        lambda r: r.date_overlap(channel="api"),
        {"reservations_date_overlap_total": {"channel": "api"}},
    ),
    "signature_checked": (
        lambda r: r.signature_checked(source="whatsapp", valid=False),
        {
            "webhook_signature_checks_total": {"source": "whatsapp"},
            "webhook_signature_invalid_total": {"source": "whatsapp"},
        },
    ),
    "webhook_event": (
        lambda r: r.webhook_event(source="whatsapp", event_type="text", outcome="accepted"),
        {
            "webhook_events_total": {
                "source": "whatsapp",
                "event_type": "text",
                "outcome": "accepted",
            }
        },
    ),
    "webhook_processed": (
        lambda r: r.webhook_processed(source="whatsapp", event_type="audio", seconds=1),
        {"webhook_processing_seconds_count": {"source": "whatsapp", "event_type": "audio"}},
    ),
    "message_handled": (
        lambda r: r.message_handled(channel="whatsapp", outcome="answered"),
        {"messages_handled_total": {"channel": "whatsapp", "outcome": "answered"}},
    ),
    "outbox_message": (
        lambda r: r.outbox_message(channel="whatsapp", outcome="sent"),
        {"outbox_messages_total": {"channel": "whatsapp", "outcome": "sent"}},
    ),
    "message_status": (
        lambda r: r.message_status(status="read"),
        {"message_status_total": {"status": "read"}},
    ),
    "speech_heard": (
        lambda r: r.speech_heard(outcome="too_slow", seconds=1),
        {"speech_heard_total": {"outcome": "too_slow"}, "speech_hearing_seconds_count": {}},
    ),
    "mail_taken": (
        lambda r: r.mail_taken(nature="guest"),
        {"mails_taken_total": {"nature": "guest"}},
    ),
    "mail_undelivered": (
        lambda r: r.mail_undelivered(reason="bounced"),
        {"mails_undelivered_total": {"reason": "bounced"}},
    ),
    "hand_over_requested": (
        lambda r: r.hand_over_requested(reason="asked"),
        {"conversation_hand_overs_total": {"reason": "asked"}},
    ),
    "intents_detected": (
        lambda r: r.intents_detected(intents=["greeting"], channel="whatsapp"),
        {"nlu_intent_detected_total": {"intent": "greeting", "channel": "whatsapp"}},
    ),
    "nlu_processed": (lambda r: r.nlu_processed(seconds=1), {"nlu_processing_seconds_count": {}}),
    "nlu_dates": (
        lambda r: r.nlu_dates(result="resolved"),
        {"nlu_dates_total": {"result": "resolved"}},
    ),
    "payment_applied": (
        lambda r: r.payment_applied(outcome="revived"),
        {"payments_applied_total": {"outcome": "revived"}},
    ),
    "payment_link_created": (
        lambda r: r.payment_link_created(),
        {"payment_links_created_total": {}},
    ),
    "refund_finished": (
        lambda r: r.refund_finished(status="done"),
        {"refunds_total": {"status": "done"}},
    ),
    "payment_reconciled": (lambda r: r.payment_reconciled(), {"payments_reconciled_total": {}}),
    "feed_failed": (
        lambda r: r.feed_failed(feed="www.airbnb.com/1", error_type="timeout"),
        {"ical_sync_errors_total": {"feed_url": "www.airbnb.com/1", "error_type": "timeout"}},
    ),
    "job_finished": (
        lambda r: r.job_finished(job="jobs.sweep", outcome="ok", seconds=1),
        {
            "job_runs_total": {"job": "jobs.sweep", "outcome": "ok"},
            "job_duration_seconds_count": {"job": "jobs.sweep"},
        },
    ),
    "journey_finished": (
        lambda r: r.journey_finished(outcome="failure"),
        {"journeys_total": {"outcome": "failure"}},
    ),
    "journey_step": (
        lambda r: r.journey_step(step="hold", outcome="success", seconds=1),
        {
            "journey_steps_total": {"step": "hold", "outcome": "success"},
            "journey_step_seconds_count": {"step": "hold"},
        },
    ),
    "outbound_call": (
        lambda r: r.outbound_call(
            provider="whatsapp", operation="send_message", outcome="2xx", seconds=1
        ),
        {
            "outbound_requests_total": {
                "provider": "whatsapp",
                "operation": "send_message",
                "outcome": "2xx",
            },
            "outbound_request_seconds_count": {
                "provider": "whatsapp",
                "operation": "send_message",
            },
        },
    ),
    "rate_limited": (lambda r: r.rate_limited(), {"rate_limited_requests_total": {}}),
    "rate_limit_unavailable": (
        lambda r: r.rate_limit_unavailable(),
        {"rate_limit_unavailable_total": {}},
    ),
    "log_event": (lambda r: r.log_event(level="error"), {"log_events_total": {"level": "error"}}),
    "subscriber_failed": (
        lambda r: r.subscriber_failed(),
        {"fact_subscriber_errors_total": {}},
    ),
    "event_loop_lag": (lambda r: r.event_loop_lag(seconds=1), {"event_loop_lag_seconds": {}}),
}
NO_VERBS = {"for_tests", "value", "expect_jobs", "expect_feed"}
# What every Prometheus client tells of its process.
STANDARD = "process_"


def samples(recorder: Recorder) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in recorder.instruments.registry.collect()
        for sample in family.samples
        if not sample.name.startswith(STANDARD)
    }


def test_every_verb_is_exercised_here():
    public = {
        name
        for name, _ in inspect.getmembers(Recorder, inspect.isroutine)
        if not name.startswith("_")
    }

    assert set(VERBS) == public - NO_VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_moves_its_metrics_and_no_other(verb: str):
    recorder = Recorder.for_tests()
    before = samples(recorder)
    say, expected = VERBS[verb]

    say(recorder)

    moved = {
        key
        for key, value in samples(recorder).items()
        if value != before.get(key, 0) and not key[0].endswith(("_sum", "_bucket"))
    }
    assert moved == {(name, tuple(sorted(labels.items()))) for name, labels in expected.items()}


def test_the_verbs_together_move_every_metric_that_is_neither_collected_nor_a_librarys():
    recorder = Recorder.for_tests()
    before = samples(recorder)
    for say, _ in VERBS.values():
        say(recorder)

    moved = {
        name for (name, labels), v in samples(recorder).items() if v != before.get((name, labels))
    }

    families = {
        metric.name
        for metric in CATALOGUE.values()
        if any(name in (metric.name, f"{metric.name}_count") for name in moved)
    }
    assert families == {
        metric.name
        for metric in CATALOGUE.values()
        if not metric.collected and metric.owner != "telemetry.http"
    }


def test_every_family_on_the_registry_is_in_the_catalogue():
    registry = Recorder.for_tests().instruments.registry

    names = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in registry.collect()
        if not family.name.startswith(STANDARD)
    }

    assert names <= set(CATALOGUE)


@pytest.mark.parametrize(
    "metric",
    [metric for metric in CATALOGUE.values() if metric.is_closed and not metric.collected],
    ids=lambda metric: metric.name,
)
def test_every_label_set_of_a_closed_set_is_there_at_zero_from_the_start(metric: catalogue.Metric):
    recorder = Recorder.for_tests()
    suffix = "_count" if metric.kind in ("histogram", "summary") else ""

    values = [
        recorder.value(metric.name + suffix, **dict(zip(metric.labels, known, strict=True)))
        for known in metric.known_label_sets()
    ]

    assert values == [0.0] * len(values)
    assert values


def test_the_jobs_that_a_worker_expects_are_there_before_their_first_run():
    recorder = Recorder.for_tests()

    recorder.expect_jobs(["jobs.sweep"])

    assert recorder.value("job_runs_total", job="jobs.sweep", outcome="failed") == 0
    assert recorder.value("job_duration_seconds_count", job="jobs.sweep") == 0


def test_the_errors_of_a_feed_are_there_before_the_first_one():
    recorder = Recorder.for_tests()

    recorder.expect_feed(feed="www.airbnb.com/1")

    for error_type in catalogue.FEED_ERRORS:
        labels = {"feed_url": "www.airbnb.com/1", "error_type": error_type}
        assert recorder.value("ical_sync_errors_total", **labels) == 0


def test_a_worker_has_room_for_many_feeds():
    registry = CollectorRegistry(auto_describe=True)
    recorder = Recorder(Instruments(process="worker", registry=registry))
    recorder.expect_jobs(f"room.job_{number}" for number in range(17))
    for number in range(12):
        recorder.expect_feed(feed=f"www.airbnb.com/{number}")

    # It serves no requests: what it reads for the scrape needs little room below 1,500.
    assert sum(len(family.samples) for family in registry.collect()) <= 1450


def test_an_unknown_value_becomes_other_where_the_set_has_that():
    recorder = Recorder.for_tests()

    recorder.intents_detected(intents=["order_pizza"], channel="whatsapp")

    assert recorder.value("nlu_intent_detected_total", intent="other", channel="whatsapp") == 1


@pytest.mark.parametrize(
    "say",
    [
        lambda r: r.reservation_changed(status="exploded", channel="carrier_pigeon"),
        lambda r: r.webhook_event(source="mercadopago", event_type="audio", outcome="accepted"),
        lambda r: r.log_event(level="shouting"),
        lambda r: r.message_status(status="5491155550000"),
    ],
)
def test_an_unknown_value_is_dropped_where_it_has_not(say: Say):
    recorder = Recorder.for_tests()
    before = samples(recorder)

    say(recorder)

    assert samples(recorder) == before


def test_a_process_has_only_its_own_metrics():
    web, worker = Instruments(process="web"), Instruments(process="worker")

    assert web.registry.get_sample_value("rate_limited_requests_total") == 0
    assert worker.registry.get_sample_value("rate_limited_requests_total") is None
    Recorder(worker).rate_limited()
    assert worker.registry.get_sample_value("rate_limited_requests_total") is None


def test_a_series_that_a_process_does_not_have_is_not_handed_out():
    with pytest.raises(AlojamientosError, match="http_requests_total"):
        Instruments(process="worker").child(
            catalogue.HTTP_REQUESTS, handler="/", method="GET", status="200"
        )


@pytest.mark.parametrize("process", ["web", "worker"])
def test_series_stay_within_the_budget_and_none_is_a_creation_time(
    process: Literal["web", "worker"],
):
    registry = CollectorRegistry(auto_describe=True)
    recorder = Recorder(Instruments(process=process, registry=registry))
    recorder.expect_jobs(f"room.job_{number}" for number in range(15))

    names = [sample.name for family in registry.collect() for sample in family.samples]

    assert len(names) <= 1250  # requests and collected state need room below 1,500
    assert not [name for name in names if name.endswith("_created")]


def test_a_duration_carries_the_trace_that_it_was_part_of():
    recorder = Recorder.for_tests()
    with context.trace("0af7651916cd43dd8448eb211c80319c"):
        recorder.nlu_processed(seconds=0.002)

    exemplars = [
        sample.exemplar.labels
        for family in recorder.instruments.registry.collect()
        if family.name == "nlu_processing_seconds"
        for sample in family.samples
        if sample.exemplar
    ]

    assert exemplars == [{"trace_id": "0af7651916cd43dd8448eb211c80319c"}]
