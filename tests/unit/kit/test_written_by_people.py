"""Amounts and days, as Argentines write and read them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alojamientos.kit.clock import today_in
from alojamientos.kit.dates import format_day, format_instant, parse_day
from alojamientos.kit.errors import Invalid
from alojamientos.kit.money import format_money, parse_money

BUENOS_AIRES = "America/Argentina/Buenos_Aires"
SANTIAGO = "America/Santiago"  # has daylight saving: it ends on 4 April 2027, begins 5 September


@pytest.mark.parametrize(
    ("text", "centavos"),
    [
        ("85000", 85_000_00),
        ("85.000", 85_000_00),
        ("$ 85.000", 85_000_00),
        ("1.234.567,89", 1_234_567_89),
        ("0,5", 50),
        ("0", 0),
    ],
)
def test_an_amount_is_read_as_it_is_written_here(text, centavos):
    assert parse_money(text) == centavos


@pytest.mark.parametrize(
    "text", ["", "85,000.00", "85.00", "-5", "1e9", "85.000.0", "٣", "NaN", "99999999999999999"]
)
def test_what_could_be_misread_is_refused_with_an_example(text):
    with pytest.raises(Invalid, match=r"nightly must be") as refused:
        parse_money(text, field="nightly")
    assert refused.value.extra["field"] == "nightly"


@given(st.integers(0, 10**13))
def test_what_is_shown_can_be_typed_back(centavos):
    assert parse_money(format_money(centavos)) == centavos


@pytest.mark.parametrize("text", ["2027-01-15", "15/01/2027", "15/1/2027", "15.1.2027"])
def test_a_day_is_read_in_both_orders(text):
    assert parse_day(text, field="from") == date(2027, 1, 15)


@pytest.mark.parametrize("text", ["", "15/01/27", "2027-02-30", "01/15/2027", "mañana", "2027-1-5"])
def test_a_day_that_is_none_is_refused(text):
    with pytest.raises(Invalid, match="from must be a day such as 2027-01-15"):
        parse_day(text, field="from")


def test_days_and_instants_are_shown_by_the_lodging_s_wall_clock():
    assert format_day(date(2027, 1, 16)) == "sáb 16/01/2027"
    midnight_to_come = datetime(2027, 1, 1, 2, 59, tzinfo=UTC)
    assert format_instant(midnight_to_come, zone=BUENOS_AIRES) == "31/12/2026 23:59"


@pytest.mark.parametrize(
    ("zone", "instant", "today"),
    [
        (BUENOS_AIRES, datetime(2027, 1, 1, 2, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        (BUENOS_AIRES, datetime(2027, 1, 1, 3, 0, tzinfo=UTC), date(2027, 1, 1)),
        (BUENOS_AIRES, datetime(2028, 2, 29, 2, 59, tzinfo=UTC), date(2028, 2, 28)),
        # Before, in and after the hour that happens twice; then the hour that does not happen.
        (SANTIAGO, datetime(2027, 4, 4, 2, 59, tzinfo=UTC), date(2027, 4, 3)),
        (SANTIAGO, datetime(2027, 4, 4, 3, 30, tzinfo=UTC), date(2027, 4, 3)),
        (SANTIAGO, datetime(2027, 4, 4, 4, 0, tzinfo=UTC), date(2027, 4, 4)),
        (SANTIAGO, datetime(2027, 9, 5, 3, 59, tzinfo=UTC), date(2027, 9, 4)),
        (SANTIAGO, datetime(2027, 9, 5, 4, 0, tzinfo=UTC), date(2027, 9, 5)),
    ],
)
def test_today_turns_at_the_lodging_s_own_midnight(zone, instant, today):
    assert today_in(zone, instant) == today
