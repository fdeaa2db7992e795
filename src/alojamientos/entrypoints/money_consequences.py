"""What must be written because of what happened to money, in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass

from alojamientos.conversation import money_letters, money_notices, notices
from alojamientos.entrypoints.letters import Letters
from alojamientos.entrypoints.telling import tell
from alojamientos.jobs import queue
from alojamientos.kit.db import Consequence, Transaction
from alojamientos.payments.events import (
    BalanceLinkRequested,
    CancellationSettled,
    HandPaymentRecorded,
    HandPaymentReverted,
    OrphanAssigned,
    OwnerNeeded,
    PaymentApplied,
    PaymentLinkClosed,
    PaymentLinkCreated,
    RefundFinished,
    RefundRequested,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyConsequences:
    """The money's part of the table: guests get receipts, and `owner`, if an address, news."""

    letters: Letters
    owner: str | None

    def table(self) -> Mapping[type, Consequence]:
        return {
            PaymentLinkCreated: self._link_created,
            PaymentLinkClosed: self._link_closed,
            BalanceLinkRequested: self._balance_link_requested,
            PaymentApplied: self._payment_applied,
            HandPaymentRecorded: self._hand_payment_recorded,
            HandPaymentReverted: self._hand_payment_reverted,
            RefundRequested: self._refund_requested,
            RefundFinished: self._refund_finished,
            CancellationSettled: self._settled,
            OwnerNeeded: self._owner_needed,
            OrphanAssigned: self._orphan_assigned,
        }

    async def _link_created(self, tx: Transaction, fact: PaymentLinkCreated) -> None:
        policy, now = self.letters.policy, self.letters.now()
        await tell(
            tx,
            await notices.for_payment_link_created(tx.conn, fact, policy=policy, now=now),
            await money_notices.for_balance_link(tx.conn, fact, policy=policy, now=now),
        )

    async def _link_closed(self, tx: Transaction, fact: PaymentLinkClosed) -> None:
        await queue.enqueue(tx.conn, "payments.close_link", link_id=fact.link_id)

    async def _balance_link_requested(self, tx: Transaction, fact: BalanceLinkRequested) -> None:
        job = "payments.create_balance_link"
        await queue.enqueue(tx.conn, job, reservation_id=fact.reservation_id)

    async def _payment_applied(self, tx: Transaction, fact: PaymentApplied) -> None:
        desk = await self.letters.desk(tx)
        await self.letters.tell(
            tx,
            await notices.for_payment_applied(tx.conn, fact)
            or await money_notices.for_balance_paid(tx.conn, fact),
            lambda: money_letters.for_payment_applied(tx.conn, fact, desk=desk),
        )

    async def _hand_payment_recorded(self, tx: Transaction, fact: HandPaymentRecorded) -> None:
        desk = await self.letters.desk(tx)
        await self.letters.tell(
            tx,
            await money_notices.for_hand_payment(tx.conn, fact),
            lambda: money_letters.for_hand_payment(tx.conn, fact, desk=desk),
        )

    async def _hand_payment_reverted(self, tx: Transaction, fact: HandPaymentReverted) -> None:
        await tell(tx, await money_notices.for_hand_payment_reverted(tx.conn, fact))

    async def _refund_requested(self, tx: Transaction, fact: RefundRequested) -> None:
        await queue.enqueue(tx.conn, "payments.refund", refund_id=fact.refund_id)

    async def _refund_finished(self, tx: Transaction, fact: RefundFinished) -> None:
        await self.letters.tell(
            tx,
            await money_notices.for_refund_finished(tx.conn, fact),
            lambda: money_letters.for_refund_finished(tx.conn, fact),
        )

    async def _settled(self, tx: Transaction, fact: CancellationSettled) -> None:
        notice = await money_notices.for_cancellation(tx.conn, fact)
        if notice is not None and not (self.letters.mail and notice.channel == "email"):
            await tell(tx, notice)  # the mail that tells of the cancellation says it too
        await self._owner_needed(tx, fact)

    async def _owner_needed(self, tx: Transaction, fact: OwnerNeeded | CancellationSettled) -> None:
        if self.owner is not None:
            policy = self.letters.policy
            await tell(
                tx, await money_notices.for_owner(tx.conn, fact, owner=self.owner, policy=policy)
            )

    async def _orphan_assigned(self, tx: Transaction, fact: OrphanAssigned) -> None:
        await queue.enqueue(
            tx.conn,
            "payments.apply",
            lock=f"payment:{fact.provider_id}",
            provider_payment_id=fact.provider_id,
        )
