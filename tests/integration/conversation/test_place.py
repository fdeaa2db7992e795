"""What guests are shown of the cabins."""

import dataclasses

import pytest
import sqlalchemy as sa

from alojamientos.channels.whatsapp import drawing


async def shown(guest):
    """Return what goes to WhatsApp for the last answer."""
    return [drawing.draw(part) for reply in guest.last.replies for part in drawing.split(reply)]


@pytest.fixture
def guest(guest):
    policy = dataclasses.replace(guest.handler._policy, pictures_url="https://example.com/photos")
    guest.handler._policy = policy
    return guest


async def test_asking_for_photos_shows_one_of_each_cabin_and_then_the_choices(guest):
    await guest.says("Hola")
    await guest.says("tenés fotos?")

    *images, last = await shown(guest)
    assert [image["type"] for image in images] == ["image"] * 3
    assert images[0]["image"]["caption"] == "Cabaña Arrayán: de día"
    assert images[0]["image"]["link"].startswith("https://example.com/photos/1-")
    assert last["type"] == "interactive"
    assert [b["reply"]["id"] for b in last["interactive"]["action"]["buttons"]] == [
        *("ask", "cabins", "human"),
    ]


async def test_a_guest_whose_first_word_asks_for_photos_is_greeted_before_them(guest):
    await guest.says("tenés fotos?")

    hello, image, *_ = await shown(guest)
    assert hello["text"]["body"] == "¡Hola! Soy el asistente de Cabañas del Lago 👋"
    assert image["type"] == "image"


async def test_the_photos_of_one_cabin_can_be_picked_or_asked_for(guest):
    await guest.says("Hola")
    await guest.taps("cabins")
    await guest.taps("photos:2")
    picked = await shown(guest)
    await guest.says("mandame fotos de la coihue")

    assert [image["image"]["caption"] for image in picked[:2]] == [
        "Cabaña Coihue: de día",
        "Cabaña Coihue: al atardecer",
    ]
    assert (await shown(guest))[:2] == picked[:2]


async def test_the_place_is_a_point_on_the_map_and_words(guest):
    await guest.says("Hola")
    text = await guest.says("¿dónde quedan?")

    location, words = await shown(guest)
    assert location == {
        "type": "location",
        "location": {
            "latitude": -40.7617,
            "longitude": -71.6463,
            "name": "Cabañas del Lago",
            "address": "Av. Siete Lagos 1200, Villa La Angostura, Neuquén",
        },
    }
    assert "https://www.google.com/maps/search/?api=1&query=-40.7617,-71.6463" in text
    assert words["type"] == "interactive"


async def test_what_there_is_no_picture_and_no_place_of_is_told_in_words(guest):
    async with guest.database.begin() as tx:
        await tx.conn.execute(sa.text("DELETE FROM accommodation_photo"))
        await tx.conn.execute(sa.text("UPDATE accommodation SET latitude = NULL, longitude = NULL"))
    await guest.says("Hola")

    for question in ("tenés fotos?", "¿dónde quedan?"):
        assert "Estas son nuestras cabañas" in await guest.says(question)
        assert guest.options == ["ask", "human"]


async def test_asking_about_the_place_leaves_the_offer_as_it_is(guest):
    await guest.says("Hola, ¿tenés lugar del 15 al 18 de enero para 4?")
    coihue = guest.button_ids[0]
    await guest.taps("cabins")
    await guest.taps("photos:2")

    assert "Te guardé" in await guest.presses(coihue)
