from datetime import date

import pytest

from alojamientos.nlu.holidays import Argentina
from alojamientos.nlu.values import Span


def test_long_weekends_are_runs_of_three_days_off_or_more_around_a_weekend():
    found = Argentina().long_weekends(since=date(2026, 11, 24))

    # Monday 7 December is a bridge to Tuesday 8; 25 December and 1 January 2027 are Fridays.
    assert found[:3] == [
        Span(check_in=date(2026, 12, 5), check_out=date(2026, 12, 8)),
        Span(check_in=date(2026, 12, 25), check_out=date(2026, 12, 27)),
        Span(check_in=date(2027, 1, 1), check_out=date(2027, 1, 3)),
    ]
    assert Span(check_in=date(2027, 2, 6), check_out=date(2027, 2, 9)) in found


def test_a_bridge_is_expected_until_some_are_decreed():
    run = Span(check_in=date(2027, 5, 22), check_out=date(2027, 5, 25))  # to a Tuesday
    expected, decreed = Argentina(), Argentina(decreed={2027: (date(2027, 11, 22),)})
    since = date(2027, 1, 1)

    assert run in expected.long_weekends(since=since)
    assert run not in decreed.long_weekends(since=since)
    assert Span(check_in=date(2027, 11, 20), check_out=date(2027, 11, 22)) in (
        decreed.long_weekends(since=since)
    )


@pytest.mark.parametrize(
    ("year", "monday", "friday"),
    [
        (2026, date(2026, 2, 16), date(2026, 4, 3)),
        (2027, date(2027, 2, 8), date(2027, 3, 26)),
    ],
)
def test_carnival_and_good_friday(year: int, monday: date, friday: date):
    assert Argentina().carnival(year) == monday
    assert Argentina().good_friday(year) == friday


def test_a_run_over_the_turn_of_the_year_is_one():
    found = Argentina().long_weekends(since=date(2028, 12, 1))

    # 1 January 2029 is a Monday: the run begins in December.
    assert Span(check_in=date(2028, 12, 30), check_out=date(2029, 1, 1)) in found
    assert len(found) == len(set(found))
