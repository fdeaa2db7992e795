from typing import Any

import httpx2
import psycopg
import pytest
from fastapi import FastAPI

from alojamientos.entrypoints import demo, demo_pictures, errors
from alojamientos.kit.errors import Invalid
from alojamientos.kit.events import Bus
from alojamientos.reservations import pictures, pictures_api
from alojamientos.reservations.pictures import InvalidPicture, NoSuchPicture

PNG = demo_pictures.draw(rooms=1, dusk=False)
JPEG = b"\xff\xd8\xff\xe0 not much of one"


@pytest.fixture
def cabins(database_url):
    demo.load(database_url)


@pytest.fixture
async def client(database, cabins):
    app = FastAPI()
    errors.install(app, bus=Bus({}))
    app.include_router(pictures_api.create_router(database=database))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def sites(database):
    async with database.read() as conn:
        return await pictures.sites(conn)


async def add(database, **values: Any):
    async with database.begin() as tx:
        return await pictures.add(
            tx, **{"slug": "lenga", "picture": JPEG, "caption": " el  living ", **values}
        )


async def test_the_demo_cabins_can_be_seen_and_found(database, cabins, client):
    found = await sites(database)

    assert [(site.slug, len(site.photos)) for site in found] == [
        *(("arrayan", 2), ("coihue", 2), ("lenga", 2)),
    ]
    assert {(site.latitude, site.longitude) for site in found} == {(-40.7617, -71.6463)}
    response = await client.get(f"{pictures_api.PATH}/{found[0].photos[0].name}")
    assert response.status_code == 200
    assert response.content == PNG
    assert response.headers["content-type"] == "image/png"
    assert "immutable" in response.headers["cache-control"]


@pytest.mark.parametrize(
    "name",
    ["1", "1-", "1-000000000000.png", "999-1.png", "x-1.png", "99999999999-1.png", "²-1.png"],
)
async def test_a_picture_is_only_had_under_its_whole_name(client, name):
    response = await client.get(f"{pictures_api.PATH}/{name}")

    assert response.status_code == 404
    assert response.json()["code"] == "no_such_picture"


async def test_a_picture_comes_behind_the_others_and_can_go_again(database, cabins):
    photo_id = await add(database)

    [lenga] = [site for site in await sites(database) if site.slug == "lenga"]
    assert [photo.position for photo in lenga.photos] == [1, 2, 3]
    assert (lenga.photos[2].id, lenga.photos[2].caption) == (photo_id, "el living")
    assert lenga.photos[2].name.endswith(".jpg")
    async with database.begin() as tx:
        await pictures.remove(tx, photo_id=photo_id)
    with pytest.raises(NoSuchPicture):
        async with database.begin() as tx:
            await pictures.remove(tx, photo_id=photo_id)


@pytest.mark.parametrize(
    ("values", "error", "field"),
    [
        ({"picture": b"GIF89a"}, InvalidPicture, "picture"),
        ({"picture": b""}, InvalidPicture, "picture"),
        ({"picture": JPEG + b"0" * pictures.LARGEST}, InvalidPicture, "picture"),
        ({"caption": "x" * 201}, InvalidPicture, "caption"),
        ({"slug": "nowhere"}, NoSuchPicture, "cabin"),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_its_field(
    database, cabins, values, error, field
):
    with pytest.raises(error) as caught:
        await add(database, **values)

    assert caught.value.extra["field"] == field


@pytest.mark.parametrize(
    ("latitude", "longitude", "field"), [(-91, 0, "latitude"), (0, 180.5, "longitude")]
)
async def test_a_point_is_on_the_globe(database, cabins, latitude, longitude, field):
    with pytest.raises(Invalid) as caught:
        async with database.begin() as tx:
            await pictures.locate(
                tx, slug="lenga", address="", latitude=latitude, longitude=longitude
            )

    assert caught.value.extra["field"] == field


async def test_a_cabin_is_where_it_is_said_to_be(database, cabins):
    async with database.begin() as tx:
        await pictures.locate(
            tx, slug="lenga", address=" Ruta  40 ", latitude=-41.0, longitude=-71.5
        )

    lenga = (await sites(database))[-1]
    assert (lenga.address, lenga.latitude, lenga.longitude) == ("Ruta 40", -41.0, -71.5)


def test_the_database_keeps_half_a_point_and_huge_pictures_out(database_url, cabins):
    with psycopg.connect(database_url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE accommodation SET latitude = NULL")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE accommodation_photo SET content = ''")
