"""What happens to money while the provider, the notifications or we ourselves fail."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.payments.test_money_by_hand import enter

from alojamientos.channels.mercadopago.client import MercadoPago
from alojamientos.jobs.registry import RetryLater
from alojamientos.kit.errors import ProviderUnavailable
from alojamientos.payments import jobs, refunds
from alojamientos.payments.events import (
    PaymentLinkCreated,
    ReconciliationFound,
    RefundFinished,
)
from alojamientos.payments.provider import RefundStatus
from alojamientos.payments.refunds import NoSuchRefund

HOUR = timedelta(hours=1)


def notified(till, payment, *, minutes_ago=0):
    """Store a notification as the webhook does; return its id."""
    rows = till.sql(
        "INSERT INTO inbox_event (source, external_id, event_type, payload, trace_id, received_at)"
        " VALUES ('mercadopago', 'payment:' || %s, 'payment', jsonb_build_object('payment_id', %s::"
        "text), repeat('a', 32), now() - make_interval(mins => %s)) RETURNING id",
        payment,
        payment,
        minutes_ago,
    )
    return rows[0]["id"]


def event(till):
    return till.sql("SELECT outcome, attempts, processed_at IS NOT NULL AS done FROM inbox_event")[
        0
    ]


def refund_row(till):
    return till.sql("SELECT id, status, attempts, provider_id FROM refund")[0]


async def ordered_refund(till, provider):
    """Have a refund written down that nobody has asked for yet; return it and its payment."""
    reservation, reference = await till.hold_with_link()
    await till.cancel(reservation)
    payment = provider.pay(reference)
    await till.jobs[jobs.APPLY].run(provider_payment_id=payment)
    return refund_row(till)["id"], payment


async def test_a_notification_is_closed_with_its_payment_and_timed(till, provider):
    _, reference = await till.hold_with_link()
    payment = provider.pay(reference)

    await till.apply(payment, inbox_event_id=notified(till, payment, minutes_ago=2))

    assert till.timed.seconds == [pytest.approx(120, abs=30)]
    assert event(till) == {"outcome": "confirmed", "attempts": 0, "done": True}


async def test_a_notification_closed_once_is_not_closed_again(till, provider):
    _, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    event_id = notified(till, payment)

    await till.apply(payment, inbox_event_id=event_id)
    assert await till.apply(payment, inbox_event_id=event_id) == "seen"

    assert event(till)["outcome"] == "confirmed"
    assert len(till.timed.seconds) == 1


async def test_a_payment_that_does_not_exist_closes_its_notification(till):
    await till.jobs[jobs.APPLY].run(
        provider_payment_id="123456", inbox_event_id=notified(till, "123456")
    )

    assert event(till)["outcome"] == "unknown_payment"
    assert till.sql("SELECT id FROM payment") == []


@pytest.mark.parametrize("mode", ["down", "500", "429", "401", "slow", "timeout_after_accept"])
async def test_a_notified_payment_waits_for_the_provider_without_spending_attempts(
    till, provider, mode
):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    event_id = notified(till, payment)
    provider.fault(mode)

    for _ in range(3):
        with pytest.raises(RetryLater):
            await till.apply(payment, inbox_event_id=event_id)
    assert event(till) == {"outcome": None, "attempts": 3, "done": False}
    provider.fault("none")
    await till.apply(payment, inbox_event_id=event_id)

    assert await till.status(reservation) == "confirmed"


async def test_without_a_notification_the_jobs_own_retries_count(till, provider):
    provider.fault("down")

    with pytest.raises(ProviderUnavailable):
        await till.jobs[jobs.APPLY].run(provider_payment_id="1")


async def test_a_link_asked_for_again_after_a_lost_answer_is_the_same_link(till, provider):
    reservation = await till.hold()
    provider.fault("timeout_after_accept", delay_s=4)
    with pytest.raises(ProviderUnavailable):
        await till.work()
    provider.fault("none")

    await till.jobs[jobs.CREATE_LINK].run(reservation_id=reservation)

    assert len(provider.state()["preferences"]) == 1
    assert len(till.told.of(PaymentLinkCreated)) == 1


async def test_a_hold_that_ended_gets_no_link(till, provider):
    reservation = await till.hold()
    await till.cancel(reservation)

    await till.work()

    assert provider.state()["preferences"] == {}


async def test_a_refund_whose_answer_was_lost_is_made_once(till, provider):
    refund_id, payment = await ordered_refund(till, provider)
    provider.fault("timeout_after_accept", delay_s=4)
    with pytest.raises(RetryLater):
        await till.jobs[jobs.REFUND].run(refund_id=refund_id)
    provider.fault("none")

    await till.jobs[jobs.REFUND].run(refund_id=refund_id)

    assert len(provider.refunds(payment)) == 1
    assert refund_row(till)["status"] == "done"
    assert [fact.status for fact in till.told.of(RefundFinished)] == ["done"]


async def test_a_crash_between_the_refund_and_its_commit_reuses_the_key(
    till, provider, mercadopago
):
    refund_id, payment = await ordered_refund(till, provider)
    async with till.database.begin() as tx:
        order = await refunds.begin(tx, refund_id=refund_id)
    assert order is not None
    key = {
        "payment_id": payment,
        "amount": order.amount,
        "idempotency_key": order.idempotency_key,
    }

    first, second = await mercadopago.refund(**key), await mercadopago.refund(**key)
    await till.work()

    assert first == second
    assert len(provider.refunds(payment)) == 1
    assert refund_row(till)["status"] == "done"
    assert await till.violations() == {}


async def test_two_runs_of_a_refund_end_it_once(till, provider):
    refund_id, payment = await ordered_refund(till, provider)
    async with till.database.begin() as tx:
        order = await refunds.begin(tx, refund_id=refund_id)
    assert order is not None
    await till.jobs[jobs.REFUND].run(refund_id=refund_id)

    async with till.database.begin() as tx:
        again = await refunds.finish(
            tx, refund_order=order, status=RefundStatus.FAILED, provider_id=None
        )
    await till.jobs[jobs.REFUND].run(refund_id=refund_id)

    assert not again
    assert len(till.told.of(RefundFinished)) == 1
    assert len(provider.refunds(payment)) == 1


async def test_a_refund_made_by_hand_in_between_counts(till, provider):
    refund_id, payment = await ordered_refund(till, provider)
    provider.change(payment, refund=None)

    await till.jobs[jobs.REFUND].run(refund_id=refund_id)

    assert refund_row(till)["status"] == "done"
    assert len(provider.refunds(payment)) == 1


async def test_a_refused_refund_is_recorded_and_stays_visible(till, provider):
    refund_id, payment = await ordered_refund(till, provider)
    provider.change(payment, refund=1)

    await till.jobs[jobs.REFUND].run(refund_id=refund_id)

    assert refund_row(till)["status"] == "failed"
    assert [fact.status for fact in till.told.of(RefundFinished)] == ["failed"]
    assert await till.unreconciled() == 1


async def test_a_refund_is_given_up_in_the_end(till, provider):
    refund_id, _ = await ordered_refund(till, provider)
    till.sql("UPDATE refund SET attempts = 149")
    provider.fault("down")

    await till.jobs[jobs.REFUND].run(refund_id=refund_id)

    assert refund_row(till)["status"] == "failed"


class Undecided(MercadoPago):
    """A Mercado Pago that takes refunds and has not decided about them."""

    async def refund(self, *, payment_id: str, amount: int, idempotency_key: UUID):
        made = await super().refund(
            payment_id=payment_id, amount=amount, idempotency_key=idempotency_key
        )
        return replace(made, status=RefundStatus.PENDING)


async def test_a_refund_in_process_is_done_once_the_payment_says_so(till, provider, mercadopago):
    refund_id, payment = await ordered_refund(till, provider)
    undecided = till.with_provider(Undecided(http=mercadopago._http, notification_url=""))
    with pytest.raises(RetryLater):
        await undecided[jobs.REFUND].run(refund_id=refund_id)
    assert refund_row(till)["status"] == "pending"

    await undecided[jobs.REFUND].run(refund_id=refund_id)

    assert refund_row(till)["status"] == "done"
    assert len(provider.refunds(payment)) == 1


async def test_a_refund_that_nobody_ordered_is_an_error(till):
    with pytest.raises(NoSuchRefund):
        await till.jobs[jobs.REFUND].run(refund_id=99)


async def test_reconciliation_finds_what_no_notification_told(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    till.later[0] = timedelta(minutes=3)

    await till.reconcile()
    await till.reconcile()

    assert await till.status(reservation) == "confirmed"
    found = till.told.of(ReconciliationFound)
    assert [(one.provider_id, one.reservation_id) for one in found] == [(payment, reservation)]
    assert till.told.outcomes() == ["confirmed"]


async def test_reconciliation_leaves_a_notification_its_time(till, provider):
    _, reference = await till.hold_with_link()
    provider.pay(reference)

    await till.reconcile()

    assert till.told.outcomes() == []


async def test_a_payment_whose_notification_waits_is_taken_in_but_was_not_lost(till, provider):
    reservation, reference = await till.hold_with_link()
    notified(till, provider.pay(reference), minutes_ago=10)
    till.later[0] = timedelta(minutes=3)

    await till.reconcile()

    assert await till.status(reservation) == "confirmed"
    assert till.told.of(ReconciliationFound) == []


async def test_reconciliation_sees_what_changed_later(till, provider):
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)
    provider.change(payment, refund=None)
    till.later[0] = timedelta(minutes=3)

    await till.reconcile()

    assert till.told.outcomes() == ["confirmed", "refunded"]
    assert (await till.balance(reservation)).paid == 0


async def test_reconciliation_leaves_payments_for_other_things_alone(till, provider):
    provider.pay("shop-17", amount=10)
    till.later[0] = timedelta(minutes=3)

    await till.reconcile()

    assert till.told.outcomes() == []


async def test_an_open_link_is_asked_about_however_long_ago_it_was_paid(till, provider):
    reservation, reference = await till.hold_with_link()
    provider.pay(reference, overrides={"date_last_updated": "2020-01-01T00:00:00.000-03:00"})

    await till.reconcile()

    assert await till.status(reservation) == "confirmed"


async def test_reconciliation_looks_back_to_its_last_good_run(till, provider):
    reservation, reference = await till.hold_with_link()
    provider.pay(reference)
    till.sql("UPDATE payment_link SET expires_at = now() - interval '2 days'")
    till.later[0] = 5 * HOUR
    till.sql(
        "INSERT INTO job_heartbeat VALUES ('payments.reconcile', now() + interval '4 hours',"
        " now() + interval '4 hours')"
    )

    await till.reconcile()
    assert till.told.outcomes() == []
    till.sql("UPDATE job_heartbeat SET last_success_at = now()")
    await till.reconcile()

    assert await till.status(reservation) == "confirmed"


async def test_reconciliation_fails_whole_while_the_provider_is_away(till, provider):
    _, reference = await till.hold_with_link()
    provider.pay(reference)
    provider.fault("down")

    with pytest.raises(ProviderUnavailable):
        await till.reconcile()


async def test_the_books_show_what_is_wrong(till, provider):
    reservation, reference = await till.hold_with_link()
    await till.apply(provider.pay(reference))
    till.sql("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
    till.sql("UPDATE ledger_entry SET amount = amount + 1")
    till.sql("UPDATE reservation SET confirmed_at = NULL")
    till.sql(
        "INSERT INTO payment (provider_id, reservation_id, status, amount, currency, outcome,"
        " provider_updated_at, approved_at) VALUES ('2', %s, 'approved', 1, 'ARS', 'confirmed',"
        " now(), now() - interval '2 hours')",
        reservation,
    )

    assert set(await till.violations()) == {
        "every_payment_ends",
        "ledger_charges_what_blocks",
        "ledger_has_every_payment",
        "paid_means_confirmed_or_refunded",
        "confirmed_by_payment_once",
    }


async def test_the_books_show_what_is_wrong_with_money_by_hand(till):
    reservation = await till.hold()
    done = await enter(till, reservation, await till.deposit(reservation))
    till.sql("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
    till.sql("DELETE FROM ledger_entry WHERE payment_id = %s", done.payment_id)

    assert set(await till.violations()) == {
        "hand_payments_are_in_the_ledger",
        "ledger_has_every_payment",
    }


async def test_the_books_show_what_goes_back_wrongly(till, provider):
    refund_id, _ = await ordered_refund(till, provider)
    till.sql(
        "UPDATE refund SET amount = amount + 1, up_to = up_to + 1,"
        " created_at = now() - interval '4 days' WHERE id = %s",
        refund_id,
    )

    assert set(await till.violations()) == {"no_more_goes_back_than_came", "every_refund_ends"}


async def test_the_books_show_a_cancelled_guest_who_is_owed_money(till, provider):
    reservation, reference = await till.hold_with_link()
    await till.apply(provider.pay(reference))
    await till.cancel(reservation)
    till.sql(
        "INSERT INTO ledger_entry (reservation_id, kind, amount, key)"
        " VALUES (%s, 'retained', 1, 'x')",
        reservation,
    )

    assert set(await till.violations()) == {"cancelled_money_is_settled"}
