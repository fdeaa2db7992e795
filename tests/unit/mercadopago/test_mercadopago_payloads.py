from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from alojamientos.channels.mercadopago import payloads
from alojamientos.channels.mercadopago.client import notification_url
from alojamientos.channels.mercadopago.payloads import MalformedAnswer, MalformedNotification
from alojamientos.payments.events import Purpose
from alojamientos.payments.provider import LinkRequest, PaymentStatus, RefundStatus

WEBHOOK = {
    "id": 12345,
    "live_mode": True,
    "type": "payment",
    "date_created": "2015-03-25T10:04:58.396-04:00",
    "user_id": 44444,
    "api_version": "v1",
    "action": "payment.updated",
    "data": {"id": "999999999"},
}
PAYMENT = {
    "id": 123456789,
    "status": "approved",
    "status_detail": "accredited",
    "transaction_amount": 81000.5,
    "transaction_amount_refunded": 0,
    "currency_id": "ARS",
    "external_reference": "ABC:dep:1",
    "date_created": "2026-11-24T10:00:00.000-03:00",
    "date_approved": "2026-11-24T10:01:00.000-03:00",
    "date_last_updated": "2026-11-24T10:01:01.000-03:00",
    "live_mode": False,
    "collector_id": 843382748,
}


def read(body, *, topic=None, data_id="123"):
    return payloads.parse_notification(body=body, topic=topic, data_id=data_id)


@pytest.mark.parametrize(
    ("body", "topic", "data_id", "event_type"),
    [
        (WEBHOOK, "payment", "999999999", "payment"),
        (WEBHOOK, None, "999999999", "payment"),
        ({}, "payment", "1", "payment"),
        ({"resource": "https://evil.example/1", "topic": "payment"}, None, "1", "payment"),
        ({"type": "topic_merchant_order_wh"}, None, "1", "merchant_order"),
        ({"topic": "merchant_order"}, "merchant_order", None, "merchant_order"),
        ({"type": "topic_chargebacks_wh"}, None, None, "other"),
        ({"type": "something new"}, None, "x", "other"),
    ],
)
def test_a_notification_says_what_to_look_at(body, topic, data_id, event_type):
    notification = read(body, topic=topic, data_id=data_id)

    assert (notification.event_type, notification.data_id) == (event_type, data_id)


@pytest.mark.parametrize(
    ("body", "data_id", "field"),
    [
        (None, "1", "body"),
        ([], "1", "body"),
        ("payment", "1", "body"),
        ({}, "1", "type"),
        ({"type": 7}, "1", "type"),
        (WEBHOOK, None, "data.id"),
        (WEBHOOK, "", "data.id"),
        (WEBHOOK, "../refunds", "data.id"),
        (WEBHOOK, "12a", "data.id"),
        (WEBHOOK, "١٢", "data.id"),
        (WEBHOOK, "1" * 21, "data.id"),
        (WEBHOOK, "1\n", "data.id"),
    ],
)
def test_what_is_no_notification_names_its_field(body, data_id, field):
    with pytest.raises(MalformedNotification) as caught:
        read(body, data_id=data_id)

    assert (caught.value.status, caught.value.extra["field"]) == (400, field)


def test_texts_from_outside_are_short_and_storable():
    notification = read({"type": "x" * 99, "action": "a\x00" * 99}, data_id="i\x00" * 99)

    assert len(notification.topic) == len(notification.action) == 64
    assert "\x00" not in f"{notification.action}{notification.data_id}"


def test_a_payment_is_read_in_centavos():
    payment = payloads.parse_payment(PAYMENT)

    assert payment.provider_id == "123456789"
    assert payment.status is PaymentStatus.APPROVED
    assert (payment.amount, payment.refunded, payment.currency) == (81_000_50, 0, "ARS")
    assert payment.collector_id == "843382748"
    assert payment.updated_at == datetime(2026, 11, 24, 13, 1, 1, tzinfo=UTC)


def test_a_payment_is_read_leniently():
    payment = payloads.parse_payment(
        PAYMENT
        | {
            "status": "brand_new",
            "status_detail": None,
            "external_reference": None,
            "date_approved": None,
            "date_last_updated": None,
            "collector_id": None,
            "collector": {"id": 7},
        }
    )

    assert payment.status is PaymentStatus.UNKNOWN
    assert (payment.external_reference, payment.approved_at) == (None, None)
    assert payment.collector_id == "7"
    assert payment.updated_at == datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"transaction_amount": None},
        {"transaction_amount": "much"},
        {"transaction_amount": 1.005},
        {"date_last_updated": "2026-11-24T10:00:00"},
        {"date_last_updated": "yesterday"},
    ],
)
def test_a_payment_that_makes_no_sense_is_refused(change):
    with pytest.raises(MalformedAnswer):
        payloads.parse_payment(PAYMENT | change)


@pytest.mark.parametrize("missing", ["id", "status", "currency_id", "live_mode"])
def test_a_payment_without_what_decides_is_refused(missing):
    with pytest.raises(MalformedAnswer):
        payloads.parse_payment({key: PAYMENT[key] for key in PAYMENT if key != missing})


@pytest.mark.parametrize("data", [None, [], "x", 7, {}])
def test_answers_of_another_shape_are_refused(data):
    for parse in (
        payloads.parse_payment,
        payloads.parse_search,
        payloads.parse_preference,
        payloads.parse_refund,
    ):
        with pytest.raises(MalformedAnswer):
            parse(data)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("approved", RefundStatus.DONE),
        ("in_process", RefundStatus.PENDING),
        ("rejected", RefundStatus.FAILED),
        ("cancelled", RefundStatus.FAILED),
    ],
)
def test_a_refund_says_how_it_ended(status, expected):
    assert payloads.parse_refund({"id": 1, "status": status}).status is expected


@pytest.mark.parametrize("amount", [1, 10, 101, 81_000_00, 81_000_07, 999_999_999_99])
def test_centavos_go_out_as_pesos_with_their_decimals_and_come_back(amount):
    written = orjson.dumps(payloads.from_centavos(amount)).decode()

    pesos, _, cents = written.partition(".")
    assert int(pesos) * 100 + int(cents.ljust(2, "0")) == amount
    assert payloads.to_centavos(orjson.loads(written)) == amount


def test_a_preference_closes_with_the_hold_and_takes_nothing_slow():
    start = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    request = LinkRequest(
        link_id=1,
        reservation_id=1,
        code="ABC",
        external_reference="ABC:dep:1",
        idempotency_key=UUID(int=1),
        purpose=Purpose.DEPOSIT,
        amount=81_000_50,
        currency="ARS",
        title="Seña",
        description="Reserva ABC",
        valid_from=start,
        expires_at=start + timedelta(hours=1),
    )

    body = payloads.preference_body(request, notification_url="https://x.example/hook")

    assert body["items"][0]["unit_price"] == 81000.5
    assert body["expiration_date_to"] == "2026-11-24T14:00:00.000+00:00"
    assert (body["expires"], body["binary_mode"]) == (True, True)
    assert body["notification_url"] == "https://x.example/hook"


def test_notifications_are_asked_for_without_their_unsigned_twins():
    assert notification_url("https://reservas.example/") == (
        "https://reservas.example/api/v1/webhooks/mercadopago?source_news=webhooks"
    )
