"""Providers that fail for hours, and processes that are killed in the middle of their work."""

import asyncio

from alojamientos.ops.season.plan import whatsapp_guests
from alojamientos.ops.season.season import Season
from alojamientos.ops.season.troubles import Closure, Kill, Outage, troubles


def actors(season: Season) -> None:
    """Send everything that goes wrong on its way."""
    busy = [plan.arrives for plan in whatsapp_guests(seed=season.seed, days=season.days)]
    found = troubles(seed=season.seed, days=season.days, busy=busy)
    for outage in found.outages:
        season.agenda.spawn(_fail(season, outage))
    for closure in found.closures:
        season.agenda.spawn(_close(season, closure))
    for kill in found.kills:
        season.agenda.spawn(_kill(season, kill))


async def _fail(season: Season, outage: Outage) -> None:
    await season.agenda.until(season.at(outage.starts))
    season.counts[f"fault {outage.provider} {outage.mode}"] += 1
    await season.hands.control(
        "PUT",
        "/_control/faults",
        provider=outage.provider,
        mode=outage.mode,
        share=outage.share,
        seconds=outage.lasts.total_seconds(),
        **({} if outage.delay_s is None else {"delay_s": outage.delay_s}),
    )
    await season.sleep(outage.lasts)  # the clock stops at its end as well


async def _close(season: Season, closure: Closure) -> None:
    await season.agenda.until(season.at(closure.starts))
    season.counts["fault mailbox shut"] += 1
    await season.post.shut()
    await season.sleep(closure.lasts)
    await season.post.open()


async def _kill(season: Season, kill: Kill) -> None:
    await season.agenda.until(season.at(kill.at))
    await asyncio.sleep(kill.after_s)
    await season.kill(kill.part)
