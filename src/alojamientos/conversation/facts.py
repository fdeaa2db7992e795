"""Answer questions about the place from what the lodging wrote of itself; never more than that."""

from collections.abc import Mapping, Sequence

from alojamientos.conversation import wording
from alojamientos.nlu import intents, text
from alojamientos.nlu.values import Intent, Understanding
from alojamientos.reservations.domain import Accommodation

_NAMES = {
    "pool": "pileta",
    "wifi": "wifi",
    "grill": "parrilla",
    "pets": "lugar para mascotas",
    "linen": "ropa de cama y toallas",
    "parking": "cochera",
    "heating": "calefacción o aire",
    "kitchen": "cocina equipada",
    "breakfast": "desayuno",
    "tv": "tele",
    "crib": "cuna",
    "access": "acceso sin escalones",
    "laundry": "lavarropas",
    "playground": "juegos para chicos",
}
_UNKNOWN = {
    Intent.CHECKIN_INFO: "los horarios de entrada y salida",
    Intent.LOCATION: "cómo llegar",
    Intent.DISCOUNT: "si hay descuentos",
}


def answer(
    found: Understanding,
    cabins: Sequence[Accommodation],
    *,
    told: Mapping[Intent, str] | None = None,
) -> str:
    """Return what is known of what was asked, and what is not; "" when nothing of it was asked.

    `told` has the lodging's own words for questions that no cabin's description answers.
    """
    told = told or {}
    asked = found.intents & (_UNKNOWN.keys() | told.keys())
    lines = [told[intent] for intent in sorted(asked) if intent in told]
    unknown = [_UNKNOWN[intent] for intent in sorted(asked) if intent not in told]
    if "capacity" in found.services:
        lines.append(_capacities(cabins))
    for service in sorted(found.services & _NAMES.keys()):
        line = _service(service, cabins)
        if line:
            lines.append(line)
        else:
            unknown.append(f"si hay {_NAMES[service]}")
    if unknown:
        lines.append(
            f"No tengo anotado {wording.listed(unknown, 'ni')}:"
            " si querés, te paso con una persona que te lo diga."
        )
    return "\n".join(lines)


def _service(service: str, cabins: Sequence[Accommodation]) -> str:
    """Return which cabins have a service and which have not, as far as that was written."""
    written = {cabin.name: _described(cabin).get(service) for cabin in cabins}
    has = [name for name, one in written.items() if one]
    has_not = [name for name, one in written.items() if one is False]
    name = _NAMES[service].capitalize()
    if has and len(has) == len(cabins):
        return f"{name}: sí, en todas las cabañas."
    parts = [f"sí en {wording.listed(has)}"] if has else []
    parts += [f"no en {wording.listed(has_not)}"] if has_not else []
    return f"{name}: {', '.join(parts)}." if parts else ""


def _described(cabin: Accommodation) -> dict[str, bool]:
    return intents.described(text.canonical(text.fold(cabin.description)))


def _capacities(cabins: Sequence[Accommodation]) -> str:
    rooms = [f"{cabin.name} hasta {wording.people(cabin.capacity)}" for cabin in cabins]
    return f"Entran: {wording.listed(rooms)}." if rooms else ""
