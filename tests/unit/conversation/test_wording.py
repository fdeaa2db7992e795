from datetime import UTC, date, datetime

import pytest

from alojamientos.conversation import wording

ZONE = "America/Argentina/Buenos_Aires"
TODAY = date(2026, 11, 24)


def test_a_stay_names_weekdays_and_counts_nights():
    text = wording.stay(date(2027, 1, 15), date(2027, 1, 18), today=TODAY)

    assert text == "del viernes 15 de enero al lunes 18 de enero (3 noches)"


def test_a_far_day_carries_its_year_so_that_it_cannot_be_taken_for_the_next_one():
    assert wording.day(date(2028, 1, 15), today=TODAY) == "sábado 15 de enero de 2028"


@pytest.mark.parametrize(("count", "text"), [(1, "1 noche"), (2, "2 noches")])
def test_nights_agree_in_number(count, text):
    assert wording.nights(count) == text


@pytest.mark.parametrize(("count", "text"), [(1, "1 persona"), (4, "4 personas")])
def test_people_agree_in_number(count, text):
    assert wording.people(count) == text


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 11, 24, 21, 30, tzinfo=UTC), "las 18:30"),
        (datetime(2026, 11, 25, 4, 5, tzinfo=UTC), "la 01:05 del miércoles 25 de noviembre"),
    ],
)
def test_a_moment_is_told_by_the_lodgings_clock_with_its_day_when_it_is_not_today(instant, text):
    now = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)

    assert wording.moment(instant, zone=ZONE, now=now) == text


@pytest.mark.parametrize(
    ("parts", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a y b"), (["a", "b", "c"], "a, b y c")],
)
def test_lists_read_as_a_sentence(parts, text):
    assert wording.listed(parts) == text


def test_a_month_has_its_year():
    assert wording.month(2027, 1) == "enero de 2027"
