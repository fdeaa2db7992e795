from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alojamientos.kit.errors import Invalid
from alojamientos.payments.plans import NotThatMuch, Standing, spread

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def paid(number, left, *, provider="mercadopago", days_ago=1, promised=0, disputed=False):
    return Standing(
        payment_id=number,
        provider=provider,
        provider_id=f"p{number}",
        amount=left + promised,
        left=left,
        promised=promised,
        paid_at=NOW - timedelta(days=days_ago),
        disputed=disputed,
    )


def amounts(shares):
    return [(share.payment_id, share.amount, share.by_hand) for share in shares]


def test_the_newest_payments_are_drawn_upon_first():
    shares = spread(150, [paid(3, 100), paid(2, 0), paid(1, 100)], now=NOW)

    assert amounts(shares) == [(3, 100, False), (1, 50, False)]


def test_what_came_by_hand_goes_back_by_hand():
    shares = spread(150, [paid(2, 100, provider="hand"), paid(1, 100)], now=NOW)

    assert amounts(shares) == [(2, 100, True), (1, 50, False)]


@pytest.mark.parametrize(("days", "by_hand"), [(1, False), (178, False), (180, True), (400, True)])
def test_what_is_too_old_for_the_provider_goes_back_by_hand(days, by_hand):
    assert amounts(spread(5, [paid(1, 5, days_ago=days)], now=NOW)) == [(1, 5, by_hand)]


def test_what_is_disputed_is_left_to_a_person():
    assert amounts(spread(5, [paid(1, 5, disputed=True)], now=NOW)) == [(1, 5, True)]


def test_a_second_part_is_done_when_both_parts_have_gone_back():
    (share,) = spread(30, [paid(1, 60, promised=40)], now=NOW)

    assert share.up_to == 70


def test_more_than_there_is_cannot_go_back():
    with pytest.raises(NotThatMuch) as refused:
        spread(101, [paid(1, 100)], now=NOW)

    assert refused.value.extra == {"field": "amount", "left": 100}


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_is_no_amount(amount):
    with pytest.raises(Invalid, match="more than nothing"):
        spread(amount, [paid(1, 100)], now=NOW)


@given(st.lists(st.integers(0, 10**9), max_size=6), st.integers(1, 10**10))
def test_the_parts_are_the_whole_and_none_is_more_than_was_left(lefts, amount):
    payments = [paid(n, left) for n, left in enumerate(lefts)]
    if amount > sum(lefts):
        return
    shares = spread(amount, payments, now=NOW)

    assert sum(share.amount for share in shares) == amount
    assert all(0 < share.amount <= lefts[share.payment_id] for share in shares)
