"""What the verbs for money ask of the database and of the worker."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.entrypoints import container
from alojamientos.jobs import queue
from alojamientos.kit import audit, db
from alojamientos.kit.clock import today_in
from alojamientos.kit.errors import AlojamientosError
from alojamientos.payments import giving_back, jobs, links, queries
from alojamientos.payments.events import Purpose
from alojamientos.payments.plans import Settlement, Share
from alojamientos.payments.queries import PaymentLink
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.events import Status
from alojamientos.reservations.queries import by_code
from alojamientos.reservations.views import ReservationView
from alojamientos.settings import Settings

T = TypeVar("T")
_POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """What is to go back of a booking: `amount` centavos, all of it, or what the policy gives."""

    code: str
    amount: int | None
    cancel: bool
    everything: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPlan:
    """What would go back, and from where; `settlement` is a cancellation's."""

    view: ReservationView
    shares: tuple[Share, ...]
    settlement: Settlement | None = None

    @property
    def amount(self) -> int:
        return sum(share.amount for share in self.shares)


async def look(conn: AsyncConnection, wish: RefundWish, *, settings: Settings) -> RefundPlan:
    """Compute what a refund would do; writes nothing."""
    view = await by_code(conn, wish.code)
    now = container.clock_of(settings)()
    if not wish.cancel:
        shares = await giving_back.plan(conn, reservation_id=view.id, amount=wish.amount, now=now)
        return RefundPlan(view=view, shares=shares)
    found = await giving_back.settlement(
        conn,
        view,
        policy=CancellationPolicy.parse(settings.app.cancellation_policy),
        today=today_in(settings.app.time_zone, now),
        now=now,
        everything=wish.everything,
    )
    return RefundPlan(view=view, shares=found.shares, settlement=found)


async def give_back(
    tx: db.Transaction,
    wish: RefundWish,
    plan: RefundPlan,
    *,
    settings: Settings,
    actor: str,
    note: str,
) -> None:
    """Do what `look` showed, or refuse if it has become something else."""
    now = container.clock_of(settings)()
    if not wish.cancel:
        await giving_back.give_back(
            tx,
            reservation_id=plan.view.id,
            amount=plan.amount,
            actor=actor,
            now=now,
            note=note,
        )
        return
    settled = await giving_back.cancel(
        tx,
        reservation_id=plan.view.id,
        reason="owner",
        policy=CancellationPolicy.parse(settings.app.cancellation_policy),
        today=today_in(settings.app.time_zone, now),
        now=now,
        shown=plan.amount,
        actor=actor,
        everything=wish.everything,
    )
    await audit.record(
        tx,
        actor=actor,
        action="booking.cancelled",
        subject=f"booking:{plan.view.code}",
        previous=plan.view.status.value,
        paid=settled.paid,
        refunded=settled.refund,
    )


async def get_link(database: db.Database, code: str, *, deadline: float) -> PaymentLink:
    """Have a booking's link made by the worker, wait for it and return it."""
    async with database.begin() as tx:
        view = await by_code(tx.conn, code)
        if view.status is Status.PRE_RESERVED:
            purpose, due = Purpose.DEPOSIT, view.deposit
            await queue.enqueue(tx.conn, jobs.CREATE_LINK, reservation_id=view.id)
        else:
            purpose = Purpose.BALANCE
            due = await links.ask_for_balance_link(tx, reservation_id=view.id)

    async def ready() -> PaymentLink | None:
        async with database.read() as conn:
            link = await queries.link_for(conn, reservation_id=view.id, purpose=purpose)
        return link if link is not None and link.amount == due else None

    return await _until(ready, "made the link", deadline=deadline)


async def reconcile(database: db.Database, *, deadline: float) -> float:
    """Have the worker look for lost payments now; return how many seconds that took."""

    async def last() -> object:
        async with database.read() as conn:
            return await queries.last_success(conn, job=jobs.RECONCILE)

    before = await last()
    start = time.monotonic()
    async with database.begin() as tx:
        await queue.enqueue(tx.conn, jobs.RECONCILE)

    async def done() -> bool | None:
        return True if await last() != before else None

    await _until(done, "asked Mercado Pago", deadline=deadline)
    return time.monotonic() - start


async def _until(look: Callable[[], Awaitable[T | None]], what: str, *, deadline: float) -> T:
    end = time.monotonic() + deadline
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() > end:
            raise AlojamientosError(
                f"No worker has {what} within {deadline:g} s; it stays queued."
                " Is the worker running, and Mercado Pago there? alojamientos status"
            )
        await asyncio.sleep(_POLL_S)
