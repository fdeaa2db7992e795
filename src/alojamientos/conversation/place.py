"""What guests ask about the place: the cabins, their pictures, where it is."""

from collections.abc import Sequence

from alojamientos.conversation import replies
from alojamientos.conversation.messages import Picture, Place, Reply
from alojamientos.conversation.turn import Step, Turn
from alojamientos.nlu.values import Intent
from alojamientos.reservations import pictures
from alojamientos.reservations.pictures import Site

_ABOUT = (*(Intent.SERVICES, Intent.LOCATION, Intent.CHECKIN_INFO, Intent.PHOTOS, Intent.DISCOUNT),)
_MOST_PICTURES = 3  # each is a message of its own, and a guest gets only so many at once


def is_to_be_shown(turn: Turn) -> bool:
    """Tell whether the message asks to see the place and no more: a cabin's name is no choice."""
    found = turn.understanding
    wants = turn.wants(Intent.PHOTOS, Intent.LOCATION) and not (found.dates or found.party)
    return wants or turn.button in ("cabins", "place") or turn.button.startswith("photos:")


def is_about(turn: Turn) -> bool:
    """Tell whether the message asks about the place."""
    return turn.wants(*_ABOUT)


async def answer(turn: Turn) -> Step:
    """Show pictures or the place where they are asked for, else tell of the cabins."""
    sites = await pictures.sites(turn.tx.conn)
    if turn.button.startswith("photos:") or turn.wants(Intent.PHOTOS):
        reply = _photos(turn, sites)
    elif turn.button == "place" or turn.wants(Intent.LOCATION):
        reply = _where(turn, sites)
    else:
        reply = None
    shown = tuple(site.accommodation_id for site in sites if site.photos)
    reply = reply or replies.about(turn.cabins, with_photos=shown, with_place=_located(sites))
    return Step(replies=(reply,), state=turn.state)


def _photos(turn: Turn, sites: Sequence[Site]) -> Reply | None:
    """Return pictures of the cabin that is meant, or one of each; None when there are none."""
    number = turn.button.partition(":")[2]
    meant = [
        site
        for site in sites
        if site.photos
        and (str(site.accommodation_id) == number or site.name == turn.understanding.cabin)
    ]
    if meant:
        [site] = meant[:1]
        shown = [(site, photo) for photo in site.photos]
    else:
        shown = [(site, site.photos[0]) for site in sites if site.photos]
    if not shown:
        return None
    images = tuple(
        Picture(
            url=f"{turn.policy.pictures_url}/{photo.name}",
            caption=f"{site.name}: {photo.caption}" if photo.caption else site.name,
        )
        for site, photo in shown[:_MOST_PICTURES]
    )
    return replies.photos(images, name=meant[0].name if meant else None)


def _where(turn: Turn, sites: Sequence[Site]) -> Reply | None:
    site = next((site for site in sites if site.latitude is not None), None)
    if site is None or site.latitude is None or site.longitude is None:
        return None
    return replies.where(
        Place(
            latitude=site.latitude,
            longitude=site.longitude,
            name=turn.policy.lodging_name,
            address=site.address,
        )
    )


def _located(sites: Sequence[Site]) -> bool:
    return any(site.latitude is not None for site in sites)
