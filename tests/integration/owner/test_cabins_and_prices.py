"""`alojamientos cabins` and `prices`, against a real database."""

import psycopg
import pytest
from tests.integration.owner.conftest import audited, day
from tests.integration.reservations.conftest import nights

NEW = ("cabins", "add", "nire", "--name", "Cabaña Ñire", "--sleeps", "3", "--nightly", "70.000,50")


def test_a_cabin_is_added_listed_changed_and_retired(desk, verbs):
    verbs(*NEW, "--weekend", "$ 90.000")
    listed = verbs("cabins", "list")
    verbs("cabins", "edit", "nire", "--sleeps", "5", "--yes")
    shown = verbs.json("cabins", "show", "nire")
    verbs("cabins", "retire", "nire", "--yes")
    retired = verbs.json("cabins", "show", "nire")
    verbs("cabins", "retire", "nire", "--undo")

    assert "Cabaña Ñire" in listed
    assert "$ 70.000,50" in listed
    assert (shown["sleeps"], shown["nightly_price"], shown["weekend_price"]) == (
        *(5, 7_000_050),
        9_000_000,
    )
    assert (retired["on_sale"], verbs.json("cabins", "show", "nire")["on_sale"]) == (False, True)
    assert audited(desk) == [
        ("cabin.added", "cabin:nire"),
        ("cabin.edited", "cabin:nire"),
        ("cabin.retired", "cabin:nire"),
        ("cabin.restored", "cabin:nire"),
    ]
    assert desk.sql("SELECT detail FROM audit_entry WHERE action = 'cabin.edited'") == [
        ({"capacity": [3, 5]},)
    ]


def test_a_dry_run_and_a_no_change_nothing(desk, verbs):
    assert "nothing was changed" in verbs(*NEW, "--dry-run")
    output = verbs("prices", "base", "coihue", "--nightly", "90000", stdin="n\n", code=1)

    assert "$ 85.000" in output
    assert "$ 90.000" in output
    assert desk.sql("SELECT count(*) FROM accommodation") == [(3,)]
    assert desk.sql("SELECT nightly_price FROM accommodation WHERE slug = 'coihue'") == [(8500000,)]
    assert audited(desk) == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((*NEW[:2], "Ñire", *NEW[3:]), "cabin must be a short name"),
        ((*NEW[:2], "coihue", *NEW[3:]), "There is a cabin coihue already"),
        ((*NEW[:-1], "70,000.5"), "nightly must be an amount in pesos such as 85000"),
        (("cabins", "show", "nube"), "there are: arrayan, coihue, lenga"),
        (("cabins", "edit", "lenga", "--yes"), "Nothing to change"),
        (("cabins", "edit", "lenga", "--sleeps", "0", "--yes"), "capacity must be from 1 to 50"),
        (("prices", "season", "lenga", "V", "--from", "x", "--to", "y"), "from must be a day"),
        (
            ("prices", "season", "lenga", "V", "--from", "2027-01-01", "--to", "2027-01-09"),
            "give a nightly price",
        ),
        (("prices", "holiday", "lenga", "nada", "--price", "1"), "there are:"),
        (("prices", "remove", "999", "--yes"), "There is no price 999"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(verbs, args, words):
    assert words in verbs(*args, code=2)


async def test_a_cabin_with_guests_to_come_is_retired_only_when_they_are_kept(desk, verbs):
    await desk.confirm(await desk.hold(nights(2, 3), unit=2))

    refused = verbs("cabins", "retire", "coihue", "--yes", code=2)
    verbs("cabins", "retire", "coihue", "--yes", "--keep-bookings")

    assert "has 1 bookings that have not ended" in refused
    assert desk.sql("SELECT active FROM accommodation WHERE slug = 'coihue'") == [(False,)]


async def test_a_season_prices_what_is_booked_later_and_not_what_is_booked(desk, verbs):
    before = await desk.hold(nights(1, 3), unit=2)
    first, last = nights(0, 1).check_in, nights(20, 1).check_in
    season = ("--from", str(first), "--to", str(last), "--nightly", "200000", "--weekend", "250000")

    verbs("prices", "season", "coihue", "Verano", *season, "--min-nights", "2")
    overlapping = verbs("prices", "season", "coihue", "Otra", *season, code=2)
    after = await desk.hold(nights(5, 2), unit=2)

    assert "Verano" in overlapping
    assert "remove it or choose other dates" in overlapping
    assert (await desk.see(before)).quote == before.quote
    assert {line.season for line in before.quote.lines} == {None}
    assert {line.season for line in after.quote.lines} == {"Verano"}
    assert all(line.amount >= 200_000_00 for line in after.quote.lines)


def test_a_holiday_is_priced_by_its_name_over_its_season_and_again(desk, verbs):
    verbs("prices", "season", "coihue", "Año", "--from", day(1), "--to", day(300), "--nightly", "1")
    verbs("prices", "holiday", "coihue", "carnaval", "--price", "300000", "--yes")
    verbs(
        "prices", "holiday", "coihue", "CARNAVAL", "--price", "320.000", "--min-nights", "4", "-y"
    )

    rules = [r for r in verbs.json("prices", "list", "coihue")["prices"] if r["kind"] == "holiday"]
    shown = verbs.json(
        "prices", "show", "coihue", "--from", rules[0]["starts_on"], "--to", rules[0]["ends_on"]
    )

    assert {rule["name"] for rule in rules} == {"Carnaval"}
    assert len(rules) in (2, 3)
    assert {night["amount"] for night in shown["nights"]} == {320_000_00}
    assert {night["rule"] for night in shown["nights"]} == {"Carnaval"}
    assert shown["total"] == 320_000_00 * len(shown["nights"])
    text = verbs(
        "prices", "show", "coihue", "--from", rules[0]["starts_on"], "--to", rules[0]["ends_on"]
    )
    assert "weeknight price of the holiday Carnaval" in text
    assert "4 (Carnaval)" in text
    verbs("prices", "remove", str(rules[0]["id"]), "--yes")
    assert len(verbs.json("prices", "list", "coihue")["prices"]) == len(rules)


def test_the_audit_is_never_rewritten(desk, verbs):
    verbs(*NEW)

    for statement in ("UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            desk.sql(statement)


def test_help_teaches_with_a_command_to_copy(verbs):
    assert "--min-nights 3" in verbs("prices", "season", "--help")
    assert "no seasons or holidays" in verbs("prices", "list")
    assert "Carnaval" in verbs("prices", "holidays")
