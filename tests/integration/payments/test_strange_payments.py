"""Every row of what must become of late and strange payments, from the payment to the ledger."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.payments.conftest import ACCOUNT

from alojamientos.payments import operations, queries
from alojamientos.payments.events import (
    OwnerNeeded,
    PaymentLinkCreated,
    RefundFinished,
    Trouble,
)
from alojamientos.payments.provider import PaymentStatus, ProviderPayment


@pytest.fixture(autouse=True)
async def _the_books_are_in_order(till):
    yield
    assert await till.violations() == {}


async def test_a_paid_hold_is_confirmed(till, provider):
    reservation, reference = await till.hold_with_link()
    deposit = await till.deposit(reservation)

    assert await till.apply(provider.pay(reference)) == "confirmed"

    assert await till.status(reservation) == "confirmed"
    balance = await till.balance(reservation)
    assert (balance.paid, balance.due) == (deposit, balance.charged - deposit)
    assert await till.unreconciled() == 0


async def test_a_late_payment_revives_the_hold_while_its_dates_are_free(till, provider):
    reservation, reference = await till.hold_with_link()
    till.run_out(reservation)

    assert await till.apply(provider.pay(reference)) == "revived"

    assert await till.status(reservation) == "confirmed"
    assert (await till.balance(reservation)).charged > 0


async def test_a_swept_hold_is_charged_again_when_revived(till, provider):
    from alojamientos.reservations import operations

    reservation, reference = await till.hold_with_link()
    till.run_out(reservation)
    async with till.database.begin() as tx:
        await operations.expire_due_holds(tx, limit=10)
    released = await till.balance(reservation)

    await till.apply(provider.pay(reference))

    assert (released.charged, released.due) == (0, 0)
    kinds = till.sql("SELECT kind FROM ledger_entry")
    assert sorted(row["kind"] for row in kinds) == ["charged", "charged", "paid", "released"]


async def test_a_late_payment_goes_back_when_the_dates_are_taken(till, provider):
    reservation, reference = await till.hold_with_link()
    till.run_out(reservation)
    other = await till.hold(first=1, guest="beto")
    payment = provider.pay(reference)

    assert await till.apply(payment) == "refund_dates_taken"

    assert await till.status(reservation) == "expired"
    assert await till.status(other) == "pre_reserved"
    assert len(provider.refunds(payment)) == 1
    assert [fact.status for fact in till.told.of(RefundFinished)] == ["done"]
    assert (await till.balance(reservation)).due == 0
    assert await till.unreconciled() == 0


async def test_money_that_is_going_back_pays_for_nothing(till, provider):
    reservation, reference = await till.hold_with_link()
    till.run_out(reservation)
    other = await till.hold(guest="beto")
    run = till.jobs["payments.apply"].run
    await run(provider_payment_id=provider.pay(reference))  # its refund is not asked for yet
    await till.cancel(other)

    assert await till.apply(provider.pay(reference)) == "revived"

    assert till.told.outcomes()[0] == "refund_dates_taken"
    assert await till.status(reservation) == "confirmed"


async def test_a_payment_for_a_cancelled_reservation_goes_back(till, provider):
    reservation, reference = await till.hold_with_link()
    await till.cancel(reservation)
    payment = provider.pay(reference)

    assert await till.apply(payment) == "refund_cancelled"

    assert len(provider.refunds(payment)) == 1
    assert (await till.balance(reservation)).due == 0


async def test_less_than_the_deposit_confirms_nothing_until_the_rest_comes(till, provider):
    reservation, reference = await till.hold_with_link()
    deposit = await till.deposit(reservation)

    assert await till.apply(provider.pay(reference, amount=100)) == "partial"
    assert await till.status(reservation) == "pre_reserved"
    assert await till.unreconciled() == 1

    rest = (deposit - 100_00) / 100
    assert await till.apply(provider.pay(reference, amount=rest)) == "confirmed"
    assert (await till.balance(reservation)).paid == deposit
    assert await till.unreconciled() == 0


async def test_a_second_payment_goes_back(till, provider):
    reservation, reference = await till.hold_with_link()
    first, second = provider.pay(reference), provider.pay(reference)
    await till.apply(first)

    assert await till.apply(second) == "refund_duplicate"

    assert (len(provider.refunds(first)), len(provider.refunds(second))) == (0, 1)
    assert (await till.balance(reservation)).paid == await till.deposit(reservation)
    assert await till.apply(second) == "refunded"  # what the provider tells of our own refund
    assert (await till.balance(reservation)).paid == await till.deposit(reservation)


async def test_two_payments_at_once_confirm_once_and_one_goes_back(till, provider):
    reservation, reference = await till.hold_with_link()
    run = till.jobs["payments.apply"].run

    await asyncio.gather(*(run(provider_payment_id=provider.pay(reference)) for _ in range(4)))
    await till.work()

    assert sorted(till.told.outcomes()) == ["confirmed", *["refund_duplicate"] * 3]
    assert (await till.balance(reservation)).paid == await till.deposit(reservation)


async def test_a_rejected_payment_leaves_the_hold_and_another_may_follow(till, provider):
    reservation, reference = await till.hold_with_link()

    assert await till.apply(provider.pay(reference, status="rejected")) == "rejected"
    assert await till.status(reservation) == "pre_reserved"
    assert await till.apply(provider.pay(reference)) == "confirmed"


@pytest.mark.parametrize("status", ["pending", "in_process", "authorized"])
async def test_money_that_is_not_there_yet_confirms_nothing_until_it_is(till, provider, status):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference, status=status)

    assert await till.apply(payment) == "seen"
    assert await till.status(reservation) == "pre_reserved"
    provider.change(payment, status="approved")
    assert await till.apply(payment) == "confirmed"


async def test_a_cancelled_attempt_changes_nothing(till, provider):
    reservation, reference = await till.hold_with_link()

    assert await till.apply(provider.pay(reference, status="cancelled")) == "seen"
    assert await till.status(reservation) == "pre_reserved"


async def test_refunds_by_the_owner_reach_the_ledger_and_free_no_dates(till, provider):
    reservation, reference = await till.hold_with_link()
    deposit = await till.deposit(reservation)
    payment = provider.pay(reference)
    await till.apply(payment)

    provider.change(payment, refund=100)
    assert await till.apply(payment) == "refunded"
    assert (await till.balance(reservation)).paid == deposit - 100_00
    provider.change(payment, refund=None)
    assert await till.apply(payment) == "refunded"

    assert (await till.balance(reservation)).paid == 0
    assert await till.status(reservation) == "confirmed"
    assert till.sql("SELECT id FROM refund") == []


async def test_a_chargeback_is_flagged_and_frees_no_dates(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)

    provider.change(payment, status="charged_back")
    assert await till.apply(payment) == "charged_back"

    assert await till.status(reservation) == "confirmed"
    assert (await till.balance(reservation)).paid == 0
    assert till.sql("SELECT disputed FROM payment") == [{"disputed": True}]


async def test_a_dispute_is_flagged_and_its_good_end_changes_no_money(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)

    provider.change(payment, status="in_mediation")
    assert await till.apply(payment) == "disputed"
    assert till.sql("SELECT disputed FROM payment") == [{"disputed": True}]
    provider.change(payment, status="approved")
    assert await till.apply(payment) == "seen"

    assert till.sql("SELECT disputed FROM payment") == [{"disputed": False}]
    assert (await till.balance(reservation)).paid == await till.deposit(reservation)


async def test_an_unknown_reference_is_kept_as_an_orphan(till, provider):
    payment = provider.pay("nobody knows", amount=50)

    assert await till.apply(payment) == "orphan"

    rows = till.sql("SELECT provider_id, reservation_id, outcome FROM payment")
    assert rows == [{"provider_id": payment, "reservation_id": None, "outcome": "orphan"}]
    async with till.database.read() as conn:
        count, oldest = await queries.unreconciled(conn)
    assert count == 1
    assert oldest is not None


@pytest.mark.parametrize(
    "falsified", [{"collector_id": 1}, {"currency_id": "USD"}, {"live_mode": True}]
)
async def test_money_of_another_account_confirms_nothing(till, provider, falsified):
    reservation, reference = await till.hold_with_link()

    assert await till.apply(provider.pay(reference, overrides=falsified)) == "foreign"

    assert await till.status(reservation) == "pre_reserved"
    assert (await till.balance(reservation)).paid == 0


async def test_an_older_state_never_replaces_a_newer_one(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(
        reference,
        status="pending",
        overrides={"date_last_updated": "2099-01-01T00:00:00.000-03:00"},
    )
    await till.apply(payment)
    provider.change(payment, status="approved")  # stamped with today

    assert await till.apply(payment) == "seen"

    assert await till.status(reservation) == "pre_reserved"
    assert till.sql("SELECT status FROM payment") == [{"status": "pending"}]


async def test_a_storm_of_notifications_confirms_once(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    run = till.jobs["payments.apply"].run

    await asyncio.gather(*(run(provider_payment_id=payment) for _ in range(20)))

    assert sorted(till.told.outcomes()) == ["confirmed", *["seen"] * 19]
    assert (await till.balance(reservation)).paid == await till.deposit(reservation)
    assert len(till.sql("SELECT id FROM payment_event")) == 1


async def test_a_payment_at_the_deadline_and_the_sweep_never_lose_the_guest(till, provider):
    from alojamientos.reservations import operations

    async def sweep():
        async with till.database.begin() as tx:
            await operations.expire_due_holds(tx, limit=10)

    for first in (0, 10, 20):
        reservation, reference = await till.hold_with_link(first=first)
        payment = provider.pay(reference)
        till.run_out(reservation)
        await asyncio.gather(till.apply(payment), sweep())
        assert await till.status(reservation) == "confirmed"


async def test_a_cancellation_and_a_payment_at_once_end_in_order(till, provider):
    for first in (0, 10, 20):
        reservation, reference = await till.hold_with_link(first=first)
        payment = provider.pay(reference)

        outcome, _ = await asyncio.gather(till.apply(payment), till.cancel(reservation))

        assert outcome in ("confirmed", "refund_cancelled")
        assert await till.status(reservation) == "cancelled"


async def test_a_link_is_told_of_once_and_closes_with_the_hold(till):
    reservation, reference = await till.hold_with_link()
    await till.jobs["payments.create_link"].run(reservation_id=reservation)

    async with till.database.read() as conn:
        link = await queries.link_for(conn, reservation_id=reservation)

    assert link is not None
    assert "pref_id=" in link.url
    assert len(till.told.of(PaymentLinkCreated)) == 1
    hold = till.sql("SELECT code, hold_expires_at FROM reservation")[0]
    assert (link.expires_at, reference) == (hold["hold_expires_at"], f"{hold['code']}:dep:1")


@pytest.mark.parametrize("seed", range(3))
async def test_states_in_any_order_and_all_at_once_end_in_the_newest(till, provider, seed):
    reservation, reference = await till.hold_with_link()
    deposit = await till.deposit(reservation)
    provider.pay(reference, status="pending")
    start = datetime(2026, 11, 24, 12, tzinfo=UTC)
    told = [
        (PaymentStatus.PENDING, 0),
        (PaymentStatus.IN_PROCESS, 0),
        (PaymentStatus.APPROVED, 0),
        (PaymentStatus.APPROVED, 100_00),
        (PaymentStatus.APPROVED, 250_00),
    ]
    states = [
        ProviderPayment(
            provider_id="77",
            status=status,
            status_detail="",
            amount=deposit,
            refunded=refunded,
            currency="ARS",
            external_reference=reference,
            collector_id=ACCOUNT.collector_id,
            live_mode=ACCOUNT.live_mode,
            updated_at=start + timedelta(minutes=minutes),
            approved_at=start if status is PaymentStatus.APPROVED else None,
        )
        for minutes, (status, refunded) in enumerate(told)
    ] * 10
    random.Random(seed).shuffle(states)

    async def take_in(payment):
        async with till.database.begin() as tx:
            await operations.apply(tx, payment=payment, account=ACCOUNT)

    await asyncio.gather(*(take_in(payment) for payment in states))

    # The newest state alone is short of the deposit; an earlier one that came first was not.
    assert (await till.balance(reservation)).paid == deposit - 250_00
    row = till.sql("SELECT status, refunded FROM payment WHERE provider_id = '77'")
    assert row == [{"status": "approved", "refunded": 250_00}]


async def test_a_chargeback_that_is_won_brings_the_money_back(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)
    provider.change(payment, status="charged_back")
    await till.apply(payment)
    assert [fact.trouble for fact in till.told.of(OwnerNeeded)] == [Trouble.CHARGED_BACK]

    provider.change(payment, status="approved")
    await till.apply(payment)

    assert (await till.balance(reservation)).paid == await till.deposit(reservation)
    assert till.sql("SELECT disputed FROM payment") == [{"disputed": False}]


async def test_a_dispute_and_an_orphan_are_the_owners_to_look_at(till, provider):
    _, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)
    provider.change(payment, status="in_mediation")
    await till.apply(payment)
    await till.apply(payment)
    orphan = provider.pay("nobody knows", amount=50)
    await till.apply(orphan)

    needed = [(fact.trouble, fact.payment) for fact in till.told.of(OwnerNeeded)]
    assert needed == [(Trouble.DISPUTED, payment), (Trouble.ORPHAN, orphan)]


async def test_a_deposit_that_was_charged_back_can_be_paid_again(till, provider):
    reservation, reference = await till.hold_with_link()
    first = provider.pay(reference)
    await till.apply(first)
    provider.change(first, status="charged_back")
    await till.apply(first)

    assert await till.apply(provider.pay(reference)) == "confirmed"

    assert (await till.balance(reservation)).paid == await till.deposit(reservation)


async def test_a_chargeback_won_after_the_deposit_was_paid_again_is_the_guests_credit(
    till, provider
):
    reservation, reference = await till.hold_with_link()
    first = provider.pay(reference)
    await till.apply(first)
    provider.change(first, status="charged_back")
    await till.apply(first)
    await till.apply(provider.pay(reference))

    provider.change(first, status="approved")
    await till.apply(first)

    assert (await till.balance(reservation)).paid == 2 * await till.deposit(reservation)


async def test_a_part_of_a_short_payment_that_went_back_leaves_it_short(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference, amount=100)
    await till.apply(payment)
    provider.change(payment, refund=40)

    assert await till.apply(payment) == "refunded"

    assert till.sql("SELECT outcome FROM payment") == [{"outcome": "partial"}]
    assert await till.unreconciled() == 1
    assert (await till.balance(reservation)).paid == 60_00


async def test_more_than_the_whole_price_gives_back_the_excess(till, provider):
    reservation, reference = await till.hold_with_link()
    price = till.sql("SELECT total FROM reservation")[0]["total"]

    payment = provider.pay(reference, amount=price / 100 + 7)
    assert await till.apply(payment) == "confirmed"

    assert [one["amount"] for one in provider.refunds(payment)] == [7]
    assert (await till.balance(reservation)).due == 0
    assert await till.apply(payment) == "refunded"  # as the provider tells of it
    assert (await till.balance(reservation)).due == 0


async def test_more_than_the_deposit_is_kept_towards_the_balance(till, provider):
    reservation, reference = await till.hold_with_link()
    deposit = await till.deposit(reservation)

    payment = provider.pay(reference, amount=deposit / 100 + 7)
    assert await till.apply(payment) == "confirmed"

    assert provider.refunds(payment) == []
    assert (await till.balance(reservation)).paid == deposit + 7_00
