"""Where Meta tells of messages and of what became of ours.

The webhook decides only what is authentic, readable and new; the rest is a job's work.
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Protocol

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.requests import ClientDisconnect
from structlog.typing import FilteringBoundLogger

from alojamientos.channels import base, echoes, inbox, statuses
from alojamientos.channels.pipeline import HANDLE
from alojamientos.channels.whatsapp import payloads, signature
from alojamientos.channels.whatsapp.payloads import (
    AnomalousPayload,
    Batch,
    Echo,
    Incoming,
    StatusReport,
)
from alojamientos.channels.whatsapp.signature import SignatureInvalid
from alojamientos.kit import signatures
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.errors import AlojamientosError, NotFound
from alojamientos.telemetry import log_events
from alojamientos.telemetry.synthetic import is_synthetic

SOURCE = "whatsapp"
PATH = "/api/v1/webhooks/whatsapp"
MAX_BODY = 3 * 1024 * 1024  # Meta's own limit on a webhook


class BodyTooLarge(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The webhook's body is larger than is accepted; send smaller batches."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "body_too_large"
    title: ClassVar[str] = "Body too large"


class VerificationRefused(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The verify token is not ours; configure the same one on both sides."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "verification_refused"
    title: ClassVar[str] = "Verification refused"


class Recorder(Protocol):
    """Count webhooks; `telemetry.recorder.Recorder` is one."""

    def signature_checked(self, *, source: str, valid: bool) -> None: ...
    def webhook_event(self, *, source: str, event_type: str, outcome: str) -> None: ...
    def message_status(self, *, status: str) -> None: ...


@dataclass
class _Outcome:
    """What became of each part of a batch, told once it is committed."""

    events: list[tuple[str, str]] = field(default_factory=list)  # (event type, outcome)
    received: list[tuple[str, int]] = field(default_factory=list)  # (event type, inbox id)
    reports: list[tuple[StatusReport, int]] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        return sum(1 for _, what in self.events if what == outcome)


def create_router(
    *,
    database: Database,
    recorder: Recorder,
    log: FilteringBoundLogger,
    app_secret: str,
    verify_token: str,
    phone_number_id: str,
    max_body: int = MAX_BODY,
) -> APIRouter:
    """Return the webhook's two routes; without secrets they do not exist (404)."""
    router = APIRouter(tags=["webhooks"])
    door = _Door(database=database, recorder=recorder, log=log, phone_number_id=phone_number_id)

    @router.get(PATH, response_class=PlainTextResponse, summary="Prove that the webhook is ours")
    async def challenge(
        mode: Annotated[str, Query(alias="hub.mode")] = "",
        token: Annotated[str, Query(alias="hub.verify_token")] = "",
        value: Annotated[str, Query(alias="hub.challenge", max_length=1000)] = "",
    ) -> PlainTextResponse:
        if not verify_token:
            raise NotFound
        if mode != "subscribe" or not signatures.same(verify_token, token):
            raise VerificationRefused
        return PlainTextResponse(value)

    @router.post(PATH, summary="Take in messages and statuses", status_code=200)
    async def receive(request: Request) -> Response:
        if not app_secret:
            raise NotFound
        body = await _read(request, limit=max_body)
        door.check_signature(
            secret=app_secret,
            body=body,
            header=request.headers.get(signature.HEADER),
            counted=not is_synthetic(request.scope),
        )
        await door.take_in(body)
        return Response(status_code=200)

    return router


async def _read(request: Request, *, limit: int) -> bytes:
    """Return the body.

    Raises BodyTooLarge as soon as it is, however long it claims to be, and AnomalousPayload when
    the client leaves before its end.
    """
    claimed = request.headers.get("content-length", "")
    if claimed.isascii() and claimed.isdigit() and int(claimed[:20]) > limit:
        raise BodyTooLarge
    chunks = bytearray()
    try:
        async for chunk in request.stream():
            chunks += chunk
            if len(chunks) > limit:
                raise BodyTooLarge
    except ClientDisconnect as error:
        raise AnomalousPayload("The body ended before its end", field="body") from error
    return bytes(chunks)


class _Door:
    def __init__(
        self,
        *,
        database: Database,
        recorder: Recorder,
        log: FilteringBoundLogger,
        phone_number_id: str,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._log = log
        self._phone_number_id = phone_number_id

    def check_signature(
        self, *, secret: str, body: bytes, header: str | None, counted: bool
    ) -> None:
        """Let authentic bodies through; raises SignatureInvalid."""
        try:
            signature.verify(secret=secret, body=body, header=header)
        except SignatureInvalid as error:
            if counted:
                self._recorder.signature_checked(source=SOURCE, valid=False)
            reason = error.extra["reason"]
            self._log.warning(log_events.WEBHOOK_REFUSED, source=SOURCE, reason=reason)
            raise
        if counted:
            self._recorder.signature_checked(source=SOURCE, valid=True)

    async def take_in(self, body: bytes) -> None:
        """Store everything that `body` carries in one transaction; raises AnomalousPayload."""
        try:
            batch = payloads.parse(body, phone_number_id=self._phone_number_id)
        except AnomalousPayload as error:
            self._recorder.webhook_event(source=SOURCE, event_type="other", outcome="malformed")
            self._log.warning(
                log_events.WEBHOOK_MALFORMED, source=SOURCE, reason=error.extra["field"]
            )
            raise

        async def work(tx: Transaction) -> _Outcome:
            return await _store(tx, batch)

        outcome = await self._database.run(work)
        outcome.events += [("other", "ignored")] * batch.foreign
        outcome.events += [("other", "malformed")] * batch.malformed
        self._tell(outcome)

    def _tell(self, outcome: _Outcome) -> None:
        for event_type, what in outcome.events:
            self._recorder.webhook_event(source=SOURCE, event_type=event_type, outcome=what)
        for event_type, inbox_id in outcome.received:
            self._log.info(
                log_events.MESSAGE_RECEIVED,
                source=SOURCE,
                event_type=event_type,
                inbox_id=inbox_id,
                duplicate=False,
            )
        for report, outbox_id in outcome.reports:
            self._recorder.message_status(status=report.status)
            if report.status == "failed":
                self._log.warning(
                    log_events.MESSAGE_STATUS,
                    channel=SOURCE,
                    status=report.status,
                    outbox_id=outbox_id,
                    error_code=report.error_code,
                )
        self._log.info(
            log_events.WEBHOOK_RECEIVED,
            source=SOURCE,
            accepted=outcome.count("accepted"),
            duplicates=outcome.count("duplicate"),
            ignored=outcome.count("ignored"),
            malformed=outcome.count("malformed"),
        )


async def _store(tx: Transaction, batch: Batch) -> _Outcome:
    outcome = _Outcome()
    for incoming in batch.messages:
        await _store_message(tx, incoming, outcome)
    for echo in batch.echoes:
        await _store_echo(tx, echo, outcome)
    # In one order for everyone, so that two webhooks do not wait for each other.
    for report in sorted(batch.statuses, key=lambda report: (report.wamid, report.status)):
        outbox_id = await statuses.take_in(
            tx,
            source=SOURCE,
            reference=report.reference,
            provider_id=report.wamid,
            status=report.status,
            error_code=report.error_code,
        )
        outcome.events.append(("status", "duplicate" if outbox_id is None else "accepted"))
        if outbox_id is not None:
            outcome.reports.append((report, outbox_id))
    for unhandled in batch.unhandled:
        event_id = await inbox.accept(
            tx,
            source=SOURCE,
            external_id=unhandled.external_id,
            event_type="other",
            payload=unhandled.raw,
            conversation_key=None,
            sent_at=None,
            job=None,
            lock=None,
        )
        if event_id is not None:
            await inbox.mark_processed(tx, event_id=event_id, outcome="ignored")
        outcome.events.append(("other", "ignored"))
    return outcome


async def _store_echo(tx: Transaction, echo: Echo, outcome: _Outcome) -> None:
    key = f"{SOURCE}:{echo.address}"
    event_id = await inbox.accept(
        tx,
        source=SOURCE,
        external_id=echo.wamid,
        event_type=echoes.EVENT_TYPE,
        payload={"message": {"text": echo.text}, "raw": echo.raw},
        conversation_key=key,
        sent_at=echo.sent_at,
        job=echoes.ECHO,
        lock=f"conversation:{key}",
    )
    what = "duplicate" if event_id is None else "accepted"
    outcome.events.append((echoes.EVENT_TYPE, what))


async def _store_message(tx: Transaction, incoming: Incoming, outcome: _Outcome) -> None:
    message = incoming.message
    event_id = await inbox.accept(
        tx,
        source=SOURCE,
        external_id=message.external_id,
        event_type=message.kind.value,
        payload=base.to_payload(message, incoming.raw),
        conversation_key=message.conversation_key,
        sent_at=message.sent_at,
        job=HANDLE,
        lock=f"conversation:{message.conversation_key}",
    )
    outcome.events.append((message.kind.value, "duplicate" if event_id is None else "accepted"))
    if event_id is not None:
        outcome.received.append((message.kind.value, event_id))
