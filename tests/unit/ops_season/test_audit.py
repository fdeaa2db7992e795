"""Every check of the audit is quiet on a sound season, and loud on one broken in its way."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alojamientos.ops.season.audit import CHECKS, audit
from alojamientos.ops.season.evidence import (
    Block,
    Entry,
    Evidence,
    Feed,
    Kept,
    KnownPayment,
    Line,
    Mail,
    Received,
    Sent,
    Stay,
    Taken,
    Written,
    nights_between,
)

D1, D2, D3, D4 = (date(2027, 1, day) for day in (10, 13, 15, 18))
ANA = "5492944000001"


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2027, 1, day, hour, tzinfo=ZoneInfo("America/Argentina/Buenos_Aires"))


STAY = Stay(
    id=1,
    code="ABC123",
    unit=1,
    check_in=D1,
    check_out=D2,
    status="confirmed",
    was_confirmed=True,
    overdue=False,
    total=100_00,
    numbers=(ANA,),
    email="ana@example.com",
    settled_at=at(1, 9),
)
LOST = replace(
    STAY,
    id=2,
    code="XYZ789",
    status="expired",
    was_confirmed=False,
    check_in=D2,
    check_out=D3,
    settled_at=None,
)
BLOCK = Block(feed=7, uid="u1", unit=1, starts_on=D3, ends_on=D4)
PAID = Taken(id="p1", status="approved", reference="ref1", amount=30_00, given_back=0)
BACK = Taken(id="p2", status="refunded", reference="ref2", amount=30_00, given_back=30_00)
KNOWN = KnownPayment(
    id="p1", reservation_id=1, amount=30_00, refunded=0, status="approved", outcome="confirmed"
)
KNOWN_BACK = KnownPayment(
    id="p2",
    reservation_id=2,
    amount=30_00,
    refunded=30_00,
    status="refunded",
    outcome="refund_dates_taken",
)
ASKED = Received(
    id=1, source="whatsapp", external_id="w1", event_type="text", outcome="answered", replies=1
)
REPLY = Sent(id=1, channel="whatsapp", kind="reply", status="sent")
TOLD = Sent(id=2, channel="whatsapp", kind="reservation_confirmed", status="sent", stay=1)
WROTE = Received(
    id=2, source="email", external_id="<1@x>", event_type="text", outcome="answered", replies=1
)
AWAY = replace(WROTE, id=3, external_id="<2@x>", event_type="auto_reply", outcome="auto_reply")
MAILED = Sent(id=3, channel="email", kind="confirmation_mail", status="sent", stay=1)
ANSWERED = Sent(id=4, channel="email", kind="reply", status="sent", stay=1)
LINES = (
    Line(number=ANA, n=1, outgoing=False, id="w1", text="Hola"),
    Line(number=ANA, n=2, outgoing=True, id="w2", text="¡Hola!", reference="outbox:1"),
    Line(
        number=ANA,
        n=3,
        outgoing=True,
        id="w3",
        text="Tu reserva ABC123 quedó confirmada",
        reference="outbox:2",
    ),
)
FEED = Feed(
    id=7,
    label="arrayan",
    unit=1,
    failures=0,
    events={"u1": (D3, D4)},
    closed=frozenset(nights_between(D1, D2)),
)
MAIL = Mail(
    to="ana@example.com",
    subject="Tu reserva",
    text="ABC123 quedó confirmada",
    id="<outbox.3@lodging>",
    calendar="UID:ABC123@lodging",
)
ANSWER = Mail(
    to="ana@example.com",
    subject="Re: Hola",
    text="¡Hola!",
    id="<outbox.4@lodging>",
    answers="<1@x>",
    automatic="auto-replied",
)
WRITTEN = (
    Written(id="<1@x>", sender="ana@example.com"),
    Written(id="<2@x>", sender="ana@example.com", absence=True),
)
SOUND = Evidence(
    today=date(2027, 1, 1),
    stays=(STAY, LOST),
    blocks=(BLOCK,),
    ledger=(
        Entry(reservation_id=1, kind="charged", amount=100_00),
        Entry(reservation_id=1, kind="paid", amount=-30_00, payment="p1"),
        Entry(reservation_id=2, kind="charged", amount=100_00),
        Entry(reservation_id=2, kind="released", amount=-100_00),
        Entry(reservation_id=2, kind="paid", amount=-30_00, payment="p2"),
        Entry(reservation_id=2, kind="refunded", amount=30_00, payment="p2"),
    ),
    payments=(KNOWN, KNOWN_BACK),
    taken=(PAID, BACK),
    references={"ref1": 1, "ref2": 2},
    received=(ASKED, WROTE, AWAY),
    sent=(REPLY, TOLD, MAILED, ANSWERED),
    lines=LINES,
    mails=(MAIL, ANSWER),
    written=WRITTEN,
    feeds=(FEED,),
    webhooks={"whatsapp:200": 3, "whatsapp:0": 1},
)


ARRIVAL = Sent(id=5, channel="whatsapp", kind="arrival", status="sent", stay=1)


def findings(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    return {v.name: v.findings for v in audit(evidence) if v.findings}


OVERDUE = replace(STAY, overdue=True)
# The late payment was not given back after all.
KEPT = replace(
    SOUND,
    taken=(PAID, replace(BACK, status="approved", given_back=0)),
    payments=(KNOWN, replace(KNOWN_BACK, refunded=0, status="approved")),
    ledger=SOUND.ledger[:-1],
)
OVERLAPPING = replace(
    STAY, id=3, code="OVER11", check_in=date(2027, 1, 12), check_out=date(2027, 1, 14)
)
COLLIDING = replace(BLOCK, starts_on=date(2027, 1, 12))
CASH = Taken(id="hand:1", status="approved", reference="hand:ABC123", amount=20_00, given_back=0)
BROKEN = {
    "two stays share a night": (
        "no overlap",
        replace(SOUND, stays=(STAY, LOST, OVERLAPPING)),
    ),
    "a stay and a calendar share a night, untold": (
        "no overlap",
        replace(SOUND, blocks=(COLLIDING,)),
    ),
    "a stay on nights that the owner keeps": (
        "no overlap",
        replace(SOUND, kept=(Kept(unit=1, starts_on=date(2027, 1, 12), ends_on=D3),)),
    ),
    "nights that the owner keeps and a host can sell": (
        "every host knows our nights",
        replace(SOUND, kept=(Kept(unit=1, starts_on=D2, ends_on=D3),)),
    ),
    "an act of the owner that is not written down": (
        "every act written down",
        replace(SOUND, acts={"booking.moved": 2}, audited={"booking.moved": 1}),
    ),
    "cash that was taken and is not known": (
        "every payment confirmed or refunded",
        replace(SOUND, taken=(*SOUND.taken, CASH)),
    ),
    "cash that was given back and is still owed": (
        "ledger balanced",
        replace(
            SOUND,
            taken=(*SOUND.taken, CASH.less(20_00)),
            payments=(*SOUND.payments, replace(KNOWN, id="hand:1", amount=20_00)),
            ledger=(
                *SOUND.ledger,
                Entry(reservation_id=1, kind="paid", amount=-20_00, payment="hand:1"),
            ),
        ),
    ),
    "a hold lives on": ("no hold outlives its deadline", replace(SOUND, stays=(OVERDUE, LOST))),
    "a payment that nobody knows": (
        "every payment confirmed or refunded",
        replace(SOUND, payments=(KNOWN_BACK,)),
    ),
    "a payment of another amount": (
        "every payment confirmed or refunded",
        replace(SOUND, payments=(replace(KNOWN, amount=29_00), KNOWN_BACK)),
    ),
    "a refund that was never made": (
        "every payment confirmed or refunded",
        replace(SOUND, taken=(PAID, replace(BACK, status="approved", given_back=0))),
    ),
    "money kept for an expired hold": (
        "every payment confirmed or refunded",
        KEPT,
    ),
    "money kept for no booking": (
        "every payment confirmed or refunded",
        replace(SOUND, payments=(replace(KNOWN, reservation_id=None), KNOWN_BACK)),
    ),
    "money kept for another's booking": (
        "every payment confirmed or refunded",
        replace(SOUND, references={"ref1": 2, "ref2": 2}),
    ),
    "a deposit paid and kept twice": (
        "every payment confirmed or refunded",
        replace(
            SOUND,
            taken=(PAID, BACK, replace(PAID, id="p3")),
            payments=(KNOWN, KNOWN_BACK, replace(KNOWN, id="p3")),
        ),
    ),
    "a price that was not charged": ("ledger balanced", replace(SOUND, ledger=SOUND.ledger[1:])),
    "a price that was not released": (
        "ledger balanced",
        replace(SOUND, ledger=(*SOUND.ledger[:3], *SOUND.ledger[4:])),
    ),
    "a payment that is not in the ledger": (
        "ledger balanced",
        replace(SOUND, ledger=(SOUND.ledger[0], *SOUND.ledger[2:])),
    ),
    "a refund that is not in the ledger": (
        "ledger balanced",
        replace(SOUND, ledger=SOUND.ledger[:-1]),
    ),
    "a line about a payment that never was": (
        "ledger balanced",
        replace(
            SOUND,
            ledger=(
                *SOUND.ledger,
                Entry(reservation_id=1, kind="paid", amount=-1, payment="p9"),
            ),
        ),
    ),
    "a message nobody dealt with": (
        "nothing unanswered",
        replace(SOUND, received=(replace(ASKED, outcome=None), WROTE, AWAY)),
    ),
    "a message that failed": (
        "nothing unanswered",
        replace(SOUND, received=(replace(ASKED, outcome="failed"), WROTE, AWAY)),
    ),
    "a message answered with nothing": (
        "nothing unanswered",
        replace(SOUND, received=(replace(ASKED, replies=0), WROTE, AWAY)),
    ),
    "a message that never came in": ("nothing unanswered", replace(SOUND, received=())),
    "a guest who has the last word": (
        "nothing unanswered",
        replace(SOUND, lines=(*LINES, replace(LINES[0], n=4))),
    ),
    "a message that came twice": (
        "no message twice",
        replace(SOUND, lines=(*LINES, replace(LINES[1], n=4, id="w4"))),
    ),
    "the same words twice in a row": (
        "no message twice",
        replace(SOUND, lines=(*LINES, replace(LINES[2], n=4, id="w4", reference="outbox:3"))),
    ),
    "a mail that came twice": ("no mail twice", replace(SOUND, mails=(*SOUND.mails, MAIL))),
    "the same words in two mails": (
        "no mail twice",
        replace(SOUND, mails=(*SOUND.mails, replace(MAIL, id="<outbox.9@lodging>"))),
    ),
    "the same news of a stay in other words": (
        "no mail twice",
        replace(
            SOUND,
            mails=(*SOUND.mails, replace(MAIL, id="<outbox.9@lodging>", text="ABC123 confirmada!")),
            sent=(*SOUND.sent, replace(MAILED, id=9)),
        ),
    ),
    "a mail that nobody answered": (
        "every mail answered once",
        replace(SOUND, mails=(MAIL,)),
    ),
    "a mail that was answered twice": (
        "every mail answered once",
        replace(SOUND, mails=(*SOUND.mails, replace(ANSWER, id="<outbox.9@lodging>"))),
    ),
    "an absence that was answered": (
        "every mail answered once",
        replace(SOUND, mails=(*SOUND.mails, replace(ANSWER, answers="<2@x>"))),
    ),
    "a mail that was never read": (
        "every mail answered once",
        replace(SOUND, received=(ASKED, AWAY)),
    ),
    "a mail that counts as sent and is not": (
        "every mail arrived",
        replace(SOUND, sent=(*SOUND.sent, replace(MAILED, id=9))),
    ),
    "a mail from nowhere": (
        "every mail arrived",
        replace(SOUND, mails=(*SOUND.mails, replace(MAIL, id="<outbox.9@lodging>"))),
    ),
    "a confirmation without its calendar entry": (
        "every confirmation told",
        replace(SOUND, mails=(replace(MAIL, calendar=""), ANSWER)),
    ),
    "a guest who was not reminded": (
        "every stay's days told",
        replace(SOUND, now=at(9, 12)),
    ),
    "a guest who was reminded twice": (
        "every stay's days told",
        replace(SOUND, sent=(*SOUND.sent, ARRIVAL, replace(ARRIVAL, id=6, kind="arrival_mail"))),
    ),
    "a guest who was not thanked": (
        "every stay's days told",
        replace(SOUND, now=at(14, 13), sent=(*SOUND.sent, ARRIVAL)),
    ),
    "a webhook taken in twice": (
        "no message twice",
        replace(SOUND, received=(*SOUND.received, replace(ASKED, id=9))),
    ),
    "a message that waits": (
        "every message delivered",
        replace(SOUND, sent=(replace(REPLY, status="queued"), *SOUND.sent[1:])),
    ),
    "a message that could not be sent": (
        "every message delivered",
        replace(SOUND, sent=(replace(REPLY, status="failed", error="131047"), *SOUND.sent[1:])),
    ),
    "a message that counts as sent and is not": (
        "every message delivered",
        replace(SOUND, sent=(*SOUND.sent, replace(REPLY, id=9))),
    ),
    "a message from nowhere": (
        "every message delivered",
        replace(SOUND, lines=(*LINES, replace(LINES[1], n=4, text="?", reference=None))),
    ),
    "a confirmation nobody was told of": (
        "every confirmation told",
        replace(SOUND, lines=LINES[:2]),
    ),
    "a confirmation that was not mailed": (
        "every confirmation told",
        replace(SOUND, stays=(replace(STAY, email="else@example.com"), LOST)),
    ),
    "a feed that fails": (
        "every feed converged",
        replace(SOUND, feeds=(replace(FEED, failures=2),)),
    ),
    "nights of a host that are not here": ("every feed converged", replace(SOUND, blocks=())),
    "nights here that a host has given up": (
        "every feed converged",
        replace(SOUND, feeds=(replace(FEED, events={}),)),
    ),
    "nights that a host has moved": (
        "every feed converged",
        replace(SOUND, feeds=(replace(FEED, events={"u1": (D2, D4)}),)),
    ),
    "nights of ours that a host can sell": (
        "every host knows our nights",
        replace(SOUND, feeds=(replace(FEED, closed=frozenset()),)),
    ),
    "nights that are closed for nothing": (
        "every host knows our nights",
        replace(SOUND, feeds=(replace(FEED, closed=FEED.closed | {D2}),)),
    ),
    "a job that failed": ("no job failed", replace(SOUND, failed_jobs=("payments.apply",))),
    "a guest whom nobody answered": ("nobody astray", replace(SOUND, astray=("no answer",))),
    "more money than was asked": (
        "every payment confirmed or refunded",
        replace(
            SOUND,
            taken=(PAID, BACK, replace(PAID, id="p3", amount=80_00)),
            payments=(KNOWN, KNOWN_BACK, replace(KNOWN, id="p3", amount=80_00, outcome="balance")),
        ),
    ),
    "an error of ours": ("no server error", replace(SOUND, webhooks={"whatsapp:500": 1})),
    "an invariant of its own": ("own invariants hold", replace(SOUND, invariants=("x: 1",))),
}


def test_a_sound_season_has_no_findings():
    assert findings(SOUND) == {}


@pytest.mark.parametrize(("check", "broken"), BROKEN.values(), ids=BROKEN)
def test_a_season_is_not_clean_with(check, broken):
    assert check in findings(broken)


def test_every_check_is_seen_to_fail():
    assert {check for check, _ in BROKEN.values()} == {check.name for check in CHECKS}


def test_nights_sold_twice_are_no_finding_once_they_are_told_as_a_conflict():
    told = replace(COLLIDING, conflicts=frozenset({STAY.id}))

    assert "no overlap" not in findings(replace(SOUND, blocks=(told,)))


def test_nights_of_who_never_came_can_be_sold_again():
    absent = replace(STAY, status="no_show")
    sound = replace(
        SOUND,
        stays=(absent, LOST, replace(STAY, id=3, code="NEW111", total=0, was_confirmed=False)),
    )

    assert findings(sound) == {}


def test_nights_that_a_host_merely_closed_collide_with_nobody():
    closed = replace(COLLIDING, kind="block")

    assert "no overlap" not in findings(replace(SOUND, blocks=(closed,)))


def test_money_that_was_charged_back_need_not_confirm_anything():
    taken = replace(PAID, status="charged_back")
    back = Entry(reservation_id=1, kind="charged_back", amount=30_00, payment="p1")

    assert findings(replace(SOUND, taken=(taken, BACK), ledger=(*SOUND.ledger, back))) == {}


def test_a_message_that_went_out_another_way_in_the_end_is_no_finding():
    refused = replace(REPLY, id=7, status="failed", error="131047")
    template = replace(refused, id=8, instead_of=7)
    mailed = replace(REPLY, id=9, channel="email", instead_of=8)

    arrived = replace(MAIL, id="<outbox.9@lodging>", text="¡Hola!", automatic="auto-replied")
    sound = replace(SOUND, mails=(*SOUND.mails, arrived))

    assert findings(replace(sound, sent=(*SOUND.sent, refused, template, mailed))) == {}
    assert findings(replace(sound, sent=(*SOUND.sent, refused, template))) != {}


def test_a_guest_who_is_left_to_a_person_may_have_the_last_word():
    said = replace(LINES[0], n=4, id="w4")
    left = replace(ASKED, id=9, external_id="w4", outcome="paused", replies=0)

    assert findings(replace(SOUND, lines=(*LINES, said), received=(*SOUND.received, left))) == {}


def test_a_mail_that_arrives_twice_wants_one_answer():
    assert findings(replace(SOUND, written=(*WRITTEN, WRITTEN[0]))) == {}


def test_who_asks_the_same_twice_may_be_answered_the_same_twice():
    again = replace(ANSWER, id="<outbox.9@lodging>", answers="<3@x>")
    sound = replace(
        SOUND,
        written=(*WRITTEN, replace(WRITTEN[0], id="<3@x>")),
        received=(*SOUND.received, replace(WROTE, id=9, external_id="<3@x>")),
        mails=(*SOUND.mails, again),
        sent=(*SOUND.sent, replace(ANSWERED, id=9)),
    )

    assert findings(sound) == {}


@pytest.mark.parametrize(
    ("confirmed", "now", "due"),
    [
        (timedelta(days=-5), at(9, 10), False),  # there was hardly time
        (timedelta(days=-5), at(9, 12), True),
        (timedelta(days=-1, hours=14), at(10, 1), False),  # told by night: no
        (timedelta(days=-1, hours=14), at(10, 12), True),
        (timedelta(hours=14), at(10, 23), False),  # the confirmation has said it
    ],
)
def test_a_guest_is_reminded_when_there_is_time_in_decent_hours(confirmed, now, due):
    stay = replace(STAY, settled_at=at(10) + confirmed)

    assert (
        "every stay's days told" in findings(replace(SOUND, stays=(stay, LOST), now=now))
    ) is due


def test_a_stay_that_was_moved_may_be_reminded_of_again():
    twice = (*SOUND.sent, ARRIVAL, replace(ARRIVAL, id=6))

    moved = replace(SOUND, stays=(replace(STAY, moved=True), LOST), sent=twice)

    assert "every stay's days told" not in findings(moved)
