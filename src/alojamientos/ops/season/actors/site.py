"""Guests who book on the lodging's own page, over the API: they pay, and are told by mail."""

import random
from datetime import timedelta
from typing import Any

from alojamientos.ops.season.plan import SiteGuest, site_guests
from alojamientos.ops.season.season import Season

_LOOKS_EVERY = timedelta(minutes=5)


def actors(season: Season) -> None:
    """Send every guest of the page on their way."""
    for plan in site_guests(seed=season.seed, days=season.days):
        season.agenda.spawn(_live(season, plan))


async def _live(season: Season, plan: SiteGuest) -> None:
    await season.agenda.until(season.at(plan.arrives))
    check_in = season.today() + timedelta(days=plan.days_ahead)
    check_out = check_in + timedelta(days=plan.nights)
    offers = await season.hands.api(
        "GET",
        f"/api/v1/availability?check_in={check_in}&check_out={check_out}&guests={plan.guests}",
    )
    free = [offer["accommodation"]["id"] for offer in offers["offers"] if offer["available"]]
    if not free:
        season.counts["page: dates taken"] += 1
        return
    booked = await season.hands.api(
        "POST",
        "/api/v1/reservations",
        accommodation_id=random.Random(plan.email).choice(free),
        check_in=check_in.isoformat(),
        check_out=check_out.isoformat(),
        guests=plan.guests,
        guest={"name": plan.name, "email": plan.email},
    )
    if not plan.pays:
        season.counts["page: held and forgotten"] += 1
        return
    await season.sleep(plan.pays_after)
    preference = await _link(season, booked["code"])
    if preference is None:
        season.counts["page: no link in time"] += 1
        return
    await season.hands.control("POST", "/_control/mercadopago/pay", preference_id=preference)
    season.counts["page: paid"] += 1


async def _link(season: Season, code: str) -> str | None:
    """Return the link of a booking, waited for while the hold lives."""
    while True:
        known: dict[str, Any] = (await season.hands.control("GET", "/_control/mercadopago"))[
            "preferences"
        ]
        for preference in known.values():
            if preference.get("metadata", {}).get("reservation_code") == code:
                return str(preference["id"])
        await season.sleep(_LOOKS_EVERY)
        reservation = await season.hands.reservation(code)
        if reservation["status"] != "pre_reserved":
            return None
