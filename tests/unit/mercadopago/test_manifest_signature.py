from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alojamientos.channels.mercadopago.signature import SignatureInvalid, parse, signature, verify

SECRET = "mp-test-secret"
REQUEST = "2066ca19-c6f1-498a-be75-1923005edd06"
SECONDS = "1742505638"
MILLISECONDS = "1742505638683"
UPPER = "ORD01JQ4S4KY8HWQ6NA5PXB65B3D3"
PAYMENT_V1 = "ee032fe85416fce421734c24e90331ae9ac299b532ff18e14d4f0f038cce1abb"
UPPER_V1 = "5bcb02f19319da8958a0b4d529a26a89a14ebc5da3d4fb88a32e57d8dcf1474a"
LOWER_V1 = "ffdb637710a87d6804a5cdde202661e21536c7876ee589a1fbe6a4c23092f92a"
THEN = datetime.fromtimestamp(1742505638, UTC)

# data.id, x-request-id, ts, v1
VECTORS = [
    ("123456789", REQUEST, SECONDS, PAYMENT_V1),
    (
        "123456789",
        REQUEST,
        MILLISECONDS,
        "7b282476bbf71cd1172353ad450b7244edd3b0dfabfec1c558ad38ff422b2edf",
    ),
    (UPPER, REQUEST, SECONDS, UPPER_V1),
    (UPPER.lower(), REQUEST, SECONDS, LOWER_V1),
    (None, REQUEST, SECONDS, "45f62121f27655352b43c48980d300be8b7ea711982e3cbd9d561761604b9441"),
    (
        "123456789",
        None,
        SECONDS,
        "da648c572e9b52f39e4673b092d62e9320efc1fe7e8eb37563a78c664948a4a8",
    ),
]


def check(header, data_id="123456789", request_id=REQUEST, *, secret=SECRET, now=THEN):
    return verify(
        secret=secret,
        header=header,
        data_id=data_id,
        request_id=request_id,
        now=now,
        tolerance=timedelta(days=8),
    )


def reason(*args: Any, **kwargs: Any):
    with pytest.raises(SignatureInvalid) as caught:
        check(*args, **kwargs)
    assert caught.value.status == 401
    return caught.value.reason


@pytest.mark.parametrize(("data_id", "request_id", "ts", "v1"), VECTORS)
def test_the_recorded_vectors_hold(data_id, request_id, ts, v1):
    assert signature(secret=SECRET, data_id=data_id, request_id=request_id, ts=ts) == v1
    assert check(f"ts={ts},v1={v1}", data_id, request_id) == ts


def test_an_id_with_letters_may_be_signed_as_it_is_or_in_lower_case():
    assert check(f"ts={SECONDS},v1={UPPER_V1}", UPPER)
    assert check(f"ts={SECONDS},v1={LOWER_V1}", UPPER)
    assert reason(f"ts={SECONDS},v1={UPPER_V1}", UPPER.lower()) == "wrong"


@pytest.mark.parametrize(
    "header",
    [
        f"v1={PAYMENT_V1},ts={SECONDS}",
        f" TS = {SECONDS} , V1 = {PAYMENT_V1.upper()} ",
        f"ts={SECONDS},v2=00,v1={PAYMENT_V1},v1=00",
    ],
)
def test_the_header_is_read_whatever_its_order_spaces_and_case(header):
    assert check(header) == SECONDS


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "missing"),
        ("", "missing"),
        ("garbage", "malformed"),
        (f"ts={SECONDS}", "malformed"),
        (f"v1={PAYMENT_V1}", "malformed"),
        (f"ts=soon,v1={PAYMENT_V1}", "malformed"),
        (f"ts=١٢,v1={PAYMENT_V1}", "malformed"),
        (f"ts={SECONDS},v1=", "malformed"),
        (f"ts={SECONDS},v1=ñandú", "wrong"),
        (f"ts={SECONDS},v1={PAYMENT_V1[:-1]}c", "wrong"),
        (f"ts=1742505639,v1={PAYMENT_V1}", "wrong"),
        (f"ts={SECONDS},v2={PAYMENT_V1}", "malformed"),
    ],
)
def test_what_is_not_authentic_is_refused_with_its_reason(header, expected):
    assert reason(header) == expected


def test_every_signed_part_counts():
    header = f"ts={SECONDS},v1={PAYMENT_V1}"

    assert reason(header, "123456780") == "wrong"
    assert reason(header, None) == "wrong"
    assert reason(header, request_id="other") == "wrong"
    assert reason(header, request_id=None) == "wrong"
    assert reason(header, secret="other") == "wrong"
    assert reason(header, secret="") == "wrong"


@pytest.mark.parametrize("ts", [SECONDS, MILLISECONDS])
def test_a_retry_after_days_is_taken_and_one_after_weeks_is_not(ts):
    v1 = signature(secret=SECRET, data_id="123456789", request_id=REQUEST, ts=ts)

    assert check(f"ts={ts},v1={v1}", now=THEN + timedelta(days=4))
    assert reason(f"ts={ts},v1={v1}", now=THEN + timedelta(days=9)) == "too_old"
    assert reason(f"ts={ts},v1={v1}", now=THEN - timedelta(days=9)) == "too_old"


def test_parts_without_a_value_are_not_parts():
    assert parse("ts, v1=a=b") == {"v1": "a=b"}
