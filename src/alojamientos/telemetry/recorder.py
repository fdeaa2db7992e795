"""What can be told to the metrics, as verbs. Whoever calls one knows no name and no label."""

from collections.abc import Iterable
from typing import Self

from alojamientos.telemetry import catalogue, context
from alojamientos.telemetry.instruments import Instruments

_CREATED = frozenset(catalogue.BLOCKING_STATUSES)


class Recorder:
    """Record on the instruments of one process; a value that nobody knows is never an error."""

    def __init__(self, instruments: Instruments) -> None:
        self.instruments = instruments

    @classmethod
    def for_tests(cls) -> Self:
        """Return a recorder with every instrument, on a registry of its own."""
        return cls(Instruments(process="all"))

    def value(self, name: str, **labels: str) -> float | None:
        """Return the present value of a sample, or None when there is no such series."""
        return self.instruments.registry.get_sample_value(name, labels)

    # --- reservations ---
    def reservation_changed(self, *, status: str, channel: str) -> None:
        self.instruments.count(
            catalogue.RESERVATIONS_STATUS_CHANGES, status=status, channel=channel
        )
        if status in _CREATED:
            self.instruments.count(catalogue.RESERVATIONS_CREATED, status=status, channel=channel)

    def reservation_attempted(self, *, channel: str) -> None:
        self.instruments.count(catalogue.RESERVATIONS_ATTEMPTS, channel=channel)

    def lock_attempted(self, *, channel: str, result: str) -> None:
        """Count an attempt at the lock in front: acquired, failed or skipped."""
        self.instruments.count(catalogue.RESERVATIONS_LOCK_ATTEMPTS, channel=channel, result=result)
        if result == "failed":
            self.instruments.count(catalogue.RESERVATIONS_LOCK_FAILED, channel=channel)

    def date_overlap(self, *, channel: str) -> None:
        self.instruments.count(catalogue.RESERVATIONS_DATE_OVERLAP, channel=channel)

    # --- webhooks and messages ---
    def signature_checked(self, *, source: str, valid: bool) -> None:
        self.instruments.count(catalogue.WEBHOOK_SIGNATURE_CHECKS, source=source)
        if not valid:
            self.instruments.count(catalogue.WEBHOOK_SIGNATURE_INVALID, source=source)

    def webhook_event(self, *, source: str, event_type: str, outcome: str) -> None:
        self.instruments.count(
            catalogue.WEBHOOK_EVENTS, source=source, event_type=event_type, outcome=outcome
        )

    def webhook_processed(self, *, source: str, event_type: str, seconds: float) -> None:
        """Observe the seconds from an event's receipt to the end of its work."""
        self.instruments.observe(
            catalogue.WEBHOOK_PROCESSING,
            seconds,
            trace_id=context.current_trace_id(),
            source=source,
            event_type=event_type,
        )

    def message_handled(self, *, channel: str, outcome: str) -> None:
        self.instruments.count(catalogue.MESSAGES_HANDLED, channel=channel, outcome=outcome)

    def outbox_message(self, *, channel: str, outcome: str) -> None:
        self.instruments.count(catalogue.OUTBOX_MESSAGES, channel=channel, outcome=outcome)

    def message_status(self, *, status: str) -> None:
        self.instruments.count(catalogue.MESSAGE_STATUS, status=status)

    def speech_heard(self, *, outcome: str, seconds: float | None) -> None:
        """Count a voice note; the seconds are those that fetching it and listening took."""
        self.instruments.count(catalogue.SPEECH_HEARD, outcome=outcome)
        if seconds is not None:
            self.instruments.observe(
                catalogue.SPEECH_SECONDS, seconds, trace_id=context.current_trace_id()
            )

    def hand_over_requested(self, *, reason: str) -> None:
        self.instruments.count(catalogue.HAND_OVERS, reason=reason)

    def mail_taken(self, *, nature: str) -> None:
        self.instruments.count(catalogue.MAILS_TAKEN, nature=nature)

    def mail_undelivered(self, *, reason: str) -> None:
        """Count a mail of ours that did not arrive: bounced, or refused by our own server."""
        self.instruments.count(catalogue.MAILS_UNDELIVERED, reason=reason)

    # --- understanding ---
    def intents_detected(self, *, intents: Iterable[str], channel: str) -> None:
        for intent in intents:
            self.instruments.count(catalogue.NLU_INTENT_DETECTED, intent=intent, channel=channel)

    def nlu_processed(self, *, seconds: float) -> None:
        self.instruments.observe(
            catalogue.NLU_PROCESSING, seconds, trace_id=context.current_trace_id()
        )

    def nlu_dates(self, *, result: str) -> None:
        self.instruments.count(catalogue.NLU_DATES, result=result)

    # --- payments ---
    def payment_applied(self, *, outcome: str) -> None:
        self.instruments.count(catalogue.PAYMENTS_APPLIED, outcome=outcome)

    def payment_link_created(self) -> None:
        self.instruments.count(catalogue.PAYMENT_LINKS_CREATED)

    def refund_finished(self, *, status: str) -> None:
        self.instruments.count(catalogue.REFUNDS, status=status)

    def payment_reconciled(self) -> None:
        self.instruments.count(catalogue.PAYMENTS_RECONCILED)

    # --- calendars ---
    def expect_feed(self, *, feed: str) -> None:
        """Make the series of a feed's errors exist before its first one."""
        self.instruments.prepare(catalogue.ICAL_SYNC_ERRORS, feed_url=(feed,))

    def feed_failed(self, *, feed: str, error_type: str) -> None:
        """Count a failed read of a calendar; `feed` is its host and id, nothing secret."""
        self.instruments.count(catalogue.ICAL_SYNC_ERRORS, feed_url=feed, error_type=error_type)

    # --- jobs, providers, the process itself ---
    def expect_jobs(self, names: Iterable[str]) -> None:
        """Make the series of the jobs that a worker runs exist before their first run."""
        known = tuple(names)
        self.instruments.prepare(catalogue.JOB_RUNS, job=known)
        self.instruments.prepare(catalogue.JOB_DURATION, job=known)

    def job_finished(self, *, job: str, outcome: str, seconds: float) -> None:
        self.instruments.count(catalogue.JOB_RUNS, job=job, outcome=outcome)
        self.instruments.observe(
            catalogue.JOB_DURATION, seconds, trace_id=context.current_trace_id(), job=job
        )

    def journey_finished(self, *, outcome: str) -> None:
        self.instruments.count(catalogue.JOURNEYS, outcome=outcome)

    def journey_step(self, *, step: str, outcome: str, seconds: float) -> None:
        self.instruments.count(catalogue.JOURNEY_STEPS_DONE, step=step, outcome=outcome)
        self.instruments.observe(catalogue.JOURNEY_STEP_SECONDS, seconds, step=step)

    def outbound_call(self, *, provider: str, operation: str, outcome: str, seconds: float) -> None:
        self.instruments.count(
            catalogue.OUTBOUND_REQUESTS, provider=provider, operation=operation, outcome=outcome
        )
        self.instruments.observe(
            catalogue.OUTBOUND_SECONDS,
            seconds,
            trace_id=context.current_trace_id(),
            provider=provider,
            operation=operation,
        )

    def rate_limited(self) -> None:
        self.instruments.count(catalogue.RATE_LIMITED_REQUESTS)

    def rate_limit_unavailable(self) -> None:
        self.instruments.count(catalogue.RATE_LIMIT_UNAVAILABLE)

    def log_event(self, *, level: str) -> None:
        self.instruments.count(catalogue.LOG_EVENTS, level=level)

    def subscriber_failed(self) -> None:
        self.instruments.count(catalogue.FACT_SUBSCRIBER_ERRORS)

    def event_loop_lag(self, *, seconds: float) -> None:
        self.instruments.set(catalogue.EVENT_LOOP_LAG, seconds)
