"""Guests of a drill: what they send through the fake WhatsApp, one number each."""

import base64
import secrets

from alojamientos.ops.drill.model import Application
from alojamientos.ops.simulator import voice
from alojamientos.ops.simulator.journeys import new_number

_INBOUND = "/_control/whatsapp/inbound"
_QUESTION = "Hola, ¿qué cabañas tienen?"


def write(application: Application) -> None:
    """Ask something that is always answered; raises AlojamientosError."""
    _send(application, text=_QUESTION)


def speak(application: Application) -> None:
    """Ask the same in a voice note; raises AlojamientosError."""
    content = base64.b64encode(voice.speak(_QUESTION)).decode()
    _send(application, media={"kind": "audio", "base64": content, "mime_type": voice.MIME_TYPE})


def react(application: Application) -> None:
    """Send a thumb up: it wants no answer, and is acknowledged. Raises AlojamientosError."""
    reaction = {"message_id": f"wamid.{secrets.token_hex(16)}", "emoji": "👍"}
    _send(application, message={"type": "reaction", "reaction": reaction})


def _send(application: Application, **message: object) -> None:
    application.simulate("POST", _INBOUND, wa_id=new_number(), name="Simulacro", **message)
