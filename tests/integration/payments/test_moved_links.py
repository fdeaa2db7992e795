"""What becomes of the links of a booking that is moved: the old one closes, a new one comes."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.payments.conftest import CHECK_IN, POLICY, TODAY

from alojamientos.kit.errors import ProviderUnavailable
from alojamientos.payments import queries
from alojamientos.payments.jobs import CLOSE_LINK, CREATE_LINK
from alojamientos.reservations import moving


@pytest.fixture(autouse=True)
async def _the_books_are_in_order(till):
    yield
    assert await till.violations() == {}


async def move(till, reservation, *, first=30, nights=5, work=True):
    check_in = CHECK_IN + timedelta(days=first)
    async with till.database.begin() as tx:
        await moving.move(
            tx,
            reservation_id=reservation,
            today=TODAY,
            policy=POLICY,
            actor="guest",
            check_in=check_in,
            check_out=check_in + timedelta(days=nights),
            reprice=True,
        )
    if work:
        await till.work()


def preferences(provider):
    """Return the preferences by their reference: amount, and whether the link is still open."""
    now = datetime.now(UTC)
    return {
        one["external_reference"].rpartition(":")[2]: (
            round(one["items"][0]["unit_price"] * 100),
            datetime.fromisoformat(one["expiration_date_to"]) > now,
        )
        for one in provider.state()["preferences"].values()
    }


async def test_a_moved_hold_s_old_link_closes_at_the_provider_and_a_new_one_comes(till, provider):
    reservation, _ = await till.hold_with_link()
    before = await till.deposit(reservation)
    await move(till, reservation)
    after = await till.deposit(reservation)

    assert after > before
    assert preferences(provider) == {"1": (before, False), "2": (after, True)}
    async with till.database.read() as conn:
        link = await queries.link_for(conn, reservation_id=reservation)
    assert link is not None
    assert link.amount == after


async def test_the_new_link_confirms_and_what_the_old_one_brings_late_is_given_back(till, provider):
    reservation, old = await till.hold_with_link()
    await move(till, reservation)
    assert await till.apply(provider.pay(till.reference(reservation))) == "confirmed"
    late = provider.pay(old)

    assert await till.apply(late) == "refund_duplicate"
    assert len(provider.refunds(late)) == 1


async def test_a_cheaper_stay_paid_by_the_old_link_keeps_the_rest_for_the_balance(till, provider):
    reservation, old = await till.hold_with_link()
    before = await till.deposit(reservation)
    await move(till, reservation, nights=2)

    assert await till.apply(provider.pay(old)) == "confirmed"

    balance = await till.balance(reservation)
    assert (await till.deposit(reservation) < before, balance.paid) == (True, before)


async def test_moved_to_the_same_price_it_has_a_new_link_all_the_same(till, provider):
    reservation, _ = await till.hold_with_link()
    await move(till, reservation, first=7, nights=3)

    (first, second) = preferences(provider).values()
    assert first[0] == second[0]
    assert (first[1], second[1]) == (False, True)


async def test_asking_for_the_link_again_makes_no_other(till, provider):
    reservation, _ = await till.hold_with_link()
    await move(till, reservation)
    await till.jobs[CREATE_LINK].run(reservation_id=reservation)

    assert len(preferences(provider)) == 2


async def test_a_link_that_cannot_be_closed_now_is_tried_again(till, provider):
    reservation, _ = await till.hold_with_link()
    await move(till, reservation, work=False)
    link = till.sql("SELECT min(id) AS id FROM payment_link")[0]["id"]
    provider.fault("down")

    with pytest.raises(ProviderUnavailable):
        await till.jobs[CLOSE_LINK].run(link_id=link)
    provider.fault("none")
    await till.work()

    assert preferences(provider)["1"][1] is False


async def test_a_link_that_the_provider_does_not_know_is_let_be(till, provider):
    reservation, _ = await till.hold_with_link()
    till.sql("UPDATE payment_link SET preference_id = 'gone'")
    await move(till, reservation)

    assert preferences(provider)["2"][1] is True


async def test_an_open_link_is_not_closed_by_mistake(till, provider):
    await till.hold_with_link()
    link = till.sql("SELECT id FROM payment_link")[0]["id"]

    await till.jobs[CLOSE_LINK].run(link_id=link)

    assert preferences(provider)["1"][1] is True
