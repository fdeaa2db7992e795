"""How well the grammar reads what guests write: a part it was made with, and one it never saw."""

from collections import Counter
from functools import cache

import pytest
from tests.corpus import scoring
from tests.corpus.scoring import Verdict

from alojamientos.nlu.values import Intent

PARTS = ("frozen", "tuned")


@cache
def verdicts(part: str) -> list[Verdict]:
    return [scoring.judge(row) for row in scoring.rows(part)]


def misread(part: str, what: str) -> list[str]:
    return [
        f"{reason}: {one.row.text!r} as {one.found}"
        for one in verdicts(part)
        for reason in one.why
        if reason.startswith(what)
    ]


def share(failures: list[str], part: str) -> float:
    return len(failures) / len(verdicts(part))


@pytest.mark.parametrize("what", ["dates", "party", "slots"])
@pytest.mark.parametrize("part", PARTS)
def test_nineteen_of_twenty_are_read_as_meant(part: str, what: str):
    failures = misread(part, what)

    assert share(failures, part) <= 0.05, "\n".join(failures)


@pytest.mark.parametrize("part", PARTS)
def test_hardly_any_dates_are_acted_on_that_were_not_meant(part: str):
    failures = misread(part, "dates:wrong")

    assert share(failures, part) <= 0.01, "\n".join(failures)


@pytest.mark.parametrize("part", PARTS)
def test_nineteen_of_twenty_have_every_intent_that_was_meant(part: str):
    missing = [
        f"{one.row.text!r} lacks {lacking}"
        for one in verdicts(part)
        if (lacking := set(one.row.label["intents"]) - set(map(str, one.found.intents)))
    ]

    assert len(missing) / len(verdicts(part)) <= 0.05, "\n".join(missing)
    assert scoring.macro_f1(verdicts(part)) >= 0.95


def test_of_all_messages_one_in_a_hundred_at_most_is_taken_for_something_else():
    found = Counter(one.verdict for part in PARTS for one in verdicts(part))

    assert found["right"] >= 0.98 * found.total()
    assert found["wrong"] <= 0.01 * found.total()


def test_of_what_it_was_not_made_with_one_in_twenty_at_most_is_not_read_as_meant():
    found = Counter(one.verdict for one in verdicts("frozen"))

    assert found["right"] >= 0.95 * found.total()
    assert found["wrong"] <= 0.01 * found.total()


def test_everything_that_the_grammar_was_made_with_is_read_as_meant():
    failures = [f"{one.why}: {one.row.text!r}" for one in verdicts("tuned") if one.why]

    assert not failures, "\n".join(failures)


def test_the_parts_have_nothing_in_common_and_enough_of_everything():
    frozen, tuned = ({one.row.text.casefold() for one in verdicts(part)} for part in PARTS)

    assert not frozen & tuned
    assert len(frozen) >= 600
    assert len(tuned) >= 1000
    kinds = Counter(str(one.row.label["dates"]).split()[0] for one in verdicts("tuned"))
    assert {"ask", "in", "nights", "month", "days", "invalid", "None"} <= kinds.keys()


def test_every_intent_is_labelled_in_both_parts_and_every_row_has_a_slice():
    for part in PARTS:
        labels = [one.row.label for one in verdicts(part)]
        assert {intent for label in labels for intent in label["intents"]} == set(Intent)
        assert all(label["slice"] for label in labels)
