from datetime import date

import pytest

from alojamientos.console import occasions
from alojamientos.console.occasions import NoSuchHoliday

TODAY = date(2026, 11, 24)


def nights(name: str) -> list[tuple[date, date]]:
    return [(each.starts_on, each.ends_on) for each in occasions.named(name, today=TODAY)]


def test_a_long_weekend_sells_the_nights_from_its_eve():
    assert nights("carnaval")[0] == (date(2027, 2, 5), date(2027, 2, 9))


def test_holidays_that_touch_are_one_occasion_under_both_names():
    assert nights("SEMANA SANTA")[0] == (date(2027, 3, 23), date(2027, 3, 28))
    assert nights("memoria")[0] == nights("semana santa")[0]


def test_new_year_s_first_night_is_in_the_old_year():
    assert nights("ano nuevo")[0] == (date(2026, 12, 31), date(2027, 1, 3))


def test_a_holiday_on_a_saturday_has_the_weekend_s_nights():
    assert nights("trabajo")[0] == (date(2027, 4, 30), date(2027, 5, 2))


def test_each_coming_year_is_found_and_what_is_over_is_not():
    assert [first.year for first, _ in nights("navidad")] == [2026, 2027]
    over = occasions.named("navidad", today=date(2026, 12, 27))
    assert [each.first_day.year for each in over] == [2027, 2028]


@pytest.mark.parametrize("text", ["", "  ", "independence day"])
def test_an_unknown_name_is_answered_with_those_there_are(text):
    with pytest.raises(NoSuchHoliday, match="Carnaval"):
        occasions.named(text, today=TODAY)
