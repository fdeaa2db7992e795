"""Corners of the problem format that the API's own tests do not reach."""

from typing import Any

import orjson
import pytest
from fastapi import Request
from fastapi.exceptions import RequestValidationError

from alojamientos.entrypoints import errors
from alojamientos.kit.errors import Invalid, ProviderUnavailable, Unavailable
from alojamientos.kit.ratelimit import RateLimited


def body(response) -> dict[str, Any]:
    return dict(orjson.loads(response.body))


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (Unavailable(), 503, "2"),
        (ProviderUnavailable(), 503, "2"),
        (RateLimited(retry_after_s=17), 429, "17"),
        (Invalid(), 422, None),
    ],
)
def test_what_may_work_later_says_when(error, status, retry_after):
    response = errors.from_error(error)

    assert response.status_code == status
    assert response.headers.get("retry-after") == retry_after
    assert "retry_after_s" not in body(response)


def test_extra_of_an_error_never_replaces_what_a_problem_is_made_of():
    error = Invalid("Wrong", field="a", status=200, title="fine", type="x", trace_id="y", code="z")

    problem = body(errors.from_error(error))

    assert problem == {
        "type": "urn:alojamientos:problem:invalid",
        "title": "Invalid value",
        "status": 422,
        "detail": "Wrong",
        "code": "invalid",
        "field": "a",
        "trace_id": None,
    }


def test_extra_that_json_does_not_know_is_written_as_text():
    assert body(errors.from_error(Invalid(field="a", limit={1})))["limit"] == "{1}"


async def test_name_of_an_unknown_field_is_not_repeated_when_it_is_someones_address():
    unknown = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted"}
    names = ("ana@example.com", "+5492944123456", "nickname")
    problem = await errors._invalid(
        Request({"type": "http"}),
        RequestValidationError([{**unknown, "loc": ("body", "guest", name)} for name in names]),
    )

    fields = [error["field"] for error in body(problem)["errors"]]
    assert fields == ["guest.[email]", "guest.+[phone]", "guest.nickname"]
    assert b"ana@" not in problem.body
    assert b"2944" not in problem.body


async def test_crash_after_the_response_began_is_left_alone():
    async def app(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    sent: list[str] = []

    async def send(message) -> None:
        sent.append(message["type"])

    with pytest.raises(RuntimeError):
        await errors.AnswerCrashes(app)({"type": "http"}, None, send)  # type: ignore[arg-type] # nothing is received

    assert sent == ["http.response.start"]


async def test_other_protocols_pass():
    seen: list[str] = []

    async def app(scope, _receive, _send) -> None:
        seen.append(scope["type"])

    await errors.AnswerCrashes(app)({"type": "lifespan"}, None, None)  # type: ignore[arg-type] # unused

    assert seen == ["lifespan"]
