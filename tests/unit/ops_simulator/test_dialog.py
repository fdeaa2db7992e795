from datetime import date
from typing import Any

import pytest
from tests.simulators import fake_bot

from alojamientos.conversation import own_replies, replies
from alojamientos.conversation.messages import Reply
from alojamientos.nlu.values import Span
from alojamientos.ops.simulator.dialog import Move, Said, Wish, read

TODAY = fake_bot.TODAY
WISH = Wish(check_in=date(2027, 1, 15), check_out=date(2027, 1, 18), guests=4)


def heard(reply: Reply, wish: Wish = WISH) -> Move:
    entry: dict[str, Any] = {
        "text": reply.text,
        "url": reply.url,
        "options": [{"id": o.id, "title": o.title} for o in reply.options],
    }
    return read(entry, wish, today=TODAY)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (replies.welcome("Cabañas del Lago"), "del 15 al 18 de enero para 4"),
        (replies.ask_dates(), "del 15 al 18 de enero"),
        (replies.ask_days("enero"), "del 15 al 18 de enero"),
        (replies.ask_check_in(3), "el 15 de enero"),
        (replies.ask_check_out(WISH.check_in, TODAY), "el 18 de enero"),
        (replies.ask_guests(WISH.check_in, WISH.check_out, TODAY, most=6), "somos 4"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_question_is_answered_with_what_it_asks_for(reply, answer):
    move = heard(reply)

    assert (move.said, move.text, move.tap) == (Said.ASKED, answer, None)


@pytest.mark.parametrize(
    ("reply", "said", "tap"),
    [
        (fake_bot.offers(), Said.OFFERED, "cabin:3"),
        (
            replies.confirm_dates(Span(check_in=WISH.check_in, check_out=WISH.check_out), TODAY),
            Said.ASKED,
            "dates:yes",
        ),
        (fake_bot.nothing_free(), Said.ALTERNATIVES, "span:1"),
        (
            replies.which_dates(
                [
                    Span(check_in=date(2027, 2, 15), check_out=date(2027, 2, 18)),
                    Span(check_in=WISH.check_in, check_out=WISH.check_out),
                ],
                "15 al 18",
                TODAY,
            ),
            Said.ASKED,
            "span:2",
        ),
        (own_replies.cancel_first(fake_bot.view(), TODAY), Said.ASKED, "cancel:yes"),
        (own_replies.cancel_second(), Said.ASKED, "cancel:yes"),
    ],
)
def test_a_choice_is_tapped_by_its_id(reply, said, tap):
    move = heard(reply)

    assert (move.said, move.tap) == (said, tap)


def test_a_hold_gives_its_code_and_is_not_yet_a_confirmation():
    move = heard(fake_bot.held())

    assert (move.said, move.code) == (Said.HELD, "7K3M-9QXT-A2BD")


def test_a_payment_link_gives_its_preference():
    url = "http://127.0.0.1:8100/checkout/v1/redirect?pref_id=843-ab-c"
    reply = own_replies.pay_here(
        fake_bot.view(), url, 100, zone="America/Argentina/Buenos_Aires", now=fake_bot.NOW
    )

    assert heard(reply).preference_id == "843-ab-c"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (fake_bot.confirmed(), Said.CONFIRMED),
        (own_replies.cancelled(fake_bot.view()), Said.CANCELLED),
        (replies.just_taken(), Said.TAKEN),
        (replies.busy(), Said.TAKEN),
        (replies.lost(1), Said.OTHER),
        (replies.youre_welcome(), Said.OTHER),
    ],
)
def test_news_is_told_apart(reply, said):
    assert heard(reply).said is said


@pytest.mark.parametrize(
    ("check_in", "check_out", "words"),
    [
        (date(2027, 1, 15), date(2027, 1, 18), "del 15 al 18 de enero"),
        (date(2027, 1, 30), date(2027, 2, 2), "del 30 de enero al 2 de febrero"),
        (date(2027, 12, 10), date(2027, 12, 13), "del 10 al 13 de diciembre de 2027"),
        (date(2027, 12, 30), date(2028, 1, 2), "del 30 de diciembre de 2027 al 2 de enero de 2028"),
    ],
)
def test_a_stay_is_said_as_people_say_it(check_in, check_out, words):
    wish = Wish(check_in=check_in, check_out=check_out, guests=2)

    assert wish.words(today=TODAY) == words
