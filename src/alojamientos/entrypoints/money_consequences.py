"""What must be written because of what happened to money, in the same transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alojamientos.conversation import money_notices, notices
from alojamientos.conversation.turn import ConversationPolicy
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
    PaymentLinkCreated,
    RefundFinished,
    RefundRequested,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyConsequences:
    """The money's part of the table; with `mail` guests get receipts by mail, and `owner` news."""

    policy: ConversationPolicy
    now: Callable[[], datetime]
    mail: bool
    owner: str | None

    def table(self) -> Mapping[type, Consequence]:
        return {
            PaymentLinkCreated: self._link_created,
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
        now = self.now()
        await tell(
            tx,
            await notices.for_payment_link_created(tx.conn, fact, policy=self.policy, now=now),
            await money_notices.for_balance_link(tx.conn, fact, policy=self.policy, now=now),
        )

    async def _balance_link_requested(self, tx: Transaction, fact: BalanceLinkRequested) -> None:
        job = "payments.create_balance_link"
        await queue.enqueue(tx.conn, job, reservation_id=fact.reservation_id)

    async def _payment_applied(self, tx: Transaction, fact: PaymentApplied) -> None:
        await tell(
            tx,
            await notices.for_payment_applied(tx.conn, fact),
            *await money_notices.for_balance_paid(
                tx.conn, fact, policy=self.policy, mail=self.mail
            ),
        )

    async def _hand_payment_recorded(self, tx: Transaction, fact: HandPaymentRecorded) -> None:
        await tell(
            tx,
            *await money_notices.for_hand_payment(
                tx.conn, fact, policy=self.policy, mail=self.mail
            ),
        )

    async def _hand_payment_reverted(self, tx: Transaction, fact: HandPaymentReverted) -> None:
        await tell(tx, await money_notices.for_hand_payment_reverted(tx.conn, fact))

    async def _refund_requested(self, tx: Transaction, fact: RefundRequested) -> None:
        await queue.enqueue(tx.conn, "payments.refund", refund_id=fact.refund_id)

    async def _refund_finished(self, tx: Transaction, fact: RefundFinished) -> None:
        await tell(tx, await money_notices.for_refund_finished(tx.conn, fact))

    async def _settled(self, tx: Transaction, fact: CancellationSettled) -> None:
        await tell(tx, await money_notices.for_cancellation(tx.conn, fact))
        await self._owner_needed(tx, fact)

    async def _owner_needed(self, tx: Transaction, fact: OwnerNeeded | CancellationSettled) -> None:
        if self.mail and self.owner is not None:
            await tell(
                tx,
                await money_notices.for_owner(tx.conn, fact, owner=self.owner, policy=self.policy),
            )

    async def _orphan_assigned(self, tx: Transaction, fact: OrphanAssigned) -> None:
        await queue.enqueue(
            tx.conn,
            "payments.apply",
            lock=f"payment:{fact.provider_id}",
            provider_payment_id=fact.provider_id,
        )
