"""From what happened, or was refused, to a metric and a log line. Told after the commit."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from structlog.typing import FilteringBoundLogger

from alojamientos.channels.ical import events as feeds
from alojamientos.conversation.events import (
    ConversationPaused,
    ConversationResumed,
    HandOverRequested,
)
from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.events import Bus, Subscriber
from alojamientos.payments.events import (
    CancellationSettled,
    HandPaymentRecorded,
    HandPaymentReverted,
    OwnerNeeded,
    PaymentApplied,
    PaymentLinkCreated,
    ReconciliationFound,
    RefundFinished,
)
from alojamientos.reservations import domain
from alojamientos.reservations.events import (
    HoldReminded,
    HoldRequested,
    LockAcquired,
    ReservationChanged,
    ReservationMoved,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.recorder import Recorder

_REFUSALS: tuple[type[AlojamientosError], ...] = (
    domain.TooManyGuests,
    domain.TooFewNights,
    domain.InvalidStay,
    domain.TooManyHolds,
    domain.NotCancellable,
    domain.NotConfirmable,
)


def create_bus(*, recorder: Recorder, log: FilteringBoundLogger) -> Bus:
    """Build the bus that turns facts into metrics and lines; its own failures are counted."""

    def failed(fact: object, error: Exception) -> None:
        recorder.subscriber_failed()
        log.error(
            log_events.SUBSCRIBER_FAILED,
            fact=type(fact).__name__,
            exception=f"{type(error).__name__}: {error}",
        )

    return Bus(
        {
            **_reservations(recorder, log),
            **_refusals(recorder, log),
            **_payments(recorder, log),
            **_owners_money(log),
            **_conversations(recorder, log),
            **_feeds(recorder, log),
        },
        on_error=failed,
    )


def _reservations(recorder: Recorder, log: FilteringBoundLogger) -> dict[type, Subscriber]:
    def changed(fact: ReservationChanged) -> None:
        recorder.reservation_changed(status=fact.status, channel=fact.channel)
        log.info(
            log_events.RESERVATION_CHANGED,
            reservation_id=fact.reservation_id,
            code=fact.code,
            status=fact.status.value,
            previous=fact.previous.value if fact.previous else None,
            channel=fact.channel.value,
            nights=fact.nights,
            reason=fact.reason,
        )

    def locked(fact: LockAcquired) -> None:
        result = "skipped" if fact.skipped else "acquired"
        recorder.lock_attempted(channel=fact.channel, result=result)
        if fact.skipped:
            log.warning(log_events.LOCK_SKIPPED, channel=fact.channel.value)

    def reminded(fact: HoldReminded) -> None:
        log.info(log_events.HOLD_REMINDED, reservation_id=fact.reservation_id, code=fact.code)

    def requested(fact: HoldRequested) -> None:
        recorder.reservation_attempted(channel=fact.channel)

    def moved(fact: ReservationMoved) -> None:
        log.info(log_events.RESERVATION_MOVED, **asdict(fact))

    return _table(
        (ReservationChanged, changed),
        (ReservationMoved, moved),
        (LockAcquired, locked),
        (HoldReminded, reminded),
        (HoldRequested, requested),
    )


def _refusals(recorder: Recorder, log: FilteringBoundLogger) -> dict[type, Subscriber]:
    def refused(error: AlojamientosError) -> None:
        log.info(
            log_events.RESERVATION_REFUSED,
            channel=_text(error.extra.get("channel")),
            reason=error.code,
            field=error.extra.get("field"),
            accommodation_id=error.extra.get("accommodation_id"),
        )

    def taken(error: domain.DatesTaken) -> None:
        recorder.date_overlap(channel=_text(error.extra.get("channel")) or "api")
        refused(error)

    def not_locked(error: domain.LockNotAcquired) -> None:
        channel = _text(error.extra.get("channel")) or "api"
        recorder.lock_attempted(channel=channel, result="failed")
        refused(error)

    return _table(
        (domain.DatesTaken, taken),
        (domain.LockNotAcquired, not_locked),
        *((kind, refused) for kind in _REFUSALS),
    )


def _payments(recorder: Recorder, log: FilteringBoundLogger) -> dict[type, Subscriber]:
    def applied(fact: PaymentApplied) -> None:
        recorder.payment_applied(outcome=fact.outcome)
        log.info(
            log_events.PAYMENT_APPLIED,
            provider_payment_id=fact.provider_id,
            outcome=fact.outcome.value,
            amount=fact.amount,
            reservation_id=fact.reservation_id,
            code=fact.code,
        )

    def link_created(fact: PaymentLinkCreated) -> None:
        recorder.payment_link_created()
        log.info(
            log_events.PAYMENT_LINK_CREATED,
            reservation_id=fact.reservation_id,
            code=fact.code,
            amount=fact.amount,
        )

    def refunded(fact: RefundFinished) -> None:
        recorder.refund_finished(status=fact.status)
        log.info(
            log_events.REFUND_FINISHED,
            provider_payment_id=fact.payment_provider_id,
            status=fact.status,
            amount=fact.amount,
        )

    def found(fact: ReconciliationFound) -> None:
        recorder.payment_reconciled()
        log.warning(
            log_events.PAYMENT_RECONCILED,
            provider_payment_id=fact.provider_id,
            reservation_id=fact.reservation_id,
        )

    return _table(
        (PaymentApplied, applied),
        (PaymentLinkCreated, link_created),
        (RefundFinished, refunded),
        (ReconciliationFound, found),
    )


def _owners_money(log: FilteringBoundLogger) -> dict[type, Subscriber]:
    def recorded(fact: HandPaymentRecorded) -> None:
        log.info(
            log_events.PAYMENT_BY_HAND,
            payment_id=fact.payment_id,
            reservation_id=fact.reservation_id,
            code=fact.code,
            method=fact.method.value,
            amount=fact.amount,
            left=fact.left,
        )

    def reverted(fact: HandPaymentReverted) -> None:
        log.warning(
            log_events.PAYMENT_REVERTED,
            payment_id=fact.payment_id,
            reservation_id=fact.reservation_id,
            code=fact.code,
            amount=fact.amount,
            left=fact.left,
        )

    def needed(fact: OwnerNeeded) -> None:
        log.warning(
            log_events.OWNER_NEEDED,
            trouble=fact.trouble.value,
            amount=fact.amount,
            reservation_id=fact.reservation_id,
            provider_payment_id=fact.payment,
        )

    def settled(fact: CancellationSettled) -> None:
        log.info(
            log_events.CANCELLATION_SETTLED,
            reservation_id=fact.reservation_id,
            code=fact.code,
            paid=fact.paid,
            refund=fact.refund,
            by_hand=fact.by_hand,
            percent=fact.percent,
        )

    return _table(
        (HandPaymentRecorded, recorded),
        (HandPaymentReverted, reverted),
        (OwnerNeeded, needed),
        (CancellationSettled, settled),
    )


def _conversations(recorder: Recorder, log: FilteringBoundLogger) -> dict[type, Subscriber]:
    def handed_over(fact: HandOverRequested) -> None:
        recorder.hand_over_requested(reason=fact.reason)
        log.warning(log_events.HAND_OVER_REQUESTED, channel=fact.channel, reason=fact.reason.value)

    def paused(fact: ConversationPaused) -> None:
        log.info(
            log_events.CONVERSATION_PAUSED,
            channel=fact.channel,
            reason=fact.reason,
            until=fact.until.isoformat(),
        )

    def resumed(fact: ConversationResumed) -> None:
        log.info(log_events.CONVERSATION_RESUMED, channel=fact.channel)

    return _table(
        (HandOverRequested, handed_over),
        (ConversationPaused, paused),
        (ConversationResumed, resumed),
    )


def _feeds(recorder: Recorder, log: FilteringBoundLogger) -> dict[type, Subscriber]:
    def read(fact: feeds.FeedRead) -> None:
        for _ in range(fact.newly_rejected):
            recorder.feed_failed(feed=fact.feed, error_type="bad_event")
        fields = asdict(fact)
        del fields["newly_rejected"]
        log.info(log_events.FEED_READ, **fields)
        if fact.held:
            recorder.feed_failed(feed=fact.feed, error_type="mass_vanish")
            log.warning(log_events.FEED_HELD, feed=fact.feed, feed_id=fact.feed_id, held=fact.held)

    def failed(fact: feeds.FeedFailed) -> None:
        recorder.feed_failed(feed=fact.feed, error_type=fact.error_type)
        log.warning(log_events.FEED_FAILED, **asdict(fact))

    def found(fact: feeds.ConflictFound) -> None:
        log.error(log_events.CONFLICT_FOUND, **asdict(fact))

    def resolved(fact: feeds.ConflictResolved) -> None:
        log.info(log_events.CONFLICT_RESOLVED, **asdict(fact))

    def fetched(fact: feeds.ExportFetched) -> None:
        log.info(log_events.EXPORT_FETCHED, **asdict(fact))

    return _table(
        (feeds.FeedRead, read),
        (feeds.FeedFailed, failed),
        (feeds.ConflictFound, found),
        (feeds.ConflictResolved, resolved),
        (feeds.ExportFetched, fetched),
    )


def _table(*entries: tuple[type, Callable[[Any], None]]) -> dict[type, Subscriber]:
    return dict(entries)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
