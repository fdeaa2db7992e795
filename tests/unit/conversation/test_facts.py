"""Questions about the place are answered with the lodging's own words, or with a person."""

import pytest

from alojamientos.conversation import facts
from alojamientos.nlu.values import Intent, Understanding
from alojamientos.reservations.domain import Accommodation


def cabin(name: str, description: str, capacity: int = 4) -> Accommodation:
    return Accommodation(
        id=1,
        slug=name.lower(),
        name=name,
        description=description,
        capacity=capacity,
        nightly_price=1,
        weekend_price=1,
        currency="ARS",
        min_nights=1,
        time_zone="America/Argentina/Buenos_Aires",
    )


CABINS = (
    cabin("Coihue", "Dos dormitorios, parrilla propia y Wi-Fi. No se aceptan mascotas.", 4),
    cabin("Lenga", "Galería grande con wifi, sin parrilla.", 6),
)


def asked(*services: str, intents: tuple[Intent, ...] = (Intent.SERVICES,)) -> str:
    found = Understanding(intents=frozenset(intents), services=frozenset(services))
    return facts.answer(found, CABINS)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("wifi", "Wifi: sí, en todas las cabañas."),
        ("grill", "Parrilla: sí en Coihue, no en Lenga."),
        ("pets", "Lugar para mascotas: no en Coihue."),
        ("capacity", "Entran: Coihue hasta 4 personas y Lenga hasta 6 personas."),
    ],
)
def test_what_is_written_of_a_cabin_is_told(service: str, said: str):
    assert asked(service) == said


def test_what_is_written_nowhere_is_not_made_up():
    text = asked("pool", "wifi")

    assert "Wifi: sí" in text
    assert "No tengo anotado si hay pileta" in text
    assert "persona" in text


def test_questions_that_no_description_answers_are_answered_in_the_lodgings_words_or_passed_on():
    found = Understanding(intents=frozenset({Intent.CHECKIN_INFO, Intent.LOCATION}))

    text = facts.answer(found, CABINS, told={Intent.CHECKIN_INFO: "Se entra desde las 15."})

    assert "Se entra desde las 15." in text
    assert "No tengo anotado cómo llegar" in text


def test_nothing_is_said_where_nothing_was_asked():
    assert asked(intents=(Intent.AVAILABILITY,)) == ""
