"""From the payer to the confirmed stay, over the wire: simulator, webhook, inbox, job."""

from datetime import UTC, datetime

import pytest
from tests.contract.mercadopago.conftest import at_once, serving

from alojamientos.payments import operations
from alojamientos.payments.events import OwnerNeeded, Trouble


@pytest.fixture
def door(till, webhook_port):
    with serving(till.dsn, port=webhook_port) as door:
        yield door


async def test_a_notified_payment_confirms_the_stay(till, provider, door):
    reservation, reference = await till.hold_with_link()

    payment = provider.pay(reference, notify=True)
    await till.work()

    assert await till.status(reservation) == "confirmed"
    assert [(one["outcome"], one["done"]) for one in door.events()] == [("confirmed", True)]
    assert door.events()[0]["payload"]["payment_id"] == payment
    assert len(till.timed.seconds) == 1


async def test_duplicated_notifications_have_one_effect(till, provider, door):
    reservation, reference = await till.hold_with_link()
    provider.fault("duplicate_webhooks")

    provider.pay(reference, notify=True, duplicates=5)
    await till.work()

    assert sorted(till.told.outcomes()) == ["confirmed", *["seen"] * 5]
    assert (await till.balance(reservation)).paid == await till.deposit(reservation)
    assert await till.violations() == {}


async def test_a_storm_of_payers_ends_with_one_deposit(till, provider, door):
    reservation, reference = await till.hold_with_link()

    at_once(8, lambda: provider.pay(reference, notify=True))
    await till.work()

    outcomes = [one for one in till.told.outcomes() if one != "refunded"]  # they tell of those too
    assert sorted(outcomes) == ["confirmed", *["refund_duplicate"] * 7]
    assert (await till.balance(reservation)).paid == await till.deposit(reservation)
    assert await till.violations() == {}


async def test_a_notification_of_a_later_state_may_come_first(till, provider, door):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference, status="pending")

    provider.change(payment, status="approved", notify=True)
    provider.control("POST", f"mercadopago/payments/{payment}/notify", {})
    await till.work()

    assert till.told.outcomes() == ["confirmed", "seen"]
    assert await till.status(reservation) == "confirmed"


async def test_the_simulators_example_id_is_acknowledged_and_recorded(till, door):
    assert door.notify("123456").status_code == 200

    await till.work()

    assert [one["outcome"] for one in door.events()] == ["unknown_payment"]


async def test_the_same_notification_fifty_times_at_once_is_one(till, provider, door):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)

    sent = datetime.now(UTC).timestamp() * 1000
    answers = at_once(50, lambda: door.notify(payment, request_id="one", ts=sent))

    assert {answer.status_code for answer in answers} == {200}
    await till.work()
    assert till.told.outcomes() == ["confirmed"]
    assert await till.status(reservation) == "confirmed"
    assert await till.violations() == {}


async def test_fifty_notifications_of_one_payment_at_once_have_one_effect(till, provider, door):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)

    answers = at_once(50, lambda: door.notify(payment))
    assert {answer.status_code for answer in answers} == {200}
    await till.work()

    assert sorted(till.told.outcomes()) == ["confirmed", *["seen"] * 49]
    assert all(one["done"] for one in door.events())
    assert (await till.balance(reservation)).paid == await till.deposit(reservation)
    assert await till.violations() == {}


async def test_a_chargeback_told_under_its_own_topic_reaches_the_ledger(till, provider, door):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)
    provider.change(payment, status="charged_back")

    path = f"mercadopago/payments/{payment}/notify"
    provider.control("POST", path, {"topic": "topic_chargebacks_wh"})
    await till.work()

    assert till.told.outcomes() == ["confirmed", "charged_back"]
    assert await till.status(reservation) == "confirmed"
    assert (await till.balance(reservation)).paid == 0


async def test_a_fraud_warning_is_the_owners_to_look_at(till, provider, door):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)

    async with till.database.begin() as tx:
        await operations.warn_of_fraud(tx, provider_id=payment)
        await operations.warn_of_fraud(tx, provider_id="404")

    (needed,) = till.told.of(OwnerNeeded)
    assert (needed.trouble, needed.reservation_id) == (Trouble.FRAUD, reservation)
