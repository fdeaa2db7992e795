from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alojamientos.reservations.cancellation import CancellationPolicy, InvalidPolicy

ARRIVAL = date(2027, 1, 15)
PAID = 81_000_00


def refunded(policy, days, paid=PAID):
    return policy.refund(paid, check_in=ARRIVAL, today=ARRIVAL - timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "percent"),
    [(400, 100), (30, 100), (29, 50), (15, 50), (14, 0), (0, 0), (-1, 0)],
)
def test_the_default_gives_all_a_month_before_and_half_a_fortnight_before(days, percent):
    assert refunded(CancellationPolicy(), days) == PAID * percent // 100


def test_a_policy_is_written_as_it_is_read_longest_notice_first():
    policy = CancellationPolicy.parse(" 7:50, 60:100,30:80 ")

    assert str(policy) == "60:100,30:80,7:50"
    assert CancellationPolicy.parse(str(policy)) == policy
    assert (refunded(policy, 60), refunded(policy, 45), refunded(policy, 7)) == (
        PAID,
        PAID * 80 // 100,
        PAID // 2,
    )


def test_nothing_goes_back_under_the_strictest_policy_and_all_under_the_kindest():
    assert refunded(CancellationPolicy.parse("0:0"), 365) == 0
    assert refunded(CancellationPolicy.parse("0:100"), 0) == PAID


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "DAYS:PERCENT"),
        ("30", "DAYS:PERCENT"),
        ("30:100;15:50", "DAYS:PERCENT"),
        ("-1:100", "DAYS:PERCENT"),
        ("30:101", "at most 100"),
        ("30:100,30:50", "named twice"),
        ("30:50,15:100", "cancels earlier must not get less"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_with_its_reason(text, said):
    with pytest.raises(InvalidPolicy, match=said):
        CancellationPolicy.parse(text)


@given(
    paid=st.integers(0, 10**10),
    tiers=st.dictionaries(st.integers(0, 999), st.integers(0, 100), min_size=1, max_size=4),
    days=st.integers(-10, 1000),
)
def test_a_refund_is_part_of_what_was_paid_and_never_grows_with_less_notice(paid, tiers, days):
    shares = sorted(tiers.values())
    text = ",".join(f"{day}:{share}" for day, share in zip(sorted(tiers), shares, strict=True))
    policy = CancellationPolicy.parse(text)

    now, a_day_later = refunded(policy, days, paid), refunded(policy, days - 1, paid)

    assert 0 <= a_day_later <= now <= paid
