"""A few requests that must be refused, with a phone and an e-mail address in them.

None of them changes anything: what they ask for is nobody's, badly written or taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.verify import known
from alojamientos.ops.verify.clients import Stack
from alojamientos.ops.verify.private import EMAIL, PHONE

_PHONE = "+5492944000119"
_EMAIL = "nobody.verify@example.com"
_TOKEN = "no-token-of-anybody"  # noqa: S105 - wrong on purpose
_NO_SUCH = 2**31 - 1
_RESERVATIONS = "/api/v1/reservations"

SENT = (
    (f"wrong request's {PHONE}", _PHONE),
    (f"wrong request's {EMAIL}", _EMAIL),
    ("wrong request's token", _TOKEN),
)


class NotRefused(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A wrong request was not refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How a wrong request was answered; `request` has nothing private in it."""

    request: str
    status: int
    text: str


def refusals(stack: Stack, dsn: str) -> Iterator[Refusal]:
    """Send every wrong request and yield its answer; raises NotRefused."""
    ours = stack.addresses.api_token
    soon = utc_now().date() + timedelta(days=30)
    nowhere = _booking(_NO_SUCH, soon, soon + timedelta(days=2))
    over = _booking(_NO_SUCH, date(2020, 1, 1), date(2020, 1, 3))
    mixed_up = {"email": _PHONE, "phone": _EMAIL, _EMAIL: _PHONE, _PHONE: _EMAIL}
    yield _send(stack, "GET", f"{_RESERVATIONS}/{_PHONE}", token=None)
    yield _send(stack, "POST", _RESERVATIONS, token=_TOKEN, body=nowhere)
    yield _send(stack, "GET", f"{_RESERVATIONS}/{_PHONE}", token=ours)
    yield _send(stack, "GET", f"/api/v1/guests/{_EMAIL}", token=None)
    yield _send(stack, "POST", _RESERVATIONS, token=ours, body=nowhere)
    yield _send(stack, "POST", _RESERVATIONS, token=ours, body=over)
    yield _send(stack, "POST", _RESERVATIONS, token=ours, body={**nowhere, "guest": mixed_up})
    with known.taken_stay(dsn) as stay:
        if stay is not None:
            yield _send(stack, "POST", _RESERVATIONS, token=ours, body=_booking(*stay))


def _booking(accommodation_id: int, check_in: date, check_out: date) -> dict[str, Any]:
    return {
        "accommodation_id": accommodation_id,
        "check_in": check_in.isoformat(),
        "check_out": check_out.isoformat(),
        "guests": 1,
        "guest": {"name": "Nobody", "email": _EMAIL, "phone": _PHONE},
    }


def _send(
    stack: Stack, method: str, path: str, *, token: str | None, body: dict[str, Any] | None = None
) -> Refusal:
    response = stack.send(method, stack.addresses.web + path, token=token, json=body)
    request = f"{method} {path.replace(_PHONE, '…').replace(_EMAIL, '…')}"
    if not response.is_error:
        raise NotRefused(f"{request} was answered {response.status_code}, not refused")
    return Refusal(request=request, status=response.status_code, text=response.text)
