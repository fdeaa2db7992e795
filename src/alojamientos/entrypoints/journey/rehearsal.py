"""A booking that never was: the real operations, in a transaction that is rolled back.

The cabin is made in that transaction as well. Nobody else can see it, so the locks that a booking
takes, PostgreSQL's and the one in front, are of a cabin that no guest waits for.
"""

import secrets
from datetime import date, timedelta

import sqlalchemy as sa

from alojamientos.kit.db import Transaction
from alojamientos.kit.locks import UnitLocks
from alojamientos.reservations import operations, store
from alojamientos.reservations.domain import Policy, Stay
from alojamientos.reservations.events import Channel
from alojamientos.reservations.views import ReservationView

# No sequence gives it: locks are named by it, and a new number each time would leave them behind.
CABIN = -1
GUESTS = 2
_AHEAD = timedelta(days=60)
_NIGHTS = timedelta(days=2)
_CENTAVOS = 10_000_000

_MAKE_CABIN = sa.insert(store.accommodation).values(
    id=CABIN,
    slug="synthetic-journey",
    name="Synthetic journey",
    capacity=GUESTS,
    nightly_price=_CENTAVOS,
    weekend_price=_CENTAVOS,
)


def stay_from(today: date) -> Stay:
    """Return the nights that a journey asks for."""
    return Stay(today + _AHEAD, today + _AHEAD + _NIGHTS)


async def hold(
    tx: Transaction, *, policy: Policy, locks: UnitLocks, today: date
) -> ReservationView:
    """Hold a cabin of its own for a guest of its own; raises what a guest's hold would."""
    await tx.conn.execute(_MAKE_CABIN, {"time_zone": policy.time_zone})
    guest_id = await operations.identify_guest(
        tx, kind="email", value=f"{secrets.token_hex(8)}@journey.invalid"
    )
    return await operations.hold(
        tx,
        accommodation_id=CABIN,
        stay=stay_from(today),
        guests=GUESTS,
        guest_id=guest_id,
        channel=Channel.MANUAL,
        policy=policy,
        locks=locks,
        today=today,
    )


async def cancel(tx: Transaction, held: ReservationView) -> None:
    """Cancel what `hold` made."""
    await operations.cancel(tx, reservation_id=held.id, reason="rehearsed")
