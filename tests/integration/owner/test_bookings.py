"""`alojamientos bookings`: by hand, moved, cancelled, and the books that follow."""

import asyncio

import pytest
from tests.integration.owner.conftest import audited
from tests.integration.reservations.conftest import POLICY, TODAY, nights

from alojamientos.conversation.store import conversation
from alojamientos.entrypoints import invariants
from alojamientos.reservations import moving
from alojamientos.reservations.domain import DatesTaken
from alojamientos.reservations.events import Status
from alojamientos.reservations.invariants import check_all

STAY = nights(0, 3)
ADD = (
    *("bookings", "add", "--cabin", "coihue", "--guests", "2", "--name", "Ana Pérez"),
    *("--from", f"{STAY.check_in:%d/%m/%Y}", "--to", f"{STAY.check_out:%d/%m/%Y}"),
)


@pytest.fixture
async def sound(desk):
    """Whatever a test did, the bookings and the books are sound afterwards."""
    yield
    async with desk.database.read() as conn:
        findings = await check_all(conn, checks=invariants.ALL)
    assert {finding.name: finding.violations for finding in findings if finding.violations} == {}


pytestmark = pytest.mark.usefixtures("sound")


def only(verbs, *args: str):
    """The one booking that there is."""
    (found,) = verbs.json("bookings", "list", "--all", *args)["bookings"]
    return found


def entries(desk):
    return desk.sql("SELECT kind, amount FROM ledger_entry ORDER BY id")


def test_a_booking_by_hand_is_confirmed_at_once_and_charged(desk, verbs):
    verbs(*ADD, "--phone", "+5492944123456", "--note", "llega tarde", "--yes")
    found = only(verbs)
    shown = verbs("bookings", "show", found["code"].lower().replace("-", " "))

    assert (found["status"], found["channel"], found["guest"]) == (
        *("confirmed", "manual"),
        "Ana Pérez",
    )
    assert found["due"] == found["total"] > 0
    assert "llega tarde" in shown
    assert "+5492944123456" in shown
    assert entries(desk) == [("charged", found["total"])]
    assert audited(desk) == [
        ("booking.added", f"booking:{found['code']}"),
        ("booking.noted", f"booking:{found['code']}"),
    ]
    details = str(desk.sql("SELECT detail FROM audit_entry"))
    assert "Ana" not in details
    assert "llega" not in details
    assert desk.sql("SELECT kind, value FROM guest_identity") == [("wa_id", "5492944123456")]


def test_a_deposit_that_is_asked_for_holds_the_dates_and_asks_for_a_link(desk, verbs):
    verbs(*ADD, "--deposit", "asked", "--hold-hours", "48", "--total", "100.000,50", "--yes")
    found = only(verbs)

    assert (found["status"], found["total"], found["deposit"]) == (
        "pre_reserved",
        10000050,
        3000000,
    )
    assert desk.sql(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payments.create_link'"
    ) == [(1,)]
    assert desk.sql(
        "SELECT round(extract(epoch FROM hold_expires_at - created_at) / 3600) FROM reservation"
    ) == [(48,)]


def test_a_dry_run_shows_the_price_and_books_nothing(desk, verbs):
    output = verbs(*ADD, "--dry-run")

    assert "Ana Pérez" in output
    assert "code" not in output
    assert "nothing was changed" in output
    assert desk.sql("SELECT count(*) FROM reservation") == [(0,)]
    assert desk.sql("SELECT count(*) FROM guest") == [(0,)]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--phone", "2944123456"), "phone must be + and digits"),
        (("--email", "ana"), "email must be an address"),
        (("--guests", "9"), "takes at most 4 guests"),
        (("--from", "2020-01-01", "--to", "2020-01-03"), "check_in must not be before today"),
        (("--cabin", "nube"), "there are: arrayan"),
        (("--total", "0"), "total must be at least"),
    ],
)
def test_a_mistake_in_a_booking_is_named(verbs, args, words):
    assert words in verbs(*ADD, *args, "--yes", code=2)


async def test_a_booking_by_hand_is_refused_where_somebody_sleeps(desk, verbs):
    await desk.hold(nights(2, 2), unit=2)

    assert "Some of these nights are taken" in verbs(*ADD, "--yes", code=2)


def test_a_season_s_minimum_is_for_guests_and_not_for_the_owner(desk, verbs):
    desk.sql("UPDATE accommodation SET min_nights = 7")

    assert "takes at least 7 nights" in verbs(*ADD, "--yes", code=2)
    verbs(*ADD, "--any-length", "--yes")


async def test_a_booking_moves_with_its_price_and_its_guest_is_told(desk, verbs):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))
    await _writes(desk, view.guest_id)
    to = nights(10, 4)

    shown = verbs("bookings", "move", view.code, "--from", str(to.check_in), "--dry-run")
    verbs(
        "bookings", "move", view.code, "--from", str(to.check_in), "--to", str(to.check_out), "-y"
    )
    after = await desk.see(view)

    assert "the price stays" in shown
    assert (after.stay, after.total, after.deposit) == (to, view.total, view.deposit)
    assert entries(desk) == [("charged", view.total)]
    ((text,),) = desk.sql(
        "SELECT content->>'text' FROM outbox_message WHERE kind = 'reservation_moved'"
    )
    assert "El total no cambia" in text
    assert audited(desk) == [("booking.moved", f"booking:{view.code}")]


async def test_a_repriced_move_books_the_difference_both_ways(desk, verbs):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))

    up = verbs("bookings", "move", view.code, "--cabin", "lenga", "--reprice", "--yes")
    dearer = await desk.see(view)
    verbs("bookings", "move", view.code, "--cabin", "coihue", "--reprice", "--yes")

    assert "Cabaña Lenga" in up
    assert dearer.total > view.total
    assert (await desk.see(view)).total == view.total
    difference = dearer.total - view.total
    assert entries(desk) == [
        ("charged", view.total),
        ("charged", difference),
        ("released", -difference),
    ]


async def test_a_booking_moves_over_its_own_nights_but_not_over_another_s(desk, verbs):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))
    other = await desk.hold(nights(4, 3), unit=2, guest="eva")

    verbs("bookings", "move", view.code, "--from", str(nights(1, 1).check_in), "--yes")
    refused = verbs(
        "bookings", "move", view.code, "--from", str(nights(2, 1).check_in), "-y", code=2
    )
    desk.run_out(other)
    verbs("bookings", "move", view.code, "--from", str(nights(2, 1).check_in), "--yes")

    assert "Some of these nights are taken" in refused
    assert (await desk.see(view)).stay == nights(2, 3)
    assert desk.sql("SELECT status FROM reservation WHERE id = %s", other.id) == [("expired",)]


@pytest.mark.parametrize("by", ["block", "calendar"])
async def test_a_booking_is_not_moved_to_nights_that_are_not_for_sale(desk, verbs, by):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))
    to = nights(10, 3)
    if by == "block":
        verbs("blocks", "add", "coihue", "--from", str(to.check_in), "--to", str(to.check_out))
    else:
        desk.sql(
            "INSERT INTO calendar_feed (accommodation_id, source, url) VALUES (2, 'airbnb', 'u')"
        )
        desk.sql(
            "INSERT INTO calendar_event (feed_id, accommodation_id, uid, starts_on, ends_on, kind,"
            " content_hash) VALUES (1, 2, 'u', %s, %s, 'reservation', '')",
            *(to.check_in, to.check_out),
        )

    refused = verbs("bookings", "move", view.code, "--from", str(to.check_in), "--yes", code=2)

    assert "Some of these nights are taken" in refused
    assert (await desk.see(view)).stay == nights(0, 3)


async def test_of_many_who_want_the_same_nights_at_once_one_gets_them(desk):
    views = [await desk.hold(nights(10 * n, 2), unit=2, guest=f"g{n}") for n in range(4)]

    def move(view):
        return desk.do(
            lambda tx: moving.move(
                tx,
                reservation_id=view.id,
                today=TODAY,
                policy=POLICY,
                actor="test",
                check_in=nights(60, 1).check_in,
                check_out=nights(60, 2).check_out,
            )
        )

    crowd = [move(view) for view in views] + [
        desk.hold(nights(59, 2), unit=2, guest=f"h{n}") for n in range(4)
    ]
    results = await asyncio.gather(*crowd, return_exceptions=True)

    refusals = [result for result in results if isinstance(result, BaseException)]
    assert len(refusals) == len(crowd) - 1
    assert {type(refusal) for refusal in refusals} == {DatesTaken}


async def test_what_is_over_or_came_to_nothing_is_not_moved(desk, verbs):
    view = await desk.cancel(await desk.hold(nights(0, 3), unit=2))

    moved = verbs("bookings", "move", view.code, "--guests", "3", "--yes", code=2)

    assert "is cancelled; only a live hold or a confirmed stay" in moved
    assert "say where to" in verbs("bookings", "move", view.code, code=2)


async def test_a_guest_who_is_there_may_stay_longer_and_leave_earlier(desk, verbs):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))
    desk.sql(
        "UPDATE reservation SET check_in = %s, check_out = %s, quote = jsonb_set(quote, '{lines}',"
        " (SELECT jsonb_agg(jsonb_set(line, '{night}', to_jsonb((%s::date + (n - 1)::int)::text)))"
        " FROM jsonb_array_elements(quote->'lines') WITH ORDINALITY AS l(line, n)))",
        *(_days(-1), _days(2), _days(-1)),
    )

    verbs("bookings", "move", view.code, "--to", str(_days(4)), "--reprice", "--yes")
    longer = await desk.see(view)
    verbs("bookings", "move", view.code, "--to", str(_days(1)), "--reprice", "--yes")

    assert (longer.stay.nights, (await desk.see(view)).stay.nights) == (5, 2)
    assert "must not be before today" in verbs(
        "bookings", "move", view.code, "--from", str(_days(-3)), "--yes", code=2
    )


async def test_cancelling_frees_the_nights_releases_the_price_and_says_what_was_paid(desk, verbs):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))

    output = verbs("bookings", "cancel", view.code, "--reason", "llamó", stdin="y\n")

    assert "paid so far: $ 0" in output
    assert (await desk.see(view)).status is Status.CANCELLED
    assert entries(desk) == [("charged", view.total), ("released", -view.total)]
    await desk.hold(nights(0, 3), unit=2, guest="eva")


async def test_cancelling_with_a_refund_orders_it_once(desk, verbs):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))
    ((payment_id,),) = desk.sql(
        "INSERT INTO payment (provider_id, reservation_id, status, amount, currency, outcome,"
        " provider_updated_at) VALUES ('1', %s, 'approved', %s, 'ARS', 'confirmed', now())"
        " RETURNING id",
        *(view.id, view.deposit),
    )
    desk.sql(
        "INSERT INTO ledger_entry (reservation_id, kind, amount, payment_id, key)"
        " VALUES (%s, 'paid', %s, %s, %s)",
        *(view.id, -view.deposit, payment_id, f"paid:{payment_id}"),
    )

    shown = verbs("bookings", "cancel", view.code, "--refund", "--dry-run")
    verbs("bookings", "cancel", view.code, "--refund", "--yes")
    verbs("bookings", "cancel", view.code, "--refund", "--yes")

    assert "given back: $" in shown
    assert desk.sql("SELECT amount, status FROM refund") == [(view.deposit, "pending")]
    assert desk.sql(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payments.refund'"
    ) == [(1,)]
    assert len(audited(desk)) == 1


async def test_a_no_show_is_noted_from_the_day_of_arrival_on(desk, verbs):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))

    early = verbs("bookings", "no-show", view.code, "--yes", code=2)
    desk.sql(
        "UPDATE reservation SET check_in = %s, check_out = %s, quote = jsonb_set(quote, '{lines}',"
        " (SELECT jsonb_agg(jsonb_set(line, '{night}', to_jsonb((%s::date + (n - 1)::int)::text)))"
        " FROM jsonb_array_elements(quote->'lines') WITH ORDINALITY AS l(line, n)))",
        *(TODAY, _days(3), TODAY),
    )
    verbs("bookings", "no-show", view.code, "--yes")

    assert "before that, cancel it instead" in early
    assert (await desk.see(view)).status is Status.NO_SHOW
    assert entries(desk) == [("charged", view.total)]
    assert "is no_show" in verbs("bookings", "move", view.code, "--guests", "1", "-y", code=2)


async def test_the_list_shows_what_is_to_come_and_finds_the_rest(desk, verbs):
    live = await desk.hold(nights(0, 3), unit=2)
    gone = await desk.cancel(await desk.hold(nights(9, 3), unit=1, guest="eva"))

    def codes(*args: str) -> set[str]:
        return {each["code"] for each in verbs.json("bookings", "list", *args)["bookings"]}

    assert codes() == {live.code}
    assert codes("--all") == {live.code, gone.code}
    assert codes("--status", "cancelled") == {gone.code}
    assert codes("--guest", "EVA@example") == {gone.code}
    assert codes("--guest", live.code.replace("-", "").lower()) == {live.code}
    assert codes("--cabin", "lenga") == set()
    assert codes("--to", str(nights(0, 1).check_in)) == set()
    assert "no bookings match" in verbs("bookings", "list", "--guest", "%")


@pytest.mark.parametrize("code", ["7K3M-9QXT-A2BD", "x", ""])
def test_an_unknown_code_is_said_to_be_one(verbs, code):
    verbs("bookings", "show", code, code=2)


def _days(number: int):
    return TODAY.fromordinal(TODAY.toordinal() + number)


async def _writes(desk, guest_id: int) -> None:
    async with desk.database.begin() as tx:
        await tx.conn.execute(
            conversation.insert().values(
                channel="whatsapp", address="5492944000000", guest_id=guest_id, state={}
            )
        )
