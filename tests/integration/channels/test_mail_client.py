"""What each answer of a mail server means for a message."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import free_port
from tests.integration.channels.mail_server import SILENT, MailServer, certificate, serving_mail

from alojamientos.channels.base import DeliveryPostponed, DeliveryRefused, DeliveryUncertain
from alojamientos.channels.email.client import EmailClient
from alojamientos.conversation.messages import Reply
from alojamientos.kit.http import HttpCall
from alojamientos.kit.smtp import SmtpClient

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
HELLO = Reply(
    header="Tu reserva está\r\nBcc: all@example.com confirmada",
    text="Hola *Ana*:\n\nTe esperamos\nel <b>viernes</b>.",
    url="https://wa.me/5492944000001",
    url_title="Escribirle",
    footer="Hasta pronto.",
)


@pytest.fixture
def calls() -> list[HttpCall]:
    return []


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with serving_mail() as server:
        yield server


def client(port: int, calls: list[HttpCall], **options: Any) -> EmailClient:
    smtp = SmtpClient(
        **{
            "host": "127.0.0.1",
            "port": port,
            "timeout_s": 5.0,
            "require_tls": False,
            "on_call": calls.append,
            **options,
        }
    )
    return EmailClient(
        smtp=smtp,
        sender="reservas@lago.example",
        lodging="Cabañas del Lago",
        now=lambda: NOW,
        reply_to="duena@lago.example",
    )


async def send(client: EmailClient, address: str = "ana@example.com") -> str:
    return await client.send(address=address, reply=HELLO, reference="outbox:7")


async def test_a_mail_has_an_envelope_a_subject_and_the_words_twice(
    server: MailServer, calls: list[HttpCall]
):
    message_id = await send(client(server.port, calls))

    [mail] = server.mails
    assert server.recipients == ["ana@example.com"]
    assert mail["From"] == "Cabañas del Lago <reservas@lago.example>"
    assert mail["To"] == "ana@example.com"
    assert mail["Reply-To"] == "duena@lago.example"
    assert mail["Subject"] == "Tu reserva está Bcc: all@example.com confirmada"
    assert mail["Bcc"] is None
    assert mail["Message-ID"] == message_id == "<outbox.7@lago.example>"
    assert mail["Date"] == "Tue, 24 Nov 2026 15:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "es-AR"
    assert server.text().startswith("Hola Ana:\n\nTe esperamos\nel <b>viernes</b>.\n\n")
    assert "Escribirle: https://wa.me/5492944000001" in server.text()
    html = server.text(kind="html")
    assert "Hola <strong>Ana</strong>:" in html
    assert "Te esperamos<br>el &lt;b&gt;viernes&lt;/b&gt;." in html
    assert 'href="https://wa.me/5492944000001"' in html
    assert [(c.provider, c.operation, c.outcome) for c in calls] == [("smtp", "send_mail", "2xx")]


@pytest.mark.parametrize("command", ["rcpt", "data"])
@pytest.mark.parametrize("code", [421, 450, 451, 452])
async def test_what_may_go_out_later_is_postponed(
    server: MailServer, calls: list[HttpCall], command: str, code: int
):
    getattr(server, command).append(f"{code} later")

    with pytest.raises(DeliveryPostponed) as caught:
        await send(client(server.port, calls))

    assert (caught.value.error_code, caught.value.retry_in_s) == (f"smtp_{code}", None)
    assert [call.outcome for call in calls] == ["4xx"]


@pytest.mark.parametrize("command", ["rcpt", "data"])
async def test_what_will_never_go_out_is_refused(
    server: MailServer, calls: list[HttpCall], command: str
):
    getattr(server, command).append("550 no such user")

    with pytest.raises(DeliveryRefused) as caught:
        await send(client(server.port, calls))

    assert caught.value.error_code == "smtp_550"
    assert [call.outcome for call in calls] == ["5xx"]


async def test_a_sender_that_is_not_allowed_waits_for_a_person(
    server: MailServer, calls: list[HttpCall]
):
    server.mail.append("553 sender not allowed")

    with pytest.raises(DeliveryPostponed) as caught:
        await send(client(server.port, calls))

    assert (caught.value.error_code, caught.value.retry_in_s) == ("smtp_553", 60.0)


async def test_silence_before_the_mail_is_handed_over_means_not_taken(
    server: MailServer, calls: list[HttpCall]
):
    server.rcpt.append(SILENT)

    with pytest.raises(DeliveryPostponed):
        await send(client(server.port, calls, timeout_s=0.5))

    assert [call.outcome for call in calls] == ["timeout"]


async def test_silence_after_it_means_that_nobody_knows(server: MailServer, calls: list[HttpCall]):
    server.data.append(SILENT)

    with pytest.raises(DeliveryUncertain):
        await send(client(server.port, calls, timeout_s=0.5))

    assert len(server.mails) == 1


async def test_a_server_that_is_not_there_is_postponed(calls: list[HttpCall]):
    with pytest.raises(DeliveryPostponed) as caught:
        await send(client(free_port(), calls))

    assert caught.value.error_code == "unreachable"
    assert [call.outcome for call in calls] == ["unreachable"]


@pytest.mark.parametrize("address", ["no address", "", "a@b@c", "ana@example.com\r\nDATA"])
async def test_an_address_that_is_none_is_refused_without_asking(
    server: MailServer, calls: list[HttpCall], address: str
):
    with pytest.raises(DeliveryRefused):
        await send(client(server.port, calls), address)

    assert calls == []


# --- TLS and accounts ---


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(pem: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


@pytest.fixture
def trusting(pem: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(pem))


async def test_with_starttls_the_mail_and_the_password_travel_encrypted(
    calls: list[HttpCall], tls: ssl.SSLContext, trusting: ssl.SSLContext
):
    async with serving_mail(tls=tls, password="right") as server:
        await send(
            client(
                server.port,
                calls,
                require_tls=True,
                tls_context=trusting,
                username="lago",
                password="right",
            )
        )

    assert server.encrypted == [True]


async def test_a_wrong_password_waits_for_a_person(
    calls: list[HttpCall], tls: ssl.SSLContext, trusting: ssl.SSLContext
):
    async with serving_mail(tls=tls, password="right") as server:
        sender = client(
            server.port,
            calls,
            require_tls=True,
            tls_context=trusting,
            username="lago",
            password="wrong",
        )
        with pytest.raises(DeliveryPostponed) as caught:
            await send(sender)

    assert (caught.value.error_code, caught.value.retry_in_s) == ("smtp_535", 60.0)
    assert "wrong" not in str(caught.value)


async def test_a_server_without_starttls_gets_nothing_when_it_is_required(
    server: MailServer, calls: list[HttpCall]
):
    with pytest.raises(DeliveryPostponed):
        await send(client(server.port, calls, require_tls=True))

    assert server.mails == []


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    calls: list[HttpCall], tls: ssl.SSLContext
):
    async with serving_mail(tls=tls) as server:
        with pytest.raises(DeliveryPostponed):
            await send(client(server.port, calls, require_tls=True))

    assert server.mails == []
