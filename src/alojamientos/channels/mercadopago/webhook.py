"""Where Mercado Pago says that something changed: a hint, believed only once it was fetched."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, Self

import orjson
from fastapi import APIRouter, Request, Response
from structlog.typing import FilteringBoundLogger

from alojamientos.channels import inbox
from alojamientos.channels.mercadopago import payloads, signature
from alojamientos.channels.mercadopago.payloads import MalformedNotification, Notification
from alojamientos.channels.mercadopago.signature import SignatureInvalid
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.errors import AlojamientosError, NotFound
from alojamientos.payments import operations
from alojamientos.payments.jobs import APPLY
from alojamientos.telemetry import log_events

SOURCE = "mercadopago"
PATH = "/api/v1/webhooks/mercadopago"
MAX_BODY = 64 * 1024
_TOLERANCE = timedelta(days=8)  # a retry after days may carry its first signature


class BodyTooLarge(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The notification's body is larger than any of Mercado Pago's."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "body_too_large"
    title: ClassVar[str] = "Body too large"


class Recorder(Protocol):
    """Count webhooks; `telemetry.recorder.Recorder` is one."""

    def signature_checked(self, *, source: str, valid: bool) -> None: ...
    def webhook_event(self, *, source: str, event_type: str, outcome: str) -> None: ...


def create_router(
    *,
    database: Database,
    recorder: Recorder,
    log: FilteringBoundLogger,
    secret: str,
    accept_unsigned_ipn: bool,
    now: Callable[[], datetime],
) -> APIRouter:
    """Return the webhook's route; without a secret it does not exist (404).

    `accept_unsigned_ipn` takes a legacy notification, which is never signed, as a hint too.
    """
    router = APIRouter(tags=["webhooks"])
    door = _Door(
        database=database,
        recorder=recorder,
        log=log,
        secret=secret,
        accept_unsigned_ipn=accept_unsigned_ipn,
        now=now,
    )

    @router.post(PATH, summary="Hear that a payment changed", status_code=200)
    async def receive(request: Request) -> Response:
        if not secret:
            raise NotFound
        hint = _Hint.of(request)
        once = door.check(hint)
        notification = door.read(hint, await _body(request))
        await door.take_in(notification, once=once)
        return Response(status_code=200)

    return router


async def _body(request: Request) -> bytes:
    """Return the body; raises BodyTooLarge as soon as it is."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MAX_BODY:
            raise BodyTooLarge
    return bytes(chunks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hint:
    """What the URL and the headers say. `data_id` of a legacy IPN is never signed."""

    data_id: str | None
    topic: str | None
    is_ipn: bool
    signature: str | None
    request_id: str | None

    @classmethod
    def of(cls, request: Request) -> Self:
        query, headers = request.query_params, request.headers
        is_ipn = "topic" in query and "id" in query and "data.id" not in query
        return cls(
            data_id=query.get("id") if is_ipn else query.get("data.id"),
            topic=query.get("topic") if is_ipn else query.get("type"),
            is_ipn=is_ipn,
            signature=headers.get("x-signature"),
            request_id=headers.get("x-request-id"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    database: Database
    recorder: Recorder
    log: FilteringBoundLogger
    secret: str
    accept_unsigned_ipn: bool
    now: Callable[[], datetime]

    def check(self, hint: _Hint) -> str:
        """Let authentic notifications through and return what tells one from its repeats.

        That comes from signed parts only: by the id in the body, which is not signed, a real
        notification could be made to look like a repeat. Raises SignatureInvalid.
        """
        if hint.is_ipn:
            return self._check_unsigned()
        try:
            ts = signature.verify(
                secret=self.secret,
                header=hint.signature,
                data_id=hint.data_id,
                request_id=hint.request_id,
                now=self.now(),
                tolerance=_TOLERANCE,
            )
        except SignatureInvalid as error:
            raise self._refused(error) from error
        self.recorder.signature_checked(source=SOURCE, valid=True)
        return hint.request_id or ts

    def _check_unsigned(self) -> str:
        # An IPN's signature cannot be checked, even when it has one.
        if not self.accept_unsigned_ipn:
            raise self._refused(SignatureInvalid("unsigned"))
        # One look at a payment per minute is as much as anybody may cause without a signature.
        return f"ipn-{int(self.now().timestamp()) // 60}"

    def _refused(self, error: SignatureInvalid) -> SignatureInvalid:
        self.recorder.signature_checked(source=SOURCE, valid=False)
        self.log.warning(log_events.WEBHOOK_REFUSED, source=SOURCE, reason=error.reason)
        return error

    def read(self, hint: _Hint, body: bytes) -> Notification:
        """Return what the notification is about; raises MalformedNotification."""
        try:
            return payloads.parse_notification(
                body=_json(body), topic=hint.topic, data_id=hint.data_id
            )
        except MalformedNotification as error:
            self.recorder.webhook_event(source=SOURCE, event_type="other", outcome="malformed")
            self.log.warning(
                log_events.WEBHOOK_MALFORMED, source=SOURCE, reason=error.extra.get("field")
            )
            raise

    async def take_in(self, notification: Notification, *, once: str) -> None:
        """Store the notification with its job in one transaction; a repeat has no effect."""

        async def work(tx: Transaction) -> str:
            return await _store(tx, notification, once=once[:64])

        outcome = await self.database.run(work)
        self.recorder.webhook_event(
            source=SOURCE, event_type=notification.event_type, outcome=outcome
        )
        self.log.info(
            log_events.WEBHOOK_RECEIVED,
            source=SOURCE,
            accepted=int(outcome == "accepted"),
            duplicates=int(outcome == "duplicate"),
            ignored=int(outcome == "ignored"),
            malformed=0,
        )


async def _store(tx: Transaction, notification: Notification, *, once: str) -> str:
    payment_id = notification.payment_id
    event_id = await inbox.accept(
        tx,
        source=SOURCE,
        external_id=f"{notification.topic}:{notification.data_id}:{once}",
        event_type=notification.event_type,
        payload={
            "payment_id": payment_id,
            "topic": notification.topic,
            "data_id": notification.data_id,
            "action": notification.action,
        },
        conversation_key=None,
        sent_at=None,
        job=APPLY if payment_id else None,
        lock=f"payment:{payment_id}" if payment_id else None,
        job_args={"provider_payment_id": payment_id} if payment_id else None,
        id_argument="inbox_event_id",
    )
    if event_id is None:
        return "duplicate"
    if payment_id and notification.topic == payloads.FRAUD_WARNING:
        await operations.warn_of_fraud(tx, provider_id=payment_id)
    if not payment_id:
        await inbox.mark_processed(tx, event_id=event_id, outcome="ignored")
        return "ignored"
    return "accepted"


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
