"""Handing messages to providers: in order per conversation, once, however long it takes."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from alojamientos.channels import another_way, outbox, statuses
from alojamientos.channels.base import (
    DeliveryPostponed,
    DeliveryRefused,
    DeliveryUncertain,
    Sender,
)
from alojamientos.channels.outbox import OutboxMessage
from alojamientos.jobs.registry import Retry, RetryLater
from alojamientos.kit.db import Database
from alojamientos.telemetry import log_events

GRACE_S = 8.0  # how long a provider's report of a message of unknown fate is waited for
_UNCERTAIN_ATTEMPTS = 5
_KEEP = timedelta(hours=24)  # providers want a template after that
_BACK_OFF = Retry(first_s=1.0, cap_s=30.0)


class Recorder(Protocol):
    """Count deliveries and time answers; `telemetry.recorder.Recorder` is one."""

    def webhook_processed(self, *, source: str, event_type: str, seconds: float) -> None: ...
    def outbox_message(self, *, channel: str, outcome: str) -> None: ...


class Delivery:
    """Deliver outbox messages through `senders`, by channel."""

    def __init__(
        self,
        *,
        database: Database,
        senders: Mapping[str, Sender],
        recorder: Recorder,
        log: FilteringBoundLogger,
        now: Callable[[], datetime],
        grace_s: float = GRACE_S,
    ) -> None:
        self._database = database
        self._senders = senders
        self._recorder = recorder
        self._log = log
        self._now = now
        self._grace_s = grace_s

    async def deliver(self, *, outbox_id: int) -> None:
        """Send one message, and before it what its conversation still waits for.

        Raises RetryLater when it is to be tried again.
        """
        async with self._database.read() as conn:
            message = await outbox.load(conn, outbox_id=outbox_id)
            if message is None:
                return
            waiting = await outbox.open_up_to(conn, message=message)
        for each in waiting:
            await self._send(each)
        await self._observe(outbox_id)

    async def _send(self, message: OutboxMessage) -> None:
        again = message.status == "sending"
        if again and message.sending_at is not None:
            left = self._grace_s - (self._now() - message.sending_at).total_seconds()
            if left > 0:
                raise RetryLater(left, "its fate is not known yet")
        sender = await self._sender(message)
        if sender is None:
            return
        async with self._database.begin() as tx:
            attempt = await outbox.claim(tx, outbox_id=message.id, again=again)
        if attempt is None:
            return  # its provider has reported on it meanwhile
        if again and attempt > _UNCERTAIN_ATTEMPTS:
            await self._fail(message, "uncertain", "never confirmed")
            return
        start = time.perf_counter()
        try:
            provider_id = await sender.send(
                address=message.address,
                reply=message.reply,
                reference=outbox.reference(message.id),
            )
        except DeliveryPostponed as error:
            await self._postpone(message, error, attempt)
        except DeliveryUncertain as error:
            self._retry(message, error, attempt, self._grace_s, code="uncertain")
        except DeliveryRefused as error:
            await self._fail(message, error.error_code, error.message)
        else:
            await self._sent(message, provider_id, attempt, time.perf_counter() - start)

    async def _sender(self, message: OutboxMessage) -> Sender | None:
        """Return who can send `message`; give it up when nobody can."""
        sender = self._senders.get(message.channel)
        if sender is None:
            await self._fail(message, "no_sender", "no sender")
            return None
        async with self._database.read() as conn:
            closed = await another_way.window_is_closed(conn, message, self._now())
        if closed:
            await self._fail(message, another_way.WINDOW_CLOSED, "the guest wrote over a day ago")
            return None
        return sender

    async def _sent(
        self, message: OutboxMessage, provider_id: str, attempt: int, seconds: float
    ) -> None:
        async with self._database.begin() as tx:
            await outbox.sent(tx, outbox_id=message.id, provider_id=provider_id)
            await statuses.catch_up(tx, outbox_id=message.id, provider_id=provider_id)
        self._recorder.outbox_message(channel=message.channel, outcome="sent")
        self._log.info(
            log_events.MESSAGE_DELIVERED,
            channel=message.channel,
            outbox_id=message.id,
            kind=message.kind,
            attempts=attempt,
            duration_ms=round(seconds * 1000, 2),
        )

    async def _observe(self, outbox_id: int) -> None:
        """Close the clock of the event whose last reply has just gone out."""
        async with self._database.read() as conn:
            message = await outbox.load(conn, outbox_id=outbox_id)
            if message is None or message.sent_at is None:
                return
            event = await outbox.answered(conn, message=message)
        if event is not None:
            seconds = (message.sent_at - event.received_at).total_seconds()
            self._recorder.webhook_processed(
                source=event.source, event_type=event.event_type, seconds=max(0.0, seconds)
            )

    async def _postpone(
        self, message: OutboxMessage, error: DeliveryPostponed, attempt: int
    ) -> None:
        if self._now() - message.created_at > _KEEP:
            await self._fail(message, error.error_code, "too old")
            return
        if error.most_attempts is not None and attempt >= error.most_attempts:
            await self._fail(message, error.error_code, error.message)
            return
        async with self._database.begin() as tx:
            await outbox.later(tx, outbox_id=message.id, error_code=error.error_code)
        seconds = error.retry_in_s or (error.back_off or _BACK_OFF).delay(attempt)
        self._retry(message, error, attempt, seconds, code=error.error_code)

    def _retry(
        self,
        message: OutboxMessage,
        error: DeliveryPostponed | DeliveryUncertain,
        attempt: int,
        seconds: float,
        *,
        code: str,
    ) -> None:
        """Tell of a delivery that did not succeed yet; always raises RetryLater."""
        uncertain = isinstance(error, DeliveryUncertain)
        self._recorder.outbox_message(
            channel=message.channel, outcome="ambiguous" if uncertain else "retried"
        )
        self._log.warning(
            log_events.MESSAGE_DELIVERY_RETRIED,
            channel=message.channel,
            outbox_id=message.id,
            attempts=attempt,
            error=error.message,
            error_code=code,
            retry_in_s=round(seconds, 2),
        )
        raise RetryLater(seconds, code)

    async def _fail(self, message: OutboxMessage, code: str, reason: str) -> None:
        async with self._database.begin() as tx:
            await outbox.failed(tx, outbox_id=message.id, error_code=code)
        # A guest's silence is nothing that somebody would have to mend.
        expected = code == another_way.WINDOW_CLOSED
        self._recorder.outbox_message(
            channel=message.channel, outcome="window_closed" if expected else "failed"
        )
        tell = self._log.info if expected else self._log.error
        tell(
            log_events.MESSAGE_DELIVERY_FAILED,
            channel=message.channel,
            outbox_id=message.id,
            attempts=message.attempts,
            error=reason,
            error_code=code,
        )
