from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alojamientos.payments.domain import Account, Booking, Effect, Known, decide
from alojamientos.payments.events import Outcome
from alojamientos.payments.provider import PaymentStatus, ProviderPayment
from alojamientos.reservations.events import Status

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ACCOUNT = Account(collector_id="843382748", live_mode=False)
DEPOSIT = 81_000_00
TOTAL = 270_000_00
HELD = Booking(status=Status.PRE_RESERVED, deposit=DEPOSIT, total=TOTAL)
PAID = ProviderPayment(
    provider_id="1",
    status=PaymentStatus.APPROVED,
    status_detail="accredited",
    amount=DEPOSIT,
    refunded=0,
    currency="ARS",
    external_reference="ABC:dep:1",
    collector_id="843382748",
    live_mode=False,
    updated_at=NOW,
    approved_at=NOW,
)
RECORD = (Effect.RECORD_PAID, Effect.RECORD_RETURNED)
GIVE_BACK = (*RECORD, Effect.REFUND)


def decided(payment=PAID, *, known=None, booking=HELD):
    decision = decide(payment, account=ACCOUNT, known=known, booking=booking)
    return decision.outcome, decision.effects


def known(status=PaymentStatus.APPROVED, *, ago=60, refunded=0, recorded=True):
    version = NOW - timedelta(seconds=ago)
    return Known(status=status, refunded=refunded, version=version, recorded=recorded)


@pytest.mark.parametrize(
    ("booking", "outcome", "effects"),
    [
        (HELD, Outcome.CONFIRMED, (Effect.CONFIRM, *RECORD)),
        (replace(HELD, status=Status.EXPIRED), Outcome.REVIVED, (Effect.REVIVE, *RECORD)),
        (
            replace(HELD, status=Status.EXPIRED, dates_taken=True),
            Outcome.REFUND_DATES_TAKEN,
            GIVE_BACK,
        ),
        (replace(HELD, status=Status.CANCELLED), Outcome.REFUND_CANCELLED, GIVE_BACK),
        (
            replace(HELD, status=Status.CONFIRMED, paid_by_others=DEPOSIT),
            Outcome.REFUND_DUPLICATE,
            GIVE_BACK,
        ),
        (
            replace(HELD, status=Status.COMPLETED, paid_by_others=DEPOSIT),
            Outcome.REFUND_DUPLICATE,
            GIVE_BACK,
        ),
        # Confirmed by hand: the deposit still comes in.
        (replace(HELD, status=Status.CONFIRMED), Outcome.CONFIRMED, RECORD),
        (replace(HELD, status=Status.NO_SHOW), Outcome.CONFIRMED, RECORD),
        # What two partial payments bring together is enough.
        (replace(HELD, paid_by_others=1), Outcome.CONFIRMED, (Effect.CONFIRM, *RECORD)),
    ],
)
def test_an_approved_deposit_does_what_the_reservation_asks_for(booking, outcome, effects):
    assert decided(booking=booking) == (outcome, effects)


@pytest.mark.parametrize("status", [Status.PRE_RESERVED, Status.EXPIRED])
def test_less_than_the_deposit_is_kept_and_confirms_nothing(status):
    short = replace(PAID, amount=DEPOSIT - 1)

    assert decided(short, booking=replace(HELD, status=status)) == (Outcome.PARTIAL, RECORD)


def test_a_refund_that_came_first_makes_a_payment_short():
    short = replace(PAID, refunded=1)

    assert decided(short) == (Outcome.PARTIAL, RECORD)


def test_more_than_the_deposit_confirms():
    assert decided(replace(PAID, amount=DEPOSIT * 2))[0] is Outcome.CONFIRMED


@pytest.mark.parametrize(
    ("status", "outcome", "effects"),
    [
        (PaymentStatus.PENDING, Outcome.SEEN, ()),
        (PaymentStatus.IN_PROCESS, Outcome.SEEN, ()),
        (PaymentStatus.AUTHORIZED, Outcome.SEEN, ()),
        (PaymentStatus.CANCELLED, Outcome.SEEN, ()),
        (PaymentStatus.UNKNOWN, Outcome.SEEN, ()),
        (PaymentStatus.REJECTED, Outcome.REJECTED, ()),
        (PaymentStatus.IN_MEDIATION, Outcome.DISPUTED, ()),
        (PaymentStatus.REFUNDED, Outcome.REFUNDED, (Effect.RECORD_RETURNED,)),
        (PaymentStatus.CHARGED_BACK, Outcome.CHARGED_BACK, (Effect.RECORD_RETURNED,)),
    ],
)
@pytest.mark.parametrize("before", [None, known(PaymentStatus.PENDING, recorded=False)])
def test_no_other_status_confirms(status, outcome, effects, before):
    assert decided(replace(PAID, status=status), known=before) == (outcome, effects)


def test_every_status_is_decided():
    for status in PaymentStatus:
        for booked in Status:
            payment = replace(PAID, status=status)
            decide(payment, account=ACCOUNT, known=None, booking=replace(HELD, status=booked))


@pytest.mark.parametrize(
    "change",
    [{"collector_id": "1"}, {"collector_id": ""}, {"currency": "USD"}, {"live_mode": True}],
)
@pytest.mark.parametrize("booking", [HELD, None])
def test_money_of_another_account_is_foreign(change, booking):
    assert decided(replace(PAID, **change), booking=booking) == (Outcome.FOREIGN, ())


def test_an_unknown_reference_is_an_orphan():
    assert decided(booking=None) == (Outcome.ORPHAN, ())


def test_the_same_state_twice_is_not_even_kept():
    decision = decide(PAID, account=ACCOUNT, known=known(ago=0), booking=HELD)

    assert (decision.outcome, decision.effects, decision.store) == (Outcome.SEEN, (), False)


def test_an_older_state_is_not_even_kept():
    older = replace(PAID, status=PaymentStatus.PENDING, updated_at=NOW - timedelta(seconds=61))

    decision = decide(older, account=ACCOUNT, known=known(), booking=HELD)

    assert (decision.outcome, decision.store) == (Outcome.SEEN, False)


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        (PaymentStatus.PENDING, PaymentStatus.APPROVED, True),
        (PaymentStatus.APPROVED, PaymentStatus.PENDING, False),
        (PaymentStatus.APPROVED, PaymentStatus.REFUNDED, True),
        (PaymentStatus.REFUNDED, PaymentStatus.APPROVED, False),
    ],
)
def test_states_of_one_instant_are_ordered_by_how_far_they_are(before, after, news):
    payment = replace(PAID, status=after)

    decision = decide(payment, account=ACCOUNT, known=known(before, ago=0), booking=HELD)

    assert decision.store is news


def test_a_partial_refund_keeps_the_status_and_moves_the_ledger():
    returned = replace(PAID, refunded=100, status_detail="partially_refunded")

    assert decided(returned, known=known()) == (Outcome.REFUNDED, (Effect.RECORD_RETURNED,))
    assert decided(returned, known=known(refunded=100)) == (
        Outcome.SEEN,
        (Effect.RECORD_RETURNED,),
    )


def test_approved_and_refunded_whole_is_refunded():
    assert decided(replace(PAID, refunded=DEPOSIT))[0] is Outcome.REFUNDED


def test_a_dispute_that_ends_well_confirms_nothing_again():
    settled = decided(known=known(PaymentStatus.IN_MEDIATION))

    assert settled == (Outcome.SEEN, (Effect.RECORD_RETURNED,))


def test_a_reimbursed_chargeback_has_taken_nothing():
    back = replace(PAID, status=PaymentStatus.CHARGED_BACK)
    reimbursed = replace(back, status_detail="reimbursed")

    assert (back.charged_back, back.disputed) == (DEPOSIT, True)
    assert (reimbursed.charged_back, reimbursed.disputed) == (0, False)
    assert decided(reimbursed, known=known())[0] is Outcome.SEEN
