"""The owner's API as it is composed, over a real database, asked through ASGI."""

from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from tests.integration.reservations.conftest import TODAY, nights

from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import web
from alojamientos.settings import SettingsError, load_settings

TOKEN = "the-owner-s-own-token"
STAY = nights(0, 3)
BOOKING = {
    "cabin": "coihue",
    "check_in": STAY.check_in.isoformat(),
    "check_out": STAY.check_out.isoformat(),
    "guests": 2,
    "name": "Ana Pérez",
}


class Owner:
    """The API with the owner's token."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def __call__(self, method: str, path: str, *, code: int = 200, **more: Any) -> Any:
        response = await self.client.request(method, f"/api/v1/owner{path}", **more)
        assert response.status_code == code, response.text
        return response.json()


@pytest.fixture
async def owner(desk):
    settings = load_settings(check_production=False).evolve(
        app={
            "owner_token": SecretStr(TOKEN),
            "log_level": "ERROR",
            "rate_limit_per_minute": 100_000,
        },
        database={"url": SecretStr(desk.dsn), "pool_size": 3},
        redis={"url": None},
    )
    container = containers.build(settings, process="web")
    async with container.running():
        transport = httpx2.ASGITransport(app=web.create_app(container))
        async with httpx2.AsyncClient(
            transport=transport,
            base_url="http://test",
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as client:
            yield Owner(client)


async def test_a_cabin_is_added_priced_kept_and_retired(owner, desk):
    cabin = {
        "cabin": "nire",
        "name": "Cabaña Ñire",
        "sleeps": 3,
        "nightly_price": 7_000_000,
        "weekend_price": 9_000_000,
    }
    await owner("POST", "/cabins", json=cabin, code=201)
    await owner("PATCH", "/cabins/nire", json={"nightly_price": 7_500_000})
    dates = {"starts_on": STAY.check_in.isoformat(), "ends_on": STAY.check_out.isoformat()}
    season = {**dates, "name": "Verano", "nightly_price": 8_000_000}
    await owner("POST", "/cabins/nire/seasons", json=season, code=201)
    holidays = await owner("PUT", "/cabins/nire/holidays/carnaval", json={"min_nights": 4})
    (rule, *_) = await owner("GET", "/prices", params={"cabin": "nire"})
    block = await owner("POST", "/blocks", json={"cabin": "nire", **dates}, code=201)
    query = {"check_in": BOOKING["check_in"], "check_out": BOOKING["check_out"]}
    priced = await owner("GET", "/cabins/nire/prices", params=query)
    await owner("DELETE", f"/prices/{rule['id']}")
    await owner("DELETE", f"/blocks/{block['block']['id']}")
    retired = await owner("POST", "/cabins/nire/retire")

    assert rule["name"] == "Verano"
    assert {each["name"] for each in holidays} == {"Carnaval"}
    assert {night["rule"] for night in priced["nights"] if night["kind"] == "weeknight"} == {
        "Verano"
    }
    assert retired["on_sale"] is False
    assert {actor for (actor,) in desk.sql("SELECT actor FROM audit_entry")} == {"api:owner"}
    actions = [entry["action"] for entry in await owner("GET", "/audit")]
    assert actions[0] == "cabin.retired"
    assert actions[-1] == "cabin.added"


async def test_a_booking_is_made_moved_noted_and_cancelled(owner, desk):
    dry = await owner("POST", "/bookings", json=BOOKING, params={"dry_run": True}, code=201)
    assert desk.sql("SELECT count(*) FROM reservation") == [(0,)]
    made = await owner("POST", "/bookings", json=BOOKING, code=201)
    code = made["code"]
    later = {"check_in": nights(5, 1).check_in.isoformat(), "reprice": True}
    shown = await owner("POST", f"/bookings/{code}/move", json=later, params={"dry_run": True})
    moved = await owner("POST", f"/bookings/{code}/move", json=later)
    await owner("POST", f"/bookings/{code}/notes", json={"text": "llega tarde"}, code=201)
    whole = await owner("GET", f"/bookings/{code}")
    (found,) = await owner("GET", "/bookings", params={"guest": "pérez", "status": "confirmed"})
    cancelled = await owner("POST", f"/bookings/{code}/cancel", json={"refund": True})

    assert (dry["status"], dry["total"]) == (made["status"], made["total"])
    assert {**shown, "dry_run": False} == moved
    assert moved["difference"] == moved["after"]["total"] - moved["before"]["total"]
    assert moved["after"]["check_in"] == later["check_in"]
    assert whole["notes"][0]["text"] == "llega tarde"
    assert found["due"] == whole["charged"] == moved["after"]["total"]
    assert (cancelled["booking"]["status"], cancelled["refunded"]) == ("cancelled", 0)


async def test_the_day_the_files_and_the_people_are_shown(owner):
    made = await owner("POST", "/bookings", json=BOOKING, code=201)
    day = await owner("GET", "/today", params={"date": BOOKING["check_in"]})
    today = await owner("GET", "/today")
    (guest,) = await owner("GET", "/guests", params={"words": "ana"})
    export = await owner("POST", f"/guests/{guest['id']}/export")
    refused = await owner("POST", f"/guests/{guest['id']}/erase", code=409)
    files = [
        await owner.client.get(f"/api/v1/owner/exports/{name}.csv")
        for name in ("bookings", "money")
    ]

    assert [each["code"] for each in day["arrivals"]] == [made["code"]]
    assert today["day"] <= TODAY.isoformat()
    assert export["reservations"][0]["code"] == made["code"]
    assert refused["code"] == "guest_still_needed"
    for file in files:
        assert file.content.startswith(b"\xef\xbb\xbf")
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        assert file.headers["cache-control"] == "no-store"
        assert made["code"] in file.text


async def test_nothing_of_it_is_kept_by_caches(owner):
    response = await owner.client.get("/api/v1/owner/guests")

    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/cabins/nube", None, 404, "no_such_accommodation"),
        ("GET", "/bookings/xyz", None, 404, "no_such_reservation"),
        ("DELETE", "/prices/9", None, 404, "no_such_price"),
        ("DELETE", "/blocks/99999999999999999999", None, 422, "invalid"),
        ("GET", "/guests/9", None, 404, "no_such_guest"),
        ("POST", "/messages/9/resend", None, 404, "no_such_message"),
        ("POST", "/jobs/9/retry", None, 404, "no_such_job"),
        ("PUT", "/cabins/lenga/holidays/nada", {"min_nights": 2}, 404, "no_such_holiday"),
        ("POST", "/bookings", {**BOOKING, "extra": 1}, 422, "invalid"),
        ("POST", "/bookings", {**BOOKING, "phone": "29441"}, 422, "invalid"),
        ("POST", "/bookings", {**BOOKING, "total": 1.5}, 422, "invalid"),
        ("POST", "/bookings", {**BOOKING, "guests": 40}, 422, "too_many_guests"),
        ("GET", "/today?date=hoy", None, 422, "invalid"),
        ("PATCH", "/cabins/lenga", {}, 422, "invalid"),
    ],
)
async def test_a_mistake_is_a_problem_with_its_code(owner, method, path, body, status, code):
    response = await owner.client.request(method, f"/api/v1/owner{path}", json=body)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code


async def test_what_cannot_be_stored_is_refused_and_not_asked_of_the_database(owner):
    for name in ("\0", "a\nb", "  "):
        await owner("POST", "/bookings", json={**BOOKING, "name": name}, code=422)
    await owner("POST", "/bookings", json={**BOOKING, "cabin": "\0"}, code=422)
    await owner("PATCH", "/cabins/lenga", json={"description": "a\0b"}, code=422)
    for path in ("/guests?words=%00", "/cabins/%00", "/bookings?cabin=a%00", "/audit?action=%00"):
        assert (await owner("GET", path, code=422))["code"] == "invalid"
    await owner("PUT", "/cabins/lenga/holidays/%00", json={"min_nights": 2}, code=422)


def test_a_short_token_is_refused_with_its_name(monkeypatch):
    monkeypatch.setenv("OWNER_TOKEN", "short")

    with pytest.raises(SettingsError, match="OWNER_TOKEN"):
        load_settings(check_production=False)
