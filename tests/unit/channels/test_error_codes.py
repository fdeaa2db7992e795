"""The table of error classes, against what Meta's page says of each code."""

import pytest

from alojamientos.channels.whatsapp.error_codes import TREATMENTS, treatment

RETRIED = (1, 2, 4, 80007, 130429, 131016, 131000, 131057, 133016)
ACCOUNT = (0, 3, 10, 190, 200, 250, 299, 131005, 131031, 368, 131042, 131045, 131037)
PERMANENT = (131026, 131021, 131051, 130472, 131050, 131049, 130497, 131062)
OURS = (
    *(100, 131008, 131009, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016),
    *(132068, 132069, 135000),
)


def test_no_code_is_in_two_classes():
    codes = [code for row in TREATMENTS.values() for code in row.codes]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("code", RETRIED)
def test_what_passes_is_tried_again_ever_more_slowly(code):
    row = treatment(code)

    assert row.again is not None
    assert [row.again.delay(n, jitter=lambda: 0) for n in (1, 2)] == [
        row.again.first_s,
        2 * row.again.first_s,
    ]
    assert row.again.cap_s <= 3600
    assert row.closes_s == 0


def test_the_pair_rate_backs_off_by_fours_for_that_guest_only():
    row = treatment(131056)

    assert row.again is not None
    assert [row.again.delay(n, jitter=lambda: 0) for n in (1, 2, 3)] == [4, 16, 64]
    assert row.closes_s == 0


@pytest.mark.parametrize("code", [*ACCOUNT, 131048, 131064])
def test_what_is_about_all_messages_stops_all_of_them(code):
    row = treatment(code)

    assert row.closes_s > 0
    assert row.wait_s == 60


@pytest.mark.parametrize("code", [*PERMANENT, *OURS, 131047, 131030, 137000, 777777, None])
def test_what_will_not_get_better_is_given_up_and_the_guest_reached_elsewhere(code):
    row = treatment(code)

    assert row.is_final
    assert row.verdict.another_way


@pytest.mark.parametrize("code", [*OURS, 777777])
def test_our_own_mistakes_are_told_to_the_owner(code):
    assert treatment(code).verdict.tell_owner


def test_only_a_closed_window_wants_a_template():
    assert [name for name, row in TREATMENTS.items() if row.verdict.template] == ["window_closed"]


def test_only_an_unlisted_number_is_tried_in_its_other_form():
    assert [name for name, row in TREATMENTS.items() if row.other_form] == ["not_allowed"]


@pytest.mark.parametrize("code", [131052, 131053])
def test_media_is_tried_twice_and_then_left_out(code):
    row = treatment(code)

    assert row.most == 2
    assert row.verdict.without_media
