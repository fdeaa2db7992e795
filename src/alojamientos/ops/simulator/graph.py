"""The Graph API's errors and its limits on what a business may send.

Limits: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages and
https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_SUBCODE = 2494055
_TEXT = 4096
_BODY = 1024
_SMALL_TEXT = 60  # header, footer
_CAPTION = 1024
_BUTTONS = 3
_BUTTON_TITLE = 20
_BUTTON_ID = 256
_ROWS = 10
_ROW_TITLE = 24
_ROW_DESCRIPTION = 72
_ROW_ID = 200
_SECTION_TITLE = 24
_SECTIONS = 10
_LINK = 2000
# Approved templates, es_AR: how many parameters the body of each has.
TEMPLATES = {"alerta": 3, "aviso_reserva": 1}
_TEMPLATE_BODY = 1024

_TITLES = {
    100: "Invalid parameter",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    132000: "Template Param Count Mismatch",
    132001: "Template does not exist",
    132005: "Template Hydrated Text Too Long",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131030: "Recipient phone number not in allowed list",
    131047: "Re-engagement message",
    131051: "Unsupported message type",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
}


class GraphError(Exception):
    """An answer of the Graph API other than success."""

    def __init__(
        self, code: int, details: str, *, status: int = 400, message: str | None = None
    ) -> None:
        self.code = code
        self.status = status
        self.details = details
        self.title = _TITLES.get(code, "Message failed to send")
        self.message = message or f"(#{code}) {self.title}"
        super().__init__(f"{self.message}: {details}")

    def to_json(self) -> dict[str, Any]:
        return {
            "error": {
                "message": self.message,
                "type": "OAuthException",
                "code": self.code,
                "error_data": {"messaging_product": "whatsapp", "details": self.details},
                "error_subcode": _SUBCODE,
                "fbtrace_id": "A" + secrets.token_urlsafe(16),
            }
        }

    def to_status(self) -> dict[str, Any]:
        """Return the shape that `statuses[].errors[]` has."""
        return {
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": {"details": self.details},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a message looks like on the guest's phone."""

    type: str
    text: str = ""
    header: str = ""
    footer: str = ""
    options: tuple[dict[str, str], ...] = ()
    options_as: str = ""  # button | list
    url: str | None = None
    url_title: str = ""
    image: str | None = None
    place: dict[str, Any] | None = None


def draw(body: dict[str, Any]) -> Drawn:
    """Check a message as the API does and return what the guest sees; raises GraphError."""
    kind = body.get("type", "text")
    if kind not in _KINDS:
        raise GraphError(131051, f"Message type {kind!r} is not supported")
    part = body.get(kind)
    if kind != "contacts" and not isinstance(part, dict):
        raise GraphError(131008, f"Parameter '{kind}' is mandatory for type '{kind}'")
    return _KINDS[kind](kind, part)


def _string(
    holder: Any, name: str, *, where: str, limit: int, code: int = 131009, optional: bool = False
) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    if value is None and optional:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise GraphError(131008, f"Parameter {where}['{name}'] is mandatory")
    if len(value) > limit:
        raise GraphError(
            code, f"Param {where}['{name}'] length invalid. Min length: 1, Max length: {limit}"
        )
    return value


def _text(kind: str, part: dict[str, Any]) -> Drawn:
    body = _string(part, "body", where="text", limit=_TEXT, code=100)
    return Drawn(type=kind, text=body)


def _interactive(_: str, part: dict[str, Any]) -> Drawn:
    kind = part.get("type")
    action = part.get("action")
    if kind not in _INTERACTIVE:
        raise GraphError(131009, f"interactive['type'] {kind!r} is not valid")
    if not isinstance(action, dict):
        raise GraphError(131008, "Parameter interactive['action'] is mandatory")
    header = part.get("header")
    if header is not None and header.get("type") != "text":
        raise GraphError(131009, "interactive['header']['type'] must be text here")
    common: dict[str, Any] = {
        "text": _string(part.get("body"), "text", where="body", limit=_BODY),
        "header": _string(header, "text", where="header", limit=_SMALL_TEXT) if header else "",
        "footer": _string(
            part.get("footer"), "text", where="footer", limit=_SMALL_TEXT, optional=True
        ),
    }
    return _INTERACTIVE[kind](action, common)


def _buttons(action: dict[str, Any], common: dict[str, Any]) -> Drawn:
    buttons = action.get("buttons") or []
    if not 1 <= len(buttons) <= _BUTTONS:
        raise GraphError(131009, f"Invalid buttons count. Min: 1, Max: {_BUTTONS}")
    options = []
    for button in buttons:
        reply = button.get("reply") if button.get("type") == "reply" else None
        options.append(
            {
                "id": _string(reply, "id", where="button reply", limit=_BUTTON_ID),
                "title": _string(reply, "title", where="button reply", limit=_BUTTON_TITLE),
                "description": "",
            }
        )
    for field in ("title", "id"):
        if len({option[field] for option in options}) < len(options):
            raise GraphError(131009, f"Button {field}s must be unique")
    return Drawn(type="interactive", options=tuple(options), options_as="button", **common)


def _list(action: dict[str, Any], common: dict[str, Any]) -> Drawn:
    _string(action, "button", where="action", limit=_BUTTON_TITLE)
    sections = action.get("sections") or []
    options = []
    if not isinstance(sections, list) or len(sections) > _SECTIONS:
        raise GraphError(131009, f"Invalid sections count. Min: 1, Max: {_SECTIONS}")
    for section in sections:
        _string(
            section, "title", where="section", limit=_SECTION_TITLE, optional=len(sections) == 1
        )
        options += [
            {
                "id": _string(row, "id", where="row", limit=_ROW_ID),
                "title": _string(row, "title", where="row", limit=_ROW_TITLE),
                "description": _string(
                    row, "description", where="row", limit=_ROW_DESCRIPTION, optional=True
                ),
            }
            for row in section.get("rows") or []
        ]
    if not 1 <= len(options) <= _ROWS:
        raise GraphError(131009, f"Total row count exceeds max allowed count: {_ROWS}")
    if len({option["id"] for option in options}) < len(options):
        raise GraphError(131009, "Row ids must be unique")
    return Drawn(type="interactive", options=tuple(options), options_as="list", **common)


def _link(action: dict[str, Any], common: dict[str, Any]) -> Drawn:
    parameters = action.get("parameters")
    title = _string(parameters, "display_text", where="parameters", limit=_BUTTON_TITLE)
    url = _string(parameters, "url", where="parameters", limit=_LINK)
    if not url.startswith(("http://", "https://")):
        raise GraphError(131009, "Param parameters['url'] must be a web address")
    return Drawn(type="interactive", url=url, url_title=title, **common)


def _location_request(_: dict[str, Any], common: dict[str, Any]) -> Drawn:
    return Drawn(type="interactive", **common)


def _media(kind: str, part: dict[str, Any]) -> Drawn:
    if not (part.get("id") or part.get("link")):
        raise GraphError(131008, f"Parameter {kind}['id'] or {kind}['link'] is mandatory")
    caption = _string(part, "caption", where=kind, limit=_CAPTION, optional=True)
    link = part.get("link")
    if link is not None and not str(link).startswith(("http://", "https://")):
        raise GraphError(131009, f"Param {kind}['link'] must be a web address")
    if kind == "image":
        return Drawn(type=kind, text=caption, image=link)
    return Drawn(type=kind, text=caption, url=link)


def _location(kind: str, part: dict[str, Any]) -> Drawn:
    for name, most in (("latitude", 90), ("longitude", 180)):
        value = part.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > most:
            raise GraphError(131009, f"Param location['{name}'] is not valid")
    if part.get("address") and not part.get("name"):
        raise GraphError(131008, "Parameter location['name'] is mandatory with an address")
    words = [str(part[name]) for name in ("name", "address") if part.get(name)]
    return Drawn(type=kind, text="\n".join(words), place=part)


def _template(kind: str, part: dict[str, Any]) -> Drawn:
    name = _string(part, "name", where="template", limit=512)
    language = _string(part.get("language"), "code", where="template['language']", limit=10)
    values = [
        str(parameter.get("text", ""))
        for component in part.get("components") or []
        for parameter in component.get("parameters") or []
    ]
    if any("\n" in value or "\t" in value or "     " in value for value in values):
        raise GraphError(
            132012, "Param text cannot have new-line/tab characters or more than 4 spaces"
        )
    if name not in TEMPLATES or language != "es_AR":
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")
    if len(values) != TEMPLATES[name]:
        raise GraphError(132000, f"number of parameters is not {TEMPLATES[name]}")
    if any(not value.strip() for value in values):
        raise GraphError(131008, "Parameter of type text is missing text value")
    if sum(map(len, values)) > _TEMPLATE_BODY:
        raise GraphError(132005, f"Translated text too long: at most {_TEMPLATE_BODY}")
    return Drawn(type=kind, text=" · ".join([name, *values]))


def _other(kind: str, part: Any) -> Drawn:
    emoji = part.get("emoji", "") if isinstance(part, dict) else ""
    return Drawn(type=kind, text=emoji)


_KINDS: dict[str, Callable[[str, Any], Drawn]] = {
    "text": _text,
    "interactive": _interactive,
    "template": _template,
    "image": _media,
    "audio": _media,
    "video": _media,
    "document": _media,
    "sticker": _media,
    "reaction": _other,
    "location": _location,
    "contacts": _other,
}
_INTERACTIVE: dict[str, Callable[[dict[str, Any], dict[str, Any]], Drawn]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
    "location_request_message": _location_request,
}
