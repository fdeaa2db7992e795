"""The order of steps from a stored message to a delivered reply; nothing else knows it.

Handling: understand with no transaction open, then act, write the replies and close the event in
one. Delivering: claim, send, note; three steps, because no transaction spans a call outside.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from structlog.typing import FilteringBoundLogger

from alojamientos.channels import base, inbox, outbox
from alojamientos.channels.base import Sender
from alojamientos.channels.delivery import Delivery
from alojamientos.channels.inbox import InboxEvent
from alojamientos.channels.listening import Listener
from alojamientos.conversation import pausing
from alojamientos.conversation.events import HandOverReason, HandOverRequested
from alojamientos.conversation.messages import Handled, InboundMessage, Reply
from alojamientos.jobs.registry import Job, Retry
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.errors import Unavailable
from alojamientos.telemetry import log_events

HANDLE = "messages.handle"
_ATTEMPTS = 4  # then the guest gets an apology instead
_DEADLINE_S = 30.0
_LISTENING_S = 90.0  # fetching and transcribing have deadlines of their own, within this

_APOLOGY = Reply(
    text="Perdón, tuve un problema y no pude responderte. Ya le avisé a una persona del equipo,"
    " que te va a escribir por acá en cuanto pueda."
)


class Understood(Protocol):
    """What a handler has understood; `conversation.handler.Understood` is one."""

    @property
    def nlu_seconds(self) -> float | None: ...
    @property
    def dates_result(self) -> str | None: ...


class Handler(Protocol):
    """The conversation: `conversation.handler.Handler` is one."""

    async def understand(self, message: InboundMessage, *, now: datetime) -> Any:
        """Do the slow work on a message, with no transaction open."""
        ...

    async def act(
        self, message: InboundMessage, understood: Any, *, tx: Transaction, now: datetime
    ) -> Handled:
        """Decide and write in `tx`; return what to say."""
        ...


class Recorder(Protocol):
    """Count and time messages; `telemetry.recorder.Recorder` is one."""

    def message_handled(self, *, channel: str, outcome: str) -> None: ...
    def intents_detected(self, *, intents: tuple[str, ...], channel: str) -> None: ...
    def nlu_processed(self, *, seconds: float) -> None: ...
    def nlu_dates(self, *, result: str) -> None: ...
    def webhook_processed(self, *, source: str, event_type: str, seconds: float) -> None: ...
    def outbox_message(self, *, channel: str, outcome: str) -> None: ...


def create_jobs(
    *,
    database: Database,
    handler: Handler,
    listener: Listener,
    senders: Mapping[str, Sender],
    recorder: Recorder,
    log: FilteringBoundLogger,
    now: Callable[[], datetime],
) -> list[Job]:
    """Return the jobs that answer guests; `senders` is by channel."""
    handling = _Handling(
        database=database,
        handler=handler,
        listener=listener,
        senders=senders,
        recorder=recorder,
        log=log,
        now=now,
    )
    delivery = Delivery(database=database, senders=senders, recorder=recorder, log=log, now=now)
    return [
        # Failures are counted on the event: the job goes on until the guest has an answer.
        Job(
            HANDLE,
            handling.handle,
            retry=Retry(attempts=50, first_s=1, cap_s=30),
            timeout_s=_LISTENING_S + 2 * _DEADLINE_S,
        ),
        Job(outbox.DELIVER, delivery.deliver, retry=Retry(attempts=50, first_s=1, cap_s=60)),
    ]


class _Handling:
    def __init__(
        self,
        *,
        database: Database,
        handler: Handler,
        listener: Listener,
        senders: Mapping[str, Sender],
        recorder: Recorder,
        log: FilteringBoundLogger,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._handler = handler
        self._listener = listener
        self._senders = senders
        self._recorder = recorder
        self._log = log
        self._now = now

    async def handle(self, *, event_id: int) -> None:
        """Answer one stored message; does nothing when that was done before."""
        async with self._database.read() as conn:
            event = await inbox.load(conn, event_id=event_id)
        if event is None or event.processed_at is not None:
            return
        try:
            message = await self._listened(event, base.from_payload(event.payload))
            async with asyncio.timeout(_DEADLINE_S):
                understood = await self._handler.understand(message, now=self._now())
                handled = await self._act(event, message, understood)
        except Unavailable:
            raise  # nothing is wrong with the message: the job comes back by itself
        except Exception as error:  # noqa: BLE001 - whatever it is, the guest gets an answer
            await self._failed(event, error)
            return
        if handled is not None:
            self._tell(event, message, understood, handled)
            await self._acknowledge(message, handled)

    async def _show_typing(self, message: InboundMessage) -> None:
        """Show that an answer will take a moment, unless a person has the word."""
        async with self._database.read() as conn:
            paused = await pausing.paused(
                conn, channel=message.channel, address=message.address, now=self._now()
            )
        if paused is None:
            sender = self._senders[message.channel]
            await sender.acknowledge(external_id=message.external_id, typing=True)

    async def _acknowledge(self, message: InboundMessage, handled: Handled) -> None:
        """Show that the message was read: not in a person's stead, who would not find it new."""
        if handled.outcome != "paused":
            await self._senders[message.channel].acknowledge(external_id=message.external_id)

    async def _listened(self, event: InboxEvent, message: InboundMessage) -> InboundMessage:
        """Return `message`, a voice note with what was said in it; that is kept for a next try."""
        if not self._listener.wants(message):
            return message
        await self._show_typing(message)
        async with asyncio.timeout(_LISTENING_S):
            heard = await self._listener.hear(message)
        async with self._database.begin() as tx:
            fields = base.to_payload(heard, {})["message"]
            await inbox.keep_message(tx, event_id=event.id, message=fields)
        return heard

    async def _act(
        self, event: InboxEvent, message: InboundMessage, understood: Any
    ) -> Handled | None:
        """Act on a message, queue the replies and close the event; None when it was closed."""

        async def work(tx: Transaction) -> Handled | None:
            current = await inbox.load(tx.conn, event_id=event.id, lock=True)
            if current is None or current.processed_at is not None:
                return None
            handled = await self._handler.act(message, understood, tx=tx, now=self._now())
            for fact in handled.facts:
                tx.emit(fact)
            await self._put(tx, event, message, handled)
            await inbox.mark_processed(tx, event_id=event.id, outcome=handled.outcome)
            return handled

        return await self._database.run(work)

    async def _put(
        self, tx: Transaction, event: InboxEvent, message: InboundMessage, handled: Handled
    ) -> None:
        sender = self._senders[message.channel]
        parts = [part for reply in handled.replies for part in sender.split(reply)]
        for number, part in enumerate(parts, start=1):
            await outbox.put(
                tx,
                channel=message.channel,
                address=message.address,
                reply=part,
                dedupe_key=f"reply:{event.id}:{number}",
                in_reply_to=event.id,
                reservation_id=handled.reservation_id,
            )

    def _tell(
        self,
        event: InboxEvent,
        message: InboundMessage,
        understood: Understood,
        handled: Handled,
    ) -> None:
        recorder = self._recorder
        recorder.message_handled(channel=message.channel, outcome=handled.outcome)
        if handled.intents:
            recorder.intents_detected(intents=handled.intents, channel=message.channel)
        if understood.nlu_seconds is not None:
            recorder.nlu_processed(seconds=understood.nlu_seconds)
        if understood.dates_result is not None:
            recorder.nlu_dates(result=understood.dates_result)
        if not handled.replies:
            seconds = (self._now() - event.received_at).total_seconds()
            recorder.webhook_processed(
                source=event.source, event_type=event.event_type, seconds=max(0.0, seconds)
            )
        self._log.info(
            log_events.MESSAGE_HANDLED,
            channel=message.channel,
            kind=message.kind.value,
            outcome=handled.outcome,
            intents=list(handled.intents),
            dates=understood.dates_result,
            replies=len(handled.replies),
            reservation_id=handled.reservation_id,
            inbox_id=event.id,
        )

    async def _failed(self, event: InboxEvent, error: Exception) -> None:
        """Count a failure; raise it to be tried again, or apologise when that was tried enough."""
        async with self._database.begin() as tx:
            attempt = await inbox.count_failure(tx, event_id=event.id)
        self._log.error(
            log_events.MESSAGE_HANDLING_FAILED,
            channel=event.source,
            inbox_id=event.id,
            error=type(error).__name__,
            attempt=attempt,
            exc_info=error,
        )
        if attempt < _ATTEMPTS:
            raise error
        async with self._database.begin() as tx:
            closed = await inbox.mark_processed(tx, event_id=event.id, outcome="failed")
            if closed and event.conversation_key is not None:
                channel, _, address = event.conversation_key.partition(":")
                await outbox.put(
                    tx,
                    channel=channel,
                    address=address,
                    reply=_APOLOGY,
                    dedupe_key=f"reply:{event.id}:apology",
                    kind="apology",
                    in_reply_to=event.id,
                )
                tx.emit(
                    HandOverRequested(
                        channel=channel,
                        address=address,
                        cause=event.external_id,
                        reason=HandOverReason.FAILED,
                    )
                )
        self._recorder.message_handled(channel=event.source, outcome="failed")
