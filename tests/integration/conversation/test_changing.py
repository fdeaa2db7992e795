"""A guest changes the dates, the people or the cabin of a booking of theirs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from icalendar import Calendar
from tests.integration.conversation.conftest import NOW, POLICY
from tests.integration.conversation.test_money_dialogue import OWNER, Paying

from alojamientos.entrypoints import demo
from alojamientos.entrypoints.consequences import create_consequences
from alojamientos.kit import db
from alojamientos.kit.events import Bus
from alojamientos.payments import invariants, links
from alojamientos.payments.provider import Preference
from alojamientos.reservations import operations
from alojamientos.reservations.domain import DatesTaken, Stay
from alojamientos.reservations.events import Channel, ReservationMoved

JANUARY = ("2027-01-15", "2027-01-18")
FEBRUARY = ("2027-02-08", "2027-02-11")
KEPT = "queda como está"


@pytest.fixture
async def guest(database_url, facts):
    demo.load(database_url, today=NOW.date())
    database = db.Database(
        db.create_engine(database_url),
        Bus(dict.fromkeys((ReservationMoved, DatesTaken), facts.append)),
        create_consequences(policy=POLICY, now=lambda: NOW, mail=True, owner=OWNER),
    )
    yield Paying(database, "5492944000001")
    await database.close()


@pytest.fixture(autouse=True)
async def _the_books_are_in_order(guest):
    yield
    async with guest.database.read() as conn:
        found = {one.name: await one.check(conn) for one in invariants.INVARIANTS}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.fixture
def stays(rows) -> Callable[[], Awaitable[Any]]:
    """What every booking is: arrival, departure, people and status, oldest first."""

    async def read() -> Any:
        found = await rows(
            "SELECT check_in::text, check_out::text, guests, status FROM reservation ORDER BY id"
        )
        return [tuple(row) for row in found]

    return read


def event_in(calendar: object) -> Any:
    """Return the one event of an iCalendar text."""
    (event,) = Calendar.from_ical(str(calendar)).events
    return event


async def link_of(guest, code: str, number: int) -> int:
    """Have the deposit's link made, as the job does; return its amount."""
    async with guest.database.begin() as tx:
        view_id = await tx.conn.scalar(sa.text("SELECT id FROM reservation"))
        request = await links.request_link(tx, reservation_id=view_id)
    assert request is not None
    assert request.external_reference == f"{code}:dep:{number}"
    preference = Preference(preference_id=f"p{number}", url=f"https://mp.example/{number}")
    async with guest.database.begin() as tx:
        await links.link_ready(tx, request=request, preference=preference)
    return request.amount


# a hold that is not paid


async def test_a_hold_moves_after_the_new_price_was_told_and_agreed_to(guest, stays, facts, rows):
    code = await guest.books()

    asked = await guest.says("quiero cambiar la fecha de mi reserva")
    assert f"Tu reserva *{code}* es en Cabaña Coihue" in asked
    assert "viernes 15 de enero" in asked
    assert "change:no" in guest.options
    offered = await guest.says("del 8 al 12 de febrero")
    assert "del lunes 8 de febrero al viernes 12 de febrero (4 noches)" in offered
    assert "más que ahora" in offered
    assert "El plazo para la seña no cambia" in offered
    assert await stays() == [(*JANUARY, 4, "pre_reserved")]
    assert guest.options == ["change:yes", "other_dates", "change:no"]
    told = await guest.taps("change:yes")

    assert f"Cambié tu reserva *{code}*" in told
    assert "el anterior ya no sirve" in told
    assert await stays() == [("2027-02-08", "2027-02-12", 4, "pre_reserved")]
    assert await rows("SELECT count(*) FROM outbox_message") == [(0,)]  # answered, not told twice
    (moved,) = facts
    assert (moved.actor, moved.code, moved.nights) == ("guest", code, 4)


async def test_the_price_deposit_and_ledger_are_those_of_the_new_nights(guest, rows):
    await guest.books()
    await guest.says("podemos mover la reserva del 8 al 12 de febrero?")
    await guest.taps("change:yes")

    ((total, deposit, quoted),) = await rows(
        "SELECT total, deposit, (quote->>'total')::bigint FROM reservation"
    )
    assert total == quoted == 4 * 119_000_00  # summer, four weeknights
    assert deposit == 142_800_00
    assert await rows("SELECT sum(amount)::bigint FROM ledger_entry") == [(total,)]
    assert await rows("SELECT quote->>'cancellation' FROM reservation") == [("30:100,15:50",)]


async def test_dates_in_the_first_message_are_taken_at_once_and_may_overlap_the_old(guest, stays):
    await guest.books()

    text = await guest.says("podemos mover la reserva del 16 al 20 de enero?")
    assert "del sábado 16 de enero al miércoles 20 de enero (4 noches)" in text
    await guest.says("sí, dale")

    assert await stays() == [("2027-01-16", "2027-01-20", 4, "pre_reserved")]


async def test_a_new_day_of_arrival_keeps_the_nights_and_people_may_change_alone(guest, stays):
    await guest.books()

    assert "(3 noches)" in await guest.says("puedo pasar mi reserva al 8 de febrero?")
    await guest.taps("change:yes")
    assert "para 2 personas" in await guest.says("quiero cambiar mi reserva, vamos a ser 2")
    await guest.taps("change:yes")

    assert await stays() == [(*FEBRUARY, 2, "pre_reserved")]


async def test_the_deadline_stays_the_hold_s(guest, rows):
    await guest.books()
    before = await rows("SELECT hold_expires_at FROM reservation")
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    await guest.taps("change:yes")

    assert await rows("SELECT hold_expires_at FROM reservation") == before


async def test_the_old_link_is_closed_and_a_new_one_asks_for_the_new_deposit(guest, rows):
    code = await guest.books()
    before = await link_of(guest, code, 1)
    await guest.says("quiero mover la reserva del 8 al 12 de febrero")
    await guest.taps("change:yes")

    assert "preparando el link" in await guest.says("cómo pago?")  # never the old one
    after = await link_of(guest, code, 2)
    assert (after > before, after) == (True, 142_800_00)
    assert "https://mp.example/2" in await guest.says("cómo pago?")
    assert await rows(
        "SELECT args->>'link_id' FROM procrastinate_jobs WHERE task_name = 'payments.close_link'"
    ) == [("1",)]
    assert await rows(
        "SELECT content->>'url' FROM outbox_message WHERE kind = 'payment_link' ORDER BY id"
    ) == [("https://mp.example/1",), ("https://mp.example/2",)]


async def test_a_link_that_was_being_made_meanwhile_is_not_sent(guest, rows):
    await guest.books()
    async with guest.database.begin() as tx:
        request = await links.request_link(tx, reservation_id=1)
    assert request is not None
    await guest.says("quiero mover la reserva del 8 al 12 de febrero")
    await guest.taps("change:yes")
    preference = Preference(preference_id="late", url="https://mp.example/late")
    async with guest.database.begin() as tx:
        await links.link_ready(tx, request=request, preference=preference)

    assert await rows("SELECT count(*) FROM outbox_message WHERE kind = 'payment_link'") == [(0,)]
    assert await rows(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payments.close_link'"
    ) == [(1,)]


async def test_who_paid_the_old_link_all_the_same_has_paid_towards_the_new_price(guest, rows):
    code = await guest.books()
    old = await link_of(guest, code, 1)
    await guest.says("quiero mover la reserva del 8 al 12 de febrero")
    await guest.taps("change:yes")
    missing = await link_of(guest, code, 2) - old

    assert await guest.pays(code, old) == "partial"
    assert await guest.pays(code, missing, link="dep:2", number="2") == "confirmed"

    assert await rows("SELECT status FROM reservation") == [("confirmed",)]


@pytest.mark.parametrize("no", ["change:no", "no, mejor no"])
async def test_the_guest_may_keep_it_as_it_is(guest, stays, no):
    await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")

    assert KEPT in await (guest.taps(no) if no in guest.options else guest.says(no))

    assert await stays() == [(*JANUARY, 4, "pre_reserved")]


async def test_a_no_with_other_dates_is_another_wish(guest, stays):
    await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")

    assert "del lunes 15 de febrero" in await guest.says("no, mejor del 15 al 18 de febrero")
    await guest.taps("change:yes")

    assert await stays() == [("2027-02-15", "2027-02-18", 4, "pre_reserved")]


async def test_changed_twice_and_back_again_it_is_what_it_was(guest, stays):
    code = await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    await guest.taps("change:yes")

    assert "¿A qué fechas" in await guest.taps(f"change:{code}")
    await guest.says("del 15 al 18 de enero")
    await guest.taps("change:yes")

    assert await stays() == [(*JANUARY, 4, "pre_reserved")]


async def test_the_same_yes_again_moves_nothing_and_shows_what_there_is(guest, stays, facts):
    await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    yes = guest.button_ids[0]
    await guest.presses(yes)
    text = await guest.presses(yes)

    assert "ya no vale" in text
    assert "lunes 8 de febrero" in text
    assert "De nada" in await guest.says("sí")
    assert "ya es así" in await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    assert len(facts) == 1
    assert await stays() == [(*FEBRUARY, 4, "pre_reserved")]


async def test_what_can_be_read_in_two_ways_is_asked_back(guest, stays):
    await guest.books()

    text = await guest.says("quiero cambiar mi reserva del 15 al 18 de enero al 20 al 23")
    assert "¿a cuáles fechas te referís" in text
    assert "del miércoles 20 de enero" in await guest.says("la 2")
    await guest.taps("change:yes")

    assert await stays() == [("2027-01-20", "2027-01-23", 4, "pre_reserved")]


async def test_with_two_bookings_it_is_asked_which_and_the_dates_are_remembered(guest, stays):
    await guest.books()
    await guest.says("lugar del 22 al 25 de enero para 2 personas")
    await guest.taps(guest.options[0])

    asked = await guest.says("quiero pasar la reserva del 8 al 11 de febrero")
    assert "¿Cuál querés cambiar?" in asked
    assert "lunes 8 de febrero" in await guest.says("la 2")
    await guest.taps("change:yes")

    assert [one[:2] for one in await stays()] == [JANUARY, FEBRUARY]


async def test_a_month_alone_asks_for_days(guest):
    await guest.books()

    assert "febrero" in await guest.says("necesito correr la reserva para febrero")
    assert "lunes 8 de febrero" in await guest.says("del 8 al 11")


async def test_more_people_than_the_cabin_takes_are_told_so_and_may_name_another(guest, rows):
    await guest.books()

    assert "Cabaña Coihue es para 4 personas" in await guest.says(
        "quiero cambiar mi reserva, vamos a ser 6 personas"
    )
    assert "*Cabaña Lenga*" in await guest.says("en la lenga para 6")
    await guest.taps("change:yes")

    assert await rows("SELECT accommodation_id, guests FROM reservation") == [(3, 6)]


async def test_fewer_nights_than_the_season_wants_are_refused(guest, stays):
    await guest.books()

    assert "3 noches o más" in await guest.says("quiero cambiar mi reserva del 8 al 9 de febrero")

    assert await stays() == [(*JANUARY, 4, "pre_reserved")]


async def test_a_booking_that_is_not_there_cannot_be_changed(guest):
    assert "No encuentro reservas" in await guest.says("quiero cambiar la fecha")


async def test_in_a_search_it_is_the_search_that_changes(guest, stays):
    await guest.books()
    await guest.says("lugar del 22 al 25 de enero para 2")

    assert "Hay lugar" in await guest.says("cambio: del 25 al 28 de enero")

    assert len(await stays()) == 1


async def test_looking_for_another_stay_ends_the_change(guest, stays):
    await guest.books()
    await guest.says("cambiar la reserva")
    await guest.presses("ask")
    await guest.says("del 8 al 11 de febrero para 2")
    await guest.taps(guest.options[0])

    assert [one[:2] for one in await stays()] == [JANUARY, FEBRUARY]


# taken, meanwhile


async def sold(guest, first: date, nights: int = 3, unit: int = 2) -> None:
    """Let somebody else book."""
    async with guest.database.begin() as tx:
        other = await operations.identify_guest(tx, kind="email", value=f"{first}@example.com")
        await operations.hold(
            tx,
            accommodation_id=unit,
            stay=Stay(first, first + timedelta(days=nights)),
            guests=2,
            guest_id=other,
            channel=Channel.API,
            policy=guest.handler._booking,
            locks=guest.handler._locks,
            today=NOW.date(),
        )


async def test_taken_dates_are_told_with_what_is_free_near_them_and_in_other_cabins(guest, stays):
    await guest.books()
    await sold(guest, date(2027, 2, 8))

    text = await guest.says("quiero mover la reserva del 8 al 11 de febrero")

    assert "Cabaña Coihue no está libre" in text
    assert "sigue como estaba" in text
    assert {"span:1", "cabin:3", "change:no"} <= set(guest.options)
    await guest.taps("span:1")
    await guest.taps("change:yes")
    ((check_in, *_), _) = await stays()
    assert check_in not in (JANUARY[0], FEBRUARY[0])


async def test_another_cabin_can_be_taken_for_the_same_dates(guest, rows):
    await guest.books()
    await sold(guest, date(2027, 2, 8))
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")

    assert "*Cabaña Lenga*" in await guest.taps("cabin:3")
    await guest.taps("change:yes")

    assert await rows("SELECT accommodation_id, check_in::text FROM reservation WHERE id = 1") == [
        (3, FEBRUARY[0])
    ]


async def test_nights_sold_before_the_yes_leave_the_old_ones_and_it_is_told(guest, stays, facts):
    await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    await sold(guest, date(2027, 2, 9))

    text = await guest.taps("change:yes")

    assert "justo se ocupó" in text
    assert "sigue como estaba" in text
    assert (await stays())[0] == (*JANUARY, 4, "pre_reserved")
    assert [type(fact) for fact in facts] == [DatesTaken]


async def test_nights_that_the_owner_blocked_before_the_yes_are_taken_too(guest, stays):
    await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "INSERT INTO manual_block (accommodation_id, starts_on, ends_on)"
            " VALUES (2, '2027-02-10', '2027-02-12')"
        )

    assert "justo se ocupó" in await guest.taps("change:yes")

    assert await stays() == [(*JANUARY, 4, "pre_reserved")]


@pytest.mark.parametrize("round_", range(4))
async def test_two_who_want_the_same_nights_at_once_get_them_once(guest, rows, round_):
    await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    yes = guest.button_ids[0]

    async def other() -> bool:
        try:
            await sold(guest, date(2027, 2, 10))
        except DatesTaken:
            return False
        return True

    told, had = await asyncio.gather(guest.presses(yes), other())

    mine = await rows("SELECT check_in::text, status FROM reservation WHERE id = 1")
    expected = JANUARY if had else FEBRUARY
    assert mine == [(expected[0], "pre_reserved")]
    assert ("justo se ocupó" in told) is had
    assert await rows("SELECT count(*) FROM reservation") == [(1 + had,)]


async def test_a_hold_that_ran_out_before_the_yes_is_not_moved(guest, rows):
    await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "UPDATE reservation SET hold_expires_at = now() - interval '1 second'"
        )

    assert "No encuentro una reserva" in await guest.taps("change:yes")

    assert await rows("SELECT check_in::text FROM reservation") == [(JANUARY[0],)]


async def test_a_price_that_changed_before_the_yes_is_told_again(guest, stays):
    await guest.books()
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql("UPDATE price_rule SET nightly_price = nightly_price * 2")

    assert "Algo cambió" in await guest.taps("change:yes")
    assert await stays() == [(*JANUARY, 4, "pre_reserved")]
    await guest.taps("change:yes")

    assert await stays() == [(*FEBRUARY, 4, "pre_reserved")]


# a booking that is confirmed


@pytest.fixture
async def paid(guest, rows) -> tuple[str, int, int]:
    """A booking whose deposit was paid: its code, deposit and total."""
    code = await guest.books()
    ((deposit, total),) = await rows("SELECT deposit, total FROM reservation")
    assert await guest.pays(code, deposit) == "confirmed"
    return code, deposit, total


async def test_a_confirmed_booking_that_costs_more_owes_the_difference(guest, paid, rows):
    _, deposit, total = paid

    text = await guest.says("quiero mover la reserva del 8 al 15 de febrero")
    assert "Pagado: $" in text
    assert "Saldo: *$" in text
    text = await guest.taps("change:yes")

    ((now, kept, status),) = await rows("SELECT total, deposit, status FROM reservation")
    assert (now > total, kept, status) == (True, deposit, "confirmed")
    assert await rows("SELECT sum(amount)::bigint FROM ledger_entry") == [(now - deposit,)]
    assert "Pagar el saldo" in guest.last.replies[0].options[0].title
    assert "preparando el link para pagar el saldo" in await guest.taps(guest.options[0])


async def test_a_confirmed_booking_that_costs_less_than_was_paid_gives_the_rest_back(
    guest, paid, rows
):
    code, deposit, total = paid
    await guest.pays(code, total - deposit, link="bal:1", number="2")

    text = await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    assert "Se te devuelven" in text
    await guest.taps("change:yes")

    ((now,),) = await rows("SELECT total FROM reservation")
    assert await rows("SELECT reason, amount, asked_by, by_hand FROM refund") == [
        ("changed:1", total - now, "guest", False)
    ]
    assert await rows(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payments.refund'"
    ) == [(1,)]


async def test_money_given_by_hand_goes_back_by_hand_and_the_owner_is_called(guest, paid, rows):
    code, deposit, total = paid
    await guest.hands(code, total - deposit)
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")

    assert "te escribe una persona" in await guest.taps("change:yes")

    assert await rows("SELECT by_hand FROM refund") == [(True,)]
    assert await rows("SELECT count(*) FROM outbox_message WHERE kind = 'hand_over'") == [(1,)]


async def test_a_change_to_a_day_too_near_to_cancel_says_so(guest, paid):
    text = await guest.says("quiero mover la reserva del 14 al 17 de diciembre")

    assert "si después la cancelás se devuelve el 50 %" in text


async def test_too_close_to_arrival_the_owner_decides_and_reads_the_wish(guest, paid, stays, rows):
    code, *_ = paid
    guest.now += timedelta(days=25)  # 27 days before: half would go back

    asked = await guest.says("quiero cambiar la fecha de mi reserva")
    assert "lo tiene que ver una persona" in asked
    text = await guest.says("del 8 al 11 de febrero para 3")
    assert "Ya le pasé lo que querés" in text
    assert await guest.says("hola?") == ""

    ((mail, to),) = await rows(
        "SELECT content->>'text', address FROM outbox_message WHERE kind = 'hand_over'"
    )
    assert to == OWNER
    assert f"pasar la reserva {code}" in mail
    assert "del lunes 8 de febrero al jueves 11 de febrero (3 noches), para 3 personas" in mail
    assert "Hoy está libre y costaría" in mail
    assert (await stays())[0][:2] == JANUARY


async def test_a_booking_that_the_owner_made_is_the_owner_s_to_change(guest, rows):
    await guest.books()
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql("UPDATE reservation SET channel = 'manual'")

    assert "la hizo una persona" in await guest.says("quiero mover la reserva del 8 al 11 de feb")

    assert await rows("SELECT check_in::text FROM reservation") == [(JANUARY[0],)]


async def test_a_hold_of_which_a_part_is_paid_is_the_owner_s_to_change(guest):
    code = await guest.books()
    await guest.pays(code, 1000_00)

    assert "hay un pago que revisar" in await guest.says("mover la reserva del 8 al 11 de febrero")


async def test_the_mail_that_follows_raises_the_calendar_s_sequence(guest, rows):
    code = await guest.books()
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql("UPDATE guest SET email = 'ana@example.com'")
    await guest.pays(code, 300_000_00)
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    await guest.taps("change:yes")

    found = await rows(
        "SELECT kind, content->>'calendar' FROM outbox_message"
        " WHERE content->>'calendar' <> '' ORDER BY id"
    )
    assert [kind for kind, _ in found] == ["confirmation_mail", "moved_mail"]
    first, second = (event_in(text) for _, text in found)
    assert first["UID"] == second["UID"]
    assert (int(first["SEQUENCE"]), int(second["SEQUENCE"])) == (0, 1)
    assert second["DTSTART"].dt.date() == date(2027, 2, 8)


async def test_by_mail_the_answer_itself_carries_the_calendar(guest, paid, rows):
    class Mailing(Paying):
        def message(self, **values: Any):
            return super().message(**{"channel": "email", "address": "ana@a.example", **values})

    ((guest_id,),) = await rows("SELECT id FROM guest")
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "INSERT INTO guest_identity (guest_id, kind, value) VALUES (%s, 'email', %s)",
            (guest_id, "ana@a.example"),
        )
    mailing = Mailing(guest.database, "ana@a.example")
    mailing.now += timedelta(minutes=1)  # where they wrote from last is where they are answered
    await mailing.says("quiero mover la reserva del 8 al 11 de febrero")
    assert "Cambié tu reserva" in await mailing.says("1")

    assert mailing.last is not None
    event = event_in(mailing.last.replies[0].calendar)
    assert event["DTSTART"].dt.date() == date(2027, 2, 8)
    assert await rows("SELECT count(*) FROM outbox_message WHERE kind = 'moved_mail'") == [(0,)]


async def test_every_change_is_in_the_audit(guest, paid, rows):
    code, *_ = paid
    await guest.says("quiero mover la reserva del 8 al 11 de febrero")
    await guest.taps("change:yes")

    ((actor, action, subject, dates),) = await rows(
        "SELECT actor, action, subject, detail->'check_in' FROM audit_entry"
        " WHERE action = 'booking.moved'"
    )
    assert (actor, action, subject) == ("guest", "booking.moved", f"booking:{code}")
    assert dates == [JANUARY[0], FEBRUARY[0]]
