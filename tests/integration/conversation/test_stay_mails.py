"""Which mails follow from what happens to a stay, to whom, and that each goes out once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from tests.integration.conversation.conftest import NOW, POLICY, Guest

from alojamientos.entrypoints import demo
from alojamientos.entrypoints.consequences import create_consequences
from alojamientos.kit import db
from alojamientos.payments.events import Outcome, PaymentApplied, RefundFinished
from alojamientos.reservations import operations, reminders
from alojamientos.reservations.events import HoldReminded

MAIL = "ana@example.com"
MORNING = datetime(2027, 1, 14, 13, 0, tzinfo=UTC)  # 10:00 at the lodging, the day before


class Mailing(Guest):
    """The same guest, by mail."""

    def message(self, **values: Any):
        return super().message(**{"channel": "email", "address": MAIL, **values})


@pytest.fixture
async def guest(database_url):
    demo.load(database_url, today=NOW.date())
    database = db.Database(
        db.create_engine(database_url),
        consequences=create_consequences(policy=POLICY, now=lambda: NOW, mail=True),
    )
    yield Guest(database, "5492944000001")
    await database.close()


@pytest.fixture
def mailing(guest):
    return Mailing(guest.database, MAIL)


@pytest.fixture
def told(rows):
    """Return what was queued: channel and kind, oldest first."""

    async def read() -> Any:
        return await rows("SELECT channel, kind FROM outbox_message ORDER BY id")

    return read


async def hold(guest, rows, email: str | None = None) -> int:
    await guest.says("lugar del 15 al 18 de enero para 6")
    if email:
        await execute(guest, "UPDATE guest SET email = %s", email)
    await guest.says("dale")
    return int((await rows("SELECT id FROM reservation"))[0][0])


async def execute(guest, statement: str, *values: str | None) -> None:
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(statement, values)


async def confirmed(guest, rows, email: str | None = None) -> int:
    reservation_id = await hold(guest, rows, email)
    async with guest.database.begin() as tx:
        await operations.confirm(tx, reservation_id=reservation_id)
    await execute(guest, "UPDATE reservation SET confirmed_at = '2026-11-24'")
    return reservation_id


async def emit(guest, fact: object) -> None:
    async with guest.database.begin() as tx:
        tx.emit(fact)


async def calendars(rows) -> list[Any]:
    found = await rows(
        "SELECT content->>'calendar' FROM outbox_message WHERE content->>'calendar' <> ''"
        " ORDER BY id"
    )
    return [Calendar.from_ical(text).walk("VEVENT")[0] for (text,) in found]


async def test_a_confirmation_goes_both_ways_to_who_writes_by_whatsapp(guest, rows, told):
    await confirmed(guest, rows, MAIL)

    assert await told() == [
        ("whatsapp", "reservation_confirmed"),
        ("email", "confirmation_mail"),
    ]


async def test_who_writes_by_mail_gets_one_mail(mailing, rows, told):
    await confirmed(mailing, rows)

    assert await told() == [("email", "confirmation_mail")]


async def test_the_calendar_entry_is_replaced_when_the_stay_is_cancelled(guest, rows, told):
    reservation_id = await confirmed(guest, rows, MAIL)
    async with guest.database.begin() as tx:
        await operations.cancel(tx, reservation_id=reservation_id, reason="owner")

    first, second = await calendars(rows)
    assert first["uid"] == second["uid"]
    assert (first["sequence"], second["sequence"]) == (0, 1)
    assert (first["status"], second["status"]) == ("CONFIRMED", "CANCELLED")
    assert first["dtstart"].dt == datetime(2027, 1, 15, 18, 0, tzinfo=UTC)
    assert first["dtend"].dt == datetime(2027, 1, 18, 13, 0, tzinfo=UTC)
    assert (await told())[-1] == ("email", "cancellation_mail")


async def test_the_end_of_a_mere_hold_is_told_once(guest, mailing, rows, told):
    reservation_id = await hold(mailing, rows)
    await execute(
        guest,
        "UPDATE reservation SET created_at = now() - interval '2 h',"
        " hold_expires_at = now() - interval '1 min'",
    )
    async with guest.database.begin() as tx:
        await operations.expire_due_holds(tx, limit=10)

    assert await told() == [("email", "expiry_mail")]
    await emit(guest, HoldReminded(reservation_id=reservation_id, code="x"))
    assert len(await told()) == 1  # nothing is left to remind of


async def test_a_deadline_is_told_where_the_guest_writes(guest, rows, told):
    reservation_id = await hold(guest, rows, MAIL)
    await emit(guest, HoldReminded(reservation_id=reservation_id, code="x"))

    assert await told() == [("whatsapp", "hold_reminder")]


async def test_a_deadline_is_mailed_to_who_writes_by_mail(mailing, rows, told):
    reservation_id = await hold(mailing, rows)
    await emit(mailing, HoldReminded(reservation_id=reservation_id, code="x"))

    assert await told() == [("email", "hold_reminder_mail")]


async def test_a_part_of_the_deposit_and_money_back_are_receipted(guest, rows, told):
    reservation_id = await hold(guest, rows, MAIL)
    await emit(
        guest,
        PaymentApplied(
            provider_id="77",
            outcome=Outcome.PARTIAL,
            amount=100,
            reservation_id=reservation_id,
            code="x",
        ),
    )
    for refund_id, status, by_rule in ((1, "done", False), (2, "failed", False), (3, "done", True)):
        await emit(
            guest,
            RefundFinished(
                refund_id=refund_id,
                payment_provider_id="77",
                amount=100,
                status=status,
                reservation_id=reservation_id,
                by_rule=by_rule,
            ),
        )

    assert [each for each in await told() if each[0] == "email"] == [
        ("email", "receipt_mail"),
        ("email", "refund_mail"),
    ]


async def test_an_address_that_does_not_work_gets_nothing(guest, rows, told):
    await execute(guest, "INSERT INTO mail_undeliverable VALUES (%s, 'bounce_5.1.1')", MAIL)
    await confirmed(guest, rows, MAIL)
    await remind(guest, MORNING)

    assert await told() == [("whatsapp", "reservation_confirmed"), ("whatsapp", "arrival")]


# --- The stay's own days ---


async def remind(guest, now: datetime, days: int = 1) -> int:
    async with guest.database.begin() as tx:
        count = await reminders.remind_arrivals(tx, days=days, now=now)
    async with guest.database.begin() as tx:
        return count + await reminders.thank_departed(tx, now=now)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (MORNING - timedelta(days=1), 0),
        (datetime(2027, 1, 14, 2, 59, tzinfo=UTC), 0),  # still the 13th at the lodging
        (datetime(2027, 1, 14, 11, 59, tzinfo=UTC), 0),  # 8:59 there
        (datetime(2027, 1, 14, 12, 0, tzinfo=UTC), 1),
        (datetime(2027, 1, 15, 0, 30, tzinfo=UTC), 0),  # 21:30 there
        (datetime(2027, 1, 15, 13, 0, tzinfo=UTC), 1),  # missed the day before
        (datetime(2027, 1, 16, 13, 0, tzinfo=UTC), 0),
        (datetime(2027, 1, 18, 13, 0, tzinfo=UTC), 0),
        (datetime(2027, 1, 19, 13, 0, tzinfo=UTC), 1),  # thanks
        (datetime(2027, 1, 21, 13, 0, tzinfo=UTC), 1),
        (datetime(2027, 1, 22, 13, 0, tzinfo=UTC), 0),
    ],
)
async def test_days_are_told_of_by_the_lodgings_own_wall(guest, rows, now, expected):
    await confirmed(guest, rows, MAIL)

    assert await remind(guest, now) == expected


async def test_an_arrival_is_told_of_once_with_what_is_needed(guest, rows, told):
    await confirmed(guest, rows, MAIL)
    assert await remind(guest, MORNING) == 1
    assert await remind(guest, MORNING + timedelta(minutes=5)) == 0
    assert await remind(guest, MORNING + timedelta(days=1)) == 0

    assert [kind for _, kind in await told()].count("arrival_mail") == 1
    ((facts,),) = await rows(
        "SELECT content->'facts' FROM outbox_message WHERE kind = 'arrival_mail'"
    )
    assert dict(facts)["Saldo al llegar"].startswith("$")


async def test_a_stay_that_was_moved_is_told_of_again(guest, rows):
    await confirmed(guest, rows, MAIL)
    assert await remind(guest, MORNING) == 1
    await execute(guest, "UPDATE reservation SET check_in = '2027-01-16'")

    assert await remind(guest, MORNING + timedelta(days=1)) == 1


@pytest.mark.parametrize("status", ["cancelled", "expired", "no_show", "pre_reserved"])
async def test_a_stay_that_is_not_to_be_is_not_told_of(guest, rows, status):
    await confirmed(guest, rows, MAIL)
    expiry = "2030-01-01" if status == "pre_reserved" else None
    await execute(guest, "UPDATE reservation SET status = %s, hold_expires_at = %s", status, expiry)

    assert await remind(guest, MORNING) == 0
    assert await remind(guest, datetime(2027, 1, 19, 13, 0, tzinfo=UTC)) == 0


async def test_who_has_just_booked_is_not_reminded(guest, rows):
    await confirmed(guest, rows, MAIL)
    await execute(guest, "UPDATE reservation SET confirmed_at = '2027-01-14 10:00+00'")

    assert await remind(guest, MORNING) == 0
    assert await remind(guest, MORNING + timedelta(hours=4)) == 1


async def test_without_an_address_whatsapp_tells(guest, rows, told):
    await confirmed(guest, rows)
    await remind(guest, MORNING)
    await remind(guest, datetime(2027, 1, 19, 13, 0, tzinfo=UTC))

    assert await told() == [
        *(("whatsapp", "reservation_confirmed"), ("whatsapp", "arrival"), ("whatsapp", "thanks")),
    ]
