"""A mail that came back is noted against the message and the address, and the owner is told."""

import structlog
from tests.integration.channels.conftest import eventually
from tests.integration.email.conftest import OWNER, US, PostOffice, mail
from tests.unit.email.test_natures import BOUNCE

from alojamientos.channels import outbox
from alojamientos.channels.delivery import Delivery
from alojamientos.channels.email.client import EmailClient
from alojamientos.channels.email.threads import StoredMails
from alojamientos.conversation.messages import Reply
from alojamientos.kit.smtp import SmtpClient

GUEST = "ana@ana.example"


async def sent(office: PostOffice, key: str = "k1", address: str = GUEST) -> int:
    """Put a mail to a guest into the outbox, deliver it, and return its id."""
    async with office.database.begin() as tx:
        outbox_id = await outbox.put(
            tx,
            channel="email",
            address=address,
            reply=Reply(text="Hola"),
            dedupe_key=key,
            kind="confirmation_mail",
        )
    assert outbox_id is not None
    await deliver(office, outbox_id)
    return outbox_id


async def deliver(office: PostOffice, outbox_id: int) -> None:
    smtp = SmtpClient(host="127.0.0.1", port=office.smtp.port, timeout_s=5.0, require_tls=False)
    client = EmailClient(
        smtp=smtp,
        sender=US,
        lodging="Lago",
        now=office.clock,
        mails=StoredMails(office.database),
    )
    delivery = Delivery(
        database=office.database,
        senders={"email": client},
        recorder=office.recorded,
        log=structlog.get_logger(),
        now=office.clock,
    )
    await delivery.deliver(outbox_id=outbox_id)


def report(outbox_id: int, number: int = 1, *, status: str = "5.1.1") -> bytes:
    content = BOUNCE.replace(b"outbox.42@", b"outbox.%d@" % outbox_id)
    content = content.replace(b"<b1@", b"<b%d@" % number)
    return content.replace(b"5.1.1", status.encode())


async def fate(office: PostOffice, outbox_id: int) -> tuple[object, ...]:
    (row,) = await office.rows(
        "SELECT status, ladder, error_code FROM outbox_message WHERE id = :id", id=outbox_id
    )
    return row


async def told(office: PostOffice) -> list[tuple[object, ...]]:
    return await office.rows(
        "SELECT content->>'header' FROM outbox_message WHERE address = :owner ORDER BY id",
        owner=OWNER,
    )


async def test_a_bounce_is_noted_the_address_left_alone_and_the_owner_told_once(
    office: PostOffice,
):
    outbox_id = await sent(office)
    await office.deliver(report(outbox_id, 1), report(outbox_id, 2))

    await office.reader().read()

    assert await fate(office, outbox_id) == ("sent", "failed", "bounce_5.1.1")
    assert await told(office) == [(f"No le llegó un mail a {GUEST}",)]
    second = await sent(office, "k2")
    assert await fate(office, second) == ("failed", None, "bounce_5.1.1")
    assert len([each for each in office.smtp.mails if each["To"] == GUEST]) == 1


async def test_who_writes_again_is_answered_again(office: PostOffice):
    await office.deliver(report(await sent(office)))
    await office.reader().read()
    assert await office.rows("SELECT address FROM mail_undeliverable") == [(GUEST,)]
    await office.deliver(mail())

    async with office.working():
        await eventually(
            lambda: len([each for each in office.smtp.mails if each["To"] == GUEST]) == 2
        )

    assert await office.rows("SELECT count(*) FROM mail_undeliverable") == [(0,)]


async def test_a_full_mailbox_is_told_of_and_tried_the_next_time(office: PostOffice):
    outbox_id = await sent(office)
    await office.deliver(report(outbox_id, status="4.2.2"))
    await office.reader().read()

    assert (await fate(office, outbox_id))[2] == "bounce_4.2.2"
    assert await office.rows("SELECT count(*) FROM mail_undeliverable") == [(0,)]
    assert len(await told(office)) == 1


async def test_a_forged_report_on_somebody_elses_address_does_nothing(office: PostOffice):
    outbox_id = await sent(office, address="bruno@bruno.example")
    await office.deliver(report(outbox_id))
    await office.reader().read()

    assert await fate(office, outbox_id) == ("sent", None, None)
    assert await office.rows("SELECT count(*) FROM mail_undeliverable") == [(0,)]
    assert await told(office) == []


async def test_a_report_on_nothing_of_ours_is_kept_and_no_more(office: PostOffice):
    await office.deliver(report(4711))
    await office.reader().read()

    assert [event[1:] for event in await office.events()] == [("bounce", "bounce")]
    assert await told(office) == []


async def test_a_mail_that_our_server_refuses_for_good_is_told_of(office: PostOffice):
    office.smtp.rcpt.append("550 5.7.1 not wanted")
    outbox_id = await sent(office)

    assert await fate(office, outbox_id) == ("failed", None, "smtp_550")
    assert await told(office) == [(f"No le llegó un mail a {GUEST}",)]
