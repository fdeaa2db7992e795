"""What payments need done in the background: every call to the provider happens here.

No transaction is open during such a call. While the provider is away, work about money that came
in or goes back waits for it without spending the job's attempts.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from alojamientos.jobs.registry import Job, Retry, RetryLater
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.errors import ProviderUnavailable
from alojamientos.payments import links, operations, queries, refunds, store
from alojamientos.payments.domain import Account
from alojamientos.payments.events import Outcome, ReconciliationFound
from alojamientos.payments.provider import (
    FoundPayment,
    LinkRequest,
    PaymentProvider,
    PaymentRefused,
    ProviderPayment,
    RefundStatus,
)
from alojamientos.payments.refunds import RefundOrder
from alojamientos.telemetry import log_events

APPLY = "payments.apply"
CREATE_LINK = "payments.create_link"
CREATE_BALANCE_LINK = "payments.create_balance_link"
CLOSE_LINK = "payments.close_link"
REFUND = "payments.refund"
RECONCILE = "payments.reconcile"

_SOURCE = "mercadopago"
_UNKNOWN = "unknown_payment"  # outcome of a notification about a payment that does not exist
_PATIENT = Retry(attempts=40, first_s=2, cap_s=600)  # money waits for the provider, not for luck
_REFUNDS_TRIED = 150  # at that pace, about a day; then a person has to see to it
_RECENT = timedelta(minutes=20)  # reconciliation looks back this far at least,
_LONG_AGO = timedelta(days=30)  # and at most this far
_OVERLAP = timedelta(minutes=10)
_GRACE = timedelta(minutes=2)  # a notification of something newer may still be on its way
_LINK_AFTERLIFE = timedelta(days=1)
_LINKS_AT_ONCE = 50


class Recorder(Protocol):
    """Time what a notification took; `telemetry.recorder.Recorder` is one."""

    def webhook_processed(self, *, source: str, event_type: str, seconds: float) -> None: ...


class _Work:
    """The runs of the jobs, and what they share."""

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
        """Get a link for a hold: written down, asked for, kept."""
        async with self._database.begin() as tx:
            request = await links.request_link(tx, reservation_id=reservation_id)
        await self._make(request)

    async def create_balance_link(self, *, reservation_id: int) -> None:
        """Get a link for what is left to pay of a confirmed booking."""
        async with self._database.begin() as tx:
            request = await links.request_balance_link(
                tx, reservation_id=reservation_id, now=self._now()
            )
        await self._make(request)

    async def _make(self, request: LinkRequest | None) -> None:
        if request is None:
            return
        preference = await self._provider.create_preference(request)
        async with self._database.begin() as tx:
            await links.link_ready(tx, request=request, preference=preference)

    async def close_link(self, *, link_id: int) -> None:
        """Close a link for payers that asks for what is no more.

        A provider that refuses is not asked again: what is paid by it counts all the same.
        """
        async with self._database.read() as conn:
            preference_id = await links.closed_preference(conn, link_id=link_id)
        if preference_id is None:
            return
        try:
            await self._provider.close_preference(preference_id, at=self._now())
        except PaymentRefused as error:
            self._refused("close_preference", error)

    def _refused(self, operation: str, error: PaymentRefused) -> None:
        self._log.error(
            log_events.OUTBOUND_FAILED,
            provider=_SOURCE,
            operation=operation,
            outcome="refused",
            error=error.message,
        )

    async def apply(self, *, provider_payment_id: str, inbox_event_id: int | None = None) -> None:
        """Fetch a payment and do what its state asks for; close the notification of it.

        While the provider is away a notified payment is tried again without end: it was
        acknowledged, so nobody will tell us of it again.
        """
        try:
            payment = await self._provider.get_payment(provider_payment_id)
        except ProviderUnavailable as error:
            if inbox_event_id is None:
                raise
            async with self._database.begin() as tx:
                tries = await store.count_inbox_attempt(tx.conn, event_id=inbox_event_id)
            raise _again(tries, error) from error
        received_at = await self._database.run(
            lambda tx: self._take_in(tx, payment=payment, inbox_event_id=inbox_event_id)
        )
        if received_at is not None:
            self._recorder.webhook_processed(
                source=_SOURCE,
                event_type="payment",
                seconds=max(0.0, (self._now() - received_at).total_seconds()),
            )

    async def _take_in(
        self, tx: Transaction, *, payment: ProviderPayment | None, inbox_event_id: int | None
    ) -> datetime | None:
        outcome = _UNKNOWN
        if payment is not None:
            applied = await operations.apply(tx, payment=payment, account=self._account)
            outcome = applied.outcome.value
        if inbox_event_id is None:
            return None
        return await store.close_inbox_event(tx.conn, event_id=inbox_event_id, outcome=outcome)

    async def refund(self, *, refund_id: int) -> None:
        """Give money back, once, however often this runs; for about a day if need be."""
        async with self._database.begin() as tx:
            order = await refunds.begin(tx, refund_id=refund_id)
        if order is None:
            return
        give_up = order.attempts + 1 >= _REFUNDS_TRIED
        provider_id: str | None = None
        try:
            status, provider_id = await self._ask_for_refund(order)
        except ProviderUnavailable as error:
            if not give_up:
                raise _again(order.attempts + 1, error) from error
            status = RefundStatus.FAILED
        if status is RefundStatus.PENDING:
            if not give_up:
                wait = _PATIENT.delay(order.attempts + 1)
                raise RetryLater(wait, "the provider has not decided yet")
            status = RefundStatus.FAILED
        async with self._database.begin() as tx:
            await refunds.finish(tx, refund_order=order, status=status, provider_id=provider_id)

    async def _ask_for_refund(self, order: RefundOrder) -> tuple[RefundStatus, str | None]:
        # An earlier attempt may have got through without our hearing of it.
        if order.attempts and await self._is_given_back(order):
            return RefundStatus.DONE, None
        try:
            answer = await self._provider.refund(
                payment_id=order.payment_provider_id,
                amount=order.amount,
                idempotency_key=order.idempotency_key,
            )
        except PaymentRefused as error:
            # Somebody may have refunded it by hand.
            self._refused("create_refund", error)
            done = await self._is_given_back(order)
            return (RefundStatus.DONE if done else RefundStatus.FAILED), None
        return answer.status, answer.provider_id

    async def _is_given_back(self, order: RefundOrder) -> bool:
        payment = await self._provider.get_payment(order.payment_provider_id)
        return payment is not None and payment.given_back >= order.up_to

    async def reconcile(self) -> None:
        """Look for payments that no notification told of, and take them in.

        Searches what changed at the provider since the last good run, and what the links of open
        and just expired holds have brought in. Payments for other things of the same account are
        left alone: only a notification makes an orphan.
        """
        now = self._now()
        async with self._database.read() as conn:
            last = await queries.last_success(conn, job=RECONCILE)
            links = await queries.open_links(
                conn, since=now - _LINK_AFTERLIFE, limit=_LINKS_AT_ONCE
            )
        since = max(min(now - _RECENT, (last or now - _LONG_AGO) - _OVERLAP), now - _LONG_AGO)
        found = await self._provider.search_payments(updated_since=since)
        for reference in links:
            found += await self._provider.search_payments(external_reference=reference)
        for payment, notified in await self._news(found, now=now):
            await self._take_lost(payment.provider_id, notified=notified)

    async def _news(
        self, found: list[FoundPayment], *, now: datetime
    ) -> list[tuple[FoundPayment, bool]]:
        """Return what is ours and newer than we know, each with whether a notification waits."""
        ours = {one.provider_id: one for one in found if one.external_reference}
        async with self._database.read() as conn:
            references = await queries.reservations_of(
                conn, {one.external_reference or "" for one in ours.values()}
            )
            versions = await queries.versions(conn, ours.keys())
            notified = await queries.notified(conn)
        return [
            (one, one.provider_id in notified)
            for one in ours.values()
            if one.external_reference in references
            and one.updated_at <= now - _GRACE
            and (one.provider_id not in versions or versions[one.provider_id] < one.updated_at)
        ]

    async def _take_lost(self, provider_id: str, *, notified: bool) -> None:
        payment = await self._provider.get_payment(provider_id)
        if payment is None:
            return

        async def work(tx: Transaction) -> None:
            before = await queries.versions(tx.conn, [provider_id])
            applied = await operations.apply(tx, payment=payment, account=self._account)
            news = applied.outcome is not Outcome.SEEN or provider_id not in before
            if news and not notified:
                tx.emit(
                    ReconciliationFound(
                        provider_id=provider_id, reservation_id=applied.reservation_id
                    )
                )

        await self._database.run(work)


def _again(tries: int, error: ProviderUnavailable) -> RetryLater:
    wait = max(_PATIENT.delay(tries), float(error.extra.get("retry_after_s") or 0))
    return RetryLater(wait, error.message)


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
        Job(CREATE_BALANCE_LINK, work.create_balance_link, retry=_PATIENT),
        Job(CLOSE_LINK, work.close_link, retry=_PATIENT),
        Job(APPLY, work.apply, retry=_PATIENT),
        Job(REFUND, work.refund, retry=_PATIENT),
        Job(RECONCILE, work.reconcile, every="*/5 * * * *", timeout_s=240),
    ]
