"""What a guest gets back when they cancel: tiers by days before arrival. Pure."""

import itertools
import re
from dataclasses import dataclass
from datetime import date
from typing import Self

from alojamientos.kit.errors import Invalid

_PESO = 100  # centavos
_ALL = 100  # percent
_TIER = re.compile(r"\s*([0-9]{1,3})\s*:\s*([0-9]{1,3})\s*")


class InvalidPolicy(Invalid):
    """A cancellation policy is DAYS:PERCENT, several of them with commas, as in 30:100,15:50."""

    code = "invalid_cancellation_policy"


@dataclass(frozen=True, slots=True)
class Tier:
    """Who cancels at least `days` days before arrival gets `percent` % of what they paid."""

    days: int
    percent: int


@dataclass(frozen=True, slots=True)
class CancellationPolicy:
    """Tiers, longest notice first; with less notice than the last one nothing is given back."""

    tiers: tuple[Tier, ...] = (Tier(30, 100), Tier(15, 50))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "30:100,15:50"; "0:0" gives nothing back. Raises InvalidPolicy naming what to mend.

        More notice may not give back less.
        """
        tiers = []
        for part in text.split(","):
            match = _TIER.fullmatch(part)
            if match is None:
                raise InvalidPolicy(f"{part!r} is not DAYS:PERCENT, as in 30:100", field="policy")
            tiers.append(Tier(int(match[1]), int(match[2])))
        tiers.sort(key=lambda tier: -tier.days)
        if any(tier.percent > _ALL for tier in tiers):
            raise InvalidPolicy("A percentage is at most 100", field="policy")
        for longer, shorter in itertools.pairwise(tiers):
            if longer.days == shorter.days:
                raise InvalidPolicy(f"{longer.days} days are named twice", field="policy")
            if longer.percent < shorter.percent:
                raise InvalidPolicy(
                    f"{longer.days} days give back {longer.percent} %, and fewer days"
                    f" {shorter.percent} %: who cancels earlier must not get less",
                    field="policy",
                )
        return cls(tuple(tiers))

    def __str__(self) -> str:
        return ",".join(f"{tier.days}:{tier.percent}" for tier in self.tiers)

    def percent(self, *, check_in: date, today: date) -> int:
        """Return the share that goes back when a stay from `check_in` is cancelled `today`."""
        notice = (check_in - today).days
        return next((tier.percent for tier in self.tiers if notice >= tier.days), 0)

    def refund(self, paid: int, *, check_in: date, today: date) -> int:
        """Return what of `paid` centavos goes back, rounded up to a whole peso."""
        share = paid * self.percent(check_in=check_in, today=today)
        return min(paid, -(-share // (_ALL * _PESO)) * _PESO)
