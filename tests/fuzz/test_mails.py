"""Whatever bytes a mail has, it is taken apart, and what comes out can be stored."""

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.integration.email.conftest import US, mail
from tests.unit.email.test_natures import BOUNCE

from alojamientos.channels import base
from alojamientos.channels.email import payloads
from alojamientos.channels.email.payloads import Nature, Own
from alojamientos.channels.email.words import LONGEST

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(0)]

_STUCK_S = 30  # so long for one mail means for ever
OWN = Own(address=US, authenticator="mx.lago.example")
_HTML = (
    b"From: Ana <ana@a.example>\r\nSubject: =?utf-8?q?Caba\xc3=C3?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="x y"\r\n\r\n--x y\r\n'
    b"Content-Type: text/plain; charset=utf-7\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    b"\r\nHola =\r\n=C3=B1 +AKM-\r\n--x y\r\nContent-Type: text/html\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nPHA+SG9sYTxicj5zb21vcyA0PC9wPg==\r\n--x y--\r\n"
)
_ATTACHED = (
    b"From: a@b.example, c@d.example\r\nDate: Tue, 24 Nov 2026 11:59:00 -0300\r\n"
    b"Message-ID: <1@a.example>\r\nReferences: <a@b> <c@d>\r\n"
    b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nHola\r\n--q\r\n"
    b"Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\n\r\nviejo\r\n--q\r\n"
    b"Content-Type: application/pdf; name*0*=utf-8''%C3%B1; name*1=.pdf\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''%C3%B1.pdf\r\n"
    b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n#86)C\r\n`\r\nend\r\n--q--\r\n"
)
SEEDS = (
    mail(),
    mail("la 2\n\n> 1. Coihue\n\nEl lun, 3 nov 2025, Lago escribió:\n", In_Reply_To="<x@y>"),
    BOUNCE,
    _HTML,
    _ATTACHED,
)
_TOKENS = (
    *(b"\x00", b"\r\n", b"\n", b"\r", b"\xff\xfe", b"\xed\xa0\x80", b"=?", b"?=", b"--q", b"--B"),
    *(b"=?utf-8?b?4pyT?=", b"=?punycode?q?a?=", b"; charset=undefined", b"; charset=idna"),
    *(b"Content-Type: multipart/mixed; boundary=\r\n", b"Content-Type: message/rfc822\r\n\r\n"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"boundary*0=q; boundary*1*=''%ff"),
    *(b'From: "a" <a@b.example> (c(d(e', b"From: =?x?x?x?= <@@>\r\n", b"<" * 200, b"(" * 300),
    *(b"Date: 99 Foo 99999 99:99:99 +9999\r\n", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<div>" * 50),
    *(b"&#x110000;", b"&#0;", b"\xc3", b"%00", b"De: x\nEnviado: y\nPara: z\n", b"> " * 100),
)
_NAMES = (
    *(b"punycode", b"idna", b"rot13", b"hex", b"base64_codec", b"undefined", b"unicode_escape"),
    *(b"utf-16", b"utf-32-be", b"koi8-r", b"gb18030", b"iso-2022-jp", b"x" * 300, b"", b"\x00"),
    *(b"x-uuencode", b"uu", b"quoted-printable", b"8bit", b"utf_8_sig", b"mbcs", b"ebcdic-cp-be"),
)


def test_of_mails(fuzz_cases, steady):
    natures = set()
    for number in steady(fuzz_cases):
        content = _broken(random.Random(number))
        with _named(number, content):
            natures.add(_taken_apart(content).nature)
    # Breaking them all beyond recognition would test nothing.
    assert natures >= {Nature.GUEST, Nature.BOUNCE, Nature.UNREADABLE}


def _taken_apart(content: bytes) -> payloads.Incoming:
    found = payloads.read_mail(content, own=OWN)
    stored = {**base.to_payload(found.message(), found.headers())}
    for text in _texts(stored):
        text.encode("utf-8")
        assert "\x00" not in text
    assert len(found.text) <= LONGEST
    assert found.external_id
    assert found.nature is not Nature.GUEST or found.address
    assert base.from_payload(stored) == found.message()
    return found


def _broken(rng: random.Random) -> bytes:
    content = bytearray(rng.choice(SEEDS))
    for _ in range(rng.choice((1, 1, 2, 3, 8, 30))):
        at = rng.randrange(len(content) + 1)
        match rng.randrange(9):
            case 0 if content:
                content[at % len(content)] = rng.randrange(256)
            case 1:
                del content[at : at + rng.randrange(1, 80)]
            case 2:
                content[at:at] = rng.choice(_TOKENS)
            case 3:
                content[at:at] = content[at : at + rng.randrange(200)] * rng.randrange(1, 6)
            case 4:
                other = rng.choice(SEEDS)
                content[at:] = other[rng.randrange(len(other)) :]
            case 5:
                word = rng.choice((b"utf-8", b"us-ascii", b"base64", b"quoted-printable", b"utf-7"))
                content = bytearray(bytes(content).replace(word, rng.choice(_NAMES)))
            case 6:
                content.extend(rng.choice(SEEDS)[: rng.randrange(400)])
            case 7:
                content[at:at] = rng.randbytes(rng.randrange(1, 40))
            case _:
                lines = bytes(content).split(b"\n")
                rng.shuffle(lines) if rng.random() < 0.1 else lines.insert(0, rng.choice(lines))
                content = bytearray(b"\n".join(lines))
    return bytes(content)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


@contextmanager
def _named(number: int, content: bytes) -> Iterator[None]:
    """Make a failure, or a hang, say which mail it was."""

    def stuck(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stuck)
    signal.setitimer(signal.ITIMER_PROF, _STUCK_S)
    try:
        yield
    except Exception as error:
        raise AssertionError(f"case {number}: {error!r}\n{content!r}") from error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
