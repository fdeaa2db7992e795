"""A guest books by mail: each answer under the guest's own mail, choices by number."""

from email.message import EmailMessage

from tests.integration.channels.conftest import eventually
from tests.integration.email.conftest import OWNER, US, PostOffice, mail

GUEST = "ana@ana.example"


def to_guest(office: PostOffice) -> list[EmailMessage]:
    return [each for each in office.smtp.mails if each["To"] == GUEST]


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


async def answer_to(office: PostOffice, content: bytes) -> EmailMessage:
    """Deliver a mail and return what comes back."""
    before = len(to_guest(office))
    await office.deliver(content)
    await eventually(lambda: len(to_guest(office)) > before)
    return to_guest(office)[before]


def reply(answered: EmailMessage, text: str, number: int) -> bytes:
    """Return a guest's answer, with all of what it answers quoted as mail programs do."""
    quoted = "\n".join(f"> {line}" for line in text_of(answered).split("\n"))
    said = f"{text}\n\nSaludos,\nAna\n\n"
    wrapped = f"El mar, 24 nov 2026 a las 12:00, Cabañas del Lago (<{US}>)\nescribió:\n\n"
    return mail(
        said + wrapped + quoted,
        message_id=f"<{number}@ana.example>",
        subject=f"Re: {answered['Subject'].removeprefix('Re: ')}",
        In_Reply_To=answered["Message-ID"],
        References=f"{answered['References'] or ''} {answered['Message-ID']}".strip(),
    )


async def test_a_booking_by_mail_in_one_thread(office: PostOffice):
    async with office.working():
        offers = await answer_to(office, mail())
        assert offers["Subject"] == "Re: Consulta"
        assert offers["In-Reply-To"] == "<1@ana.example>"
        assert offers["Auto-Submitted"] == "auto-replied"
        assert "del viernes 15 de enero al lunes 18 de enero (3 noches)" in text_of(offers)

        held = await answer_to(office, reply(offers, "1", 2))
        assert held["In-Reply-To"] == "<2@ana.example>"
        assert "<1@ana.example>" in held["References"]
        ((status, channel, identity),) = await office.rows(
            "SELECT status, channel, kind || ':' || value FROM reservation r"
            " JOIN guest_identity i ON i.guest_id = r.guest_id"
        )
        assert (status, channel, identity) == ("pre_reserved", "email", f"email:{GUEST}")

        first = await answer_to(office, reply(held, "Quiero cancelar", 3))
        second = await answer_to(office, reply(first, "Sí, cancelala", 4))
        await answer_to(office, reply(second, "Sí", 5))
        assert await office.rows("SELECT status FROM reservation") == [("cancelled",)]

    assert await office.rows("SELECT count(*) FROM inbox_event WHERE processed_at IS NULL") == [
        (0,)
    ]
    assert office.recorded.of("webhook_processed")[0]["source"] == "email"


async def test_a_booking_is_changed_by_mail(office: PostOffice):
    async with office.working():
        offers = await answer_to(office, mail())
        held = await answer_to(office, reply(offers, "1", 2))
        wish = "¿Podemos mover la reserva del 8 al 11 de febrero?"
        proposed = await answer_to(office, reply(held, wish, 3))
        assert "del lunes 8 de febrero al jueves 11 de febrero (3 noches)" in text_of(proposed)
        assert "¿La cambio?" in text_of(proposed)
        changed = await answer_to(office, reply(proposed, "1", 4))
        assert "Cambié tu reserva" in text_of(changed)

    assert await office.rows("SELECT check_in::text, status FROM reservation") == [
        ("2027-02-08", "pre_reserved")
    ]


async def test_what_nobody_may_answer_gets_no_answer(office: PostOffice):
    await office.deliver(
        mail(message_id="<a@x.example>", Auto_Submitted="auto-replied"),
        mail(message_id="<b@x.example>", List_Id="<noticias.x.example>"),
        mail(message_id="<c@x.example>", X_Spam_Flag="YES"),
        mail(message_id="<d@x.example>", sender=US),
    )
    async with office.working():
        await answer_to(office, mail("Hola!", message_id="<last@ana.example>"))

    assert len(office.smtp.mails) == 1
    assert {event[2] for event in await office.events()} == {
        *("auto_reply", "list", "spam", "own", "answered"),
    }


async def test_a_flood_ends_in_silence_and_the_owner_is_told_once(office: PostOffice):
    async with office.working():
        await office.deliver(*(mail("Hola", message_id=f"<{n}@ana.example>") for n in range(34)))
        await eventually(
            lambda: len([m for m in office.smtp.mails if m["To"] == OWNER]) == 1, seconds=60
        )
        await eventually(lambda: len(to_guest(office)) == 30, seconds=60)

    outcomes = [event[2] for event in await office.events()]
    assert (outcomes.count("answered"), outcomes.count("flood")) == (30, 4)


async def test_a_mail_with_nothing_but_an_attachment_is_answered(office: PostOffice):
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = GUEST, US, "<only@ana.example>"
    message.set_content("")
    message.add_attachment(b"\xff\xd8", maintype="image", subtype="jpeg", filename="pago.jpg")
    async with office.working():
        answer = await answer_to(office, message.as_bytes())

    assert "no puedo abrirlo" in text_of(answer)


async def test_the_owner_who_takes_over_gets_the_way_to_the_guest(office: PostOffice):
    async with office.working():
        answer = await answer_to(office, mail("Quiero hablar con una persona", subject="Re: x"))
        await eventually(lambda: any(each["To"] == OWNER for each in office.smtp.mails))

    assert "le aviso a una persona" in text_of(answer)
    (told,) = [each for each in office.smtp.mails if each["To"] == OWNER]
    assert "mailto:ana@ana.example" in text_of(told)
