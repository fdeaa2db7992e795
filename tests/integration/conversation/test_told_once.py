"""One event, one mail: of stays and their money, wherever a guest writes."""

from datetime import date
from typing import Any

import pytest
from icalendar import Calendar
from tests.integration.conversation.conftest import NOW, POLICY
from tests.integration.conversation.test_money_dialogue import Paying

from alojamientos.entrypoints import demo
from alojamientos.entrypoints.consequences import create_consequences
from alojamientos.kit import db
from alojamientos.kit.db import Transaction
from alojamientos.payments import giving_back
from alojamientos.payments.events import RefundFinished
from alojamientos.reservations import moving
from alojamientos.reservations.cancellation import CancellationPolicy

MAIL = "ana@example.com"
TODAY = NOW.date()
ALL_BACK = CancellationPolicy.parse("0:100")


class Mailing(Paying):
    """A guest who writes mails."""

    def message(self, **values: Any):
        return super().message(**{"channel": "email", "address": MAIL, **values})


@pytest.fixture
async def database(database_url):
    demo.load(database_url, today=TODAY)
    consequences = create_consequences(policy=POLICY, now=lambda: NOW, mail=True)
    database = db.Database(db.create_engine(database_url), consequences=consequences)
    yield database
    await database.close()


@pytest.fixture
async def mailing(database, rows):
    """A guest by mail who has paid the deposit of a stay."""
    return await _mailing(database, rows)


@pytest.fixture
async def chatting(database, rows):
    """The same by WhatsApp; we have their address too."""
    return await _chatting(database, rows)


@pytest.fixture
async def either(request, database, rows):
    """Either of them."""
    return await {"mailing": _mailing, "chatting": _chatting}[request.param](database, rows)


async def _mailing(database, rows):
    return await _booked(Mailing(database, MAIL), rows)


async def _chatting(database, rows):
    guest = Paying(database, "5492944000001")
    await guest.says("hola")
    await execute(guest, "UPDATE guest SET email = %s", MAIL)
    return await _booked(guest, rows)


async def _booked(guest, rows):
    code = await guest.books()
    ((deposit,),) = await rows("SELECT deposit FROM reservation")
    assert await guest.pays(code, deposit) == "confirmed"
    return guest


@pytest.fixture
def told(rows):
    """Return what was queued after the confirmation: channel, kind and text."""

    async def read() -> Any:
        found = await rows("SELECT channel, kind, content->>'text' FROM outbox_message ORDER BY id")
        return [row for row in found if "confirm" not in row[1]]

    return read


async def execute(guest, statement: str, *values: str) -> None:
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(statement, values)


async def cancel(tx: Transaction) -> None:
    """Cancel as the lodging."""
    await giving_back.cancel(
        tx, reservation_id=1, reason="owner", policy=ALL_BACK, today=TODAY, now=NOW
    )


async def cancels(guest) -> Any:
    await guest.says("quiero cancelar mi reserva")
    await guest.taps("cancel:yes")
    return await guest.taps("cancel:yes")


async def calendars(rows) -> list[Any]:
    found = await rows(
        "SELECT content->>'calendar' FROM outbox_message WHERE content->>'calendar' <> ''"
        " ORDER BY id"
    )
    return [event(text) for (text,) in found]


def event(text: str) -> Any:
    return Calendar.from_ical(text).walk("VEVENT")[0]


async def test_who_cancels_by_mail_gets_the_calendars_entry_with_the_answer(mailing, told):
    said = await cancels(mailing)

    assert "Te devolvemos" in said
    entry = event(mailing.last.replies[0].calendar)
    assert (entry["status"], entry["sequence"]) == ("CANCELLED", 1)
    assert await told() == []  # the answer is the mail


async def test_who_cancels_by_whatsapp_gets_one_mail_to_keep(chatting, told):
    await cancels(chatting)

    assert not any(reply.calendar for reply in chatting.last.replies)
    ((channel, kind, text),) = await told()
    assert (channel, kind) == ("email", "cancellation_mail")
    assert "Como nos pediste" in text
    assert "Te devolvemos *todo lo que pagaste*" in text


async def test_a_cancellation_by_the_lodging_is_one_mail_with_what_goes_back(mailing, told, rows):
    async with mailing.database.begin() as tx:
        await cancel(tx)

    ((channel, kind, text),) = await told()
    assert (channel, kind) == ("email", "cancellation_mail")
    assert "Te devolvemos *todo lo que pagaste*" in text
    assert [entry["status"] for entry in await calendars(rows)] == ["CONFIRMED", "CANCELLED"]


async def test_a_cancellation_by_the_lodging_is_one_mail_beside_whatsapp(chatting, told):
    async with chatting.database.begin() as tx:
        await cancel(tx)

    assert [row[:2] for row in await told()] == [
        ("whatsapp", "reservation_cancelled"),
        ("email", "cancellation_mail"),
        ("whatsapp", "cancellation_refund"),
    ]


@pytest.mark.parametrize(
    ("either", "expected"),
    [
        ("mailing", [("email", "moved_mail")]),
        ("chatting", [("whatsapp", "reservation_moved"), ("email", "moved_mail")]),
    ],
    indirect=["either"],
)
async def test_a_stay_that_is_moved_replaces_its_entry(either, told, rows, expected):
    for day in (20, 15):  # and back again
        async with either.database.begin() as tx:
            await moving.move(
                tx,
                reservation_id=1,
                today=TODAY,
                policy=either.handler._booking,
                actor="cli:ana",
                check_in=date(2027, 1, day),
            )

    assert [row[:2] for row in await told()] == expected * 2
    entries = await calendars(rows)
    assert [entry["sequence"] for entry in entries] == [0, 1, 2]
    assert len({entry["uid"] for entry in entries}) == 1
    assert [entry["dtstart"].dt.day for entry in entries] == [15, 20, 15]
    ((facts,),) = await rows(
        "SELECT content->'facts' FROM outbox_message WHERE kind = 'confirmation_mail'"
    )
    ((paid,),) = await rows("SELECT deposit FROM reservation")
    assert dict(facts)["Pagado"].replace(".", "") == f"$ {paid // 100}"


@pytest.mark.parametrize(
    ("either", "expected"),
    [
        ("mailing", [("email", "receipt_mail")]),
        ("chatting", [("whatsapp", "receipt"), ("email", "receipt_mail")]),
    ],
    indirect=["either"],
)
async def test_a_balance_is_receipted_once(either, told, rows, expected):
    ((code, left),) = await rows("SELECT code, total - deposit FROM reservation")

    assert await either.pays(code, left, link="bal:1", number="2") == "balance"

    assert [row[:2] for row in await told()] == expected
    assert all("Ya está todo pago" in row[2] for row in await told())


@pytest.mark.parametrize(
    ("either", "by_rule", "expected"),
    [
        ("mailing", False, [("email", "refund_mail")]),
        ("mailing", True, []),  # told when the money came
        ("chatting", False, [("whatsapp", "refund_done"), ("email", "refund_mail")]),
        ("chatting", True, []),
    ],
    indirect=["either"],
)
async def test_money_back_is_told_once(either, told, by_rule, expected):
    await refunded(either, by_rule=by_rule)

    assert [row[:2] for row in await told()] == expected


async def test_who_never_wrote_is_told_by_mail_of_what_a_rule_sent_back(chatting, told):
    await execute(chatting, "UPDATE conversation SET guest_id = NULL")
    await refunded(chatting, by_rule=True)

    assert [row[:2] for row in await told()] == [("email", "refund_mail")]


async def refunded(guest, *, by_rule: bool) -> None:
    async with guest.database.begin() as tx:
        tx.emit(
            RefundFinished(
                refund_id=1,
                payment_provider_id="1",
                amount=100_00,
                status="done",
                reservation_id=1,
                by_rule=by_rule,
            )
        )


async def test_a_hold_with_money_in_it_is_cancelled_in_one_mail(database, told, rows):
    guest = Mailing(database, MAIL)
    code = await guest.books()
    ((deposit,),) = await rows("SELECT deposit FROM reservation")
    await guest.pays(code, deposit - 1)
    async with database.begin() as tx:
        await cancel(tx)

    assert [row[:2] for row in await told() if row[1] != "payment_link"] == [
        ("email", "receipt_mail"),
        ("email", "cancellation_mail"),
    ]
    assert await calendars(rows) == []
