import asyncio
from datetime import timedelta
from types import SimpleNamespace

import httpx2
import pytest
import redis
from fastapi import Depends, FastAPI, Request
from tests.integration.reservations.conftest import JANUARY, POLICY, nights

from alojamientos.entrypoints import errors
from alojamientos.kit import ratelimit
from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.locks import UnitLocks
from alojamientos.kit.ratelimit import RateLimiter
from alojamientos.kit.redis import create_client
from alojamientos.reservations import api
from alojamientos.reservations.domain import DatesTaken, TooManyGuests
from alojamientos.reservations.events import HoldRequested, LockAcquired
from alojamientos.reservations.invariants import INVARIANTS, from_sql
from alojamientos.telemetry import context

TOKEN = {"Authorization": "Bearer let-me-in"}
CODE = r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}"


class WrongTokenError(AlojamientosError):
    """The token is missing or wrong."""

    status = 401
    code = "unauthorized"


async def want_token(request: Request) -> None:
    if request.headers.get("authorization") != TOKEN["Authorization"]:
        raise WrongTokenError


def booking(first=0, count=3, *, unit=2, guests=4, email="ana@example.com", **changes: object):
    stay = nights(first, count)
    return {
        "accommodation_id": unit,
        "check_in": stay.check_in.isoformat(),
        "check_out": stay.check_out.isoformat(),
        "guests": guests,
        "guest": {"name": "Ana Pérez", "email": email},
        **changes,
    }


@pytest.fixture
async def web(desk, redis_url):
    """The API over ASGI, with real PostgreSQL and Valkey behind it."""
    client = create_client(redis_url)
    limited: list[Request] = []
    limiter = RateLimiter(client, limit=60)
    app = FastAPI()
    errors.install(app, bus=desk.told)
    app.include_router(
        api.create_router(
            database=desk.database,
            locks=UnitLocks(client, ttl_ms=5_000, wait_ms=5_000),
            policy=POLICY,
            guards=api.Guards(
                token=want_token,
                rate_limit=ratelimit.limit_requests(
                    limiter,
                    trusted=ratelimit.parse_networks("10.9.0.0/16"),
                    on_limited=limited.append,
                ),
            ),
            now=utc_now,
            checks=(*INVARIANTS, from_sql("always", "SELECT 'broken' WHERE false")),
        )
    )

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("secret detail")

    @app.get("/internal", dependencies=[Depends(lambda: None)])
    async def internal() -> None:
        raise AlojamientosError("secret detail")

    def http(peer="203.0.113.7"):
        transport = httpx2.ASGITransport(app, client=(peer, 1), raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://test", headers=TOKEN)

    async with http() as session:
        yield SimpleNamespace(app=app, http=http, session=session, limited=limited, limiter=limiter)
    await client.aclose()


async def reserve(web, body, **headers: str):
    return await web.session.post("/api/v1/reservations", json=body, headers=headers)


async def test_booking_answers_201_with_its_address_quote_and_deadline(web, desk):
    response = await reserve(web, booking(first=4))  # Friday, Saturday and Sunday nights

    assert response.status_code == 201
    body = response.json()
    assert response.headers["location"] == f"/api/v1/reservations/{body['code']}"
    assert body["status"] == "pre_reserved"
    assert sum(line["amount"] for line in body["quote"]["lines"]) == body["quote"]["total"]
    assert [line["kind"] for line in body["quote"]["lines"]].count("weekend") == 2
    assert body["hold_expires_at"] is not None
    assert len(desk.told.of(HoldRequested)) == 1
    assert len(desk.told.of(LockAcquired)) == 1
    found = await web.session.get(response.headers["location"])
    assert found.json() == body


async def test_code_is_found_however_it_is_written(web):
    code = (await reserve(web, booking())).json()["code"]

    found = await web.session.get(f"/api/v1/reservations/{code.lower().replace('-', ' ')}")

    assert found.json()["code"] == code


async def test_accommodations_and_availability_need_no_token(web, desk):
    taken = await desk.hold(nights(0, 3), unit=3)
    async with web.http() as anyone:
        anyone.headers.pop("authorization")
        cabins = (await anyone.get("/api/v1/accommodations")).json()
        offers = (
            await anyone.get(
                "/api/v1/availability",
                params={"check_in": f"{taken.check_in}", "check_out": f"{taken.check_out}"}
                | {"guests": "4"},
            )
        ).json()

    assert [cabin["slug"] for cabin in cabins] == ["arrayan", "coihue", "lenga"]
    assert [
        (offer["available"], offer["problem"] and offer["problem"]["code"])
        for offer in offers["offers"]
    ] == [(False, "too_many_guests"), (True, None), (False, "dates_taken")]
    assert offers["nights"] == 3
    assert all(offer["quote"]["total"] for offer in offers["offers"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/reservations"),
        ("GET", "/api/v1/reservations/0000-0000-0000"),
        ("POST", "/api/v1/reservations/0000-0000-0000/cancel"),
        ("GET", "/api/v1/invariants"),
    ],
)
async def test_what_writes_or_shows_a_person_wants_the_token(web, method, path):
    response = await web.session.request(
        method, path, json=booking(), headers={"Authorization": "Bearer guessed"}
    )

    assert response.status_code == 401
    assert response.json()["code"] == "unauthorized"


async def test_taken_dates_are_a_409_problem_told_to_the_bus(web, desk):
    await reserve(web, booking())

    with context.trace() as trace_id:
        response = await reserve(web, booking(first=1, email="eva@example.com"))

    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:alojamientos:problem:dates_taken",
        "title": "Dates taken",
        "status": 409,
        "detail": DatesTaken.__doc__,
        "code": "dates_taken",
        "field": "check_in",
        "accommodation_id": 2,
        "trace_id": trace_id,
    }
    (refusal,) = desk.told.of(DatesTaken)
    assert refusal.extra["channel"] == "api"
    assert desk.sql("SELECT count(*) FROM guest") == [(1,)], "nobody is kept for nothing"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"guests": 5}, "guests", "too_many_guests"),
        ({"guests": 0}, "guests", "invalid"),
        ({"guests": "4"}, "guests", "invalid"),
        ({"check_out": f"{JANUARY}"}, "check_out", "invalid_stay"),
        ({"check_out": f"{JANUARY + timedelta(days=1)}"}, "check_out", "too_few_nights"),
        ({"check_out": f"{JANUARY + timedelta(days=90)}"}, "check_out", "invalid_stay"),
        ({"check_in": "2020-01-01", "check_out": "2020-01-05"}, "check_in", "invalid_stay"),
        ({"check_in": "2090-01-01", "check_out": "2090-01-05"}, "check_in", "invalid_stay"),
        ({"check_in": 1736899200}, "check_in", "invalid"),
        ({"check_in": "2027-02-31"}, "check_in", "invalid"),
        ({"check_in": "2027-01-15T00:00:00"}, "check_in", "invalid"),
        ({"guest": {"name": "Ana", "email": "nowhere"}}, "guest.email", "invalid"),
        ({"guest": {"name": "A\u0000", "email": "a@b.co"}}, "guest.name", "invalid"),
        ({"guest": {"name": "Ana"}}, "guest.email", "invalid"),
        (
            {"guest": {"name": "Ana", "email": "a@b.co", "phone": "15-4123"}},
            "guest.phone",
            "invalid",
        ),
        ({"surprise": 1}, "surprise", "invalid"),
        ({"accommodation_id": 2**40}, "accommodation_id", "invalid"),
    ],
)
async def test_wrong_value_is_a_422_problem_naming_the_field(web, changes, field, code):
    response = await reserve(web, booking(**changes))

    assert response.status_code == 422
    assert response.json()["field"] == field
    assert response.json()["code"] == code
    assert response.json()["detail"]


async def test_problem_never_repeats_what_was_sent(web):
    response = await reserve(
        web, booking(guest={"name": "Ana", "email": "ana at example", "phone": "secret"})
    )

    assert "ana at example" not in response.text
    assert "secret" not in response.text
    assert {error["field"] for error in response.json()["errors"]} == {"guest.email", "guest.phone"}


async def test_body_that_is_no_json_is_a_422_problem(web):
    response = await web.session.post(
        "/api/v1/reservations", content=b'{"guests": ', headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 422
    assert response.json()["field"] == "body"
    assert response.json()["errors"][0]["fix"] == "send valid JSON"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/api/v1/reservations", 405, "method_not_allowed"),
        ("GET", "/api/v1/reservations/0000-0000-0000", 404, "no_such_reservation"),
        ("GET", "/api/v1/reservations/%00'--", 404, "no_such_reservation"),
        ("POST", "/api/v1/reservations/0000-0000-0000/cancel", 404, "no_such_reservation"),
        ("GET", "/internal", 500, "internal"),
        ("GET", "/crash", 500, "internal"),
    ],
)
async def test_every_error_is_a_problem(web, method, path, status, code):
    with context.trace() as trace_id:
        response = await web.session.request(method, path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert response.json()["trace_id"] == trace_id
    assert "secret detail" not in response.text
    assert status != 405 or response.headers["allow"] == "POST"


async def test_unknown_accommodation_is_a_404_problem(web):
    response = await reserve(web, booking(unit=99))

    assert (response.status_code, response.json()["code"]) == (404, "no_such_accommodation")


async def test_refused_guests_are_told_with_the_channel(web, desk):
    await reserve(web, booking(guests=5))

    (refusal,) = desk.told.of(TooManyGuests)
    assert refusal.extra["channel"] == "api"


async def test_cancelling_frees_the_dates_and_a_repeat_changes_nothing(web, desk):
    code = (await reserve(web, booking())).json()["code"]
    path = f"/api/v1/reservations/{code}/cancel"

    first = await web.session.post(path, json={"reason": "change of plans"})
    again = await web.session.post(path)

    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert again.json() == first.json()
    assert desk.told.changes() == [("pre_reserved", None), ("cancelled", "pre_reserved")]
    assert (await reserve(web, booking(email="eva@example.com"))).status_code == 201


async def test_expired_hold_cannot_be_cancelled(web, desk):
    view = await desk.hold(nights(0, 3))
    desk.run_out(view)

    response = await web.session.post(f"/api/v1/reservations/{view.code}/cancel")

    assert (response.status_code, response.json()["code"]) == (409, "not_cancellable")
    assert response.json()["detail"] == "A reservation that is expired cannot be cancelled"


async def test_repeated_key_gets_the_first_answer_and_has_one_effect(web, desk):
    first = await reserve(web, booking(), **{"Idempotency-Key": "k1"})
    again = await reserve(web, booking(), **{"Idempotency-Key": "k1"})

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert desk.sql("SELECT count(*) FROM reservation") == [(1,)]


async def test_key_of_another_request_is_refused(web):
    await reserve(web, booking(), **{"Idempotency-Key": "k1"})

    response = await reserve(web, booking(first=10), **{"Idempotency-Key": "k1"})

    assert response.status_code == 422
    assert response.json()["code"] == "idempotency_key_reused"
    assert response.json()["field"] == "Idempotency-Key"


async def test_key_that_is_none_is_refused(web):
    response = await reserve(web, booking(), **{"Idempotency-Key": "no spaces"})

    assert (response.status_code, response.json()["field"]) == (422, "Idempotency-Key")


async def test_refusal_is_not_kept_under_its_key(web, desk):
    other = await desk.hold(nights(0, 3), unit=2, guest="eva")
    refused = await reserve(web, booking(), **{"Idempotency-Key": "k1"})
    await desk.cancel(other)

    accepted = await reserve(web, booking(), **{"Idempotency-Key": "k1"})

    assert (refused.status_code, accepted.status_code) == (409, 201)


async def test_same_key_at_once_has_one_effect(web, desk):
    responses = await asyncio.gather(
        *(reserve(web, booking(), **{"Idempotency-Key": "k1"}) for _ in range(12))
    )

    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["code"] for response in responses}) == 1
    assert desk.sql("SELECT count(*) FROM reservation") == [(1,)]


async def test_fifty_at_once_for_the_same_nights_make_one_booking(web, desk):
    responses = await asyncio.gather(
        *(reserve(web, booking(email=f"guest{n}@example.com")) for n in range(50))
    )

    statuses = sorted(response.status_code for response in responses)
    assert statuses == [201] + [409] * 49
    assert desk.sql("SELECT count(*) FROM reservation") == [(1,)]


async def test_client_that_asks_too_often_waits(web):
    web.limiter.limit = 3

    responses = [await web.session.get("/api/v1/accommodations") for _ in range(5)]

    assert [response.status_code for response in responses] == [200, 200, 200, 429, 429]
    last = responses[-1]
    assert last.headers["content-type"] == "application/problem+json"
    assert 1 <= int(last.headers["retry-after"]) <= 120
    assert last.json()["code"] == "rate_limited"
    assert len(web.limited) == 2


async def test_forged_forwarding_header_buys_no_calls(web):
    web.limiter.limit = 2

    responses = [
        await web.session.get("/api/v1/accommodations", headers={"X-Forwarded-For": f"1.1.1.{n}"})
        for n in range(4)
    ]

    assert [response.status_code for response in responses] == [200, 200, 429, 429]


async def test_trusted_proxy_speaks_for_its_clients(web):
    web.limiter.limit = 1
    async with web.http("10.9.0.1") as proxy:
        first = await proxy.get("/api/v1/accommodations", headers={"X-Forwarded-For": "1.1.1.1"})
        other = await proxy.get("/api/v1/accommodations", headers={"X-Forwarded-For": "1.1.1.2"})
        forged = await proxy.get(
            "/api/v1/accommodations", headers={"X-Forwarded-For": "9.9.9.9, 1.1.1.2"}
        )

    assert [first.status_code, other.status_code, forged.status_code] == [200, 200, 429]


async def test_invariants_say_what_is_broken(web, desk):
    sound = (await web.session.get("/api/v1/invariants")).json()
    view = await desk.hold(nights(0, 3))
    desk.sql("UPDATE reservation SET total = total + 1")

    broken = (await web.session.get("/api/v1/invariants")).json()

    assert sound["ok"]
    assert {found["name"] for found in sound["invariants"]} >= {"no_overlap", "always"}
    assert not broken["ok"]
    (found,) = [found for found in broken["invariants"] if found["violations"]]
    assert found == {
        "name": "quotes_add_up",
        "violations": 1,
        "detail": [f"{view.code} has a quote that does not add up"],
    }


async def test_database_that_is_gone_is_a_503_problem_with_retry_after(web, desk, postgres_server):
    name = desk.dsn.rsplit("/", 1)[1]
    desk.dsn = postgres_server.dsn("postgres")
    desk.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")  # a name of our own
    desk.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)

    gone = await reserve(web, booking())
    desk.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    back = await reserve(web, booking())

    assert (gone.status_code, gone.json()["code"]) == (503, "database_unavailable")
    assert int(gone.headers["retry-after"]) > 0
    assert back.status_code == 201


async def test_documentation_has_examples_and_problems(web):
    paths = (await web.session.get("/openapi.json")).json()["paths"]

    post = paths["/api/v1/reservations"]["post"]
    assert {"201", "401", "404", "409", "422", "429", "503"} <= set(post["responses"])
    assert "application/problem+json" in post["responses"]["409"]["content"]
    assert any(item["name"] == "Idempotency-Key" for item in post["parameters"])


async def test_redis_that_loses_its_scripts_still_limits(web, redis_url):
    web.limiter.limit = 1
    await web.session.get("/api/v1/accommodations")
    with redis.Redis.from_url(redis_url) as admin:
        admin.script_flush()

    assert (await web.session.get("/api/v1/accommodations")).status_code == 429
