"""Who comes in a season, when and with what in mind: drawn from a seed alone, nothing else."""

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from alojamientos.ops.simulator.journeys import new_name
from alojamientos.ops.simulator.scenarios import SCENARIOS, Ending, Scenario

_PER_DAY = 9.0
_FIRST_HOUR, _LAST_HOUR = 8, 23.5
_NEAREST, _FARTHEST = 3, 240  # days to the arrival
_SHORTEST, _LONGEST = 3, 6
_LARGEST_PARTY = 6
_SITE_A_DAY = 2
_MAILS_A_DAY = 2
_TWICE, _AWAY = 0.3, 0.3
_PAYS = 0.7
_LATEST_H = 40  # some are told what became of it when WhatsApp wants a template


class Paying(StrEnum):
    """What becomes of a guest's payment."""

    PROMPT = "prompt"
    LAST_MINUTE = "last_minute"  # of the hold
    LATE = "late"  # hours after the hold ran out
    LOST = "notification_lost"
    DELAYED = "notification_delayed"
    DOUBLED = "notification_doubled"
    SHUFFLED = "pending_first_notified_out_of_order"
    REJECTED = "rejected_first"
    TWICE = "paid_twice"
    REFUNDED = "refunded_by_hand"  # at the provider, by the owner
    CHARGED_BACK = "charged_back"


_WEIGHTS = {
    Paying.PROMPT: 44,
    Paying.LAST_MINUTE: 8,
    Paying.LATE: 10,
    Paying.LOST: 12,
    Paying.DELAYED: 6,
    Paying.DOUBLED: 6,
    Paying.SHUFFLED: 4,
    Paying.REJECTED: 4,
    Paying.TWICE: 3,
    Paying.REFUNDED: 2,
    Paying.CHARGED_BACK: 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestPlan:
    """One guest on WhatsApp; instants count from the season's first midnight."""

    wa_id: str
    name: str
    arrives: timedelta
    scenario: Scenario
    words_seed: int
    days_ahead: int  # from the day they write to the one they arrive
    nights: int
    guests: int
    pays: Paying
    pays_after: timedelta
    cancels_after: timedelta | None  # counted from the payment; None: before paying


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteGuest:
    """One guest of the lodging's page, with an address of their own."""

    email: str
    name: str
    arrives: timedelta
    days_ahead: int
    nights: int
    guests: int
    pays: bool
    pays_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPlan:
    """One guest who writes mails; instants count from the season's first midnight."""

    email: str
    name: str
    arrives: timedelta
    scenario: Scenario
    words_seed: int
    days_ahead: int
    nights: int
    guests: int
    pays: Paying
    pays_after: timedelta
    cancels_after: timedelta | None  # counted from the payment; None: before paying
    twice: bool  # mails arrive a second time
    away: bool  # the mail program answers once that nobody is there


def site_guests(*, seed: int, days: int) -> list[SiteGuest]:
    """Return every guest who books on the page, in order; the same for the same arguments."""
    rng = random.Random(f"site:{seed}")
    return [
        SiteGuest(
            email=f"guest-{seed}-{day}-{number}@example.com",
            name=new_name(rng),
            arrives=timedelta(days=day, hours=rng.uniform(0, 23.9)),
            days_ahead=_days_ahead(rng),
            nights=rng.randint(_SHORTEST, _LONGEST),
            guests=rng.randint(1, _LARGEST_PARTY),
            pays=rng.random() < _PAYS,
            pays_after=timedelta(minutes=rng.uniform(2, 40)),
        )
        for day in range(days)
        for number in range(rng.randint(0, _SITE_A_DAY))
    ]


def mail_guests(*, seed: int, days: int) -> list[MailPlan]:
    """Return every guest who writes mails, in order; the same for the same arguments."""
    rng = random.Random(f"mail:{seed}")
    # Spoken words, two parties at once and duplicated webhooks are WhatsApp's.
    scenarios = [
        scenario
        for scenario in SCENARIOS
        if scenario.ending is not Ending.REFUSED
        and not (scenario.voice or scenario.duplicates or scenario.parties > 1)
    ]
    weights = [scenario.weight for scenario in scenarios]
    plans = []
    for day in range(days):
        for number in range(rng.randint(1, _MAILS_A_DAY)):
            pays = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            plans.append(
                MailPlan(
                    email=f"mail-{seed}-{day}-{number}@example.com",
                    name=new_name(rng),
                    arrives=timedelta(days=day, hours=rng.uniform(0, 23.9)),
                    scenario=rng.choices(scenarios, weights)[0],
                    words_seed=rng.randrange(2**32),
                    days_ahead=_days_ahead(rng),
                    nights=rng.randint(_SHORTEST, _LONGEST),
                    guests=rng.randint(1, _LARGEST_PARTY),
                    pays=pays,
                    pays_after=_pays_after(pays, rng),
                    cancels_after=timedelta(hours=rng.uniform(1, 60))
                    if rng.random() < 0.5  # noqa: PLR2004 - one in two
                    else None,
                    twice=rng.random() < _TWICE,
                    away=rng.random() < _AWAY,
                )
            )
    return sorted(plans, key=lambda plan: plan.arrives)


def whatsapp_guests(*, seed: int, days: int, per_day: float = _PER_DAY) -> list[GuestPlan]:
    """Return every guest who writes, in order; the same for the same arguments."""
    rng = random.Random(f"whatsapp:{seed}")
    scenarios = [s for s in SCENARIOS if s.ending is not Ending.REFUSED]
    weights = [s.weight for s in scenarios]
    plans: list[GuestPlan] = []
    for day in range(days):
        for _ in range(max(1, round(rng.gauss(per_day, per_day / 4)))):
            scenario = rng.choices(scenarios, weights)[0]
            arrives = timedelta(days=day, hours=rng.uniform(_FIRST_HOUR, _LAST_HOUR))
            days_ahead = _days_ahead(rng)
            nights = rng.randint(_SHORTEST, _LONGEST)
            guests = scenario.party_size or rng.randint(1, _LARGEST_PARTY)
            for _party in range(scenario.parties):
                pays = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
                plans.append(
                    GuestPlan(
                        wa_id=f"549294{seed % 1000:03d}{len(plans):04d}",
                        name=new_name(rng),
                        arrives=arrives,
                        scenario=scenario,
                        words_seed=rng.randrange(2**32),
                        days_ahead=days_ahead,
                        nights=nights,
                        guests=guests,
                        pays=pays,
                        pays_after=_pays_after(pays, rng),
                        cancels_after=timedelta(hours=rng.uniform(1, 60))
                        if rng.random() < 0.5  # noqa: PLR2004 - one in two
                        else None,
                    )
                )
    return sorted(plans, key=lambda plan: plan.arrives)


def _days_ahead(rng: random.Random) -> int:
    """Draw in how many days a guest arrives: most come soon."""
    return _NEAREST + round(rng.random() ** 2 * (_FARTHEST - _NEAREST))


def _pays_after(pays: Paying, rng: random.Random) -> timedelta:
    if pays is Paying.LAST_MINUTE:
        return timedelta(minutes=rng.uniform(55, 59.5))
    if pays is Paying.LATE:
        return timedelta(minutes=rng.uniform(61, _LATEST_H * 60))
    return timedelta(minutes=rng.uniform(0.5, 45))
