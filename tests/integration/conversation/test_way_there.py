"""Where the lodging is and when it can be entered, from what it has set of itself."""

from dataclasses import replace

import pytest
from tests.integration.conversation import conftest
from tests.integration.conversation.conftest import NOW, POLICY, Guest

from alojamientos.conversation.stay_facts import StayFacts
from alojamientos.entrypoints import demo
from alojamientos.kit import db

STAY = StayFacts(
    check_in_from="16:00",
    address="Av. Bustillo km 12,5",
    directions="Pasando el puente, a la derecha.",
    map_url="https://maps.example/lago",
    notes="Portón: 4821",
)


@pytest.fixture
async def make_guest(database_url, monkeypatch):
    demo.load(database_url, today=NOW.date())
    database = db.Database(db.create_engine(database_url))

    def make(stay: StayFacts) -> Guest:
        monkeypatch.setattr(conftest, "POLICY", replace(POLICY, stay=stay))
        return Guest(database, "5492944000001")

    yield make
    await database.close()


@pytest.fixture
async def unlocated(make_guest, database_url):
    """A lodging whose cabins are on no map."""
    guest = make_guest(STAY)
    async with guest.database.begin() as tx:
        await tx.conn.exec_driver_sql("UPDATE accommodation SET latitude = NULL, longitude = NULL")
    return guest


async def test_the_way_is_told_beside_the_map(make_guest):
    guest = make_guest(STAY)
    text = await guest.says("¿dónde están? ¿cómo llego?")

    assert any(reply.place for reply in guest.last.replies)
    assert text.count("Pasando el puente, a la derecha.") == 1
    assert "No tengo anotado" not in text
    assert "4821" not in text  # for who comes


async def test_without_a_map_the_way_is_told_in_words(unlocated):
    text = await unlocated.says("¿dónde están? ¿cómo llego?")

    assert "Estamos en Av. Bustillo km 12,5.\nPasando el puente" in text
    assert text.count("https://maps.example/lago") == 1
    assert "Estas son nuestras cabañas" not in text


async def test_without_either_it_is_not_known(unlocated, make_guest):
    text = await make_guest(StayFacts()).says("¿dónde están?")

    assert "No tengo anotado cómo llegar" in text


async def test_the_hours_are_told(make_guest):
    text = await make_guest(STAY).says("¿a qué hora es el check in?")

    assert "Se entra desde las 16:00 y se sale hasta las 10:00." in text
    assert "No tengo anotado" not in text


async def test_the_hours_are_told_beside_the_offers(make_guest):
    text = await make_guest(STAY).says("del 15 al 18 de enero para 4, ¿a qué hora es el check in?")

    assert "Se entra desde las 16:00" in text
    assert "Hay lugar" in text
