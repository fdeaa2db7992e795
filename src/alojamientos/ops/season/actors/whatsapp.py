"""Guests on WhatsApp: they ask, hold, pay one way or another, cancel, or are never heard of."""

import random
from datetime import timedelta
from typing import Any

from alojamientos.ops.season.actors.paying import pay
from alojamientos.ops.season.plan import GuestPlan, whatsapp_guests
from alojamientos.ops.season.season import Season
from alojamientos.ops.simulator.dialog import Said, Wish, read
from alojamientos.ops.simulator.guest import Astray, DatesTaken, Guest, Unanswered
from alojamientos.ops.simulator.scenarios import Ending

_PATIENCE = timedelta(hours=12)  # a guest who has no answer by then has none


def actors(season: Season) -> None:
    """Send every guest of the season on their way."""
    for plan in whatsapp_guests(seed=season.seed, days=season.days):
        season.agenda.spawn(_Guest(season, plan).live())


class _Guest:
    def __init__(self, season: Season, plan: GuestPlan) -> None:
        self._season = season
        self._plan = plan

    async def live(self) -> None:
        season, plan = self._season, self._plan
        await season.agenda.until(season.at(plan.arrives))
        today = season.today()
        wish = Wish(
            check_in=today + timedelta(days=plan.days_ahead),
            check_out=today + timedelta(days=plan.days_ahead + plan.nights),
            guests=plan.guests,
        )
        guest = Guest(
            client=season.hands,
            wa_id=plan.wa_id,
            name=plan.name,
            today=today,
            deadline_s=_PATIENCE.total_seconds(),
            seconds=lambda: season.clock.now().timestamp(),
        )
        try:
            outcome = await self._play(guest, wish)
        except DatesTaken:
            outcome = "dates taken"
        except (Unanswered, Astray) as error:
            excuse = season.excuses(plan.wa_id, guest.seen.code)
            outcome = excuse or type(error).__name__.lower()
            if excuse is None:
                season.note(f"{plan.wa_id} ({plan.scenario.name}): {error.message}")
        season.counts[f"WhatsApp: {outcome}"] += 1

    async def _play(self, guest: Guest, wish: Wish) -> str:
        plan = self._plan
        options: dict[str, Any] = {}
        if plan.scenario.duplicates:
            options["duplicate"] = plan.scenario.duplicates
        today = self._season.today()
        opening = random.Random(plan.words_seed).choice(plan.scenario.openings)
        said = [w.format(stay=wish.words(today=today), guests=wish.guests) for w in opening]
        begin = guest.speak if plan.scenario.voice else guest.say
        entry = await begin(said[0], **options)
        for words in said[1:]:
            entry = await guest.say(words)
        if plan.scenario.ending is Ending.ANSWERED:
            return "answered"
        preference = await guest.hold(entry, wish)
        if plan.scenario.ending is Ending.ABANDONED:
            return "held and forgotten"
        cancels = plan.scenario.ending is Ending.CANCELLED
        if cancels and plan.cancels_after is None:
            await guest.cancel(wish)
            return "cancelled unpaid"
        await self._season.sleep(plan.pays_after)
        await pay(self._season, preference, pays=plan.pays)
        confirmed = await self._heard(guest, wish)
        if cancels and confirmed and plan.cancels_after is not None:
            await self._season.sleep(plan.cancels_after)
            await guest.cancel(wish)
            return "cancelled after paying"
        return "confirmed" if confirmed else f"not confirmed, payment {plan.pays}"

    async def _heard(self, guest: Guest, wish: Wish) -> bool:
        """Listen for what becomes of the payment; tell whether the stay is confirmed."""
        for _ in range(4):
            entry = await guest.listen()
            if read(entry, wish, today=self._season.today()).said is Said.CONFIRMED:
                return True
            if "devol" in entry["text"].lower() or "reintegr" in entry["text"].lower():
                return False
        return False
