"""Only what was written in this mail is understood."""

from email.message import EmailMessage

import pytest
from tests.integration.email.conftest import US, mail

from alojamientos.channels.email import payloads, words
from alojamientos.channels.email.payloads import Nature, Own

OWN = Own(address=US)


def said(content: bytes) -> str:
    return payloads.read_mail(content, own=OWN).text


@pytest.mark.parametrize(
    "history",
    [
        "\n\nEl lun, 3 nov 2025 a las 10:00, Lago (<r@lago.example>) escribió:\n\n> x",
        "\n\nEl lun, 3 nov 2025 a las 10:00, Lago (<\nr@lago.example>) escribió:\n\n> x\n> 1. C",
        "\n\nOn Mon, Nov 3, 2025 at 10:00 AM Lago <r@lago.example> wrote:\n> x",
        "\n\nEl 3/11/25 a las 10:00, Lago escribió:\nsin marca\n1. Coihue",
        "\n\n______________\nDe: Lago <r@lago.example>\nEnviado: lunes\nPara: Ana\nAsunto: R\n\nx",
        "\n\nDe: Lago <r@lago.example>\nEnviado el: lunes\nPara: Ana\nAsunto: R\n\nx",
        "\n-----Mensaje original-----\nDe: Lago\n\nx",
        "\n\nEnviado desde mi iPhone\n\n> El 3 nov. 2025 escribió:\n> x",
        "\n-- \nAna Pérez\nTel. 294 400-0001",
        "\n> 1. Coihue\n> 2. Ñire",
        "\n\n\n\n",
    ],
)
def test_history_and_signatures_are_cut(history: str):
    assert words.new_words("La 2, por favor" + history) == "La 2, por favor"


@pytest.mark.parametrize("history", ["> ¿Cuál?\n\n", "> 1. Coihue\n> 2. Ñire\n"])
def test_an_answer_below_what_is_quoted_is_read(history: str):
    assert words.new_words(history + "La 2, por favor") == "La 2, por favor"


@pytest.mark.parametrize(
    "text",
    [
        "Hola, ¿tenés lugar?\nEl 15 de enero somos 4.",
        "De: viernes a lunes\nPara: 4 personas",
        "El viernes mi mujer me escribió: quiere ir al lago.\nSomos 4",
        "----\nSomos 4\n----",
    ],
)
def test_what_only_looks_like_it_stays(text: str):
    assert words.new_words(text) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hola!\n\nla 2\n\nSaludos,\nAna", "la 2"),
        ("2\n\nAna Pérez", "2"),
        ("la 2\nMuchas gracias.\nUn abrazo, \nAna", "la 2"),
        ("Gracias!\nAna", "Gracias!\nAna"),
        ("Hola", "Hola"),
        ("Buenas tardes, somos 4\nJuan", "Buenas tardes, somos 4\nJuan"),
    ],
)
def test_courtesies_around_what_is_said_are_left_out(text: str, rest: str):
    assert words.without_courtesies(text, name="Ana Pérez") == rest


def test_a_mail_that_is_only_html_is_read():
    message = EmailMessage()
    message["From"], message["To"], message["In-Reply-To"] = "ana@a.example", US, "<x@y.example>"
    message.set_content(
        "<html><head><title>no</title><style>p{color:red}</style></head><body>"
        "<p>Hola,&nbsp;somos <b>4</b></p><div>del 15<br>al 18 de enero</div>"
        '<div class="gmail_quote"><div>El lun, Lago escribió:</div>'
        "<blockquote>¿Cuántos son?</blockquote></div></body></html>",
        subtype="html",
    )
    assert said(message.as_bytes()) == "Hola, somos 4\ndel 15\nal 18 de enero"


def test_the_plain_words_are_taken_where_there_are_both():
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ana@a.example", US, "Re: x"
    message.set_content("la 2")
    message.add_alternative("<p>otra cosa</p>", subtype="html")
    assert said(message.as_bytes()) == "la 2"


def test_the_subject_is_said_too_where_a_conversation_begins():
    assert (
        said(mail("Somos 4", subject="Del 15 al 18 de enero")) == "Del 15 al 18 de enero\nSomos 4"
    )
    assert said(mail("Somos 4", subject="Re: Del 15 al 18 de enero")) == "Somos 4"
    assert said(mail("", subject="¿Tienen pileta?")) == "¿Tienen pileta?"


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("text/plain; charset=iso-8859-1", "¿Cabaña?".encode("latin-1")),
        ("text/plain; charset=windows-1252", "¿Cabaña?".encode("cp1252")),
        ("text/plain; charset=utf-8", "¿Cabaña?".encode()),
        ("text/plain", "¿Cabaña?".encode()),
        ("text/plain", "¿Cabaña?".encode("latin-1")),
        ("text/plain; charset=utf-8", "¿Cabaña?".encode("latin-1")),
        ("text/plain; charset=klingon", "¿Cabaña?".encode()),
        ("text/plain; charset=us-ascii", "¿Cabaña?".encode("cp1252")),
        ("text/plain; charset=punycode", "¿Cabaña?".encode()),
        ("nonsense", "¿Cabaña?".encode()),
        ('text/plain; charset="utf-8', "¿Cabaña?".encode()),
    ],
)
def test_whatever_the_charset_is_called_the_words_are_read(header: str, body: bytes):
    content = (
        f"From: ana@a.example\r\nSubject: Re: x\r\nContent-Type: {header}\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode() + body
    assert said(content) == "¿Cabaña?"


def test_names_and_subjects_are_decoded():
    content = (
        b"From: =?utf-8?q?Ana_P=C3=A9rez?= <ANA@a.example>\r\n"
        b"Subject: =?iso-8859-1?Q?Caba=F1a?= para =?utf-8?B?NA==?=\r\n\r\nHola"
    )
    found = payloads.read_mail(content, own=OWN)
    assert (found.name, found.address, found.subject) == (
        *("Ana Pérez", "ana@a.example", "Cabaña para 4"),
    )


def test_what_hangs_on_a_mail_is_listed_and_not_read():
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ana@a.example", US, "Re: x"
    message.set_content("Ahí va")
    message.add_attachment("un adjunto", filename="notas.txt")
    message.add_attachment(b"\xff\xd8" * 50, maintype="image", subtype="jpeg", filename="ñ.jpg")
    found = payloads.read_mail(message.as_bytes(), own=OWN)
    assert found.text == "Ahí va"
    assert [(each.name, each.mime_type, each.size) for each in found.attachments] == [
        ("notas.txt", "text/plain", 11),
        ("ñ.jpg", "image/jpeg", 100),
    ]


def test_a_mail_nested_to_exhaust_us_is_for_a_person():
    deep = b"From: ana@a.example\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(900)
    )
    assert payloads.read_mail(deep, own=OWN).nature is Nature.UNREADABLE
