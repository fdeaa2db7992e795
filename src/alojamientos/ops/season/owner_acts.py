"""What the owner does in a season, and when: drawn from a seed alone, nothing else."""

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

_AWAKE = (8.0, 22.0)
_A_DAY = (1, 2)
_NEAREST, _FARTHEST = 1, 120  # days to the nights that are blocked or booked; most are soon
_LONGEST = 4
_UNDONE_H = (1.0, 60.0)
_LARGEST_PARTY = 4


class Act(StrEnum):
    """One thing that the owner does. The values are how the report counts them."""

    BLOCK = "nights blocked"
    BOOK = "booking by hand"
    HOLD = "booking by hand, paid by transfer"
    CASH = "balance taken in cash"
    MOVE = "booking moved"
    CANCEL = "booking cancelled"
    PAUSE = "conversation paused"
    NO_SHOW = "no-show"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerAct:
    """One act; what it is done to is chosen by `luck`, in [0, 1), among what there is then."""

    at: timedelta  # from the season's first midnight
    act: Act
    luck: float
    days_ahead: int
    nights: int
    guests: int
    by_days: int  # that a booking is moved, either way
    undone_after: timedelta | None  # a block is removed, a conversation resumed; None: stays
    number: int


def owner_acts(*, seed: int, days: int) -> list[OwnerAct]:
    """Return every act of the owner, in order; the same for the same arguments."""
    rng = random.Random(f"owner:{seed}")
    found: list[OwnerAct] = []
    # A pack of cards: in a week or so each act has its turn.
    pack: list[Act] = []
    for day in range(days):
        for _ in range(rng.randint(*_A_DAY)):
            pack = pack or rng.sample(list(Act), len(Act))
            act = pack.pop()
            later = timedelta(hours=rng.uniform(*_UNDONE_H))
            found.append(
                OwnerAct(
                    at=timedelta(days=day, hours=rng.uniform(*_AWAKE)),
                    act=act,
                    luck=rng.random(),
                    days_ahead=_NEAREST + round(rng.random() ** 2 * (_FARTHEST - _NEAREST)),
                    nights=rng.randint(1, _LONGEST),
                    guests=rng.randint(1, _LARGEST_PARTY),
                    by_days=rng.choice((-3, -2, -1, 1, 2, 3)),
                    undone_after=None if act is Act.BLOCK and rng.random() < 0.5 else later,  # noqa: PLR2004 - one in two
                    number=len(found),
                )
            )
    return sorted(found, key=lambda act: act.at)
