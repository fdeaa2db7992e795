"""Prices explained, and prices agreed by hand: decisions only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from alojamientos.kit.errors import Invalid
from alojamientos.reservations import domain
from alojamientos.reservations.domain import (
    Accommodation,
    NightKind,
    Quote,
    QuoteLine,
    RuleKind,
    Stay,
)

_PESO = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedNight:
    """One night's price in centavos and where it comes from."""

    night: date
    kind: NightKind
    amount: int
    rule: str | None  # the name of the rule that sets the price; None for the cabin's own
    rule_kind: RuleKind | None
    min_nights: int  # of a stay that begins on this day
    min_nights_rule: str | None

    @property
    def why(self) -> str:
        """Return the reason in words."""
        rate = "weekend price" if self.kind is NightKind.WEEKEND else "weeknight price"
        if self.rule is None:
            return f"{rate} of the cabin"
        return f"{rate} of the {self.rule_kind} {self.rule}"


def explain(accommodation: Accommodation, stay: Stay) -> list[PricedNight]:
    """Price every night as a quote would, and say why it is that."""
    return [_explained(accommodation, night) for night in stay.each_night()]


def _explained(accommodation: Accommodation, night: date) -> PricedNight:
    kind = domain.kind_of(night)
    rules = accommodation.rules_on(night)
    deciding = domain.deciding_rule(rules, kind)
    special = deciding.price_of(kind) if deciding else None
    return PricedNight(
        night=night,
        kind=kind,
        amount=accommodation.price_of(kind) if special is None else special,
        rule=deciding.name if deciding else None,
        rule_kind=deciding.kind if deciding else None,
        min_nights=accommodation.min_nights_on(night),
        min_nights_rule=next((rule.name for rule in rules if rule.min_nights), None),
    )


def agreed(quote: Quote, *, total: int, deposit: int) -> Quote:
    """Return `quote` with another total, spread over its nights in whole pesos where it can be.

    Both are centavos; the deposit is at most the total. Raises Invalid.
    """
    if total < len(quote.lines):
        raise Invalid("total must be at least a centavo a night", field="total")
    amounts = _spread(total, len(quote.lines))
    return replace(
        quote,
        lines=tuple(
            replace(line, amount=amount) for line, amount in zip(quote.lines, amounts, strict=True)
        ),
        total=total,
        deposit=min(deposit, total),
    )


def moved(quote: Quote, fresh: Quote) -> Quote:
    """Return the price that `quote` promised, for the nights of `fresh`.

    As many nights keep their amounts, one by one; more or fewer share the same total.
    """
    if len(quote.lines) == len(fresh.lines):
        amounts: Sequence[int] = [line.amount for line in quote.lines]
    else:
        amounts = _spread(quote.total, len(fresh.lines))
    return Quote(
        lines=tuple(
            QuoteLine(night=line.night, amount=amount, kind=line.kind, season=line.season)
            for line, amount in zip(fresh.lines, amounts, strict=True)
        ),
        total=quote.total,
        deposit=quote.deposit,
        currency=quote.currency,
        cancellation=quote.cancellation,
    )


def _spread(total: int, nights: int) -> list[int]:
    """Share `total` centavos; whole pesos each, and what is left over on the first night."""
    unit = _PESO if total >= nights * _PESO else 1
    share = total // nights // unit * unit
    return [total - share * (nights - 1)] + [share] * (nights - 1)
