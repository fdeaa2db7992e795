"""Every event that this project logs: its name, where it happens and the fields of its line.

Fields are ids, counts and closed sets; nothing personal. `trace_id`, `span_id`, `process`,
`level`, `timestamp` and whatever `telemetry.context.bound` added are on every line besides.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event name, when it is written, and its fields."""

    name: str
    help: str
    fields: tuple[str, ...] = ()


_EVENTS: list[LogEvent] = []


def _event(name: str, help: str, *fields: str) -> str:  # noqa: A002 - as Metric.help
    _EVENTS.append(LogEvent(name, help, fields))
    return name


HTTP_REQUEST = _event(
    "http.request_served",
    "One per HTTP request, when its response has ended",
    *("method", "handler", "status", "duration_ms"),
)
HTTP_CRASHED = _event(
    "http.request_crashed",
    "An exception that nobody translated left the application",
    *("method", "handler", "exception"),
)
MESSAGE_RECEIVED = _event(
    "message.event_received",
    "A webhook stored something that a guest sent",
    *("source", "event_type", "inbox_id", "duplicate"),
)
MESSAGE_HANDLED = _event(
    "message.conversation_handled",
    "One per message, when its replies are committed",
    *("channel", "kind", "outcome", "intents", "dates", "replies", "reservation_id", "inbox_id"),
)
MESSAGE_HANDLING_FAILED = _event(
    "message.handling_failed",
    "A message could not be handled; the job is tried again",
    *("channel", "inbox_id", "error", "attempt", "exception"),
)
MESSAGE_HEARD = _event(
    "message.speech_heard",
    "A voice note was listened to, or could not be; the guest is asked to write then",
    *("channel", "outcome", "engine", "size", "duration_ms", "error"),
)
MAIL_TAKEN = _event(
    "mail.taken",
    "A mail was read from the mailbox and stored, or was known already",
    *("inbox_id", "nature", "kind", "size", "attachments", "duplicate"),
)
MAIL_NOT_UNDERSTOOD = _event(
    "mail.not_understood",
    "A mail could not be stored as what it says, and was stored as bytes only; a person must look",
    *("size", "error"),
)
MAIL_SET_ASIDE = _event(
    "mail.set_aside",
    "A mail that may want an answer gets none from us; the owner is told, if configured",
    *("inbox_id", "nature"),
)
MAIL_UNDELIVERED = _event(
    "mail.undelivered",
    "A mail of ours did not arrive; permanent: nothing is mailed there until they write",
    *("outbox_id", "code", "permanent"),
)
MAILBOX_FAILED = _event(
    "mail.mailbox_failed",
    "The mailbox could not be read; it is tried again",
    *("error", "failures", "retry_in_s"),
)
HAND_OVER_REQUESTED = _event(
    "conversation.hand_over_requested",
    "A guest was told that a person will write to them; the owner has it by mail, if configured",
    *("channel", "reason"),
)
CONVERSATION_PAUSED = _event(
    "conversation.assistant_paused",
    "The assistant leaves a guest to a person: they asked, or the owner wrote or said so",
    *("channel", "reason", "until"),
)
CONVERSATION_RESUMED = _event(
    "conversation.assistant_resumed",
    "The assistant answers again before a pause is over",
    "channel",
)
MESSAGE_DELIVERED = _event(
    "message.reply_delivered",
    "A provider accepted a reply",
    *("channel", "outbox_id", "kind", "attempts", "duration_ms"),
)
MESSAGE_DELIVERY_RETRIED = _event(
    "message.delivery_retried",
    "A reply did not go out and will be tried again",
    *("channel", "outbox_id", "attempts", "error", "error_code", "retry_in_s"),
)
MESSAGE_DELIVERY_FAILED = _event(
    "message.delivery_failed",
    "A reply will not go out any more",
    *("channel", "outbox_id", "attempts", "error", "error_code"),
)
MESSAGE_STATUS = _event(
    "message.status_reported",
    "A provider told how far a message of ours has got",
    *("channel", "status", "outbox_id", "error_code"),
)
WEBHOOK_RECEIVED = _event(
    "webhook.events_accepted",
    "One per authentic webhook: what became of what it carried",
    *("source", "accepted", "duplicates", "ignored", "malformed"),
)
WEBHOOK_REFUSED = _event(
    "webhook.signature_refused", "A webhook was not authentic", *("source", "reason")
)
WEBHOOK_MALFORMED = _event(
    "webhook.payload_malformed", "An authentic webhook could not be read", *("source", "reason")
)
RESERVATION_CHANGED = _event(
    "reservation.status_changed",
    "A reservation came to a status, also its first",
    *("reservation_id", "code", "status", "previous", "channel", "nights", "reason"),
)
RESERVATION_REFUSED = _event(
    "reservation.request_refused",
    "A booking or a change was refused",
    *("channel", "reason", "field", "accommodation_id"),
)
LOCK_SKIPPED = _event(
    "reservation.lock_skipped", "Booked without the lock in front: Redis is away", "channel"
)
HOLD_REMINDED = _event(
    "reservation.hold_reminded",
    "A guest was told that their hold runs out",
    *("reservation_id", "code"),
)
HOLDS_EXPIRED = _event("reservation.holds_expired", "The sweep ended overdue holds", "count")
STAYS_COMPLETED = _event(
    "reservation.stays_completed", "Stays ended whose day of leaving is over", "count"
)
RESERVATION_MOVED = _event(
    "reservation.moved",
    "The owner or its guest gave a booking other dates, another cabin, party or price",
    *("reservation_id", "code", "status", "channel", "accommodation_id", "nights"),
    *("total", "previous_total", "actor"),
)
GUEST_NOTICE_QUEUED = _event(
    "message.notice_queued",
    "A message that answers nothing was queued for a guest",
    *("kind", "reservation_id", "outbox_id"),
)
PAYMENT_APPLIED = _event(
    "payment.state_applied",
    "A payment's state was taken in",
    *("provider_payment_id", "outcome", "amount", "reservation_id", "code"),
)
PAYMENT_LINK_CREATED = _event(
    "payment.link_created",
    "A guest can pay a deposit",
    *("reservation_id", "code", "amount"),
)
PAYMENT_RECONCILED = _event(
    "payment.lost_found",
    "Reconciliation found a payment that no notification told of",
    *("provider_payment_id", "reservation_id"),
)
REFUND_FINISHED = _event(
    "payment.refund_finished",
    "A refund was accepted or finally refused",
    *("provider_payment_id", "status", "amount"),
)
PAYMENT_BY_HAND = _event(
    "payment.entered_by_hand",
    "Somebody entered a payment that did not come through the provider",
    *("payment_id", "reservation_id", "code", "method", "amount", "left"),
)
PAYMENT_REVERTED = _event(
    "payment.taken_back",
    "A payment that was entered by hand got its counter-entry",
    *("payment_id", "reservation_id", "code", "amount", "left"),
)
OWNER_NEEDED = _event(
    "payment.owner_needed",
    "Something about money waits for the owner",
    *("trouble", "amount", "reservation_id", "provider_payment_id"),
)
CANCELLATION_SETTLED = _event(
    "payment.cancellation_settled",
    "It was decided what goes back of a cancelled booking",
    *("reservation_id", "code", "paid", "refund", "by_hand", "percent"),
)
FEED_READ = _event(
    "feed.sync_finished",
    "A calendar feed was read; the counts are of its events",
    *("feed", "feed_id", "unchanged", "added", "changed", "cancelled", "missing", "held"),
    *("rejected", "holds_ended", "echoes"),
)
EXPORT_FETCHED = _event(
    "export.fetched",
    "A channel has asked for a cabin's calendar; `changed`: it did not have it like that",
    *("export", "export_id", "stays", "changed"),
)
FEED_FAILED = _event(
    "feed.sync_failed",
    "A calendar feed could not be read; what is stored of it stays",
    *("feed", "feed_id", "error_type", "failures", "retry_in_s"),
)
FEED_HELD = _event(
    "feed.vanishing_held",
    "Most of a calendar is gone at once: its nights stay blocked for a day",
    *("feed", "feed_id", "held"),
)
CONFLICT_FOUND = _event(
    "feed.conflict_found",
    "The same nights are sold here and booked elsewhere, or booked on two other sites",
    *("feed", "event_id", "reservation_id", "other_event_id", "accommodation_id"),
)
CONFLICT_RESOLVED = _event(
    "feed.conflict_resolved",
    "A conflict is over: one of the two is gone or has moved",
    *("feed", "event_id", "reservation_id", "other_event_id"),
)
JOB_FINISHED = _event(
    "job.run_finished", "One per job run that ended well", *("job", "job_id", "duration_ms")
)
JOB_FAILED = _event(
    "job.run_failed",
    "A job has failed for good",
    *("job", "job_id", "duration_ms", "attempts", "error", "exception"),
)
JOB_RETRIED = _event(
    "job.run_retried",
    "A job failed and will run again",
    *("job", "job_id", "duration_ms", "attempts", "error", "retry_in_s"),
)
JOBS_SWEPT = _event("job.stuck_swept", "Jobs left behind by a crash were put back", "count")
JOURNEY_FINISHED = _event(
    "journey.rehearsal_finished",
    "A booking was rehearsed from end to end; its lines have synthetic=true",
    *("outcome", "duration_ms"),
)
JOURNEY_FAILED = _event(
    "journey.rehearsal_failed",
    "A rehearsed booking ended at a step that a guest's would end at too",
    *("outcome", "step", "duration_ms", "error", "detail"),
)
DEPENDENCY_LOST = _event(
    "dependency.connection_lost", "A server cannot be reached", *("dependency", "error")
)
DEPENDENCY_BACK = _event(
    "dependency.connection_back", "It can again", *("dependency", "seconds_down")
)
COLLECTOR_FAILED = _event(
    "telemetry.collector_failed",
    "State could not be read for /metrics",
    *("collector", "error"),
)
SUBSCRIBER_FAILED = _event(
    "telemetry.subscriber_failed",
    "A subscriber raised; what it was told of stands",
    *("fact", "exception"),
)
INVARIANT_VIOLATED = _event(
    "invariant.check_violated",
    "Something that must always hold does not",
    *("invariant", "violations", "detail"),
)
INVARIANTS_CHECKED = _event("invariant.checks_done", "All were checked", *("checks", "violated"))
PROCESS_STARTED = _event(
    "process.start_finished", "A process is ready", *("version", "host", "port", "pid")
)
PROCESS_STOPPED = _event("process.stop_finished", "A process has let go of everything", "reason")
ALERT_SENT = _event(
    "alert.message_sent", "WhatsApp took an alert for the owner", *("alert", "status")
)
ALERT_NOT_SENT = _event(
    "alert.message_failed",
    "WhatsApp did not take an alert; Alertmanager tries again",
    *("alert", "error"),
)
RATE_LIMITED = _event("http.client_limited", "A client asked too often", *("handler", "limit"))
RATE_LIMIT_UNAVAILABLE = _event(
    "http.limiter_unavailable", "Requests are let through uncounted: Redis is away", "error"
)
OUTBOUND_FAILED = _event(
    "outbound.call_failed",
    "A provider did not do what was asked",
    *("provider", "operation", "outcome", "error"),
)
FOREIGN = _event(
    "log.foreign_line",
    "A line of a library that we did not write; its text is in `message`",
    *("logger", "message"),
)

ALL: dict[str, LogEvent] = {event.name: event for event in _EVENTS}
