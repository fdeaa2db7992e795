from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alojamientos.kit.errors import Invalid
from alojamientos.reservations import domain
from alojamientos.reservations.domain import (
    Accommodation,
    InvalidStay,
    NightKind,
    PriceRule,
    Quote,
    Stay,
    TooFewNights,
    TooManyGuests,
)
from alojamientos.reservations.events import Status

MONDAY = date(2027, 1, 4)
SUMMER = PriceRule(
    name="Verano",
    starts_on=date(2027, 1, 10),
    ends_on=date(2027, 1, 20),
    nightly_price=200_00,
    weekend_price=250_00,
    min_nights=4,
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


stays = st.builds(stay, st.integers(0, 60), st.integers(1, 30))


def test_friday_and_saturday_nights_cost_the_weekend_price():
    quote = domain.price(cabin(), stay(0, 7), deposit_percent=30)

    kinds = [line.kind for line in quote.lines]
    assert kinds == [NightKind.WEEKNIGHT] * 4 + [NightKind.WEEKEND] * 2 + [NightKind.WEEKNIGHT]
    assert quote.total == 5 * 100_00 + 2 * 150_00


def test_season_prices_its_own_nights_only():
    quote = domain.price(cabin(SUMMER), stay(4, 3), deposit_percent=30)  # 8, 9 and 10 January

    assert [(line.amount, line.season) for line in quote.lines] == [
        (150_00, None),
        (150_00, None),
        (200_00, "Verano"),
    ]


def test_season_ends_before_its_last_day():
    quote = domain.price(cabin(SUMMER), stay(15, 2), deposit_percent=30)  # 19 and 20 January

    assert [line.season for line in quote.lines] == ["Verano", None]


def test_season_that_sets_only_one_price_leaves_the_other():
    rule = PriceRule(
        name="Finde", starts_on=MONDAY, ends_on=MONDAY + timedelta(days=7), weekend_price=999_00
    )

    quote = domain.price(cabin(rule), stay(3, 2), deposit_percent=30)

    assert [line.amount for line in quote.lines] == [100_00, 999_00]


@pytest.mark.parametrize(
    ("total", "percent", "expected"),
    [
        (1_000_00, 30, 300_00),
        (333_33, 30, 100_00),  # 99.999 pesos
        (335_00, 30, 101_00),  # 100.50 rounds up
        (100_00, 100, 100_00),
        (1_50, 1, 1_00),  # never less than a peso
        (50, 30, 50),  # never more than the whole
        (1, 1, 1),
    ],
)
def test_deposit_is_a_whole_number_of_pesos(total, percent, expected):
    assert domain.deposit(total, percent=percent) == expected


@given(total=st.integers(1, 10**12), percent=st.integers(1, 100))
def test_deposit_is_positive_and_at_most_the_total(total, percent):
    share = domain.deposit(total, percent=percent)

    assert 0 < share <= total
    assert share == total or share % 100 == 0
    assert abs(share - total * percent / 100) <= max(100, total * 1e-9)


@given(where=stays, split=st.integers(1, 29))
def test_price_of_a_stay_is_the_sum_of_its_parts(where, split):
    whole = domain.price(cabin(SUMMER), where, deposit_percent=30)

    assert whole.total == sum(line.amount for line in whole.lines)
    assert [line.night for line in whole.lines] == where.each_night()
    if split < where.nights:
        middle = where.check_in + timedelta(days=split)
        parts = [Stay(where.check_in, middle), Stay(middle, where.check_out)]
        totals = [domain.price(cabin(SUMMER), part, deposit_percent=30).total for part in parts]
        assert whole.total == sum(totals)


@given(where=stays)
def test_quote_survives_being_stored(where):
    quote = domain.price(cabin(SUMMER), where, deposit_percent=30)

    assert Quote.from_json(orjson.loads(orjson.dumps(quote.to_json()))) == quote


@given(first=stays, second=stays)
def test_stays_overlap_exactly_when_they_share_a_night(first, second):
    shared = set(first.each_night()) & set(second.each_night())

    assert first.overlaps(second) == second.overlaps(first) == bool(shared)


@given(where=stays, nights=st.integers(1, 30))
def test_stay_that_begins_where_another_ends_does_not_overlap_it(where, nights):
    after = Stay(where.check_out, where.check_out + timedelta(days=nights))

    assert not where.overlaps(after)


@pytest.mark.parametrize("nights", [0, -1])
def test_stay_without_a_night_is_none(nights):
    with pytest.raises(InvalidStay) as caught:
        stay(3, nights)

    assert caught.value.extra["field"] == "check_out"


@pytest.mark.parametrize(
    ("first", "nights", "field"),
    [
        (-1, 3, "check_in"),
        (0, domain.MAX_NIGHTS + 1, "check_out"),
        (domain.MAX_DAYS_AHEAD, 1, "check_in"),
    ],
)
def test_stay_outside_what_can_be_booked_names_the_field(first, nights, field):
    with pytest.raises(InvalidStay) as caught:
        stay(first, nights).check_bookable(today=MONDAY)

    assert caught.value.extra["field"] == field


@pytest.mark.parametrize(
    ("first", "nights"), [(0, 1), (0, domain.MAX_NIGHTS), (domain.MAX_DAYS_AHEAD - 1, 1)]
)
def test_stay_at_the_limits_can_be_booked(first, nights):
    stay(first, nights).check_bookable(today=MONDAY)


@pytest.mark.parametrize(
    ("first", "nights", "enough"),
    [(0, 1, False), (0, 2, True), (5, 2, True), (6, 3, False), (6, 4, True), (15, 3, False)],
)
def test_season_of_the_arrival_decides_the_least_nights(first, nights, enough):
    if enough:
        domain.check_fits(cabin(SUMMER), stay(first, nights), guests=4)
        return
    with pytest.raises(TooFewNights) as caught:
        domain.check_fits(cabin(SUMMER), stay(first, nights), guests=4)
    assert caught.value.extra["min_nights"] == cabin(SUMMER).min_nights_on(
        stay(first, nights).check_in
    )


@pytest.mark.parametrize(("guests", "refusal"), [(5, TooManyGuests), (0, Invalid)])
def test_number_of_guests_must_fit(guests, refusal):
    with pytest.raises(refusal) as caught:
        domain.check_fits(cabin(), stay(0, 2), guests=guests)

    assert caught.value.extra["field"] == "guests"


def test_every_status_has_its_transitions_and_only_holds_expire():
    assert set(domain.TRANSITIONS) == set(Status)
    reaches = {
        target: {source for source, targets in domain.TRANSITIONS.items() if target in targets}
        for target in Status
    }
    assert reaches[Status.PRE_RESERVED] == set()
    assert reaches[Status.EXPIRED] == {Status.PRE_RESERVED}
    assert reaches[Status.CONFIRMED] == {Status.PRE_RESERVED, Status.EXPIRED}
    assert reaches[Status.CANCELLED] == domain.BLOCKING
    assert reaches[Status.COMPLETED] == reaches[Status.NO_SHOW] == {Status.CONFIRMED}
