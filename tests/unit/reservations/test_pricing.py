from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alojamientos.kit.errors import Invalid
from alojamientos.reservations import domain, pricing
from alojamientos.reservations.domain import Accommodation, PriceRule, RuleKind, Stay

MONDAY = date(2027, 2, 1)
SUMMER = PriceRule(
    name="Verano",
    starts_on=date(2027, 1, 1),
    ends_on=date(2027, 3, 1),
    nightly_price=200_00,
    weekend_price=250_00,
    min_nights=4,
)
CARNIVAL = PriceRule(
    name="Carnaval",
    starts_on=date(2027, 2, 5),
    ends_on=date(2027, 2, 9),
    nightly_price=400_00,
    kind=RuleKind.HOLIDAY,
)


def cabin(*rules: PriceRule, **changes: Any) -> Accommodation:
    values: dict[str, Any] = {
        "id": 1,
        "slug": "coihue",
        "name": "Coihue",
        "description": "",
        "capacity": 4,
        "nightly_price": 100_00,
        "weekend_price": 150_00,
        "currency": "ARS",
        "min_nights": 2,
        "time_zone": "America/Argentina/Buenos_Aires",
        "rules": rules,
        **changes,
    }
    return Accommodation(**values)


def stay(first: int, nights: int) -> Stay:
    check_in = MONDAY + timedelta(days=first)
    return Stay(check_in, check_in + timedelta(days=nights))


stays = st.builds(stay, st.integers(0, 40), st.integers(1, 30))


def test_a_holiday_decides_before_its_season_and_leaves_alone_what_it_does_not_set():
    # From Thursday: before it, Friday and Saturday of it, Sunday and Monday of it, after it.
    nights = pricing.explain(cabin(SUMMER, CARNIVAL), stay(3, 6))

    assert [(night.amount, night.rule) for night in nights] == [
        (200_00, "Verano"),
        (250_00, "Verano"),
        (250_00, "Verano"),
        (400_00, "Carnaval"),
        (400_00, "Carnaval"),
        (200_00, "Verano"),
    ]
    assert {night.min_nights for night in nights} == {4}


def test_minimum_nights_are_the_holiday_s_where_it_has_some():
    strict = PriceRule(
        name="Carnaval",
        starts_on=date(2027, 2, 5),
        ends_on=date(2027, 2, 9),
        min_nights=3,
        kind=RuleKind.HOLIDAY,
    )
    inside, outside = pricing.explain(cabin(strict), stay(7, 2))

    assert (inside.min_nights, inside.min_nights_rule) == (3, "Carnaval")
    assert (outside.min_nights, outside.min_nights_rule) == (2, None)


def test_the_reason_says_whose_price_it_is():
    why = [night.why for night in pricing.explain(cabin(CARNIVAL), stay(5, 3))]

    assert why == [
        "weekend price of the cabin",
        "weeknight price of the holiday Carnaval",
        "weeknight price of the holiday Carnaval",
    ]


@given(stays)
def test_what_is_explained_is_what_is_quoted(chosen):
    own = cabin(SUMMER, CARNIVAL)
    quote = domain.price(own, chosen, deposit_percent=30)

    explained = pricing.explain(own, chosen)

    assert [(n.night, n.amount, n.kind) for n in explained] == [
        (line.night, line.amount, line.kind) for line in quote.lines
    ]


@given(stays, st.integers(100, 10**11))
def test_an_agreed_total_adds_up_night_by_night(chosen, total):
    quote = pricing.agreed(
        domain.price(cabin(SUMMER), chosen, deposit_percent=30), total=total, deposit=10**11
    )

    assert sum(line.amount for line in quote.lines) == quote.total == total
    assert quote.deposit == total
    assert all(line.amount > 0 for line in quote.lines)


def test_a_total_of_less_than_a_centavo_a_night_is_refused():
    quote = domain.price(cabin(), stay(0, 3), deposit_percent=30)

    with pytest.raises(Invalid, match="total"):
        pricing.agreed(quote, total=2, deposit=1)


@given(stays, stays)
def test_a_moved_stay_keeps_its_total_on_its_new_nights(before, after):
    own = cabin(SUMMER, CARNIVAL)
    old, fresh = (domain.price(own, each, deposit_percent=30) for each in (before, after))

    quote = pricing.moved(old, fresh)

    assert (quote.total, quote.deposit) == (old.total, old.deposit)
    assert sum(line.amount for line in quote.lines) == old.total
    assert [line.night for line in quote.lines] == after.each_night()
    if before.nights == after.nights:
        assert [line.amount for line in quote.lines] == [line.amount for line in old.lines]
