"""Every row of what must become of late and strange payments, from the payment to the ledger."""

import asyncio

import pytest

from alojamientos.payments import queries
from alojamientos.payments.events import PaymentLinkCreated, RefundFinished


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
