"""Refunds by the policy and by the owner: shown first, from the right payments, once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.integration.payments.test_money_by_hand import enter, total

from alojamientos.jobs.registry import RetryLater
from alojamientos.payments import giving_back, refunds
from alojamientos.payments.events import (
    CancellationSettled,
    OwnerNeeded,
    RefundFinished,
    Trouble,
)
from alojamientos.payments.giving_back import RefundChanged
from alojamientos.payments.plans import NotThatMuch
from alojamientos.payments.provider import RefundStatus
from alojamientos.payments.refunds import NotByHand
from alojamientos.reservations import queries
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.domain import NotCancellable

POLICY = CancellationPolicy()
TODAY = date.today()  # noqa: DTZ011 - as the till's


@pytest.fixture(autouse=True)
async def _the_books_are_in_order(till):
    yield
    assert await till.violations() == {}


async def paid_stay(till, provider, *, by_hand=0):
    """Return a booking whose deposit was paid by link, and that payment."""
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)
    if by_hand:
        await enter(till, reservation, by_hand)
    return reservation, payment


async def arrival(till, reservation):
    return till.sql("SELECT check_in FROM reservation WHERE id = %s", reservation)[0]["check_in"]


async def cancel(till, reservation, *, days=40, **how: Any):
    """Cancel so many days before arrival, and let the refunds be made."""
    async with till.database.begin() as tx:
        found = await giving_back.cancel(
            tx,
            reservation_id=reservation,
            reason="guest",
            policy=POLICY,
            today=await arrival(till, reservation) - timedelta(days=days),
            now=datetime.now(UTC),
            **how,
        )
    await till.work()
    return found


async def give_back(till, reservation, amount=None, **how: Any):
    async with till.database.begin() as tx:
        shares = await giving_back.give_back(
            tx,
            reservation_id=reservation,
            amount=amount,
            actor="cli:ana",
            now=how.pop("now", datetime.now(UTC)),
            **how,
        )
    await till.work()
    return shares


async def by_hand(till, refund_id):
    async with till.database.begin() as tx:
        return await refunds.made_by_hand(tx, refund_id=refund_id, actor="cli:ana")


@pytest.mark.parametrize(("days", "percent"), [(30, 100), (29, 50), (15, 50), (14, 0)])
async def test_cancelling_gives_back_what_the_policy_says_for_the_notice(
    till, provider, days, percent
):
    reservation, payment = await paid_stay(till, provider)
    deposit = await till.deposit(reservation)

    found = await cancel(till, reservation, days=days)

    assert (found.paid, found.percent) == (deposit, percent)
    assert found.refund == pytest.approx(deposit * percent / 100, abs=100)
    assert sum(one["amount"] for one in provider.refunds(payment)) * 100 == found.refund
    balance = await till.balance(reservation)
    assert (balance.paid, balance.due) == (deposit - found.refund, 0)  # what is kept is retained
    assert await till.status(reservation) == "cancelled"
    (fact,) = till.told.of(CancellationSettled)
    assert (fact.paid, fact.refund, fact.by_hand) == (deposit, found.refund, 0)


async def test_looking_changes_nothing(till, provider):
    reservation, payment = await paid_stay(till, provider)
    async with till.database.read() as conn:
        view = await queries.by_id(conn, reservation)
        found = await giving_back.settlement(
            conn, view, policy=POLICY, today=view.check_in, now=datetime.now(UTC)
        )

    assert (found.refund, found.percent, found.shares) == (0, 0, ())
    assert await till.status(reservation) == "confirmed"
    assert provider.refunds(payment) == []


async def test_the_policy_it_was_booked_under_counts(till, provider):
    reservation, _ = await paid_stay(till, provider)
    strict = CancellationPolicy.parse("0:0")
    async with till.database.begin() as tx:
        found = await giving_back.cancel(
            tx,
            reservation_id=reservation,
            reason="guest",
            policy=strict,
            today=date(2026, 1, 1),
            now=datetime.now(UTC),
        )
    await till.work()

    assert found.percent == 100


async def test_a_booking_of_before_there_was_a_policy_follows_the_present_one(till, provider):
    reservation, _ = await paid_stay(till, provider)
    till.sql("UPDATE reservation SET quote = quote - 'cancellation'")
    async with till.database.read() as conn:
        found = await giving_back.settlement(
            conn,
            await queries.by_id(conn, reservation),
            policy=CancellationPolicy.parse("0:10"),
            today=TODAY,
            now=datetime.now(UTC),
        )

    assert found.percent == 10


async def test_an_unpaid_hold_is_cancelled_without_a_word_about_money(till):
    reservation = await till.hold()

    found = await cancel(till, reservation)

    assert (found.paid, found.refund) == (0, 0)
    assert till.told.of(CancellationSettled) == []
    assert (await till.balance(reservation)).due == 0


async def test_a_hold_gives_back_all_of_a_part_payment_however_late(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference, amount=100)
    await till.apply(payment)

    found = await cancel(till, reservation, days=1)

    assert (found.refund, found.percent) == (100_00, 100)
    assert len(provider.refunds(payment)) == 1


async def test_the_newest_payment_goes_back_first_and_cash_by_hand(till, provider):
    reservation, payment = await paid_stay(till, provider, by_hand=50_000_00)
    deposit = await till.deposit(reservation)

    found = await cancel(till, reservation, days=29)

    half = (deposit + 50_000_00) // 2
    assert found.refund == pytest.approx(half, abs=100)
    assert found.by_hand == min(50_000_00, found.refund)
    back = sum(one["amount"] for one in provider.refunds(payment)) * 100
    assert back == found.refund - found.by_hand
    (needed,) = till.told.of(OwnerNeeded)
    assert (needed.trouble, needed.amount) == (Trouble.BY_HAND, found.by_hand)
    assert (await till.balance(reservation)).due == -found.by_hand  # until the owner has done it
    waiting = till.sql("SELECT id FROM refund WHERE by_hand AND status = 'pending'")
    assert await by_hand(till, waiting[0]["id"]) == found.by_hand
    assert (await till.balance(reservation)).due == 0
    with pytest.raises(NotByHand):
        await by_hand(till, waiting[0]["id"])


async def test_what_was_shown_is_what_happens_or_nothing_does(till, provider):
    reservation, payment = await paid_stay(till, provider)

    with pytest.raises(RefundChanged):
        await cancel(till, reservation, days=29, shown=await till.deposit(reservation))

    assert await till.status(reservation) == "confirmed"
    assert provider.refunds(payment) == []


async def test_cancelling_twice_and_at_once_refunds_once(till, provider):
    reservation, payment = await paid_stay(till, provider)

    found = await asyncio.gather(*(cancel(till, reservation) for _ in range(4)))
    await cancel(till, reservation)

    assert sorted(one.refund > 0 for one in found) == [False, False, False, True]
    assert len(provider.refunds(payment)) == 1


async def test_a_payment_and_a_cancellation_at_once_lose_no_money(till, provider):
    for first in (0, 10, 20):
        reservation, reference = await till.hold_with_link(first=first)
        payment = provider.pay(reference)

        await asyncio.gather(till.apply(payment), cancel(till, reservation))
        await till.work()

        assert await till.status(reservation) == "cancelled"
        assert len(provider.refunds(payment)) == 1
        assert (await till.balance(reservation)).due == 0


async def test_a_stay_that_is_over_cannot_be_cancelled(till, provider):
    reservation, payment = await paid_stay(till, provider)
    till.sql("UPDATE reservation SET status = 'completed'")

    with pytest.raises(NotCancellable, match="completed"):
        await cancel(till, reservation)

    assert provider.refunds(payment) == []


async def test_the_owner_may_give_back_everything_whatever_the_policy(till, provider):
    reservation, _ = await paid_stay(till, provider)

    found = await cancel(till, reservation, days=1, everything=True, actor="cli:ana")

    assert found.refund == await till.deposit(reservation)


async def test_more_may_go_back_later_and_less_is_kept(till, provider):
    reservation, payment = await paid_stay(till, provider)
    deposit = await till.deposit(reservation)
    await cancel(till, reservation, days=1)

    await give_back(till, reservation, 100_00)
    await give_back(till, reservation, 200_00)

    assert [one["amount"] for one in provider.refunds(payment)] == [100, 200]
    balance = await till.balance(reservation)
    assert (balance.paid, balance.due) == (deposit - 300_00, 0)
    kept = till.sql("SELECT sum(amount) AS kept FROM ledger_entry WHERE kind = 'retained'")
    assert kept[0]["kept"] == deposit - 300_00


async def test_a_part_of_a_stay_given_back_is_owed_again(till, provider):
    reservation, payment = await paid_stay(till, provider)
    due = (await till.balance(reservation)).due

    await give_back(till, reservation, 100_00, note="no hot water")

    assert (await till.balance(reservation)).due == due + 100_00
    assert await till.status(reservation) == "confirmed"
    assert [one["amount"] for one in provider.refunds(payment)] == [100]


async def test_parts_asked_for_at_once_never_give_back_more_than_came(till, provider):
    reservation, payment = await paid_stay(till, provider)
    deposit = await till.deposit(reservation)

    found = await asyncio.gather(
        *(give_back(till, reservation, deposit - 1_00) for _ in range(3)), return_exceptions=True
    )

    assert sum(isinstance(one, NotThatMuch) for one in found) == 2
    assert len(provider.refunds(payment)) == 1


async def test_nothing_is_left_after_everything_went_back(till, provider):
    reservation, _ = await paid_stay(till, provider)
    await give_back(till, reservation)

    with pytest.raises(NotThatMuch):
        await give_back(till, reservation)


async def test_an_old_payment_goes_back_by_hand(till, provider):
    reservation, payment = await paid_stay(till, provider)

    (share,) = await give_back(till, reservation, now=datetime.now(UTC) + timedelta(days=181))

    assert share.by_hand
    assert provider.refunds(payment) == []
    assert till.told.of(OwnerNeeded)[-1].trouble is Trouble.BY_HAND
    await by_hand(till, till.sql("SELECT id FROM refund")[0]["id"])


async def test_a_part_that_the_provider_refuses_is_the_owners_to_give(till, provider):
    reservation, payment = await paid_stay(till, provider)
    deposit = await till.deposit(reservation)
    async with till.database.begin() as tx:
        await giving_back.give_back(
            tx,
            reservation_id=reservation,
            amount=deposit,
            actor="cli:ana",
            now=datetime.now(UTC),
        )
    provider.change(payment, refund=1)  # somebody was at the panel: now it is too much
    await till.work()

    assert [fact.status for fact in till.told.of(RefundFinished)] == ["failed"]
    assert till.told.of(OwnerNeeded)[-1].trouble is Trouble.REFUND_FAILED
    await by_hand(till, till.sql("SELECT id FROM refund")[0]["id"])
    assert [fact.status for fact in till.told.of(RefundFinished)] == ["failed", "done"]
    assert (await till.balance(reservation)).paid == 0


async def test_a_refused_part_that_somebody_gave_back_at_the_panel_waits_for_nobody(till, provider):
    reservation, payment = await paid_stay(till, provider)
    async with till.database.begin() as tx:
        await giving_back.give_back(
            tx, reservation_id=reservation, amount=None, actor="cli:ana", now=datetime.now(UTC)
        )
    provider.change(payment, refund=1)
    await till.work()
    assert till.sql("SELECT status FROM refund") == [{"status": "failed"}]

    provider.change(payment, refund=None)
    await till.apply(payment)

    assert till.sql("SELECT status, by_hand, ended_by FROM refund") == [
        {"status": "done", "by_hand": False, "ended_by": "mercadopago"}
    ]
    assert (await till.balance(reservation)).paid == 0
    with pytest.raises(NotByHand):
        await by_hand(till, till.sql("SELECT id FROM refund")[0]["id"])


async def test_a_refund_at_the_provider_cannot_be_said_to_be_made_by_hand(till, provider):
    reservation, _ = await paid_stay(till, provider)
    await give_back(till, reservation)

    with pytest.raises(NotByHand):
        await by_hand(till, till.sql("SELECT id FROM refund")[0]["id"])


@pytest.mark.parametrize("mode", ["down", "500", "429"])
async def test_refunds_wait_for_a_provider_that_is_away(till, provider, mode):
    reservation, payment = await paid_stay(till, provider)
    provider.fault(mode)
    with pytest.raises(RetryLater):
        await give_back(till, reservation, 100_00)
    provider.fault("none")

    await till.jobs["payments.refund"].run(refund_id=till.sql("SELECT id FROM refund")[0]["id"])

    assert [one["amount"] for one in provider.refunds(payment)] == [100]


async def test_a_part_whose_answer_was_lost_is_given_back_once(till, provider):
    reservation, payment = await paid_stay(till, provider)
    await give_back(till, reservation, 100_00)
    provider.fault("timeout_after_accept", delay_s=4)
    with pytest.raises(RetryLater):
        await give_back(till, reservation, 100_00)
    provider.fault("none")
    newest = till.sql("SELECT id FROM refund ORDER BY id DESC")[0]["id"]

    await till.jobs["payments.refund"].run(refund_id=newest)

    assert [one["amount"] for one in provider.refunds(payment)] == [100, 100]
    assert (await till.balance(reservation)).paid == await till.deposit(reservation) - 200_00


async def test_what_the_provider_tells_of_our_refund_counts_once(till, provider):
    reservation, payment = await paid_stay(till, provider)
    await give_back(till, reservation, 100_00)

    assert await till.apply(payment) == "refunded"

    assert (await till.balance(reservation)).paid == await till.deposit(reservation) - 100_00
    assert (await give_back(till, reservation))[0].amount == (
        await till.deposit(reservation) - 100_00
    )


async def test_the_whole_price_in_three_ways_goes_back_in_three_ways(till, provider):
    reservation, payment = await paid_stay(till, provider, by_hand=10_000_00)
    rest = await total(till, reservation) - await till.deposit(reservation) - 10_000_00
    await enter(till, reservation, rest)

    found = await cancel(till, reservation, days=60)

    assert [share.by_hand for share in found.shares] == [True, True, False]
    assert found.refund == await total(till, reservation)
    assert len(provider.refunds(payment)) == 1
    for row in till.sql("SELECT id FROM refund WHERE by_hand"):
        await by_hand(till, row["id"])
    assert (await till.balance(reservation)).due == 0


async def test_a_second_part_that_never_got_through_is_not_taken_for_the_first(till, provider):
    reservation, payment = await paid_stay(till, provider)
    await give_back(till, reservation, 100_00)
    provider.fault("down")
    with pytest.raises(RetryLater):
        await give_back(till, reservation, 100_00)
    provider.fault("none")
    newest = till.sql("SELECT id FROM refund ORDER BY id DESC")[0]["id"]

    await till.jobs["payments.refund"].run(refund_id=newest)

    assert [one["amount"] for one in provider.refunds(payment)] == [100, 100]


async def test_a_refused_part_is_set_aside_once(till, provider):
    reservation, _ = await paid_stay(till, provider)
    async with till.database.begin() as tx:
        await giving_back.give_back(
            tx, reservation_id=reservation, amount=100_00, actor="cli:ana", now=datetime.now(UTC)
        )
    number = till.sql("SELECT id FROM refund")[0]["id"]
    async with till.database.begin() as tx:
        order = await refunds.begin(tx, refund_id=number)
        assert order is not None
        await refunds.finish(tx, refund_order=order, status=RefundStatus.FAILED, provider_id=None)

    (share,) = await give_back(till, reservation)

    assert share.amount == await till.deposit(reservation) - 100_00
    await by_hand(till, number)
    assert (await till.balance(reservation)).paid == 0
