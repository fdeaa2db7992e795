"""Webhooks as Meta sends them, and as it hopefully never does."""

import copy
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alojamientos.channels.whatsapp
from alojamientos.channels import base
from alojamientos.channels.whatsapp import payloads, signature
from alojamientos.channels.whatsapp.payloads import AnomalousPayload, Batch
from alojamientos.channels.whatsapp.signature import SignatureInvalid
from alojamientos.conversation.messages import InboundMessage, MessageKind

FIXTURES = Path(alojamientos.channels.whatsapp.__file__).with_name("fixtures")
NUMBER = "1122334455667"


def parse(body: bytes) -> Batch:
    return payloads.parse(body, phone_number_id=NUMBER)


def parse_fixture(name: str) -> Batch:
    return parse((FIXTURES / f"{name}.json").read_bytes())


def only(name: str) -> InboundMessage:
    batch = parse_fixture(name)
    assert len(batch.messages) == 1
    assert batch.malformed == 0
    return batch.messages[0].message


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("text", MessageKind.TEXT, "Hola, ¿hay lugar del 15 al 18?"),
        ("text_from_ad", MessageKind.TEXT, "¡Hola!"),
        ("audio_voice", MessageKind.AUDIO, ""),
        ("image_with_caption", MessageKind.IMAGE, "comprobante"),
        ("document", MessageKind.DOCUMENT, "el pago"),
        ("video", MessageKind.VIDEO, ""),
        ("sticker", MessageKind.STICKER, ""),
        ("reaction", MessageKind.REACTION, "😮"),
        ("reaction_removed", MessageKind.REACTION, ""),
        ("location", MessageKind.LOCATION, ""),
        ("contacts", MessageKind.CONTACTS, ""),
        ("button_reply", MessageKind.BUTTON, "Confirmar"),
        ("list_reply", MessageKind.BUTTON, "Cabaña Río"),
        ("template_button", MessageKind.BUTTON, "Cancelar"),
        ("interactive_without_body", MessageKind.UNSUPPORTED, ""),
        ("edit", MessageKind.EDIT, "corregido"),
        ("revoke", MessageKind.REVOKE, ""),
        ("system_number_changed", MessageKind.SYSTEM, ""),
        ("system_identity_changed", MessageKind.SYSTEM, ""),
        ("unsupported", MessageKind.UNSUPPORTED, ""),
        ("unknown_type", MessageKind.UNSUPPORTED, ""),
        ("audio_file", MessageKind.AUDIO, ""),
        ("reaction_without_emoji", MessageKind.REACTION, ""),
        ("location_of_a_place", MessageKind.LOCATION, ""),
        ("forwarded_often", MessageKind.TEXT, "mirá"),
        ("reply_to_a_product", MessageKind.TEXT, "¿sigue libre?"),
        ("unsupported_poll", MessageKind.UNSUPPORTED, ""),
        ("template_button_without_context", MessageKind.BUTTON, "Cancelar"),
        ("image_with_address", MessageKind.IMAGE, "comprobante"),
        ("edit_of_a_picture", MessageKind.EDIT, ""),
    ],
)
def test_each_kind_of_message_is_understood(name: str, kind: MessageKind, text: str):
    message = only(name)

    assert message.kind is kind
    assert message.text == text
    assert message.address == "5491155550000"
    assert message.profile_name == "Ana"
    assert message.bsuid == "US.13491208655302741918"
    assert message.sent_at == datetime.fromtimestamp(1697043223, UTC)


def test_what_was_tapped_and_sent_along_is_named():
    assert only("button_reply").button_id == "confirm:RES123"
    assert only("list_reply").button_id == "cabin:3"
    assert only("template_button").button_id == "CANCEL"
    assert only("audio_voice").media_id == "1234567890987654321"


def test_a_guest_without_a_number_is_addressed_by_their_scoped_id():
    message = only("without_wa_id")

    assert message.address == "US.13491208655302741918"
    assert message.bsuid == "US.13491208655302741918"
    assert message.profile_name == "Ana"


@pytest.mark.parametrize(
    ("name", "status", "reference"),
    [
        ("status_sent", "sent", "outbox:123"),
        ("status_read", "read", None),
        ("status_played", "played", None),
    ],
)
def test_statuses_come_with_and_without_their_trimmings(name, status, reference):
    batch = parse_fixture(name)

    [report] = batch.statuses
    assert (report.status, report.reference, report.error_code) == (status, reference, None)
    assert (batch.malformed, batch.unhandled) == (0, ())


def test_what_the_owner_edits_is_an_echo_too():
    [echo] = parse_fixture("echo_of_owners_edit").echoes

    assert (echo.wamid, echo.address, echo.text) == ("wamid.E10", "5491155550000", "")


def test_a_guest_who_has_changed_their_number_tells_the_new_one():
    assert only("system_number_changed").new_address == "5491166660000"
    assert only("system_identity_changed").new_address is None


def test_what_is_for_another_number_is_left_out():
    batch = parse_fixture("other_number")

    assert batch.messages == ()
    assert batch.foreign == 1


def test_statuses_carry_our_reference_or_their_error():
    [delivered] = parse_fixture("status_delivered").statuses
    [failed] = parse_fixture("status_failed").statuses

    assert (delivered.wamid, delivered.status) == ("wamid.OURS", "delivered")
    assert (delivered.reference, delivered.error_code) == ("outbox:123", None)
    assert (failed.status, failed.reference, failed.error_code) == ("failed", None, "130472")


def test_what_the_owner_wrote_from_the_phone_is_told_from_what_guests_write():
    batch = parse_fixture("echo_of_owner")

    [echo] = batch.echoes
    assert (batch.messages, batch.unhandled) == ((), ())
    assert (echo.wamid, echo.address, echo.text) == ("wamid.E9", "5491155550000", "Te confirmo")
    assert echo.sent_at == datetime.fromtimestamp(1697043223, UTC)


def test_what_the_owner_wrote_to_someone_without_a_number_is_found_by_their_scoped_id():
    data = orjson.loads((FIXTURES / "echo_of_owner.json").read_bytes())
    del data["entry"][0]["changes"][0]["value"]["message_echoes"][0]["to"]

    assert parse(orjson.dumps(data)).echoes[0].address == "US.13491208655302741918"


@pytest.mark.parametrize("name", ["account_update", "status_of_old_kind"])
def test_what_nothing_acts_on_is_kept_under_a_stable_id(name: str):
    batch = parse_fixture(name)
    again = parse_fixture(name)

    assert batch.messages == ()
    assert batch.statuses == ()
    assert [part.external_id for part in batch.unhandled] == [again.unhandled[0].external_id]


def test_a_batch_comes_apart_in_the_order_of_sending():
    batch = parse_fixture("batch")

    assert [m.message.external_id for m in batch.messages] == ["wamid.A1", "wamid.M1", "wamid.M2"]
    assert len(batch.statuses) == 1


def test_broken_parts_do_not_lose_the_good_ones():
    batch = parse_fixture("batch_with_broken_parts")

    found = {m.message.external_id: m.message.kind for m in batch.messages}
    assert found == {"wamid.G1": MessageKind.UNSUPPORTED, "wamid.G2": MessageKind.TEXT}
    assert batch.malformed == 8


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"{",
            b"[]",
            b"null",
            b'"text"',
            b"\xff\xfe",
            b"{}",
            b'{"object":"page","entry":[]}',
        ),
        b'{"object":"whatsapp_business_account"}',
        b'{"object":"whatsapp_business_account","entry":{}}',
        b'{"object":' * 50_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"object":"whatsapp_business_account","entry":' + b"[" * 400 + b"]" * 400 + b"}",
    ],
)
def test_what_is_no_notification_is_said_to_be_none(body: bytes):
    with pytest.raises(AnomalousPayload) as caught:
        parse(body)

    assert caught.value.status == 400
    assert caught.value.extra["field"] in {"body", "object", "entry"}


def test_characters_that_cannot_be_stored_are_replaced():
    body = (FIXTURES / "text.json").read_bytes()

    with_nul = parse(body.replace(b"Hola", b"Ho\\u0000la"))
    with_half = parse(body.replace(b"Hola", b"Ho\\ud83dla"))

    assert with_nul.messages[0].message.text.startswith("Ho�la")
    assert with_half.messages[0].message.text.startswith("Ho�la")


@pytest.mark.parametrize("timestamp", ["", "soon", "99999999999999999", None, [], "-1e9", {}])
def test_a_strange_time_is_no_time(timestamp: Any):
    data = orjson.loads((FIXTURES / "text.json").read_bytes())
    data["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"] = timestamp

    assert parse(orjson.dumps(data)).messages[0].message.sent_at is None


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, child in items:
        found.append((*path, key))
        if isinstance(child, dict | list):
            found += _paths(child, (*path, key))
    return found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(
    name=st.sampled_from(sorted(path.stem for path in FIXTURES.glob("*.json"))),
    junk=JSON,
    seed=st.integers(),
)
def test_whatever_stands_in_a_payload_is_read_or_refused_never_crashed_on(
    name: str, junk: Any, seed: int
):
    data = orjson.loads((FIXTURES / f"{name}.json").read_bytes())
    path = random.Random(seed).choice(_paths(data))
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = junk

    try:
        batch = parse(orjson.dumps(data))
    except AnomalousPayload:
        return
    for incoming in batch.messages:
        stored = orjson.loads(orjson.dumps(base.to_payload(incoming.message, incoming.raw)))
        assert base.from_payload(stored) == incoming.message


VECTOR = (FIXTURES / "signed_vector.txt").read_bytes()
SIGNED = "sha256=f9232930168cf22126e40a07e8e463b59db045da3cdf164b7009a8b0884dceb4"


def test_the_signature_is_that_of_the_raw_body():
    assert len(VECTOR) == 260
    signature.verify(secret="meta-app-secret", body=VECTOR, header=SIGNED)
    signature.verify(secret="meta-app-secret", body=VECTOR, header=f"sha256={SIGNED[7:].upper()}")
    assert signature.sign(secret="meta-app-secret", body=VECTOR) == SIGNED
    assert parse(VECTOR).messages[0].message.text == "¿Hay lugar?"


@pytest.mark.parametrize(
    ("secret", "body", "header", "reason"),
    [
        ("meta-app-secret", VECTOR, None, "missing"),
        ("meta-app-secret", VECTOR, "", "malformed"),
        ("meta-app-secret", VECTOR, SIGNED[7:], "malformed"),
        ("meta-app-secret", VECTOR, SIGNED + "0", "malformed"),
        ("meta-app-secret", VECTOR, "sha1=" + SIGNED[7:], "malformed"),
        ("meta-app-secret", VECTOR, "sha256=" + "ñ" * 64, "malformed"),
        ("meta-app-secret", VECTOR[:-1] + b" ", SIGNED, "mismatch"),
        ("meta-app-secret", orjson.dumps(orjson.loads(VECTOR)), SIGNED, "mismatch"),
        ("other", VECTOR, SIGNED, "mismatch"),
        ("", VECTOR, signature.sign(secret="", body=VECTOR), "mismatch"),
    ],
)
def test_any_other_signature_is_refused(secret: str, body: bytes, header: str | None, reason: str):
    with pytest.raises(SignatureInvalid) as caught:
        signature.verify(secret=secret, body=body, header=header)

    assert caught.value.status == 401
    assert caught.value.extra["reason"] == reason


def test_reading_changes_nothing_of_what_came():
    data = orjson.loads((FIXTURES / "batch.json").read_bytes())
    before = copy.deepcopy(data)

    batch = parse(orjson.dumps(data))

    assert data == before
    assert batch.messages[1].raw == data["entry"][0]["changes"][0]["value"]["messages"][1]
