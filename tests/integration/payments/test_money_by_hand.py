"""Cash, transfers and the card terminal: what a person enters, and takes back."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from alojamientos.kit.errors import AlojamientosError, Invalid
from alojamientos.payments import by_hand, standing
from alojamientos.payments.entries import (
    AlreadyEntered,
    Entry,
    NoSuchEntry,
    NotAcceptable,
    NotRevertible,
)
from alojamientos.payments.events import HandPaymentRecorded, HandPaymentReverted, Method
from alojamientos.reservations.domain import NoSuchReservation

TODAY = date.today()  # noqa: DTZ011 - as the till's
ANA = "cli:ana"


@pytest.fixture(autouse=True)
async def _the_books_are_in_order(till):
    yield
    assert await till.violations() == {}


async def code_of(till, reservation):
    return till.sql("SELECT code FROM reservation WHERE id = %s", reservation)[0]["code"]


async def enter(till, reservation, amount, *, method=Method.CASH, on=TODAY, note="", **how: Any):
    async with till.database.begin() as tx:
        return await by_hand.record(
            tx,
            code=await code_of(till, reservation),
            entry=Entry(amount=amount, method=method, received_on=on, note=note),
            actor=ANA,
            today=TODAY,
            now=datetime.now(UTC),
            **how,
        )


async def take_back(till, payment_id, **how: Any):
    async with till.database.begin() as tx:
        return await by_hand.revert(tx, payment_id=payment_id, actor=ANA, **how)


async def total(till, reservation):
    return till.sql("SELECT total FROM reservation WHERE id = %s", reservation)[0]["total"]


@pytest.mark.parametrize("method", list(Method))
async def test_a_deposit_by_hand_confirms_the_hold(till, method):
    reservation = await till.hold()
    deposit, price = await till.deposit(reservation), await total(till, reservation)

    done = await enter(till, reservation, deposit, method=method, note="recibo 12")

    assert (done.confirmed, done.left) == (True, price - deposit)
    assert await till.status(reservation) == "confirmed"
    assert (await till.balance(reservation)).due == price - deposit
    assert till.sql("SELECT method, note, entered_by, received_on FROM hand_payment") == [
        {"method": method.value, "note": "recibo 12", "entered_by": ANA, "received_on": TODAY}
    ]


async def test_parts_add_up_to_the_deposit_and_then_to_the_whole(till):
    reservation = await till.hold()
    deposit, price = await till.deposit(reservation), await total(till, reservation)

    first = await enter(till, reservation, deposit - 1)
    assert (first.confirmed, await till.status(reservation)) == (False, "pre_reserved")
    second = await enter(till, reservation, 1)
    assert (second.confirmed, await till.status(reservation)) == (True, "confirmed")
    last = await enter(till, reservation, price - deposit, method=Method.TRANSFER)

    assert (last.left, (await till.balance(reservation)).due) == (0, 0)
    facts = till.told.of(HandPaymentRecorded)
    assert [(one.left, one.confirmed) for one in facts] == [
        (price - deposit + 1, False),
        (price - deposit, True),
        (0, False),
    ]


async def test_a_deposit_by_hand_and_one_by_link_make_the_second_go_back(till, provider):
    reservation, reference = await till.hold_with_link()
    deposit = await till.deposit(reservation)
    await enter(till, reservation, deposit)

    payment = provider.pay(reference)
    assert await till.apply(payment) == "refund_duplicate"

    assert len(provider.refunds(payment)) == 1
    assert (await till.balance(reservation)).paid == deposit


async def test_a_part_by_hand_and_the_rest_by_link_confirm_together(till, provider):
    reservation, reference = await till.hold_with_link()
    deposit = await till.deposit(reservation)
    await enter(till, reservation, 100_00)

    rest = (deposit - 100_00) / 100
    assert await till.apply(provider.pay(reference, amount=rest)) == "confirmed"

    assert (await till.balance(reservation)).paid == deposit


async def test_an_entry_that_is_taken_back_stays_and_has_its_counter_entry(till):
    reservation = await till.hold()
    done = await enter(till, reservation, await till.deposit(reservation))

    back = await take_back(till, done.payment_id, note="was another guest's")

    assert back.left == await total(till, reservation)
    assert await till.status(reservation) == "confirmed"  # its dates are the owner's decision
    lines = till.sql("SELECT kind, sum(amount) AS amount FROM ledger_entry GROUP BY kind")
    sums = {line["kind"]: int(line["amount"]) for line in lines}
    assert sums["reverted"] == -sums["paid"]
    assert len(till.sql("SELECT payment_id FROM hand_payment")) == 1
    assert till.sql("SELECT note, entered_by FROM hand_payment_reversal") == [
        {"note": "was another guest's", "entered_by": ANA}
    ]
    assert len(till.told.of(HandPaymentReverted)) == 1


async def test_an_entry_is_taken_back_once(till):
    reservation = await till.hold()
    done = await enter(till, reservation, 100_00)
    await take_back(till, done.payment_id)

    with pytest.raises(NotRevertible, match="before"):
        await take_back(till, done.payment_id)


async def test_two_who_take_back_at_once_take_back_once(till):
    reservation = await till.hold()
    done = await enter(till, reservation, 100_00)

    found = await asyncio.gather(
        *(take_back(till, done.payment_id) for _ in range(4)), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in found) == ["NotRevertible"] * 3 + ["Recorded"]


async def test_what_is_no_entry_cannot_be_taken_back(till, provider):
    _, reference = await till.hold_with_link()
    await till.apply(provider.pay(reference))
    payment = till.sql("SELECT id FROM payment")[0]["id"]

    for number in (payment, 999):
        with pytest.raises(NoSuchEntry):
            await take_back(till, number)


async def test_what_was_taken_back_is_neither_paid_nor_to_give_back(till):
    reservation = await till.hold()
    done = await enter(till, reservation, 100_00)
    await take_back(till, done.payment_id)

    async with till.database.read() as conn:
        (one,) = await standing.of_reservation(conn, reservation_id=reservation)
    assert one.left == 0
    assert (await enter(till, reservation, await total(till, reservation))).left == 0


@pytest.mark.parametrize("table", ["ledger_entry", "hand_payment", "hand_payment_reversal"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET created_at = now()"])
async def test_the_database_lets_nobody_change_what_was_written(till, table, statement):
    reservation = await till.hold()
    done = await enter(till, reservation, 100_00)
    await take_back(till, done.payment_id)

    with pytest.raises(psycopg.errors.RestrictViolation, match="written once"):
        till.sql(statement.format(table))


async def test_more_than_what_is_left_is_refused_unless_insisted_on(till):
    reservation = await till.hold()
    price = await total(till, reservation)

    with pytest.raises(Invalid, match="more than what is left") as refused:
        await enter(till, reservation, price + 1)
    assert (refused.value.extra["field"], refused.value.extra["left"]) == ("amount", price)
    done = await enter(till, reservation, price + 1, over=True)

    assert done.left == -1
    assert (await till.balance(reservation)).due == -1


async def test_the_same_entry_twice_is_refused_unless_insisted_on(till):
    reservation = await till.hold()
    first = await enter(till, reservation, 100_00)

    with pytest.raises(AlreadyEntered, match=f"Entry {first.payment_id} "):
        await enter(till, reservation, 100_00)
    await enter(till, reservation, 100_00, method=Method.CARD)
    await enter(till, reservation, 100_00, again=True)

    assert (await till.balance(reservation)).paid == 300_00


async def test_an_entry_that_was_taken_back_may_be_entered_again(till):
    reservation = await till.hold()
    first = await enter(till, reservation, 100_00)
    await take_back(till, first.payment_id)

    await enter(till, reservation, 100_00)

    assert (await till.balance(reservation)).paid == 100_00


@pytest.mark.parametrize(
    ("amount", "on", "note", "field"),
    [
        (0, TODAY, "", "amount"),
        (-5, TODAY, "", "amount"),
        (5, TODAY + timedelta(days=1), "", "received_on"),
        (5, TODAY - timedelta(days=800), "", "received_on"),
        (5, TODAY, "x" * 501, "note"),
        (5, TODAY, "\x00", "note"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_its_field(till, amount, on, note, field):
    reservation = await till.hold()

    with pytest.raises(Invalid) as refused:
        await enter(till, reservation, amount, on=on, note=note)

    assert refused.value.extra["field"] == field


async def test_an_unknown_booking_takes_no_money(till):
    with pytest.raises(NoSuchReservation):
        async with till.database.begin() as tx:
            await by_hand.record(
                tx,
                code="0000-0000-0000",
                entry=Entry(amount=5, method=Method.CASH, received_on=TODAY),
                actor=ANA,
                today=TODAY,
                now=datetime.now(UTC),
            )


async def test_a_cancelled_booking_takes_no_money(till):
    reservation = await till.hold()
    await till.cancel(reservation)

    with pytest.raises(NotAcceptable, match="cancelled"):
        await enter(till, reservation, 100_00)


async def test_a_hold_that_ran_out_is_revived_by_its_deposit_while_its_dates_are_free(till):
    reservation = await till.hold()
    till.run_out(reservation)

    with pytest.raises(NotAcceptable, match="does not reach its deposit"):
        await enter(till, reservation, 100)
    await enter(till, reservation, await till.deposit(reservation))

    assert await till.status(reservation) == "confirmed"


async def test_a_hold_that_ran_out_and_whose_dates_are_taken_takes_no_money(till):
    reservation = await till.hold()
    till.run_out(reservation)
    await till.hold(guest="beto")

    with pytest.raises(NotAcceptable, match="dates are taken"):
        await enter(till, reservation, await till.deposit(reservation))

    assert till.sql("SELECT id FROM payment") == []


async def test_who_enters_at_once_never_enters_more_than_is_left(till):
    reservation = await till.hold()
    price = await total(till, reservation)

    found = await asyncio.gather(
        *(enter(till, reservation, price, again=True) for _ in range(5)), return_exceptions=True
    )

    assert sum(not isinstance(one, AlojamientosError) for one in found) == 1
    assert (await till.balance(reservation)).due == 0


async def test_everything_done_by_hand_is_in_the_audit(till):
    reservation = await till.hold()
    done = await enter(till, reservation, 100_00)
    await take_back(till, done.payment_id)

    rows = till.sql("SELECT actor, action, subject FROM audit_entry ORDER BY id")
    subject = f"reservation:{await code_of(till, reservation)}"
    assert rows == [
        {"actor": ANA, "action": "payment.recorded", "subject": subject},
        {"actor": ANA, "action": "payment.reverted", "subject": subject},
    ]
