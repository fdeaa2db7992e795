"""What payments need done in the background: every call to the provider happens here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from alojamientos.jobs.registry import Job, Retry, RetryLater
from alojamientos.kit.db import Database
from alojamientos.payments import operations, queries, store
from alojamientos.payments.domain import Account
from alojamientos.payments.events import ReconciliationFound
from alojamientos.payments.provider import (
    FoundPayment,
    PaymentProvider,
    PaymentRefused,
    RefundStatus,
)
from alojamientos.telemetry import log_events

APPLY = "payments.apply"
CREATE_LINK = "payments.create_link"
REFUND = "payments.refund"
RECONCILE = "payments.reconcile"

_PATIENT = Retry(attempts=40, first_s=2, cap_s=600)  # money waits for the provider, not for luck
_OVERLAP = timedelta(minutes=15)  # a search may lag behind the payments
_FIRST_LOOK_BACK = timedelta(days=2)
_LINKS_AT_ONCE = 50
_REFUND_PENDING_S = 300


class Recorder(Protocol):
    """Time what a notification took; `telemetry.recorder.Recorder` is one."""

    def webhook_processed(self, *, source: str, event_type: str, seconds: float) -> None: ...


def create_jobs(
    *,
    database: Database,
    provider: PaymentProvider,
    account: Account,
    recorder: Recorder,
    log: FilteringBoundLogger,
    now: Callable[[], datetime],
) -> list[Job]:
    """Return the jobs of this room; `account` is whose payments count."""
    work = _Work(
        database=database,
        provider=provider,
        account=account,
        recorder=recorder,
        log=log,
        now=now,
    )
    return [
        Job(CREATE_LINK, work.create_link, retry=_PATIENT),
        Job(APPLY, work.apply, retry=_PATIENT),
        Job(REFUND, work.refund, retry=_PATIENT),
        Job(RECONCILE, work.reconcile, every="*/5 * * * *", timeout_s=240),
    ]


class _Work:
    def __init__(
        self,
        *,
        database: Database,
        provider: PaymentProvider,
        account: Account,
        recorder: Recorder,
        log: FilteringBoundLogger,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._provider = provider
        self._account = account
        self._recorder = recorder
        self._log = log
        self._now = now

    async def create_link(self, *, reservation_id: int) -> None:
        """Have the provider make the link that a hold needs; the same request when tried again."""
        async with self._database.begin() as tx:
            request = await operations.request_link(tx, reservation_id=reservation_id)
        if request is None:
            return
        preference = await self._provider.create_preference(request)
        async with self._database.begin() as tx:
            await operations.link_ready(tx, request=request, preference=preference)

    async def apply(self, *, provider_payment_id: str, inbox_event_id: int | None = None) -> None:
        """Fetch a payment and take in its state; close the notification that told of it."""
        payment = await self._provider.get_payment(provider_payment_id)
        async with self._database.begin() as tx:
            outcome = "unknown_payment"
            if payment is not None:
                applied = await operations.apply(tx, payment=payment, account=self._account)
                outcome = applied.outcome.value
            received_at = (
                None
                if inbox_event_id is None
                else await store.close_inbox_event(
                    tx.conn, event_id=inbox_event_id, outcome=outcome
                )
            )
        if received_at is not None:
            seconds = (self._now() - received_at).total_seconds()
            self._recorder.webhook_processed(
                source="mercadopago", event_type="payment", seconds=max(0.0, seconds)
            )

    async def refund(self, *, refund_id: int) -> None:
        """Give a payment back; the key that was stored with the order makes it once."""
        async with self._database.begin() as tx:
            order = await operations.begin_refund(tx, refund_id=refund_id)
        if order is None:
            return
        provider_id: str | None = None
        try:
            made = await self._provider.refund(
                payment_id=order.payment_provider_id,
                amount=order.amount,
                idempotency_key=order.idempotency_key,
            )
        except PaymentRefused as error:
            status = RefundStatus.FAILED
            self._log.error(
                log_events.OUTBOUND_FAILED,
                provider="mercadopago",
                operation="create_refund",
                outcome="refused",
                error=error.message,
            )
        else:
            status, provider_id = made.status, made.provider_id
        if status is RefundStatus.PENDING:
            raise RetryLater(_REFUND_PENDING_S, "the provider has not decided yet")
        async with self._database.begin() as tx:
            await operations.finish_refund(tx, order=order, status=status, provider_id=provider_id)

    async def reconcile(self) -> None:
        """Find payments whose notification was lost, and take them in."""
        async with self._database.read() as conn:
            last = await queries.last_success(conn, job=RECONCILE)
            since = (last - _OVERLAP) if last else (self._now() - _FIRST_LOOK_BACK)
            links = await queries.open_links(
                conn, since=self._now() - timedelta(days=1), limit=_LINKS_AT_ONCE
            )
            waiting = await queries.notified(conn)
        found = {one.provider_id: one for one in await self._search(since, links)}
        async with self._database.read() as conn:
            stored = await queries.versions(conn, found)
            reservations = await queries.reservations_of(
                conn, {one.external_reference for one in found.values() if one.external_reference}
            )
        for one in found.values():
            if one.provider_id in waiting or stored.get(one.provider_id) == one.updated_at:
                continue
            if one.provider_id not in stored:
                await self._tell(one, reservations.get(one.external_reference or ""))
            await self.apply(provider_payment_id=one.provider_id)

    async def _search(self, since: datetime, links: list[str]) -> list[FoundPayment]:
        found = await self._provider.search_payments(updated_since=since)
        for reference in links:
            found += await self._provider.search_payments(external_reference=reference)
        return found

    async def _tell(self, one: FoundPayment, reservation_id: int | None) -> None:
        async with self._database.begin() as tx:
            tx.emit(ReconciliationFound(provider_id=one.provider_id, reservation_id=reservation_id))
