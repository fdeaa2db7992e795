"""Every mail as it goes out: complete, escaped, in its thread, with its calendar."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar
from selectolax.lexbor import LexborHTMLParser
from tests.unit.email import letters
from tests.unit.email.letters import LETTERS, LODGING, NOW, THREAD, body, drawn

from alojamientos.channels.email import drawing
from alojamientos.conversation import choices
from alojamientos.conversation.choices import Picked
from alojamientos.conversation.messages import InboundMessage, MessageKind, Reply
from alojamientos.conversation.state import State


def sent(message: EmailMessage) -> EmailMessage:
    """Return a mail as its reader gets it."""
    received = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(received, EmailMessage)
    return received


@pytest.mark.parametrize("name", LETTERS)
def test_every_mail_says_the_same_in_both_forms(name: str):
    message = sent(drawn(name))
    html, plain = body(message, "html"), body(message, "plain")

    page = LexborHTMLParser(html).body
    assert page is not None
    shown = " ".join(page.text(separator=" ").split())
    for label, value in LETTERS[name].facts:
        assert label in plain
        assert " ".join(value.split()) in " ".join(plain.split())
        assert " ".join(value.split()) in shown
    assert LODGING in plain
    assert "None" not in html + plain
    assert "{{" not in html + plain
    assert "*" not in plain
    assert message["Subject"] == (LETTERS[name].header or f"Mensaje de {LODGING}")
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("name", ["confirmation", "receipt", "arrival", "thanks"])
def test_what_a_guest_calls_themselves_is_no_markup(name: str):
    html = body(drawn(name), "html")

    assert "Ana &lt;b&gt;Pérez&lt;/b&gt;" in html
    assert "<b>Pérez" not in html


@pytest.mark.parametrize("field", ["header", "text", "footer", "url_title"])
def test_no_words_become_a_header(field: str):
    hostile: Any = "Hola\r\nBcc: all@example.com\nX-Evil: 1\x0bX: 2\u2028Y: 3"
    message = drawing.draw(
        replace(Reply(text="x", url="https://a.example"), **{field: hostile}),
        lodging=f"Lago\r\nBcc: {field}@example.com",
        sender="reservas@lago.example",
        recipient="ana@example.com",
        reply_to="duenia@lago.example",
        now=NOW,
        thread=replace(THREAD, subject=hostile, message_id="<x>\r\nBcc: y", references=(hostile,)),
    )

    received = sent(message)
    assert received["Bcc"] is None
    assert received["X-Evil"] is None
    assert received["In-Reply-To"] is None


def test_an_answer_goes_under_the_mail_that_it_answers():
    message = sent(drawn("answer", thread=THREAD))

    assert message["Subject"] == "Re: Consulta"
    assert message["In-Reply-To"] == "<2@ana.example>"
    assert message["References"] == "<1@ana.example> <2@ana.example>"
    assert message["Auto-Submitted"] == "auto-replied"


def test_a_long_thread_keeps_its_end():
    references = tuple(f"<{number}@ana.example>" for number in range(20))
    message = sent(drawn("answer", thread=replace(THREAD, references=references)))

    kept = message["References"].split()
    assert (len(kept), kept[-1]) == (10, "<2@ana.example>")


def test_choices_are_numbered_and_answered_in_words_too():
    message = sent(drawn("answer"))

    assert "1. Sí, esas fechas\n2. Otras fechas (Busco de nuevo)\n" in body(message, "plain")
    assert "Respondé este mail con el número" in body(message, "html")


def test_the_number_of_a_choice_in_a_mail_picks_it():
    state, (reply,) = choices.bind(State(), State(), [LETTERS["answer"]], cause="m")
    drawn_lines = body(sent(drawn("answer")), "plain").splitlines()

    for option in reply.options:
        (number,) = (line.split(".")[0] for line in drawn_lines if f". {option.title}" in line)
        written = InboundMessage(
            channel="email",
            external_id="n",
            address="ana@example.com",
            kind=MessageKind.TEXT,
            text=number,
        )
        assert choices.picked(written, state) == Picked(action=option.id.partition("~")[0])


def test_a_link_is_shown_once():
    reply = Reply(text="Pagá acá:\nhttps://pay.example/1\nHoy.", url="https://pay.example/1")
    message = drawing.draw(
        reply,
        lodging=LODGING,
        sender="reservas@lago.example",
        recipient="ana@example.com",
        reply_to=None,
        now=NOW,
    )
    assert body(message, "plain").count("https://pay.example/1") == 1
    assert "Pagá acá:\nHoy." in body(message, "plain")


def test_choices_that_the_text_numbers_are_not_drawn_twice():
    reply = replace(LETTERS["answer"], text="¿Cuál?\n\n1. *Coihue*\n2. *Ñire*")
    message = drawing.draw(
        reply,
        lodging=LODGING,
        sender="reservas@lago.example",
        recipient="ana@example.com",
        reply_to=None,
        now=NOW,
    )
    assert body(message, "plain").count("1. ") == 1


@pytest.mark.parametrize("name", ["confirmation", "moved", "cancelled"])
def test_the_calendar_entry_is_attached_as_calendars_want_it(name: str):
    (part,) = sent(drawn(name)).iter_attachments()

    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "PUBLISH"
    assert part.get_filename() == "reserva.ics"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert event["uid"] == "K7PM3X@lago.example"
    assert event["summary"] == "Cabaña Coihue · Cabañas del Lago"
    assert event["location"] == letters.FACTS.address
