"""Links for what is left to pay, and two links for one booking."""

from datetime import timedelta

import pytest
from tests.integration.payments.test_money_by_hand import enter, total

from alojamientos.kit.errors import ProviderUnavailable
from alojamientos.payments import links, queries
from alojamientos.payments.events import PaymentApplied, PaymentLinkCreated, Purpose
from alojamientos.payments.jobs import CREATE_BALANCE_LINK
from alojamientos.payments.links import NothingToPay


@pytest.fixture(autouse=True)
async def _the_books_are_in_order(till):
    yield
    assert await till.violations() == {}


async def confirmed(till, provider):
    reservation, reference = await till.hold_with_link()
    await till.apply(provider.pay(reference))
    return reservation, reference


async def ask(till, reservation):
    """Have a link for the balance made; return its reference."""
    async with till.database.begin() as tx:
        await links.ask_for_balance_link(tx, reservation_id=reservation)
    await till.work()
    return till.reference(reservation)


async def open_link(till, reservation):
    async with till.database.read() as conn:
        return await queries.link_for(conn, reservation_id=reservation, purpose=Purpose.BALANCE)


async def test_the_balance_is_paid_by_its_own_link(till, provider):
    reservation, _ = await confirmed(till, provider)
    due = (await till.balance(reservation)).due

    reference = await ask(till, reservation)
    link = await open_link(till, reservation)
    assert link is not None
    assert link.amount == due
    assert await till.apply(provider.pay(reference)) == "balance"

    assert (await till.balance(reservation)).due == 0
    assert [fact.purpose for fact in till.told.of(PaymentLinkCreated)] == ["deposit", "balance"]


async def test_asking_again_gives_the_same_link_while_the_balance_is_the_same(till, provider):
    reservation, _ = await confirmed(till, provider)

    first, second = await ask(till, reservation), await ask(till, reservation)

    assert first == second
    assert len(provider.state()["preferences"]) == 2
    assert len(till.told.of(PaymentLinkCreated)) == 3  # the guest is sent it again


async def test_a_balance_that_has_changed_or_a_link_that_has_closed_gets_a_new_one(till, provider):
    reservation, _ = await confirmed(till, provider)
    first = await ask(till, reservation)
    await enter(till, reservation, 100_00)
    second = await ask(till, reservation)
    till.later[0] = timedelta(days=4)
    third = await ask(till, reservation)

    assert [one.rpartition(":")[2] for one in (first, second, third)] == ["1", "2", "3"]


async def test_both_links_of_a_changed_balance_paid_give_back_the_second(till, provider):
    reservation, _ = await confirmed(till, provider)
    first = await ask(till, reservation)
    await enter(till, reservation, 100_00)
    second = await ask(till, reservation)

    assert await till.apply(provider.pay(second)) == "balance"
    late = provider.pay(first)
    assert await till.apply(late) == "refund_duplicate"

    assert len(provider.refunds(late)) == 1
    assert (await till.balance(reservation)).due == 0


async def test_an_older_link_for_more_than_is_left_gives_back_the_excess(till, provider):
    reservation, _ = await confirmed(till, provider)
    reference = await ask(till, reservation)
    await enter(till, reservation, 100_00)

    payment = provider.pay(reference)
    assert await till.apply(payment) == "balance"

    assert [one["amount"] for one in provider.refunds(payment)] == [100]
    assert till.told.of(PaymentApplied)[-1].excess == 100_00
    assert (await till.balance(reservation)).due == 0
    assert (await till.balance(reservation)).paid == await total(till, reservation)
    assert await till.apply(payment) == "refunded"  # the provider tells of it


async def test_a_part_of_the_balance_is_credited(till, provider):
    reservation, _ = await confirmed(till, provider)
    due = (await till.balance(reservation)).due
    reference = await ask(till, reservation)

    assert await till.apply(provider.pay(reference, amount=100)) == "balance"

    assert (await till.balance(reservation)).due == due - 100_00


async def test_the_deposits_link_paid_again_is_no_balance(till, provider):
    reservation, deposit_link = await confirmed(till, provider)
    await ask(till, reservation)

    payment = provider.pay(deposit_link)
    assert await till.apply(payment) == "refund_duplicate"

    assert len(provider.refunds(payment)) == 1


async def test_a_balance_paid_after_the_cancellation_goes_back(till, provider):
    reservation, _ = await confirmed(till, provider)
    reference = await ask(till, reservation)
    await till.cancel(reservation)

    payment = provider.pay(reference)
    assert await till.apply(payment) == "refund_cancelled"

    assert len(provider.refunds(payment)) == 1


async def test_there_is_no_link_for_a_hold_or_for_nothing(till, provider):
    hold = await till.hold(first=20)
    with pytest.raises(NothingToPay, match="pre_reserved"):
        await ask(till, hold)
    reservation, _ = await confirmed(till, provider)
    await enter(till, reservation, (await till.balance(reservation)).due)

    with pytest.raises(NothingToPay, match="Everything is paid"):
        await ask(till, reservation)


async def test_a_link_that_is_not_needed_any_more_is_not_made(till, provider):
    reservation, _ = await confirmed(till, provider)
    await enter(till, reservation, (await till.balance(reservation)).due)

    await till.jobs[CREATE_BALANCE_LINK].run(reservation_id=reservation)

    assert len(provider.state()["preferences"]) == 1


async def test_a_link_whose_answer_was_lost_is_made_once(till, provider):
    reservation, _ = await confirmed(till, provider)
    provider.fault("timeout_after_accept", delay_s=4)
    with pytest.raises(ProviderUnavailable):
        await ask(till, reservation)
    provider.fault("none")

    await till.jobs[CREATE_BALANCE_LINK].run(reservation_id=reservation)

    assert len(provider.state()["preferences"]) == 2
    assert len(till.told.of(PaymentLinkCreated)) == 2


async def test_a_balance_whose_notification_was_lost_is_found(till, provider):
    reservation, _ = await confirmed(till, provider)
    reference = await ask(till, reservation)
    provider.pay(reference, overrides={"date_last_updated": "2020-01-01T00:00:00.000-03:00"})

    await till.reconcile()

    assert (await till.balance(reservation)).due == 0
