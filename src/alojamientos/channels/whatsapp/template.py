"""Messages that WhatsApp has approved beforehand: the only ones outside of the 24-hour window.

https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates
"""

import re
from collections.abc import Sequence
from typing import Any

_LONGEST = 400  # ours; a body has 1,024 characters for its text and all its parameters
_SPACE = re.compile(r"\s+")


def body(*, to: str, name: str, language: str, parameters: Sequence[str]) -> dict[str, Any]:
    """Build the request that sends the template `name` with `parameters` in its body's order.

    A parameter may hold neither a line break nor a tab nor five spaces in a row (error 132012),
    and not be empty (131008): spaces are collapsed, what is empty becomes a dash.
    """
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        **part(name=name, language=language, parameters=parameters),
    }


def part(
    *, name: str, language: str, parameters: Sequence[str], longest: int = _LONGEST
) -> dict[str, Any]:
    """Build what says which template it is, each parameter in `longest` characters at most."""
    texts = [{"type": "text", "text": _clean(text, longest)} for text in parameters]
    return {
        "type": "template",
        "template": {
            "name": name,
            "language": {"code": language},
            "components": [
                {"type": "body", "parameters": texts},
            ],
        },
    }


def _clean(text: str, longest: int) -> str:
    text = _SPACE.sub(" ", text).strip() or "-"
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
