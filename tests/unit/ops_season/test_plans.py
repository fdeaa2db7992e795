from collections import Counter
from datetime import timedelta

from alojamientos.ops.season.bookings_elsewhere import bookings, silences
from alojamientos.ops.season.owner_acts import Act, owner_acts
from alojamientos.ops.season.plan import Paying, mail_guests, site_guests, whatsapp_guests
from alojamientos.ops.season.troubles import troubles
from alojamientos.ops.simulator.scenarios import Ending

DAYS = 30


def everything(seed: int) -> list[object]:
    guests = whatsapp_guests(seed=seed, days=DAYS)
    busy = [guest.arrives for guest in guests]
    return [
        guests,
        site_guests(seed=seed, days=DAYS),
        owner_acts(seed=seed, days=DAYS),
        mail_guests(seed=seed, days=DAYS),
        troubles(seed=seed, days=DAYS, busy=busy),
        bookings(seed=seed, days=DAYS),
        silences(seed=seed, days=DAYS),
    ]


def test_the_same_seed_plays_the_same_season():
    assert everything(3) == everything(3)


def test_another_seed_plays_another_season():
    assert all(one != other for one, other in zip(everything(3), everything(4), strict=True))


def test_guests_write_within_the_season_each_from_a_number_of_their_own():
    guests = whatsapp_guests(seed=1, days=DAYS)

    assert all(timedelta(0) <= guest.arrives < timedelta(days=DAYS) for guest in guests)
    assert len({guest.wa_id for guest in guests}) == len(guests)


def test_guests_write_mails_within_the_season_each_from_an_address_of_their_own():
    guests = mail_guests(seed=1, days=DAYS)

    assert all(timedelta(0) <= guest.arrives < timedelta(days=DAYS) for guest in guests)
    assert len({guest.email for guest in guests}) == len(guests)
    assert DAYS <= len(guests) <= 2 * DAYS


def test_a_month_has_every_way_to_end_by_mail():
    guests = mail_guests(seed=1, days=DAYS)

    assert {guest.scenario.ending for guest in guests} == set(Ending) - {Ending.REFUSED}
    assert {guest.twice for guest in guests} == {guest.away for guest in guests} == {True, False}


def test_an_owner_does_something_every_day_and_all_there_is_to_do_in_a_month():
    acts = owner_acts(seed=1, days=DAYS)

    assert {act.at.days for act in acts} == set(range(DAYS))
    assert {act.act for act in acts} == set(Act)
    assert {act.undone_after is None for act in acts if act.act is Act.BLOCK} == {True, False}
    assert all(act.undone_after for act in acts if act.act in (Act.HOLD, Act.PAUSE))


def test_a_month_has_every_way_to_pay():
    paid = Counter(guest.pays for guest in whatsapp_guests(seed=1, days=DAYS))

    assert set(paid) == set(Paying)


def test_a_host_never_sells_a_night_of_its_own_twice():
    for seed in range(1, 6):
        nights = Counter(
            (one.listing, one.first_day + night)
            for one in bookings(seed=seed, days=DAYS)
            for night in range(one.nights)
        )

        assert max(nights.values()) == 1


def test_processes_are_killed_while_somebody_writes():
    busy = [timedelta(hours=10), timedelta(hours=11)]

    kills = troubles(seed=1, days=DAYS, busy=busy).kills

    assert {kill.part for kill in kills} == {"worker", "web", "valkey"}
    assert {kill.at for kill in kills} <= set(busy)


def test_the_mailbox_is_shut_for_a_while_every_few_days():
    closures = troubles(seed=1, days=DAYS, busy=[]).closures

    assert 5 <= len(closures) <= 10
    assert all(timedelta(0) < closure.lasts < timedelta(hours=5) for closure in closures)


def test_a_season_without_guests_kills_nobody():
    assert troubles(seed=1, days=DAYS, busy=[]).kills == []
