"""Money in conversation: receipts, the balance, and what goes back when a guest cancels."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.integration.conversation.conftest import NOW, POLICY, Guest

from alojamientos.entrypoints import demo
from alojamientos.entrypoints.consequences import create_consequences
from alojamientos.kit import db
from alojamientos.payments import by_hand, operations, refunds
from alojamientos.payments.domain import Account
from alojamientos.payments.entries import Entry
from alojamientos.payments.events import Method, OwnerNeeded, Trouble
from alojamientos.payments.provider import PaymentStatus, ProviderPayment

OWNER = "duenio@example.com"
MINE = Account(collector_id="1", live_mode=True)
DAY = timedelta(days=1)


class Paying(Guest):
    """A guest who has a booking, and pays for it in every way."""

    async def books(self) -> str:
        await self.says("lugar del 15 al 18 de enero para 4")
        text = await self.taps(self.options[0])
        return text.split("Código de reserva: *")[1].split("*")[0]

    async def pays(self, code: str, amount: int, *, link: str = "dep:1", number: str = "1") -> str:
        """Pay by a link, as Mercado Pago tells of it."""
        async with self.database.begin() as tx:
            await tx.conn.exec_driver_sql(
                "INSERT INTO payment_link (reservation_id, external_reference, idempotency_key,"
                " amount, purpose) SELECT id, %(ref)s, gen_random_uuid(), 1, %(purpose)s"
                " FROM reservation WHERE code = %(code)s ON CONFLICT DO NOTHING",
                {
                    "ref": f"{code}:{link}",
                    "code": code,
                    "purpose": "balance" if link.startswith("bal") else "deposit",
                },
            )
            applied = await operations.apply(
                tx,
                payment=ProviderPayment(
                    provider_id=number,
                    status=PaymentStatus.APPROVED,
                    status_detail="accredited",
                    amount=amount,
                    refunded=0,
                    currency="ARS",
                    external_reference=f"{code}:{link}",
                    collector_id="1",
                    live_mode=True,
                    updated_at=NOW,
                    approved_at=NOW,
                ),
                account=MINE,
            )
        return applied.outcome.value

    async def hands(self, code: str, amount: int, method: Method = Method.CASH) -> int:
        """Give money to the owner, who enters it."""
        async with self.database.begin() as tx:
            done = await by_hand.record(
                tx,
                code=code,
                entry=Entry(amount=amount, method=method, received_on=date(2026, 11, 24)),
                actor="cli:ana",
                today=date(2026, 11, 24),
                now=datetime.now(UTC),
            )
        return done.payment_id


@pytest.fixture
async def guest(database_url):
    demo.load(database_url, today=NOW.date())
    database = db.Database(
        db.create_engine(database_url),
        consequences=create_consequences(policy=POLICY, now=lambda: NOW, mail=True, owner=OWNER),
    )
    yield Paying(database, "5492944000001")
    await database.close()


@pytest.fixture
async def paid(guest, rows):
    """A booking whose deposit was paid by link: its code, deposit and total."""
    code = await guest.books()
    ((deposit, total),) = await rows("SELECT deposit, total FROM reservation")
    assert await guest.pays(code, deposit) == "confirmed"
    return code, deposit, total


@pytest.fixture
def told(rows):
    """Return what was queued, oldest first: kind, channel and text."""

    async def read(kind):
        found = await rows(
            "SELECT kind, channel, coalesce(content->>'header', ''), content->>'text'"
            " FROM outbox_message ORDER BY id"
        )
        return [row[1:] for row in found if row[0] == kind]

    return read


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (52, "Te devolvemos *todo lo que pagaste*"),
        (30, "Te devolvemos *todo lo que pagaste*"),
        (29, "Como faltan 29 días para llegar, te devolvemos el 50 %"),
        (15, "te devolvemos el 50 %"),
        (
            14,
            "Como faltan 14 días para llegar, según la política de cancelación *no hay devolución",
        ),
        (1, "Como falta 1 día para llegar"),
        (0, "Como la estadía ya empieza"),
    ],
)
async def test_what_goes_back_is_said_twice_before_it_is_done(guest, paid, rows, days, said):
    guest.now = datetime(2027, 1, 15, 15, tzinfo=UTC) - days * DAY

    assert said in await guest.says("quiero cancelar mi reserva")
    assert said in await guest.taps("cancel:yes")
    assert await rows("SELECT count(*) FROM refund") == [(0,)]
    assert said in await guest.taps("cancel:yes")

    assert await rows("SELECT status FROM reservation") == [("cancelled",)]
    _, deposit, _ = paid
    ((back,),) = await rows("SELECT coalesce(sum(amount), 0)::bigint FROM refund")
    share = 100 if days >= 30 else 50 if days >= 15 else 0
    assert back == pytest.approx(deposit * share / 100, abs=100)
    jobs = await rows("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payments.refund'")
    assert jobs == [(1 if back else 0,)]


async def test_a_day_that_passes_between_the_questions_is_asked_about_again(guest, paid, rows):
    guest.now = datetime(2026, 12, 16, 15, tzinfo=UTC)  # 30 days before
    assert "todo lo que pagaste" in await guest.says("quiero cancelar mi reserva")
    await guest.taps("cancel:yes")
    guest.now += DAY

    again = await guest.taps("cancel:yes")

    assert "¿Querés cancelar" in again
    assert "50 %" in again
    assert await rows("SELECT status FROM reservation") == [("confirmed",)]
    await guest.taps("cancel:yes")
    await guest.taps("cancel:yes")
    assert await rows("SELECT status FROM reservation") == [("cancelled",)]


async def test_money_that_comes_between_the_questions_is_asked_about_again(guest, paid, rows):
    code, _, _ = paid
    await guest.says("quiero cancelar mi reserva")
    await guest.hands(code, 10_000_00)

    assert "¿Querés cancelar" in await guest.taps("cancel:yes")


async def test_keeping_it_keeps_the_money(guest, paid, rows):
    await guest.says("quiero cancelar mi reserva")
    await guest.taps("cancel:no")

    assert await rows("SELECT count(*) FROM refund") == [(0,)]


async def test_cash_goes_back_by_hand_and_the_owner_is_told_what_to_do(guest, paid, told, rows):
    code, _, _ = paid
    await guest.hands(code, 10_000_00)
    assert "por los otros $ 10.000 te escribe una persona" in await guest.says("quiero cancelar")
    await guest.taps("cancel:yes")
    await guest.taps("cancel:yes")

    ((_, subject, text),) = await told("owner_money")
    ((refund,),) = await rows("SELECT id FROM refund WHERE by_hand")
    assert subject.startswith(f"Hay que devolver $ 10.000 a mano, reserva {code}")
    assert f"alojamientos payments done {refund}" in text
    ((_, subject, text),) = await told("owner_cancelled")
    assert subject == f"Se canceló la reserva {code}"
    assert "*$ 10.000 los tenés que devolver vos.*" in text
    ((_, subject, text),) = await told("hand_over")  # with what was said, and where to write
    assert "devolver a mano" in subject
    async with guest.database.begin() as tx:
        await refunds.made_by_hand(tx, refund_id=refund, actor="cli:ana")
    ((_, _, text),) = await told("refund_done")
    assert text.startswith(f"Te devolvimos $ 10.000 de la reserva *{code}*.")


async def test_cancelling_a_paid_booking_mails_the_owner_what_goes_back(guest, paid, told):
    code, _, _ = paid
    await guest.says("quiero cancelar mi reserva")
    await guest.taps("cancel:yes")
    await guest.taps("cancel:yes")

    ((channel, subject, text),) = await told("owner_cancelled")
    assert (channel, subject) == ("email", f"Se canceló la reserva {code}")
    assert "(100 %)" in text
    assert "salen solos por Mercado Pago" in text
    assert await told("cancellation_refund") == []  # the conversation has said so


async def test_money_by_hand_gets_a_receipt_with_what_is_left(guest, paid, told, rows):
    code, deposit, total = paid
    await guest.hands(code, 10_000_00, Method.TRANSFER)

    ((channel, _, text),) = await told("receipt")
    left = f"{(total - deposit - 10_000_00) // 100:,}".replace(",", ".")
    assert channel == "whatsapp"
    assert text == (
        f"Recibimos $ 10.000 por transferencia por la reserva *{code}*. Queda un saldo de"
        f" *$ {left}*. ¡Gracias!"
    )
    assert await told("receipt_mail") == []


async def test_a_guest_with_an_address_gets_the_receipt_by_mail_too(guest, paid, told):
    code, _, _ = paid
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql("UPDATE guest SET email = 'ana@example.com'")
    await guest.hands(code, 10_000_00, Method.CARD)

    assert len(await told("receipt")) == 1
    ((channel, subject, text),) = await told("receipt_mail")
    assert (channel, subject) == ("email", f"Recibimos tu pago: {code}")
    assert "con tarjeta" in text
    assert "Hola, Ana:" in text


async def test_a_part_of_a_deposit_by_hand_says_what_confirms(guest, rows, told):
    code = await guest.books()
    ((deposit,),) = await rows("SELECT deposit FROM reservation")
    await guest.hands(code, deposit - 5_000_00)

    ((_, _, text),) = await told("receipt")
    assert "Falta $ 5.000 de la seña para confirmarla." in text


async def test_a_whole_deposit_by_hand_is_told_by_the_confirmation_alone(guest, rows, told):
    code = await guest.books()
    ((total,),) = await rows("SELECT total FROM reservation")
    await guest.hands(code, total)

    assert await told("receipt") == []
    ((_, _, text),) = await told("reservation_confirmed")
    assert "Ya está todo pago." in text


async def test_a_receipt_that_was_a_mistake_is_corrected(guest, paid, told):
    code, _, _ = paid
    entry = await guest.hands(code, 10_000_00)
    async with guest.database.begin() as tx:
        await by_hand.revert(tx, payment_id=entry, actor="cli:ana")

    ((_, _, text),) = await told("receipt_reverted")
    assert "por error un pago de $ 10.000" in text


@pytest.mark.parametrize("wish", ["quiero pagar el saldo", "cómo pago lo que falta?"])
async def test_the_balance_is_paid_on_request(guest, paid, rows, wish):
    code, deposit, total = paid

    assert "preparando el link para pagar el saldo" in await guest.says(wish)
    jobs = await rows(
        "SELECT args->>'reservation_id' FROM procrastinate_jobs"
        " WHERE task_name = 'payments.create_balance_link'"
    )
    assert len(jobs) == 1
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "INSERT INTO payment_link (reservation_id, external_reference, idempotency_key,"
            " amount, purpose, expires_at, url, ready_at) SELECT id, 'r', gen_random_uuid(),"
            " total - deposit, 'balance', now() + interval '3 days', 'https://pay.example/7',"
            " now() FROM reservation"
        )
    assert "https://pay.example/7" in await guest.says(wish)
    assert await guest.pays(code, total - deposit, link="bal:1", number="2") == "balance"
    assert "está todo pago" in await guest.says(wish)


async def test_asking_how_to_pay_offers_the_balance_and_a_tap_asks_for_it(guest, paid):
    code, _, _ = paid

    assert "Queda un saldo de" in await guest.says("cómo se paga?")
    assert "preparando el link" in await guest.taps(f"pay:{code}")


async def test_the_balance_of_nothing_explains_how_paying_works(guest):
    assert "seña del 30 %" in await guest.says("quiero pagar el saldo")


async def test_nobody_pays_for_somebody_elses_booking_by_a_tap(guest, paid):
    code, _, _ = paid
    other = guest.another()
    await other.says("hola")
    message = other.message(kind="button", button_id=f"pay:{code}")

    assert code not in other.text(await other.send(message))


async def test_a_balance_by_link_gets_its_receipt(guest, paid, told):
    code, deposit, total = paid
    await guest.pays(code, total - deposit, link="bal:1", number="2")

    ((_, _, text),) = await told("receipt")
    assert "por Mercado Pago" in text
    assert "*Ya está todo pago.*" in text


async def test_more_than_the_balance_is_said_to_go_back(guest, paid, told):
    code, deposit, total = paid
    await guest.pays(code, total - deposit + 500_00, link="bal:1", number="2")

    ((_, _, text),) = await told("payment_excess")
    assert "te devolvemos $ 500 por Mercado Pago" in text
    assert await told("receipt") == []


@pytest.mark.parametrize("trouble", list(Trouble))
async def test_every_trouble_with_money_reaches_the_owner_once(guest, paid, rows, told, trouble):
    code, _, _ = paid
    ((reservation,),) = await rows("SELECT id FROM reservation")
    fact = OwnerNeeded(
        trouble=trouble,
        key=f"refund:{7}",
        amount=123_00,
        reservation_id=None if trouble is Trouble.ORPHAN else reservation,
        payment="99",
    )
    for _ in range(2):
        async with guest.database.begin() as tx:
            tx.emit(fact)

    ((channel, subject, text),) = await told("owner_money")
    assert channel == "email"
    assert "$ 123" in subject + text
    assert (code in text + subject) is (trouble is not Trouble.ORPHAN)
    assert "{" not in subject + text


@pytest.mark.parametrize(
    "question",
    [
        "cuál es la política de cancelación?",
        "y si cancelo me devuelven la plata?",
        "se puede cancelar?",
        "si cancelo hay reembolso?",
    ],
)
async def test_the_policy_is_told_before_anybody_cancels(guest, paid, rows, question):
    text = await guest.says(question)

    assert text.startswith(
        "Si cancelás una reserva confirmada, hasta 30 días antes de llegar te devolvemos todo lo"
        " que pagaste; hasta 15 días antes de llegar te devolvemos el 50 %; después no hay"
        " devolución."
    )
    assert await rows("SELECT status FROM reservation") == [("confirmed",)]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("0:0", "lo pagado no se devuelve."),
        ("0:100", "hasta el día de llegada te devolvemos todo lo que pagaste.\n"),
        ("7:80,0:10", "el 80 %; hasta el día de llegada te devolvemos el 10 %.\n"),
        ("7:80,3:0", "hasta 7 días antes de llegar te devolvemos el 80 %; después no hay"),
    ],
)
async def test_the_policy_that_was_booked_under_is_the_one_that_is_told(
    guest, paid, rows, rules, said
):
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "UPDATE reservation SET quote = quote || jsonb_build_object('cancellation', %s::text)",
            (rules,),
        )

    assert said in await guest.says("política de cancelación")
