"""What a guest is told because something happened to their booking."""

import pytest

from alojamientos.payments.events import Outcome, PaymentApplied, PaymentLinkCreated
from alojamientos.reservations import operations
from alojamientos.reservations.events import HoldReminded


@pytest.fixture
async def held(guest, rows):
    """A hold of the guest's, with a link that can be paid: id, code, deposit."""
    await guest.says("lugar del 15 al 18 de enero para 6")
    await guest.says("dale")
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "INSERT INTO payment_link (reservation_id, external_reference, idempotency_key,"
            " amount, expires_at, preference_id, url, ready_at)"
            " SELECT id, code || ':dep:1', gen_random_uuid(), deposit, hold_expires_at, 'pref',"
            " 'https://pay.example/1', now() FROM reservation"
        )
    return (await rows("SELECT id, code, deposit FROM reservation"))[0]


@pytest.fixture
def told(rows):
    """Return what was queued for the guest: kind and text, oldest first."""

    async def read():
        return await rows("SELECT kind, content->>'text' FROM outbox_message ORDER BY id")

    return read


async def emit(guest, fact):
    async with guest.database.begin() as tx:
        tx.emit(fact)


async def test_the_link_is_sent_with_amount_and_deadline_once(guest, held, told):
    reservation_id, code, deposit = held
    fact = PaymentLinkCreated(link_id=1, reservation_id=reservation_id, code=code, amount=deposit)

    await emit(guest, fact)
    await emit(guest, fact)

    ((kind, text),) = await told()
    assert kind == "payment_link"
    assert "https://pay.example/1" in text
    assert code in text
    assert "Tenés tiempo hasta las" in text


async def test_a_confirmation_says_what_was_paid_and_what_is_left(guest, held, told):
    async with guest.database.begin() as tx:
        await operations.confirm(tx, reservation_id=held[0])

    ((kind, text),) = await told()
    assert kind == "reservation_confirmed"
    assert "confirmada" in text
    assert "Saldo al llegar" in text


async def test_a_confirmed_guest_who_asks_how_to_pay_hears_that_it_is_paid(guest, held):
    async with guest.database.begin() as tx:
        await operations.confirm(tx, reservation_id=held[0])

    assert "ya está confirmada" in await guest.says("cómo pago?")


async def test_the_link_is_given_again_to_who_asks_how_to_pay(guest, held):
    assert "https://pay.example/1" in await guest.says("cómo pago?")


async def test_a_reminder_has_the_deadline_and_the_link(guest, held, told):
    await emit(guest, HoldReminded(reservation_id=held[0], code=held[1]))

    ((kind, text),) = await told()
    assert kind == "hold_reminder"
    assert "https://pay.example/1" in text


async def test_a_cancellation_that_the_guest_did_not_ask_here_is_told(guest, held, told):
    async with guest.database.begin() as tx:
        await operations.cancel(tx, reservation_id=held[0], reason="api")

    ((kind, text),) = await told()
    assert kind == "reservation_cancelled"
    assert held[1] in text


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.REFUND_DATES_TAKEN, "Te devolvemos los $ 1.000 completos"),
        (Outcome.REFUND_CANCELLED, "ya estaba cancelada"),
        (Outcome.REFUND_DUPLICATE, "segundo pago"),
        (Outcome.PARTIAL, "Recibimos $ 1.000"),
        (Outcome.REJECTED, "fue rechazado"),
    ],
)
async def test_a_payment_that_did_not_simply_confirm_is_explained_once(
    guest, held, told, outcome, said
):
    fact = PaymentApplied(
        provider_id="9", outcome=outcome, amount=1_000_00, reservation_id=held[0], code=held[1]
    )

    await emit(guest, fact)
    await emit(guest, fact)

    ((_, text),) = await told()
    assert said in text


@pytest.mark.parametrize("outcome", [Outcome.SEEN, Outcome.CONFIRMED, Outcome.REFUNDED])
async def test_a_payment_that_needs_no_explanation_gets_none(guest, held, told, outcome):
    fact = PaymentApplied(
        provider_id="9", outcome=outcome, amount=1_000_00, reservation_id=held[0], code=held[1]
    )

    await emit(guest, fact)

    assert await told() == []
