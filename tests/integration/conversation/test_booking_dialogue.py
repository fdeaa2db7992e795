from alojamientos.conversation.messages import MessageKind
from alojamientos.reservations.domain import DatesTaken, TooManyHolds
from alojamientos.reservations.events import HoldRequested, ReservationChanged, Status

ASK = "Hola, ¿tenés lugar del 15 al 18 de enero para 4?"


async def test_the_first_question_is_answered_with_dates_prices_and_deposits(guest):
    text = await guest.says(ASK)

    assert text.startswith("¡Hola! Soy el asistente de Cabañas del Lago")
    assert "del viernes 15 de enero al lunes 18 de enero (3 noches) para 4 personas" in text
    assert "Cabaña Coihue" in text
    assert "Cabaña Lenga" in text
    assert "Arrayán" not in text  # takes two
    # Friday and Saturday at the weekend price of the season, Sunday at the other: 2 x 147 + 119.
    assert "$ 413.000 en total, seña $ 123.900" in text


async def test_picking_a_cabin_holds_it_until_a_deadline_and_queues_the_payment_link(
    guest, rows, facts
):
    await guest.says(ASK)
    text = await guest.says("la 1")

    assert "Te guardé *Cabaña Coihue*" in text
    assert "link para pagar la seña" in text
    assert await rows("SELECT status, guests, total, deposit FROM reservation") == [
        ("pre_reserved", 4, 413_000_00, 123_900_00)
    ]
    assert await rows(
        "SELECT task_name FROM procrastinate_jobs WHERE task_name = 'payments.create_link'"
    ) == [("payments.create_link",)]
    assert [type(fact) for fact in facts] == [HoldRequested, ReservationChanged]


async def test_a_cabin_can_be_picked_by_name_or_by_tapping(guest, rows):
    await guest.says(ASK)
    await guest.says("la lenga por favor")
    other = guest.another()
    await other.says(ASK)
    await other.taps(other.options[0])

    held = await rows(
        "SELECT a.slug FROM reservation r JOIN accommodation a ON a.id = r.accommodation_id"
        " ORDER BY r.id"
    )
    assert held == [("lenga",), ("coihue",)]


async def test_missing_pieces_are_asked_for_one_at_a_time(guest):
    assert "¿Para qué fechas" in await guest.says("hola")
    assert "¿Qué día se van" in await guest.says("llegaríamos el 15 de enero")
    assert "¿Cuántas personas" in await guest.says("3 noches")
    assert "Hay lugar del viernes 15 de enero" in await guest.says("somos 2")


async def test_nights_said_first_are_kept_until_the_day_is_known(guest):
    text = await guest.says("Hola! quiero reservar 3 noches para 2")
    assert "¿Qué día llegarían" in text or "llegada" in text

    assert "del viernes 15 de enero al lunes 18 de enero (3 noches)" in await guest.says(
        "el 15 de enero"
    )


async def test_the_same_question_for_more_people_keeps_the_dates(guest):
    await guest.says(ASK)

    text = await guest.says("¿y para 6?")

    assert "para 6 personas" in text
    assert "Coihue" not in text
    assert "¿La reservamos?" in text


async def test_dates_with_two_readings_are_asked_not_guessed(guest, rows):
    text = await guest.says("hola, tenés lugar el finde que viene para 2?")

    assert "¿a cuáles fechas te referís" in text
    await guest.taps("span:1")
    assert await rows("SELECT count(*) FROM reservation") == [(0,)]
    assert "Hay lugar" in guest.text(guest.last)


async def test_a_weekday_that_does_not_fit_its_date_is_asked_about(guest):
    text = await guest.says("lugar para 2 desde el sábado 15 de enero por 3 noches")

    assert "no coincide" in text


async def test_other_dates_starts_the_dates_again_but_keeps_the_people(guest):
    await guest.says(ASK)
    assert "¿Qué día llegarían" in await guest.taps("other_dates")

    assert "para 4 personas" in await guest.says("del 20 al 24 de enero")


async def test_too_many_people_for_any_cabin_is_said_with_the_largest(guest):
    assert "La cabaña más grande es para 6 personas" in await guest.says(
        "lugar del 15 al 18 de enero para 9"
    )


async def test_fewer_nights_than_the_seasons_minimum_are_explained(guest):
    assert "estadía mínima es de 3 noches" in await guest.says("lugar del 15 al 16 de enero para 2")


async def test_taken_dates_are_answered_with_the_nearest_free_ones(guest, rows):
    await guest.says("lugar del 15 al 18 de enero para 6")
    await guest.says("sí, reservala")
    other = guest.another()

    text = await other.says("Hola, lugar del 15 al 18 de enero para 6?")

    assert "no me queda lugar" in text
    assert "Cerca de esas fechas sí tengo" in text
    assert "para 6 personas" in await other.taps("span:1")


async def test_losing_a_race_between_offer_and_choice_is_apologised_for_and_counted(guest, facts):
    other = guest.another()
    await guest.says("lugar del 15 al 18 de enero para 6")
    await other.says("lugar del 15 al 18 de enero para 6")
    await guest.says("sí")

    text = await other.says("sí")

    assert "justo se ocupó" in text
    assert any(isinstance(fact, DatesTaken) for fact in facts)
    assert "no me queda lugar" in await other.taps("ask")


async def test_repeating_the_same_tap_holds_once(guest, rows):
    await guest.says(ASK)
    tap = guest.message(kind=MessageKind.BUTTON, text="", button_id=guest.button_ids[0])

    await guest.send(tap)
    await guest.send(tap)

    assert await rows("SELECT count(*) FROM reservation") == [(1,)]


async def test_a_third_unpaid_hold_is_refused_with_the_ones_there_are(guest, facts):
    for dates in ("del 2 al 5 de febrero", "del 9 al 12 de febrero"):
        await guest.says(f"lugar {dates} para 2")
        await guest.taps(guest.options[0])

    await guest.says("lugar del 16 al 19 de febrero para 2")
    text = await guest.taps(guest.options[0])

    assert "Ya tenés reservas sin pagar" in text
    assert any(isinstance(fact, TooManyHolds) for fact in facts)


async def test_an_expired_hold_frees_its_dates_for_the_next_guest(guest, rows, facts):
    await guest.says("lugar del 15 al 18 de enero para 6")
    await guest.says("dale")
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "UPDATE reservation SET hold_expires_at = now() - interval '1 minute'"
        )
    other = guest.another()
    await other.says("lugar del 15 al 18 de enero para 6")

    assert "Te guardé" in await other.says("dale")

    statuses = [fact.status for fact in facts if isinstance(fact, ReservationChanged)]
    assert statuses == [Status.PRE_RESERVED, Status.EXPIRED, Status.PRE_RESERVED]
    told = await rows("SELECT content->>'text' FROM outbox_message WHERE kind LIKE '%expired'")
    assert "Se venció el plazo" in str(told[0][0])
