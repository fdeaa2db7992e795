"""Every metric that this project emits, as data.

Instruments, the reference page, the alert rules and the conformance test all read this. A label
maps to the closed tuple of its values, or to None where configuration bounds it (routes, feeds,
jobs, collectors). Telemetry knows no other room, so the sets are spelled here; a test holds them
equal to the enums that they mirror.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

Kind = Literal["counter", "gauge", "histogram", "summary"]
Process = Literal["web", "worker", "both"]
Values = tuple[str, ...]

# Every threshold of the specification (3, 4, 6, 15, 20, 30 s) is a bucket's edge.
LATENCY_BUCKETS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0),
    *(10.0, 15.0, 20.0, 30.0, 60.0),
)
# A job takes milliseconds or, when something is wrong, until its deadline; there are many of them.
JOB_BUCKETS = (0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 240.0)
# Reading a sentence takes microseconds to milliseconds.
FAST_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)

OTHER = "other"  # a set that holds it takes every unknown value as this one
CHANNELS = ("whatsapp", "email", "api", "manual")
STATUSES = ("pre_reserved", "confirmed", "cancelled", "expired", "completed", "no_show")
BLOCKING_STATUSES = ("pre_reserved", "confirmed")
LOCK_RESULTS = ("acquired", "failed", "skipped")
MESSAGE_KINDS = (
    *("text", "button", "audio", "image", "document", "video", "sticker", "reaction"),
    *("location", "contacts", "edit", "revoke", "system", "unsupported"),
)
WHATSAPP_EVENTS = (*MESSAGE_KINDS, "echo", "status", "other")  # echo: the owner wrote
WEBHOOK_SOURCES = ("whatsapp", "mercadopago")
MERCADOPAGO_EVENTS = ("payment", "merchant_order", OTHER)
WEBHOOK_OUTCOMES = ("accepted", "duplicate", "ignored", "malformed")
HANDLING_OUTCOMES = ("answered", "ignored", "paused", "failed")
CONVERSATION_CHANNELS = ("whatsapp", "email")
INTENTS = (
    *("greeting", "availability", "price", "book", "confirm", "deny", "payment_info", "cancel"),
    *("modify_dates", "my_reservation", "services", "location", "checkin_info", "photos"),
    *("discount", "human", "thanks", "complaint", OTHER),
)
DATES_RESULTS = ("resolved", "ambiguous", "incomplete", "invalid", "none")
PAYMENT_OUTCOMES = (
    *("seen", "confirmed", "revived", "refund_dates_taken", "refund_cancelled"),
    *("refund_duplicate", "partial", "balance", "rejected", "refunded", "charged_back"),
    *("disputed", "orphan", "foreign"),
)
REFUND_STATUSES = ("done", "failed")
DELIVERY_OUTCOMES = ("sent", "retried", "failed", "ambiguous", "window_closed")
HAND_OVER_REASONS = ("asked", "refund", "change", "failed", "undelivered")
HEARINGS = ("heard", "unsure", "nothing", "failed", "too_slow", "nobody")
MESSAGE_STATUSES = ("sent", "delivered", "read", "played", "failed")
JOB_OUTCOMES = ("ok", "retried", "failed")
MAIL_NATURES = (
    *("guest", "auto_reply", "list", "bounce", "own", "spam", "flood", "unreadable", "duplicate"),
)
UNDELIVERED_REASONS = ("bounced", "refused")
PROVIDERS = ("whatsapp", "mercadopago", "smtp", "imap")
WHATSAPP_OPERATIONS = ("send_message", "mark_read", "get_media", "download_media", OTHER)
MERCADOPAGO_OPERATIONS = (
    *("create_preference", "close_preference", "get_payment", "search_payments"),
    *("create_refund", OTHER),
)
SMTP_OPERATIONS = ("send_mail",)
IMAP_OPERATIONS = ("read_mailbox",)
CALL_OUTCOMES = ("2xx", "3xx", "4xx", "5xx", "timeout", "unreachable")
DEPENDENCIES = ("postgres", "redis")
FEED_SOURCES = ("airbnb", "booking", "vrbo", "google", "other")
FEED_ERRORS = (
    *("unreachable", "timeout", "http_4xx", "http_5xx", "rate_limited", "redirect"),
    *("address_refused", "too_large", "not_a_calendar", "truncated"),
    *("bad_event", "mass_vanish"),  # the feed was read, but not all of it could be believed
)
# The `handler` of requests that we make ourselves: no guest's, and in no service level.
SYNTHETIC_HANDLER = "synthetic"
# The one `handler` of everything below it: the owner is one person with some forty routes, and a
# histogram of each would be a third of all series.
OWNER_HANDLER = "/api/v1/owner"
JOURNEY_STEPS = ("availability", "hold", "cancel", "webhook")
JOURNEY_OUTCOMES = ("success", "failure")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


def _pairs(sets: Mapping[str, Values]) -> tuple[Values, ...]:
    return tuple((first, second) for first, seconds in sets.items() for second in seconds)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    """One metric family.

    `label_sets` lists the combinations that exist where not every one does. `collected` marks
    state that is read when Prometheus scrapes, through `telemetry.sampler`.
    """

    name: str
    kind: Kind
    help: str
    owner: str
    process: Process
    labels: Mapping[str, Values | None] = field(default_factory=dict)
    label_sets: tuple[Values, ...] | None = None
    buckets: tuple[float, ...] = ()
    collected: bool = False
    unit: str = ""

    @property
    def is_closed(self) -> bool:
        """Tell whether every label set is known in advance."""
        return all(values is not None for values in self.labels.values())

    def known_label_sets(self) -> tuple[Values, ...]:
        """Return every label set that is known in advance, in the order of `labels`."""
        if self.label_sets is not None:
            return self.label_sets
        sets = [values for values in self.labels.values() if values is not None]
        return tuple(product(*sets)) if len(sets) == len(self.labels) else ()


def of_process(process: Literal["web", "worker", "all"]) -> Iterator[Metric]:
    """Yield the metrics that `process` emits; `all` is one process doing the work of both."""
    for metric in CATALOGUE.values():
        if process == "all" or metric.process in (process, "both"):
            yield metric


# --- HTTP: names and labels of prometheus-fastapi-instrumentator -------------------------------
HTTP_REQUESTS = Metric(
    name="http_requests_total",
    kind="counter",
    help="HTTP requests answered, by route template.",
    owner="telemetry.http",
    process="web",
    labels={"handler": None, "method": None, "status": None},
)
HTTP_REQUEST_DURATION = Metric(
    name="http_request_duration_seconds",
    kind="histogram",
    help="Time from an HTTP request to the start of its response.",
    owner="telemetry.http",
    process="web",
    labels={"handler": None, "method": None},
    buckets=LATENCY_BUCKETS,
    unit="seconds",
)
HTTP_REQUEST_DURATION_HIGHR = Metric(
    name="http_request_duration_highr_seconds",
    kind="histogram",
    help="Time from an HTTP request to the start of its response, all routes together.",
    owner="telemetry.http",
    process="web",
    buckets=LATENCY_BUCKETS,
    unit="seconds",
)
HTTP_REQUEST_SIZE = Metric(
    name="http_request_size_bytes",
    kind="summary",
    help="Length of request bodies, as their header says.",
    owner="telemetry.http",
    process="web",
    labels={"handler": None},
    unit="bytes",
)
HTTP_RESPONSE_SIZE = Metric(
    name="http_response_size_bytes",
    kind="summary",
    help="Length of response bodies, as their header says.",
    owner="telemetry.http",
    process="web",
    labels={"handler": None},
    unit="bytes",
)
HTTP_REQUESTS_INPROGRESS = Metric(
    name="http_requests_inprogress",
    kind="gauge",
    help="HTTP requests being answered.",
    owner="telemetry.http",
    process="web",
    labels={"method": None, "handler": None},  # the library gives them in this order
)
RATE_LIMITED_REQUESTS = Metric(
    name="rate_limited_requests_total",
    kind="counter",
    help="API requests refused because their client asked too often.",
    owner="entrypoints",
    process="web",
)
RATE_LIMIT_UNAVAILABLE = Metric(
    name="rate_limit_unavailable_total",
    kind="counter",
    help="API requests let through uncounted because Redis was away.",
    owner="entrypoints",
    process="web",
)

# --- Reservations --------------------------------------------------------------------------------
RESERVATIONS_CREATED = Metric(
    name="reservations_created_total",
    kind="counter",
    help="Reservations that became pre_reserved or confirmed.",
    owner="reservations",
    process="both",
    labels={"status": BLOCKING_STATUSES, "channel": CHANNELS},
)
RESERVATIONS_LOCK_FAILED = Metric(
    name="reservations_lock_failed_total",
    kind="counter",
    help="Bookings refused because the lock in front was not had in time.",
    owner="reservations",
    process="both",
    labels={"channel": CHANNELS},
)
RESERVATIONS_DATE_OVERLAP = Metric(
    name="reservations_date_overlap_total",
    kind="counter",
    help="Bookings refused because their dates were taken.",
    owner="reservations",
    process="both",
    labels={"channel": CHANNELS},
)
RESERVATIONS_ATTEMPTS = Metric(
    name="reservations_attempts_total",
    kind="counter",
    help="Bookings asked for, whatever came of them.",
    owner="reservations",
    process="both",
    labels={"channel": CHANNELS},
)
RESERVATIONS_LOCK_ATTEMPTS = Metric(
    name="reservations_lock_attempts_total",
    kind="counter",
    help="Attempts at the lock in front; skipped means that Redis was away.",
    owner="reservations",
    process="both",
    labels={"channel": CHANNELS, "result": LOCK_RESULTS},
)
RESERVATIONS_STATUS_CHANGES = Metric(
    name="reservations_status_changes_total",
    kind="counter",
    help="Reservations that came to a status, also their first.",
    owner="reservations",
    process="both",
    labels={"status": STATUSES, "channel": CHANNELS},
)
RESERVATIONS_ACTIVE = Metric(
    name="reservations_active",
    kind="gauge",
    help="Reservations whose stay has not ended, by effective status.",
    owner="reservations",
    process="web",
    labels={"status": BLOCKING_STATUSES},
    collected=True,
)
RESERVATIONS_DOUBLE_BOOKED = Metric(
    name="reservations_double_booked",
    kind="gauge",
    help="Pairs of blocking reservations that share a night; must be 0.",
    owner="reservations",
    process="web",
    collected=True,
)
RESERVATION_HOLDS_DUE = Metric(
    name="reservation_holds_due",
    kind="gauge",
    help="Holds past their deadline that the sweep has not ended yet.",
    owner="reservations",
    process="web",
    collected=True,
)
INVARIANT_VIOLATIONS = Metric(
    name="invariant_violations",
    kind="gauge",
    help="Violations found by the last check of an invariant; must be 0.",
    owner="reservations",
    process="web",
    labels={"invariant": None},
    collected=True,
)

# --- Webhooks, inbox, messages -------------------------------------------------------------------
WEBHOOK_SIGNATURE_INVALID = Metric(
    name="webhook_signature_invalid_total",
    kind="counter",
    help="Webhooks refused because their signature was missing or wrong.",
    owner="channels",
    process="web",
    labels={"source": WEBHOOK_SOURCES},
)
WEBHOOK_SIGNATURE_CHECKS = Metric(
    name="webhook_signature_checks_total",
    kind="counter",
    help="Webhooks whose signature was checked.",
    owner="channels",
    process="web",
    labels={"source": WEBHOOK_SOURCES},
)
WEBHOOK_PROCESSING = Metric(
    name="webhook_processing_seconds",
    kind="histogram",
    help="Time from the receipt of a webhook's event to the end of its work: reply accepted.",
    owner="channels",
    process="worker",
    labels={
        "source": (*WEBHOOK_SOURCES, "email"),
        "event_type": (*MESSAGE_KINDS, "payment", OTHER),
    },
    label_sets=_pairs(
        {
            "whatsapp": (*MESSAGE_KINDS, OTHER),
            "mercadopago": ("payment", OTHER),
            "email": ("text",),
        }
    ),
    buckets=LATENCY_BUCKETS,
    unit="seconds",
)
WEBHOOK_EVENTS = Metric(
    name="webhook_events_total",
    kind="counter",
    help="Events that authentic webhooks carried, and what became of them at the door.",
    owner="channels",
    process="web",
    labels={
        "source": WEBHOOK_SOURCES,
        "event_type": (*WHATSAPP_EVENTS, "payment", "merchant_order"),
        "outcome": WEBHOOK_OUTCOMES,
    },
    label_sets=tuple(
        (*pair, outcome)
        for pair in _pairs(
            {
                "whatsapp": WHATSAPP_EVENTS,
                "mercadopago": MERCADOPAGO_EVENTS,
            }
        )
        for outcome in WEBHOOK_OUTCOMES
    ),
)
INBOX_OPEN = Metric(
    name="inbox_open",
    kind="gauge",
    help="Events stored and not yet handled.",
    owner="channels",
    process="web",
    collected=True,
)
INBOX_OLDEST = Metric(
    name="inbox_oldest_timestamp_seconds",
    kind="gauge",
    help="When the oldest event not yet handled was received, Unix time; none when none waits.",
    owner="channels",
    process="web",
    collected=True,
    unit="seconds",
)
OUTBOX_OPEN = Metric(
    name="outbox_open",
    kind="gauge",
    help="Messages to guests not yet accepted by their provider.",
    owner="channels",
    process="web",
    collected=True,
)
OUTBOX_OLDEST = Metric(
    name="outbox_oldest_timestamp_seconds",
    kind="gauge",
    help="When the oldest waiting message to a guest was written, Unix time; none when none waits.",
    owner="channels",
    process="web",
    collected=True,
    unit="seconds",
)
MESSAGES_HANDLED = Metric(
    name="messages_handled_total",
    kind="counter",
    help="Guest messages that the conversation dealt with.",
    owner="channels",
    process="worker",
    labels={"channel": CONVERSATION_CHANNELS, "outcome": HANDLING_OUTCOMES},
)
OUTBOX_MESSAGES = Metric(
    name="outbox_messages_total",
    kind="counter",
    help="Attempts to hand over a message; ambiguous may be there, window_closed goes another way.",
    owner="channels",
    process="worker",
    labels={"channel": CONVERSATION_CHANNELS, "outcome": DELIVERY_OUTCOMES},
)
MESSAGE_STATUS = Metric(
    name="message_status_total",
    kind="counter",
    help="What providers reported of our messages.",
    owner="channels",
    process="both",
    labels={"status": MESSAGE_STATUSES},
)

SPEECH_HEARD = Metric(
    name="speech_heard_total",
    kind="counter",
    help="Voice notes, and what came of listening; all but heard are answered: please write.",
    owner="channels",
    process="worker",
    labels={"outcome": HEARINGS},
)
SPEECH_SECONDS = Metric(
    name="speech_hearing_seconds",
    kind="histogram",
    help="Time from asking for a voice note to having its words, or giving up.",
    owner="channels",
    process="worker",
    buckets=LATENCY_BUCKETS,
    unit="seconds",
)
HAND_OVERS = Metric(
    name="conversation_hand_overs_total",
    kind="counter",
    help="Conversations that were left to a person, who has to write to the guest.",
    owner="conversation",
    process="worker",
    labels={"reason": HAND_OVER_REASONS},
)

# --- Mail ----------------------------------------------------------------------------------------
MAILBOX_LAST_READ = Metric(
    name="mailbox_last_read_timestamp_seconds",
    kind="gauge",
    help="When all of the mailbox was last seen, Unix time; 0 if never, none without a mailbox.",
    owner="channels.email",
    process="web",
    collected=True,
    unit="seconds",
)
MAILS_TAKEN = Metric(
    name="mails_taken_total",
    kind="counter",
    help="Mails that were read from the mailbox and stored; only a guest's are answered.",
    owner="channels.email",
    process="worker",
    labels={"nature": MAIL_NATURES},
)
MAILS_UNDELIVERED = Metric(
    name="mails_undelivered_total",
    kind="counter",
    help="Mails of ours that came back, or that the mail server refused for good.",
    owner="channels.email",
    process="worker",
    labels={"reason": UNDELIVERED_REASONS},
)

# --- Calendars -----------------------------------------------------------------------------------
ICAL_LAST_SYNC_AGE = Metric(
    name="ical_last_sync_age_minutes",
    kind="gauge",
    help="Minutes since a calendar feed was last read; feed_url is its host and id, no secret.",
    owner="channels.ical",
    process="web",
    labels={"feed_url": None},
    collected=True,
    unit="minutes",
)
ICAL_SYNC_ERRORS = Metric(
    name="ical_sync_errors_total",
    kind="counter",
    help="Failed reads of a calendar feed; feed_url is its host and id, no secret.",
    owner="channels.ical",
    process="worker",
    labels={"feed_url": None, "error_type": FEED_ERRORS},
)
# Told by web, as the age is: a worker that has died must not take the proof of it along.
ICAL_LAST_SUCCESS = Metric(
    name="ical_last_success_timestamp_seconds",
    kind="gauge",
    help="When a calendar feed was last read, Unix time; before the first time, when it was added.",
    owner="channels.ical",
    process="web",
    labels={"feed": None, "source": FEED_SOURCES},
    collected=True,
    unit="seconds",
)
ICAL_SYNC_LAST_RUN = Metric(
    name="ical_sync_last_run_timestamp_seconds",
    kind="gauge",
    help="When it was last seen to which calendar feeds are due, Unix time.",
    owner="channels.ical",
    process="web",
    collected=True,
    unit="seconds",
)
ICAL_CONFLICTS_OPEN = Metric(
    name="ical_conflicts_open",
    kind="gauge",
    help="Stays that share a night with one sold elsewhere, ours or another site's; must be 0.",
    owner="channels.ical",
    process="web",
    collected=True,
)
ICAL_EXPORT_LAST_FETCHED = Metric(
    name="ical_export_last_fetched_timestamp_seconds",
    kind="gauge",
    help="When a channel that sells last fetched a cabin's calendar, or that got a new address,"
    " Unix time; export is cabin, channel and id. Not there before the first fetch.",
    owner="channels.ical",
    process="web",
    labels={"export": None, "source": FEED_SOURCES},
    collected=True,
    unit="seconds",
)

# --- Understanding -------------------------------------------------------------------------------
NLU_INTENT_DETECTED = Metric(
    name="nlu_intent_detected_total",
    kind="counter",
    help="Intents found in guest messages; a message may hold several.",
    owner="nlu",
    process="worker",
    labels={"intent": INTENTS, "channel": CONVERSATION_CHANNELS},
)
NLU_PROCESSING = Metric(
    name="nlu_processing_seconds",
    kind="histogram",
    help="Time to read one message.",
    owner="nlu",
    process="worker",
    buckets=FAST_BUCKETS,
    unit="seconds",
)
NLU_DATES = Metric(
    name="nlu_dates_total",
    kind="counter",
    help="What came of the dates in a guest message.",
    owner="nlu",
    process="worker",
    labels={"result": DATES_RESULTS},
)

# --- Payments ------------------------------------------------------------------------------------
PAYMENTS_APPLIED = Metric(
    name="payments_applied_total",
    kind="counter",
    help="Payment states taken in, by what came of them.",
    owner="payments",
    process="both",
    labels={"outcome": PAYMENT_OUTCOMES},
)
PAYMENT_LINKS_CREATED = Metric(
    name="payment_links_created_total",
    kind="counter",
    help="Links created that a guest can pay.",
    owner="payments",
    process="both",
)
REFUNDS = Metric(
    name="refunds_total",
    kind="counter",
    help="Refunds that the provider accepted or finally refused.",
    owner="payments",
    process="both",
    labels={"status": REFUND_STATUSES},
)
PAYMENTS_RECONCILED = Metric(
    name="payments_reconciled_total",
    kind="counter",
    help="Payments found by reconciliation that no notification had told of.",
    owner="payments",
    process="both",
)
PAYMENTS_UNRECONCILED = Metric(
    name="payments_unreconciled",
    kind="gauge",
    help="Approved payments that no reservation accounts for yet.",
    owner="payments",
    process="web",
    collected=True,
)
PAYMENTS_UNRECONCILED_OLDEST = Metric(
    name="payments_unreconciled_oldest_timestamp_seconds",
    kind="gauge",
    help="When the oldest of them was approved, Unix time; none when there is none.",
    owner="payments",
    process="web",
    collected=True,
    unit="seconds",
)
OWNER_MONEY_TASKS = Metric(
    name="owner_money_tasks_open",
    kind="gauge",
    help="What the owner has to do about money: refunds by hand, disputes, payments of nobody.",
    owner="payments",
    process="web",
    collected=True,
)
OWNER_MONEY_TASKS_OLDEST = Metric(
    name="owner_money_tasks_oldest_timestamp_seconds",
    kind="gauge",
    help="Since when the oldest of them waits, Unix time; none when there is none.",
    owner="payments",
    process="web",
    collected=True,
    unit="seconds",
)

# --- Jobs ----------------------------------------------------------------------------------------
JOB_RUNS = Metric(
    name="job_runs_total",
    kind="counter",
    help="Runs of background jobs.",
    owner="jobs",
    process="worker",
    labels={"job": None, "outcome": JOB_OUTCOMES},
)
JOB_DURATION = Metric(
    name="job_duration_seconds",
    kind="histogram",
    help="Time that one run of a job took.",
    owner="jobs",
    process="worker",
    labels={"job": None},
    buckets=JOB_BUCKETS,
    unit="seconds",
)
JOB_LAST_SUCCESS = Metric(
    name="job_last_success_timestamp_seconds",
    kind="gauge",
    help="When a job last ended well, Unix time.",
    owner="jobs",
    process="web",
    labels={"job": None},
    collected=True,
    unit="seconds",
)
JOBS_QUEUED = Metric(
    name="jobs_queued",
    kind="gauge",
    help="Jobs due and not yet started.",
    owner="jobs",
    process="web",
    collected=True,
)
JOBS_STALLED = Metric(
    name="jobs_stalled",
    kind="gauge",
    help="Jobs that say they run while their worker is gone.",
    owner="jobs",
    process="web",
    collected=True,
)

# --- The synthetic booking journey ---------------------------------------------------------------
JOURNEYS = Metric(
    name="journeys_total",
    kind="counter",
    help="Bookings that the worker rehearsed to see that booking works; no guest's are among them.",
    owner="entrypoints.journey",
    process="worker",
    labels={"outcome": JOURNEY_OUTCOMES},
)
JOURNEY_STEPS_DONE = Metric(
    name="journey_steps_total",
    kind="counter",
    help="Steps of rehearsed bookings; the first one that fails ends its journey.",
    owner="entrypoints.journey",
    process="worker",
    labels={"step": JOURNEY_STEPS, "outcome": JOURNEY_OUTCOMES},
)
JOURNEY_STEP_SECONDS = Metric(
    name="journey_step_seconds",
    kind="summary",  # one a minute: a mean says what buckets would, at a third of the series
    help="Time that a step of a rehearsed booking took, whatever came of it.",
    owner="entrypoints.journey",
    process="worker",
    labels={"step": JOURNEY_STEPS},
    unit="seconds",
)

# --- Providers, servers, the process itself ------------------------------------------------------
_CALLS = _pairs(
    {
        "whatsapp": WHATSAPP_OPERATIONS,
        "mercadopago": MERCADOPAGO_OPERATIONS,
        "smtp": SMTP_OPERATIONS,
        "imap": IMAP_OPERATIONS,
    }
)
OUTBOUND_REQUESTS = Metric(
    name="outbound_requests_total",
    kind="counter",
    help="Calls to outside providers.",
    owner="kit.http",
    process="both",
    labels={
        "provider": PROVIDERS,
        "operation": tuple(dict.fromkeys(operation for _, operation in _CALLS)),
        "outcome": CALL_OUTCOMES,
    },
    label_sets=tuple((*call, outcome) for call in _CALLS for outcome in CALL_OUTCOMES),
)
OUTBOUND_SECONDS = Metric(
    name="outbound_request_seconds",
    kind="histogram",
    help="Time that a call to an outside provider took.",
    owner="kit.http",
    process="both",
    labels={
        "provider": PROVIDERS,
        "operation": tuple(dict.fromkeys(operation for _, operation in _CALLS)),
    },
    label_sets=_CALLS,
    buckets=LATENCY_BUCKETS,
    unit="seconds",
)
APP_DEPENDENCY_UP = Metric(
    name="app_dependency_up",
    kind="gauge",
    help="Whether this process reaches a server that it needs: 1 or 0.",
    owner="entrypoints",
    process="both",
    labels={"dependency": DEPENDENCIES},
    collected=True,
)
APP_BUILD_INFO = Metric(
    name="app_build_info",
    kind="gauge",
    help="Always 1; the labels tell what is running.",
    owner="entrypoints",
    process="both",
    labels={"version": None, "commit": None},
    collected=True,
)
EVENT_LOOP_LAG = Metric(
    name="event_loop_lag_seconds",
    kind="gauge",
    help="How late the event loop woke a timer, last measurement.",
    owner="telemetry",
    process="both",
    unit="seconds",
)
DB_POOL_SIZE = Metric(
    name="db_pool_size",
    kind="gauge",
    help="Database connections that this process may keep and open beyond that.",
    owner="entrypoints",
    process="both",
    collected=True,
)
DB_POOL_CHECKED_OUT = Metric(
    name="db_pool_checked_out",
    kind="gauge",
    help="Database connections in use by this process.",
    owner="entrypoints",
    process="both",
    collected=True,
)
LOG_EVENTS = Metric(
    name="log_events_total",
    kind="counter",
    help="Log lines written, ours and those of libraries.",
    owner="telemetry.logs",
    process="both",
    labels={"level": LOG_LEVELS},
)
FACT_SUBSCRIBER_ERRORS = Metric(
    name="fact_subscriber_errors_total",
    kind="counter",
    help="Facts whose subscriber raised: a metric or a line was lost, what happened stands.",
    owner="entrypoints",
    process="both",
)
COLLECTOR_SUCCESS = Metric(
    name="collector_success",
    kind="gauge",
    help="Whether a collector could read its state at this scrape: 1 or 0.",
    owner="telemetry.sampler",
    process="both",
    labels={"collector": None},
    collected=True,
)
COLLECTOR_DURATION = Metric(
    name="collector_duration_seconds",
    kind="gauge",
    help="Time that a collector took at this scrape.",
    owner="telemetry.sampler",
    process="both",
    labels={"collector": None},
    collected=True,
    unit="seconds",
)

CATALOGUE: Mapping[str, Metric] = {
    value.name: value for value in tuple(globals().values()) if isinstance(value, Metric)
}
