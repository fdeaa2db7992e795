import random
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from tests.contract.mercadopago.conftest import SECRET, at_once, serving

from alojamientos.channels.mercadopago import signature
from alojamientos.channels.mercadopago.webhook import MAX_BODY

WEBHOOK = orjson.dumps(
    {
        "id": 12345,
        "live_mode": True,
        "type": "payment",
        "date_created": "2015-03-25T10:04:58.396-04:00",
        "user_id": 44444,
        "api_version": "v1",
        "action": "payment.updated",
        "data": {"id": "123"},
    }
)


def test_a_signed_notification_is_stored_with_its_job(door):
    assert door.notify(content=WEBHOOK).status_code == 200

    event = door.events()[0]
    assert event["event_type"] == "payment"
    assert event["payload"]["payment_id"] == "123"
    assert not event["done"]
    job = door.jobs()[0]
    assert (job["task_name"], job["lock"]) == ("payments.apply", "payment:123")
    assert job["args"]["provider_payment_id"] == "123"
    assert job["args"]["inbox_event_id"] == event["id"]
    assert door.recorder.signatures == [True]
    assert door.recorder.events == [("payment", "accepted")]


def test_a_repeat_has_no_effect_even_days_later_and_with_another_body(door):
    ts = (datetime.now(UTC) - timedelta(days=4)).timestamp()

    for content in (WEBHOOK, WEBHOOK.replace(b"12345", b"99999")):
        assert door.notify(content=content, request_id="same", ts=ts).status_code == 200

    assert (len(door.events()), len(door.jobs())) == (1, 1)
    assert door.recorder.events == [("payment", "accepted"), ("payment", "duplicate")]


def test_another_notification_of_the_same_payment_is_news(door):
    now = datetime.now(UTC).timestamp()

    for _ in range(2):
        door.notify(content=WEBHOOK, ts=now)

    assert len(door.jobs()) == 2


def test_without_a_request_id_the_time_tells_notifications_apart(door):
    now = int(datetime.now(UTC).timestamp())

    for at in (now, now + 1, now + 1):
        v1 = signature.signature(secret=SECRET, data_id="123", request_id=None, ts=str(at))
        answer = door.post("data.id=123&type=payment", x_signature=f"ts={at},v1={v1}")
        assert answer.status_code == 200

    assert len(door.jobs()) == 2


def test_a_storm_of_repeats_is_one_event(door):
    answers = at_once(20, lambda: door.notify(request_id="same", ts=datetime.now(UTC).timestamp()))

    assert {answer.status_code for answer in answers} == {200}
    assert len(door.events()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"x_signature": ""},
        {"x_signature": "ts=1,v1=00"},
        {"x_signature": "garbage"},
        {"x_request_id": "other"},
    ],
)
def test_what_is_not_authentic_is_401_and_leaves_nothing(door, change):
    headers = door.signed("123") | change

    answer = door.post("data.id=123&type=payment", content=WEBHOOK, **headers)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert door.events() == []
    assert door.recorder.signatures == [False]


def test_the_signature_is_looked_at_before_the_body(door):
    assert door.post("data.id=123&type=payment", content=b"not json").status_code == 401


def test_another_payments_id_is_not_covered_by_the_signature(door):
    assert door.post("data.id=124&type=payment", **door.signed("123")).status_code == 401
    assert door.post("id=124&type=payment", **door.signed(None)).status_code == 400
    assert door.post("topic=payment&id=124", **door.signed(None)).status_code == 401


@pytest.mark.parametrize(
    "content", [b"", b"not json", b"[]", b"null", b'"text"', b"{", b"\xff\xfe", WEBHOOK[:-1]]
)
def test_garbage_is_400_and_leaves_nothing(door, content):
    assert door.notify(content=content).status_code == 400

    assert door.events() == []
    assert door.recorder.events == [("other", "malformed")]


@pytest.mark.parametrize("data_id", ["abc", "1" * 21, "..%2frefunds"])
def test_a_payment_without_a_usable_id_is_400(door, data_id):
    plain = data_id.replace("%2f", "/")

    answer = door.post(f"data.id={data_id}&type=payment", **door.signed(plain))

    assert answer.status_code == 400
    assert door.jobs() == []


def test_a_huge_body_is_413(door):
    assert door.notify(content=b" " * (MAX_BODY + 1)).status_code == 413
    assert door.events() == []


def test_random_bytes_never_break_the_door(door):
    source = random.Random(7)

    answers = {
        door.notify(content=source.randbytes(source.randrange(200))).status_code for _ in range(50)
    }

    assert answers == {400}


@pytest.mark.parametrize(
    ("kind", "event_type"),
    [
        ("topic_merchant_order_wh", "merchant_order"),
        ("merchant_order", "merchant_order"),
        ("topic_chargebacks_wh", "other"),
        ("brand_new", "other"),
    ],
)
def test_other_topics_are_stored_and_left_alone(door, kind, event_type):
    assert door.notify("ORD01JQ4S", kind=kind).status_code == 200

    assert [(one["event_type"], one["outcome"], one["done"]) for one in door.events()] == [
        (event_type, "ignored", True)
    ]
    assert door.jobs() == []
    assert door.recorder.events == [(event_type, "ignored")]


@pytest.mark.parametrize("kind", ["topic_chargebacks_wh", "stop_delivery_op_wh"])
@pytest.mark.parametrize(
    "content",
    [{"data": {"id": "CB9", "payment_id": 123}}, {"payment_id": "123"}],
)
def test_a_chargeback_and_a_fraud_warning_are_hints_to_look_at_their_payment(door, kind, content):
    answer = door.notify("CB9", kind=kind, content=orjson.dumps(content))

    assert answer.status_code == 200
    (job,) = door.jobs()
    assert job["args"]["provider_payment_id"] == "123"
    assert door.events()[0]["payload"]["topic"] == kind


@pytest.mark.parametrize(
    "content", [{}, {"data": {"payment_id": "../1"}}, {"payment_id": [1]}, {"data": "x"}]
)
def test_a_chargeback_without_a_usable_payment_is_stored_and_left_alone(door, content):
    answer = door.notify("CB9", kind="topic_chargebacks_wh", content=orjson.dumps(content))

    assert answer.status_code == 200
    assert door.jobs() == []
    assert [one["outcome"] for one in door.events()] == ["ignored"]


def test_nul_characters_are_stored_without(door):
    content = orjson.dumps({"type": "x\x00y", "action": "\x00"})

    assert door.post("data.id=a%00b", content=content, **door.signed("a\x00b")).status_code == 200


def test_without_a_secret_the_door_is_not_there(database_url):
    with serving(database_url, secret="") as door:
        assert door.notify(content=WEBHOOK).status_code == 404


def test_a_legacy_notification_is_refused(door):
    answer = door.post("topic=payment&id=123", content=b'{"resource":"123","topic":"payment"}')

    assert answer.status_code == 401


def test_a_legacy_notification_is_a_hint_where_that_is_wanted(database_url):
    minute = [datetime(2026, 11, 24, 10, 0, tzinfo=UTC)]
    content = b'{"resource":"https://evil.example/123","topic":"payment"}'
    with serving(database_url, accept_unsigned_ipn=True, now=lambda: minute[0]) as door:
        for _ in range(3):
            assert door.post("topic=payment&id=123", content=content).status_code == 200
        assert len(door.jobs()) == 1
        minute[0] += timedelta(minutes=1)
        assert door.post("topic=payment&id=123", content=content).status_code == 200
        assert len(door.jobs()) == 2
        assert door.jobs()[0]["args"]["provider_payment_id"] == "123"
        assert door.post("topic=merchant_order&id=9", content=content).status_code == 200
        assert door.post("topic=payment&id=../1", content=content).status_code == 400
        assert door.post("data.id=123&type=payment").status_code == 401


def test_without_the_database_mercado_pago_is_told_to_come_again():
    with serving("postgresql://nobody@127.0.0.1:9/nothing") as door:
        answer = door.notify(content=WEBHOOK)

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
