"""What a guest may pick instead of writing: good as long as the offer that it belongs to is. Pure.

A choice is an action, "cabin:3". Some only make sense within the offer that they came with, since
the dates and prices are the offer's: those travel as "cabin:3~<offer>", and once the conversation
has moved on, pressing one does nothing. The others ("human", "cancel:<code>") name all that they
need and are good at any time. To channels all of it is opaque: they hand back what they were given.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from alojamientos.conversation.messages import InboundMessage, MessageKind, Reply
from alojamientos.conversation.state import State

_MARK = "~"
_OFFER_LENGTH = 10
# Within their offer only.
_BOUND = (
    *("cabin:", "span:", "dates:", "guests:"),
    *("cancel:yes", "cancel:no", "change:yes", "change:no"),
)
# At any time: the booking's state is looked at again when they are pressed.
_STANDING = ("ask", "human", "other_dates", "cabins", "place", "mine")
_STANDING_WITH = ("booking:", "cancel:", "change:", "pay:", "photos:")
_WORDS = re.compile(r"[^0-9a-zñ]+")
_NUMBER = re.compile(r"[0-9]{1,2}")
# What an offer rests on: once any of it is different, the offer is gone.
_BASIS = ("step", "check_in", "check_out", "guests", "spans", "offered", "codes", "changing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What was picked: an action, which is `stale` when its offer is gone."""

    action: str
    stale: bool = False


def is_choice(button_id: str | None) -> bool:
    """Tell whether we gave this id out: others are words, as a template's buttons send them."""
    action = (button_id or "").partition(_MARK)[0]
    return action in _STANDING or action.startswith((*_BOUND, *_STANDING_WITH))


def picked(message: InboundMessage, state: State) -> Picked | None:
    """Return what `message` picks, by pressing or by writing its words; None when nothing."""
    if message.kind is MessageKind.BUTTON and is_choice(message.button_id):
        action, _, offer = (message.button_id or "").partition(_MARK)
        return Picked(action=action, stale=not _is_good(action, offer, state))
    if message.kind in (MessageKind.TEXT, MessageKind.EDIT, MessageKind.BUTTON):
        action = _written(message, state)
        return Picked(action=action) if action else None
    return None


def bind(
    before: State, after: State, replies: Sequence[Reply], *, cause: str
) -> tuple[State, tuple[Reply, ...]]:
    """Return the state that knows what `replies` offer, and the replies with bound ids.

    `cause` is the id of the message that is being answered: answering it again offers the same.
    """
    options = [option for reply in replies for option in reply.options]
    shown = tuple((option.id, option.title) for option in options)
    if any(_is_bound(option.id) for option in options):
        offer = hashlib.sha256(cause.encode()).hexdigest()[:_OFFER_LENGTH]
        bound = tuple(option.id for option in options if _is_bound(option.id))
    elif all(getattr(before, name) == getattr(after, name) for name in _BASIS):
        offer, bound = after.offer, after.bound
    else:
        offer, bound = "", ()
    state = after.evolve(offer=offer, bound=bound, shown=shown)
    return state, tuple(_marked(reply, offer) for reply in replies)


def _is_bound(action: str) -> bool:
    return action.startswith(_BOUND)


def _is_good(action: str, offer: str, state: State) -> bool:
    if not _is_bound(action):
        return True
    return bool(offer) and offer == state.offer and action in state.bound


def _written(message: InboundMessage, state: State) -> str:
    """Return the action of the choice whose words were written, or its number in a mail."""
    words = _plain(message.text)
    if message.channel == "email" and _NUMBER.fullmatch(words):
        number = int(words)
        return state.shown[number - 1][0] if 1 <= number <= len(state.shown) else ""
    meant = [action for action, title in state.shown if words and _plain(title) == words]
    return meant[0] if len(meant) == 1 else ""


def _marked(reply: Reply, offer: str) -> Reply:
    options = tuple(
        replace(option, id=f"{option.id}{_MARK}{offer}") if _is_bound(option.id) else option
        for option in reply.options
    )
    return replace(reply, options=options)


def _plain(text: str) -> str:
    """Return `text` without capitals, accents and signs."""
    letters: Any = unicodedata.normalize("NFD", text.casefold().replace("ñ", "\0"))
    letters = "".join(c for c in letters if not unicodedata.combining(c)).replace("\0", "ñ")
    return _WORDS.sub(" ", letters).strip()
