"""Each mail of the mailbox is stored once, and marked only after that."""

import asyncio
import socket
import ssl
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import free_port
from tests.integration.channels.mail_server import certificate
from tests.integration.email.conftest import NOW, PASSWORD, US, PostOffice, mail

from alojamientos.channels.email import operations
from alojamientos.kit.errors import Unavailable
from alojamientos.kit.imap import MailboxUnavailable
from alojamientos.ops.simulator.mailbox import serving_mailbox


async def read(office: PostOffice, **options: Any) -> None:
    await office.reader(office.client(**options)).read()


async def test_a_mail_is_stored_with_its_bytes_and_marked_as_seen(office: PostOffice):
    content = mail()
    await office.deliver(content)

    await read(office)

    assert await office.events() == [("<1@ana.example>", "text", None)]
    ((payload, key, kept, size),) = await office.rows(
        "SELECT payload, conversation_key, content, size"
        " FROM inbox_event JOIN mail_received ON inbox_id = id"
    )
    assert payload["message"]["text"].startswith("Consulta\nHola, ¿tenés lugar del 15 al 18")
    assert payload["message"]["profile_name"] == "Ana Pérez"
    assert key == "email:ana@ana.example"
    assert bytes(kept) == content
    assert size == len(content)
    assert await office.seen() == [True]


async def test_a_mail_is_read_once_however_often_the_mailbox_is(office: PostOffice):
    reader = office.reader()
    await office.deliver(mail())
    await reader.read()
    await reader.read()
    await office.deliver(mail("Gracias", message_id="<2@ana.example>"))
    await reader.read()

    assert [event[0] for event in await office.events()] == ["<1@ana.example>", "<2@ana.example>"]
    assert await office.rows("SELECT failures, retry_at FROM mailbox") == [(0, None)]


async def test_a_mail_that_was_delivered_twice_is_answered_once(office: PostOffice):
    await office.deliver(mail(), b"Received: by another way\r\n" + mail())

    await read(office)

    assert len(await office.events()) == 1
    assert await office.seen() == [True, True]


async def test_another_mail_with_a_used_message_id_is_not_lost(office: PostOffice):
    await office.deliver(mail(), mail("Somos 4, perdón"))

    await read(office)

    first, second = [event[0] for event in await office.events()]
    assert first == "<1@ana.example>"
    assert second.startswith("<1@ana.example>#")


async def test_a_mail_without_a_message_id_is_known_by_its_bytes(office: PostOffice):
    await office.deliver(mail(message_id=None), mail(message_id=None))

    await read(office)

    ((external_id, _, _),) = await office.events()
    assert external_id.startswith("sha256:")


async def test_a_mail_that_could_not_be_stored_stays_unseen_and_comes_again(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
):
    await office.deliver(mail())

    async def away(*_: Any, **__: Any) -> None:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(operations, "take_in", away)
        with pytest.raises(Unavailable):
            await read(office)
    assert await office.seen() == [False]

    await read(office)
    assert await office.seen() == [True]
    assert len(await office.events()) == 1


async def test_a_crash_after_storing_and_before_marking_repeats_nothing(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
):
    await office.deliver(mail())
    client = office.client()

    async def crash(_: int) -> None:
        raise MailboxUnavailable("gone")

    monkeypatch.setattr(client, "mark_done", crash)
    await office.reader(client).read()
    assert len(await office.events()) == 1
    assert await office.seen() == [False]

    office.clock.later(minutes=10)
    await read(office)
    assert len(await office.events()) == 1
    assert await office.seen() == [True]


async def test_a_mail_that_the_database_refuses_is_kept_as_bytes_and_the_owner_told(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
):
    real = operations.take_in

    async def refuses(tx: Any, *, mail: Any, **values: Any) -> object:
        if mail.address:
            raise ValueError("strange")
        return await real(tx, mail=mail, **values)

    monkeypatch.setattr(operations, "take_in", refuses)
    await office.deliver(mail())

    await read(office)

    ((external_id, kind, outcome),) = await office.events()
    assert (external_id[:7], kind, outcome) == ("sha256:", "unreadable", "unreadable")
    assert await office.rows("SELECT content->>'header' FROM outbox_message") == [
        ("Un mail quedó sin respuesta",)
    ]


async def test_of_a_mailbox_that_is_new_to_us_only_what_nobody_has_seen_is_read(
    office: PostOffice,
):
    await office.deliver(mail(), mail(message_id="<2@ana.example>"))
    client = office.client()
    await client.look()
    await client.mark_done((await client.uids_after(0))[0])

    await read(office)

    assert [event[0] for event in await office.events()] == ["<2@ana.example>"]


async def test_what_a_person_has_opened_meanwhile_is_answered_all_the_same(office: PostOffice):
    await read(office)
    await office.deliver(mail())
    client = office.client()
    await client.look()
    await client.mark_done((await client.uids_after(0))[0])

    await read(office)

    assert len(await office.events()) == 1


async def test_new_numbers_for_the_same_mails_repeat_nothing(office: PostOffice):
    await office.deliver(mail(), mail(message_id="<2@ana.example>"))
    await read(office)
    async with office.database.begin() as tx:
        await tx.conn.exec_driver_sql("UPDATE mailbox SET uid_validity = 1, last_uid = 900000")
    await office.deliver(mail(message_id="<3@ana.example>"))

    await read(office)

    assert len(await office.events()) == 3


async def test_dealt_with_mails_are_moved_where_a_folder_is_named(office: PostOffice):
    await office.deliver(mail())

    await read(office, done_folder="Leídos por el asistente")

    assert await office.seen() == []
    assert await office.seen("Leídos por el asistente") == [True]


async def test_a_huge_mail_is_read_as_far_as_its_words_go(office: PostOffice):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ana@ana.example", US, "Comprobante"
    message["Message-ID"] = "<big@ana.example>"
    message.set_content("Te mando el comprobante")
    message.add_attachment(
        b"%PDF" * 400_000, maintype="application", subtype="pdf", filename="comprobante.pdf"
    )
    await office.deliver(message.as_bytes())

    await read(office)

    ((payload, kept, size),) = await office.rows(
        "SELECT payload, length(content), size FROM inbox_event JOIN mail_received ON inbox_id = id"
    )
    assert payload["message"]["text"] == "Comprobante\nTe mando el comprobante"
    assert payload["raw"]["attachments"][0]["name"] == "comprobante.pdf"
    assert (kept, size > 1_600_000) == (512 * 1024, True)


# --- The server in trouble ---


async def test_a_mailbox_that_is_not_there_is_tried_again_later_and_later(office: PostOffice):
    reader = office.reader(office.client(port=free_port()))
    for _ in range(3):
        await reader.read()
        office.clock.later(minutes=6)

    ((failures, read_at),) = await office.rows("SELECT failures, read_at FROM mailbox")
    assert (failures, read_at) == (3, None)


async def test_nothing_is_asked_before_its_time(office: PostOffice):
    reader = office.reader(office.client(port=free_port()))
    await reader.read()
    await reader.read()

    assert await office.rows("SELECT failures FROM mailbox") == [(1,)]


async def test_a_mailbox_that_is_back_is_read_and_its_failures_forgotten(office: PostOffice):
    await office.deliver(mail())
    port, office.port = office.port, free_port()
    client = office.client(username=US)
    reader = office.reader(client)
    await reader.read()
    client._port = office.port = port
    office.clock.later(minutes=1)
    await reader.read()

    assert len(await office.events()) == 1
    assert await office.rows("SELECT failures, retry_at FROM mailbox") == [(0, None)]


async def test_a_refused_password_waits_for_a_person_and_is_not_shown(office: PostOffice):
    with pytest.raises(MailboxUnavailable) as caught:
        await office.client(password="wrong-one").look()
    assert caught.value.account
    assert "wrong-one" not in str(caught.value)

    await read(office, password="wrong-one")
    ((retry_at,),) = await office.rows("SELECT retry_at FROM mailbox")
    assert retry_at == NOW + timedelta(seconds=300)


async def test_a_silent_server_does_not_hold_the_worker(office: PostOffice):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = office.client(port=silent.getsockname()[1], timeout_s=0.5)
        async with asyncio.timeout(10):
            with pytest.raises(MailboxUnavailable):
                await client.look()


async def test_a_connection_that_the_server_dropped_is_made_anew(office: PostOffice):
    reader = office.reader()
    await reader.read()
    library: Any = reader.client._library
    library._imap.sock.close()
    await office.deliver(mail())

    await reader.read()

    assert len(await office.events()) == 1


async def test_a_server_without_starttls_gets_no_password(office: PostOffice):
    with pytest.raises(MailboxUnavailable):
        await office.client(require_tls=True).look()


async def test_with_starttls_the_mailbox_is_read(office: PostOffice, tmp_path: Path):
    pem = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(pem))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with serving_mailbox(
        listener, username=US, password=PASSWORD, certificate=str(pem)
    ) as mailbox:
        await mailbox.deliver(mail())
        await read(office, port=port, require_tls=True, tls_context=trusting)
        with pytest.raises(MailboxUnavailable):
            await office.client(port=port, require_tls=True).look()

    assert len(await office.events()) == 1


async def test_the_mailbox_tells_how_much_its_reader_has_yet_to_read(office: PostOffice):
    await office.deliver(mail(), mail(message_id="<2@ana.example>"))
    waiting = await office.mailbox.unread()
    office.mailbox.shut()
    shut = await office.mailbox.unread()
    office.mailbox.open()

    await read(office)

    assert (waiting, shut, await office.mailbox.unread()) == (2, 0, 0)
