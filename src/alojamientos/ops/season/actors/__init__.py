"""Who acts in a season: one module for each kind, which sends its actors on their way."""

from collections.abc import Callable

from alojamientos.ops.season.actors import calendars, mail, owner, site, troubles, whatsapp
from alojamientos.ops.season.season import Season

ALL: tuple[Callable[[Season], None], ...] = (
    whatsapp.actors,
    site.actors,
    mail.actors,
    owner.actors,
    calendars.actors,
    troubles.actors,
)
