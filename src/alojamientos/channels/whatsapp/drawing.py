"""Replies as messages of the Cloud API, within its limits.

Limits: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages; a message over
one of them is refused whole.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from alojamientos.conversation.messages import Option, Picture, Place, Reply

TEXT = 4096
BODY = 1024
_SMALL = 60  # header, footer
_BUTTONS = 3
_BUTTON_TITLE = 20
_BUTTON_ID = 256
_ROWS = 10
_ROW_TITLE = 24
_ROW_DESCRIPTION = 72
_ROW_ID = 200
_LIST_BUTTON = "Ver opciones"
_DEFAULT_URL_TITLE = "Abrir"
_NOTHING = "…"  # an empty body is refused
_ZERO_WIDTH_JOINER = "\u200d"
_BREAKS = ("\n\n", "\n", ". ", "; ", ", ", " ")


def split(reply: Reply) -> tuple[Reply, ...]:
    """Return `reply` as messages that each fit; what can be tapped goes with the last."""
    if reply.images or reply.place:
        return (*_shown(reply), *split(replace(reply, images=(), place=None)))
    limit = BODY if reply.options or reply.url else TEXT
    if len(_whole_text(reply)) <= limit:
        return (reply,)
    if not reply.options:
        # A link is in the text already: one long message is better than two.
        plain = replace(reply, url=None)
        limit, reply = TEXT, replace(plain, text=_whole_text(plain), header="", footer="")
    pieces = list(_pieces(reply.text, limit))
    *first, last = pieces
    return (*(Reply(text=piece) for piece in first), replace(reply, text=last))


def draw(reply: Reply) -> dict[str, Any]:
    """Return the part of the request's body that says what is sent: `type` and its object."""
    if reply.images:
        return _image(reply.images[0])
    if reply.place:
        return _location(reply.place)
    if reply.options:
        return {"type": "interactive", "interactive": _frame(reply) | _choices(reply.options)}
    if reply.url and len(reply.text) <= BODY:
        title = shorten(reply.url_title, _BUTTON_TITLE) or _DEFAULT_URL_TITLE
        parameters = {"display_text": title, "url": reply.url}
        action = {"name": "cta_url", "parameters": parameters}
        return {
            "type": "interactive",
            "interactive": _frame(reply) | {"type": "cta_url", "action": action},
        }
    body = shorten(_whole_text(reply), TEXT) or _NOTHING
    return {"type": "text", "text": {"preview_url": False, "body": body}}


def shorten(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters, ending in … where something was left out."""
    text = text.strip()
    if len(text) <= limit:
        return text
    return text[: _boundary(text, limit - 1)].rstrip() + "…"


def _shown(reply: Reply) -> Iterator[Reply]:
    """Yield what is looked at, each a message of its own; words and choices come after it."""
    for image in reply.images:
        yield Reply(text=image.caption, images=(image,))
    if reply.place:
        yield Reply(text=reply.place.name, place=reply.place)


def _image(image: Picture) -> dict[str, Any]:
    shown = {"link": image.url}
    if image.caption.strip():
        shown["caption"] = shorten(image.caption, BODY)
    return {"type": "image", "image": shown}


def _location(place: Place) -> dict[str, Any]:
    where: dict[str, Any] = {"latitude": place.latitude, "longitude": place.longitude}
    if place.name.strip():
        where["name"] = place.name
        if place.address.strip():  # shown only with a name
            where["address"] = place.address
    return {"type": "location", "location": where}


def _whole_text(reply: Reply) -> str:
    """Return the text with its header and footer, for messages that have no place for those."""
    if reply.options or reply.url:
        return reply.text
    header = reply.header.strip()
    parts = (f"*{header}*" if header else "", reply.text, reply.footer)
    return "\n\n".join(part for part in parts if part.strip())


def _frame(reply: Reply) -> dict[str, Any]:
    frame: dict[str, Any] = {"body": {"text": shorten(reply.text, BODY) or _NOTHING}}
    if reply.header.strip():
        frame["header"] = {"type": "text", "text": shorten(reply.header, _SMALL)}
    if reply.footer.strip():
        frame["footer"] = {"text": shorten(reply.footer, _SMALL)}
    return frame


def _choices(options: tuple[Option, ...]) -> dict[str, Any]:
    titles = {_title(option, _BUTTON_TITLE) for option in options}
    fit = len(options) <= _BUTTONS and len(titles) == len(options)
    if fit and not any(option.description for option in options):
        return {"type": "button", "action": {"buttons": [_button(o) for o in options]}}
    rows = [_row(option) for option in options[:_ROWS]]
    return {"type": "list", "action": {"button": _LIST_BUTTON, "sections": [{"rows": rows}]}}


def _button(option: Option) -> dict[str, Any]:
    title = _title(option, _BUTTON_TITLE)
    return {"type": "reply", "reply": {"id": option.id[:_BUTTON_ID], "title": title}}


def _title(option: Option, limit: int) -> str:
    return shorten(option.title, limit) or _NOTHING


def _row(option: Option) -> dict[str, Any]:
    row = {"id": option.id[:_ROW_ID], "title": _title(option, _ROW_TITLE)}
    if option.description.strip():
        row["description"] = shorten(option.description, _ROW_DESCRIPTION)
    return row


def _pieces(text: str, limit: int) -> Iterator[str]:
    """Yield `text` in pieces of at most `limit`, broken where a reader would."""
    rest = text.strip()
    while len(rest) > limit:
        end = next(
            (
                found + len(mark.rstrip(" "))
                for mark in _BREAKS
                if (found := rest.rfind(mark, limit // 3, limit)) >= 0
            ),
            None,
        )
        if end is None:
            end = _boundary(rest, limit)
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip()
    yield rest


def _boundary(text: str, end: int) -> int:
    """Return the last place at or before `end` that does not cut a character in two."""
    cut = end
    while cut > 0 and (_joins(text[cut]) or text[cut - 1] == _ZERO_WIDTH_JOINER):
        cut -= 1
    return cut or end


def _joins(character: str) -> bool:
    return (
        character == _ZERO_WIDTH_JOINER
        or unicodedata.combining(character) != 0
        or "\ufe00" <= character <= "\ufe0f"  # variation selectors
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
    )
