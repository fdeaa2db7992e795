from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alojamientos.channels import outbox
from alojamientos.channels.whatsapp.client import other_form
from alojamientos.kit import signatures


@given(st.integers(1, 10**17))
def test_a_reference_leads_back_to_its_message(outbox_id: int):
    assert outbox.id_of(outbox.reference(outbox_id)) == outbox_id


@pytest.mark.parametrize(
    "text", [None, 7, "", "outbox:", "outbox:x", "outbox:-1", "inbox:1", "outbox:" + "9" * 30]
)
def test_other_references_are_not_ours(text: Any):
    assert outbox.id_of(text) is None


def test_an_argentine_mobile_has_two_forms():
    assert other_form("5491155550000") == "541155550000"
    assert other_form("541155550000") == "5491155550000"
    assert other_form("5511987654321") is None
    assert other_form("US.13491208655302741918") is None


def test_an_empty_secret_signs_nothing():
    digest = signatures.hmac_sha256_hex(secret="", message=b"x")

    assert not signatures.is_signed(secret="", message=b"x", signature=digest)


def test_texts_are_compared_whatever_is_in_them():
    assert signatures.same("ñ", "ñ")
    assert not signatures.same("ñ", "\udcff")
