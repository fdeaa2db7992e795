"""What is answered, and what must not be (RFC 3834)."""

from email.message import EmailMessage

import pytest
from tests.integration.email.conftest import US, mail

from alojamientos.channels.email import payloads
from alojamientos.channels.email.payloads import Incoming, Nature, Own

OWN = Own(address=US)
BOUNCE = b"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.lago.example>
To: reservas@lago.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <b1@mx.lago.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.lago.example
X-Postfix-Queue-ID: 4ABC

Final-Recipient: rfc822; Ana@ana.example
Original-Recipient: rfc822;ana@ana.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ana@ana.example>: user unknown

--B
Content-Type: text/rfc822-headers

From: reservas@lago.example
To: ana@ana.example
Message-ID: <outbox.42@lago.example>
Subject: Tu reserva

--B--
"""


def read(content: bytes, own: Own = OWN) -> Incoming:
    return payloads.read_mail(content, own=own)


@pytest.mark.parametrize(
    ("headers", "nature"),
    [
        ({}, Nature.GUEST),
        ({"Auto_Submitted": "no"}, Nature.GUEST),
        ({"Precedence": "normal"}, Nature.GUEST),
        ({"X_Spam_Flag": "NO"}, Nature.GUEST),
        ({"X_Spam_Status": "No, score=-1.2"}, Nature.GUEST),
        ({"subject": "Re: Tu reserva está confirmada"}, Nature.GUEST),
        ({"Auto_Submitted": "auto-replied"}, Nature.AUTO_REPLY),
        ({"Auto_Submitted": "auto-generated; type=x"}, Nature.AUTO_REPLY),
        ({"X_Auto_Response_Suppress": "All"}, Nature.AUTO_REPLY),
        ({"X_Autoreply": "yes"}, Nature.AUTO_REPLY),
        ({"Precedence": "auto_reply"}, Nature.AUTO_REPLY),
        ({"Return_Path": "<>"}, Nature.AUTO_REPLY),
        ({"subject": "Respuesta automática: Tu reserva"}, Nature.AUTO_REPLY),
        ({"subject": "Fuera de la oficina: vuelvo el lunes"}, Nature.AUTO_REPLY),
        ({"subject": "Automatic reply: booking"}, Nature.AUTO_REPLY),
        ({"sender": "no-reply@tienda.example"}, Nature.AUTO_REPLY),
        ({"sender": "noreply+123@tienda.example"}, Nature.AUTO_REPLY),
        ({"List_Id": "<novedades.tienda.example>"}, Nature.LIST),
        ({"List_Unsubscribe": "<https://tienda.example/no>"}, Nature.LIST),
        ({"Precedence": "bulk"}, Nature.LIST),
        ({"X_Spam_Flag": "YES"}, Nature.SPAM),
        ({"X_Spam_Status": "Yes, score=12.1"}, Nature.SPAM),
        ({"sender": US}, Nature.OWN),
        ({"sender": "Reservas <RESERVAS@Lago.Example>"}, Nature.OWN),
        ({"X_Alojamientos": US}, Nature.OWN),
        ({"message_id": "<outbox.7@lago.example>"}, Nature.OWN),
        ({"message_id": "<outbox.7@other.example>"}, Nature.GUEST),
    ],
)
def test_the_nature_of_a_mail(headers: dict[str, str], nature: Nature):
    assert read(mail(**headers)).nature is nature


def test_a_mail_without_a_sender_is_for_a_person():
    assert read(b"Subject: hola\r\n\r\nhola").nature is Nature.UNREADABLE
    assert read(b"").nature is Nature.UNREADABLE


@pytest.mark.parametrize(
    ("verdict", "nature"),
    [
        ("mx.lago.example; spf=pass; dmarc=fail (p=reject)", Nature.SPAM),
        ("mx.lago.example 1; dmarc=pass", Nature.GUEST),
        ("somebody.example; dmarc=fail", Nature.GUEST),
        ("mx.lago.example; dmarc=none", Nature.GUEST),
    ],
)
def test_a_forged_sender_is_spam_where_our_own_server_says_so(verdict: str, nature: Nature):
    content = mail(Authentication_Results=verdict)
    assert read(content, Own(address=US, authenticator="mx.lago.example")).nature is nature
    assert read(content).nature is Nature.GUEST


def test_a_delivery_report_says_which_mail_did_not_reach_whom():
    found = read(BOUNCE)

    assert found.nature is Nature.BOUNCE
    assert found.bounce is not None
    assert (found.bounce.outbox_id, found.bounce.recipient) == (42, "ana@ana.example")
    assert (found.bounce.status, found.bounce.permanent) == ("5.1.1", True)


def test_a_full_mailbox_may_take_the_next_mail():
    found = read(BOUNCE.replace(b"5.1.1", b"4.2.2"))
    assert found.bounce is not None
    assert not found.bounce.permanent


def test_a_delay_is_no_failure():
    found = read(BOUNCE.replace(b"Action: failed", b"Action: delayed"))
    assert (found.nature, found.bounce) == (Nature.AUTO_REPLY, None)


def test_a_report_on_somebody_elses_mail_names_none_of_ours():
    found = read(BOUNCE.replace(b"<outbox.42@lago.example>", b"<outbox.42@other.example>"))
    assert found.bounce is not None
    assert found.bounce.outbox_id is None


def test_a_daemons_own_words_count_as_a_report():
    content = mail(
        "The following address failed. <outbox.9@lago.example>",
        sender="Mail Delivery Subsystem <mailer-daemon@mx.example>",
        subject="Returned mail: see transcript for details",
        X_Failed_Recipients="ana@ana.example",
    )
    found = read(content)
    assert found.nature is Nature.BOUNCE
    assert found.bounce is not None
    assert (found.bounce.outbox_id, found.bounce.recipient) == (9, "ana@ana.example")
    assert not found.bounce.permanent


def test_a_read_receipt_gets_no_answer():
    message = EmailMessage()
    message["From"], message["To"] = "ana@ana.example", US
    message["Subject"] = "Leído: Tu reserva"
    message.set_content("Su mensaje fue leído.")
    content = message.as_bytes().replace(
        b'Content-Type: text/plain; charset="utf-8"',
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
    )
    assert read(content).nature is Nature.AUTO_REPLY
