"""Confirmations to guests who have an address, and hand-overs to the owner, through the outbox."""

from datetime import timedelta
from typing import Any

import pytest
import structlog
from tests.integration.channels.conftest import Recorded
from tests.integration.channels.mail_server import serving_mail
from tests.integration.conversation.conftest import NOW, POLICY, Guest

from alojamientos.channels import base, inbox
from alojamientos.channels.delivery import Delivery
from alojamientos.channels.email.client import EmailClient
from alojamientos.conversation.messages import Hearing, MessageKind
from alojamientos.entrypoints import demo
from alojamientos.entrypoints.consequences import create_consequences
from alojamientos.jobs.registry import RetryLater
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.kit.smtp import SmtpClient
from alojamientos.reservations import operations

OWNER = "duenio@example.com"


class Talking(Guest):
    """A guest whose messages are stored before they are answered, as the webhook does."""

    async def send(self, message):
        async with self.database.begin() as tx:
            await inbox.accept(
                tx,
                source="whatsapp",
                external_id=message.external_id,
                event_type=message.kind.value,
                payload=base.to_payload(message, {}),
                conversation_key=message.conversation_key,
                sent_at=message.sent_at,
                job=None,
                lock=None,
            )
        return await super().send(message)


@pytest.fixture
async def make_guest(database_url):
    demo.load(database_url, today=NOW.date())
    made: list[db.Database] = []

    def make(**options: Any) -> Talking:
        consequences = create_consequences(
            policy=POLICY, now=lambda: NOW, **{"mail": True, "owner": OWNER, **options}
        )
        made.append(db.Database(db.create_engine(database_url), consequences=consequences))
        return Talking(made[-1], "5492944000001")

    yield make
    for database in made:
        await database.close()


@pytest.fixture
def guest(make_guest):
    return make_guest()


@pytest.fixture
def queued(guest, rows):
    """Return the mails in the outbox: kind, address, subject and text, oldest first."""

    async def read():
        return await rows(
            "SELECT kind, address, content->>'header', content->>'text' FROM outbox_message"
            " WHERE channel = 'email' ORDER BY id"
        )

    return read


async def hold(guest, rows, email: str | None) -> int:
    await guest.says("lugar del 15 al 18 de enero para 6")
    async with guest.database.begin() as tx:
        if email:
            await tx.conn.exec_driver_sql("UPDATE guest SET email = %s", (email,))
    await guest.says("dale")
    ((reservation_id,),) = await rows("SELECT id FROM reservation")
    return int(reservation_id)


async def confirm(guest, reservation_id: int) -> None:
    async with guest.database.begin() as tx:
        await operations.confirm(tx, reservation_id=reservation_id)


async def test_a_confirmed_guest_with_an_address_gets_a_mail(guest, rows, queued):
    await confirm(guest, await hold(guest, rows, "ana@example.com"))

    ((code,),) = await rows("SELECT code FROM reservation")
    ((kind, address, subject, text),) = await queued()
    assert (kind, address) == ("confirmation_mail", "ana@example.com")
    assert subject == f"Tu reserva está confirmada: {code}"
    for part in (
        "Hola, Ana:",
        "quedó *confirmada*",
        f"Código de reserva: *{code}*",
        "Llegada: viernes 15 de enero",
        "Salida: lunes 18 de enero (3 noches)",
        "6 personas",
        "Saldo al llegar: $",
    ):
        assert part in text


async def test_a_guest_without_an_address_gets_none(guest, rows, queued):
    await confirm(guest, await hold(guest, rows, None))

    assert await queued() == []


async def test_a_hold_alone_is_not_mailed(guest, rows, queued):
    await hold(guest, rows, "ana@example.com")

    assert await queued() == []


async def test_nothing_is_mailed_when_mail_is_off(make_guest, rows, queued):
    guest = make_guest(mail=False)
    await confirm(guest, await hold(guest, rows, "ana@example.com"))
    await guest.says("quiero hablar con una persona")

    assert await queued() == []


async def test_the_mail_goes_out_with_retries_and_is_counted(guest, rows):
    await confirm(guest, await hold(guest, rows, "ana@example.com"))
    ((outbox_id,),) = await rows("SELECT id FROM outbox_message WHERE channel = 'email'")
    recorded = Recorded()
    async with serving_mail() as server:
        smtp = SmtpClient(host="127.0.0.1", port=server.port, timeout_s=5, require_tls=False)
        sender = EmailClient(smtp=smtp, sender="r@lago.example", lodging="Lago", now=utc_now)
        delivery = Delivery(
            database=guest.database,
            senders={"email": sender},
            recorder=recorded,
            log=structlog.get_logger(),
            now=utc_now,
        )
        server.rcpt.append("451 greylisted")
        with pytest.raises(RetryLater):
            await delivery.deliver(outbox_id=outbox_id)
        await delivery.deliver(outbox_id=outbox_id)
        await delivery.deliver(outbox_id=outbox_id)

    assert [str(mail["To"]) for mail in server.mails] == ["ana@example.com"]
    assert recorded.of("outbox_message") == [
        {"channel": "email", "outcome": "retried"},
        {"channel": "email", "outcome": "sent"},
    ]
    assert await rows("SELECT status, attempts FROM outbox_message WHERE channel = 'email'") == [
        ("sent", 2)
    ]


async def test_asking_for_a_person_reaches_the_owner_with_what_was_said(guest, queued):
    await guest.says("hola, tenés lugar del 15 al 18 de enero para 4?")
    await guest.send(
        guest.message(kind=MessageKind.AUDIO, text="¿hay pileta climatizada?", heard=Hearing.HEARD)
    )

    await guest.says("quiero hablar con una persona, *por favor*")

    ((kind, address, subject, text),) = await queued()
    assert (kind, address) == ("hand_over", OWNER)
    assert subject == "Ana quiere hablar con una persona"
    assert "Ana (5492944000001) pidió hablar con una persona" in text
    assert "no le responde más por 12 horas" in text
    said = text.partition("*Últimos mensajes*\n")[2].split("\n")
    assert [line.partition(" Ana: ")[2] for line in said if " Ana: " in line] == [
        "hola, tenés lugar del 15 al 18 de enero para 4?",
        "[audio] ¿hay pileta climatizada?",
        "quiero hablar con una persona, por favor",
    ]


async def test_what_the_guest_writes_while_a_person_has_the_word_is_no_new_mail(guest, queued):
    await guest.says("quiero hablar con una persona")
    await guest.says("hola? quiero hablar con una persona")

    assert len(await queued()) == 1


async def test_without_an_owner_nobody_is_mailed(make_guest, queued):
    await make_guest(owner=None).says("quiero hablar con una persona")

    assert await queued() == []


async def test_a_paid_booking_that_is_cancelled_reaches_the_owner(guest, rows, queued):
    await confirm(guest, await hold(guest, rows, None))
    await guest.says("quiero cancelar mi reserva")
    await guest.taps("cancel:yes")
    await guest.taps("cancel:yes")

    ((kind, _, subject, text),) = await queued()
    assert kind == "owner_cancelled"
    assert subject.startswith("Se canceló la reserva ")
    assert "No había pagos anotados" in text


async def test_an_unpaid_hold_that_is_cancelled_does_not(guest, rows, queued):
    await hold(guest, rows, None)
    await guest.says("quiero cancelar mi reserva")
    await guest.taps("cancel:yes")
    await guest.taps("cancel:yes")

    assert await rows("SELECT status FROM reservation") == [("cancelled",)]
    assert await queued() == []


async def test_only_the_last_lines_of_this_conversation_are_shown(guest, queued):
    other = Talking(guest.database, "5492944000099")
    for number in range(15):
        guest.now += timedelta(seconds=1)
        await guest.says(f"pregunta número {number} sobre zanahorias")
    await other.says("lo mío es privado")

    await guest.says("quiero hablar con una persona")

    ((_, _, _, text),) = await queued()
    said = text.partition("*Últimos mensajes*\n")[2].split("\n")
    assert len(said) == 12
    assert "privado" not in text
    assert said[-1].endswith("quiero hablar con una persona")
