"""The simulation's arithmetic, on traffic small enough to see through."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from benchmarks import slo_sim

from alojamientos.monitoring.definitions.slos import OUTAGE, POLICIES

SLO = slo_sim.level(None)
TEXTBOOK, LEVELS, OURS = slo_sim.RULES
MINUTES = 600


def played(bad: np.ndarray, total: np.ndarray, failed: tuple[int, ...] = ()) -> slo_sim.Played:
    """Return what happened, with the minutes in which the rehearsed booking `failed`."""
    minutes = np.zeros(MINUTES, dtype=np.int64)
    minutes[list(failed)] = 1
    return slo_sim.Played(bad=bad, total=total, failed=minutes)


def quiet() -> tuple[np.ndarray, np.ndarray]:
    """Return 10 hours with 4 events an hour, none of them bad."""
    total = np.zeros(MINUTES, dtype=np.int64)
    total[::15] = 1
    return np.zeros_like(total), total


def test_a_window_counts_what_it_holds_and_no_more():
    counts = np.array([1, 2, 4, 8, 16, 32, 64])

    assert slo_sim.last(counts, "5m").tolist() == [1, 3, 7, 15, 31, 62, 124]


def test_our_rules_are_those_of_the_definitions():
    assert tuple(p for p in POLICIES if p.is_page) == LEVELS.policies == OURS.policies
    assert LEVELS.outage == OURS.outage == OUTAGE
    assert (LEVELS.rehearses, OURS.rehearses) == (False, True)
    assert all(policy.min_bad == 0 for policy in TEXTBOOK.policies)
    assert [p.burns for p in TEXTBOOK.policies] == [p.burns for p in OURS.policies]


def test_one_bad_event_of_a_quiet_night_pages_by_the_textbook_only():
    bad, total = quiet()
    bad[300] = 1

    assert slo_sim.firing(TEXTBOOK, SLO, played(bad, total)).any()
    assert not slo_sim.firing(OURS, SLO, played(bad, total)).any()


def test_the_fourth_does_by_ours_too_and_not_the_third():
    bad, total = quiet()
    bad[[300, 315, 330]] = 1

    assert not slo_sim.firing(OURS, SLO, played(bad, total)).any()

    bad[345] = 1

    assert slo_sim.firing(OURS, SLO, played(bad, total)).argmax() == 345


def test_two_of_three_rehearsals_page_and_two_of_four_do_not():
    bad, total = quiet()

    assert slo_sim.firing(OURS, SLO, played(bad, total, (300, 302))).argmax() == 302
    assert not slo_sim.firing(OURS, SLO, played(bad, total, (300, 303))).any()
    assert not slo_sim.firing(LEVELS, SLO, played(bad, total, (300, 301, 302))).any()


def test_nothing_at_all_is_no_page():
    nothing = np.zeros(MINUTES, dtype=np.int64)

    for rules in slo_sim.RULES:
        assert not slo_sim.firing(rules, SLO, played(nothing, nothing)).any()


@pytest.mark.parametrize(("rules", "minutes"), [(TEXTBOOK, 9), (OURS, 6)])
def test_a_total_outage_is_seen_when_theory_says(rules, minutes):
    total = np.full(MINUTES, 100)
    bad = np.where(np.arange(MINUTES) >= 400, total, 0)

    assert slo_sim.firing(rules, SLO, played(bad, total)).argmax() == 400 + minutes - 1


def test_an_objective_that_is_asked_for_is_the_one_that_is_judged():
    total = np.full(MINUTES, 100)
    bad = np.full(MINUTES, 2)

    assert not slo_sim.firing(TEXTBOOK, SLO, played(bad, total)).any()
    stricter = slo_sim.level(Decimal("0.999"))
    assert slo_sim.firing(TEXTBOOK, stricter, played(bad, total)).any()


def test_pages_that_go_on_are_one_page_and_outages_are_all_found_in_dense_traffic():
    sure = replace(SLO, objective=Decimal("0.999"))
    rng = np.random.default_rng(1)

    share, median = slo_sim.recall(rng, OURS, sure, 600, slo_sim.PEAK, 60, 20)
    assert (share, median <= 6) == (1.0, True)
    assert slo_sim.false_pages(rng, OURS, SLO, 600, 1, 0) == 0
