import asyncio

import pytest

from alojamientos.reservations import operations
from alojamientos.reservations.domain import InvalidGuest


async def identify(desk, **values: str) -> int:
    return int(await desk.do(lambda tx: operations.identify_guest(tx, **values)))


async def test_same_identity_is_the_same_guest_and_learns_only_what_was_unknown(desk):
    first = await identify(desk, kind="wa_id", value="5492944123456")

    again = await identify(desk, kind="wa_id", value="5492944123456", name="Ana", phone="+5492944")
    await identify(desk, kind="wa_id", value="5492944123456", name="Eva", email="ana@example.com")

    assert again == first
    assert desk.sql("SELECT name, phone, email FROM guest") == [
        ("Ana", "+5492944", "ana@example.com")
    ]


async def test_email_is_compared_without_case_and_kept_as_the_address(desk):
    first = await identify(desk, kind="email", value=" Ana@Example.com ")

    assert await identify(desk, kind="email", value="ana@example.com") == first
    assert desk.sql("SELECT email FROM guest") == [("ana@example.com",)]


async def test_same_value_of_another_kind_is_another_guest(desk):
    first = await identify(desk, kind="wa_id", value="1")

    assert await identify(desk, kind="bsuid", value="1") != first


async def test_unknown_guest_met_at_once_is_made_once(desk):
    ids = await asyncio.gather(*(identify(desk, kind="bsuid", value="AR.1") for _ in range(10)))

    assert len(set(ids)) == 1
    assert desk.sql("SELECT count(*) FROM guest") == [(1,)]


@pytest.mark.parametrize(("kind", "value"), [("phone", "1"), ("email", "  ")])
async def test_identity_that_is_none_is_refused(desk, kind, value):
    with pytest.raises(InvalidGuest) as caught:
        await identify(desk, kind=kind, value=value)

    assert caught.value.extra["field"]
