"""What is private is found wherever it hides, and what only looks like it is left alone."""

import pytest

from alojamientos.kit.errors import Unavailable
from alojamientos.ops.verify import known, private
from alojamientos.ops.verify.private import Hit, Private
from alojamientos.settings import load_settings

GUEST = "+5492944123456"
PRIVATE = Private.of(
    [
        ("guest's phone number", GUEST),
        ("guest's e-mail address", "Ana@Example.com"),
        ("API_TOKEN", "correct-horse"),
        ("address of a calendar", "calendar.example/private-9f/basic"),
    ]
)


def kinds(text):
    return {hit.kind for hit in PRIVATE.in_text("web.log", text)}


@pytest.mark.parametrize(
    "text",
    [
        "5492944123456",
        "+54 9 2944 12-3456",
        "+54 (9) 2944 123456",
        "wa_5492944123456_x",
        "%2B5492944123456",
        r'{"message":"a\n5492944123456"}',
        "2944123456",
        "0 2944 12-3456",
        r"a\n2944123456",
        "at 2026-11-24 5492944123456",
        "at 2026-11-24 2944123456",
        "1795526966235 5492944123456",
        '{"phone":5492944123456}',
    ],
)
def test_phone_of_a_guest_is_found_however_it_is_written(text):
    assert kinds(text) == {"guest's phone number"}


@pytest.mark.parametrize(
    "text", ["ana@example.com", "ANA@EXAMPLE.COM", "ana%40example.com", "guest.ana@example.com"]
)
def test_address_of_a_guest_is_found_however_it_is_written(text):
    assert kinds(text) == {"guest's e-mail address"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Bearer correct-horse", "API_TOKEN"),
        ("GET https://calendar.example/private-9f/basic.ics", "address of a calendar"),
        ("beto@correo.com.ar", "an e-mail address"),
        ("+54 9 11 5555-4444", "a phone number"),
        ("5491155554444", "a phone number"),
        ('"to":541155554444,', "a phone number"),
        ("+1 415 555 2671", "a phone number"),
        ("wamid.HBgNNTQ5Mjk0NDEyMzQ1NhUCABEY", "a WhatsApp message id (it holds the phone)"),
    ],
)
def test_secret_and_whatever_has_the_shape_of_a_person_is_found(text, kind):
    assert kinds(text) == {kind}


@pytest.mark.parametrize(
    "text",
    [
        '{"timestamp":"2026-11-24T13:29:26.269550Z"}',
        "2026-11-24 13:29:26.269 UTC",
        "pid 54 2026-11-24 13:29",
        '"trace_id":"5492a7fa2854cb2461b2a35c0f81c779","span_id":"5491155554444abc"',
        '"provider_payment_id":"541155554444","amount":18000000',
        '"provider_payment_id":"1795526966235"',
        "process_start_time_seconds 1.79552687287e+09",
        "go_gc_seconds 0.5491155554444",
        '# {trace_id="9d0b"} 0.0041 1795526966.235',
        "wamid.[id] and [email] and [phone]",
        "postgresql://postgres@127.0.0.1:5432/a",
        '"version":"0.1.0+20261124123456"',
        "1122334455667",
        "4294412345612",
    ],
)
def test_times_ids_and_measures_are_left_alone(text):
    assert kinds(text) == set()


def test_hit_names_file_line_and_kind_and_never_the_value(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "_CHUNK", 20)  # lines come in several pieces
    path = tmp_path / "web.log"
    path.write_text(
        f'{{"a":1}}\n{{"b":2}}\n{{"to":"{GUEST}","x":"ana@example.com"}}\n{{"c":"\x85"}}\n'
    )
    read: list[int] = []

    found = list(PRIVATE.in_file(path, on_lines=read.append))

    assert found == [
        Hit("web.log", 3, "guest's phone number"),
        Hit("web.log", 3, "guest's e-mail address"),
    ]
    assert str(found[0]) == "web.log:3 guest's phone number"
    assert sum(read) == 4


def test_what_is_found_twice_in_a_line_is_told_once():
    found = list(PRIVATE.in_text("web.log", f"{GUEST} {GUEST}\n{GUEST}\n", first_line=7))

    assert [hit.line for hit in found] == [7, 8]


def test_what_is_too_short_to_search_for_is_counted():
    found = Private.of([("SMTP_PASSWORD", "abc"), ("API_TOKEN", "long enough")])

    assert (len(found), found.too_short) == (1, 1)


def test_every_secret_of_the_settings_is_known_and_of_an_address_the_password(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:pass%2Fword@db.example/x")
    monkeypatch.setenv("REDIS_URL", "redis://db.example/0")
    monkeypatch.setenv("SMTP_PASSWORD", "mail-password")
    monkeypatch.setenv("IMAP_PASSWORD", "mailbox-password")
    monkeypatch.setenv("ALERT_HEARTBEAT_URL", "https://beat.example/of-mine")

    found = list(known.of_settings(load_settings()))

    assert {name for name, _ in found} == {
        *("API_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_ACCESS_TOKEN"),
        *("MERCADOPAGO_ACCESS_TOKEN", "MERCADOPAGO_WEBHOOK_SECRET", "SMTP_PASSWORD"),
        "IMAP_PASSWORD",
        *("ALERT_BRIDGE_TOKEN", "ALERT_HEARTBEAT_URL"),
        "password of DATABASE_URL",
    }
    assert ("ALERT_HEARTBEAT_URL", "beat.example/of-mine") in found
    passwords = {value for name, value in found if name.startswith("password")}
    assert passwords == {"pass%2Fword", "pass/word"}  # as it is in the address, and as it is


def test_a_database_that_is_gone_is_said_without_its_address():
    with pytest.raises(Unavailable, match="database does not answer: OperationalError") as caught:
        list(known.of_database("postgresql://me:password@127.0.0.1:1/x"))

    assert "password" not in str(caught.value)
