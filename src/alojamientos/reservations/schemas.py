"""What the API takes and gives, with examples for its documentation."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from alojamientos.kit.errors import AlojamientosError
from alojamientos.reservations.domain import Accommodation, Quote, Stay
from alojamientos.reservations.views import Offer, ReservationView

_MAX_INT4 = 2**31 - 1
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EMAIL = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f]+$"
_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"


def _day(value: object) -> object:
    """Take a day only as YYYY-MM-DD: numbers and instants would be guessed at."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a date as YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_day)]
Guests = Annotated[int, Field(ge=1, le=100, description="How many people sleep there")]
Centavos = Annotated[int, Field(description="Centavos of the currency: 8500000 is $ 85.000")]
OneLine = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_ONE_LINE)
]


class GuestRequest(BaseModel):
    """Who books."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[OneLine, Field(examples=["Ana Pérez"])]
    email: Annotated[str, Field(max_length=254, pattern=_EMAIL, examples=["ana@example.com"])]
    phone: Annotated[
        str | None,
        Field(pattern=r"^\+[1-9]\d{6,14}$", description="E.164", examples=["+5492944123456"]),
    ] = None


class ReservationRequest(BaseModel):
    """A stay to hold until its deposit is paid."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "accommodation_id": 2,
                    "check_in": "2027-01-15",
                    "check_out": "2027-01-18",
                    "guests": 4,
                    "guest": {"name": "Ana Pérez", "email": "ana@example.com"},
                }
            ]
        },
    )
    accommodation_id: Annotated[int, Field(ge=1, le=_MAX_INT4, strict=True)]
    check_in: Annotated[Day, Field(description="Day of arrival")]
    check_out: Annotated[Day, Field(description="Day of leaving: its night is not included")]
    guests: Annotated[Guests, Field(strict=True)]
    guest: GuestRequest


class CancelRequest(BaseModel):
    """Why a reservation is cancelled."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[OneLine, Field(examples=["change of plans"])] = "api"


class AccommodationResponse(BaseModel):
    id: int
    slug: Annotated[str, Field(examples=["coihue"])]
    name: Annotated[str, Field(examples=["Cabaña Coihue"])]
    description: str
    capacity: int
    nightly_price: Centavos
    weekend_price: Annotated[int, Field(description="Centavos of a Friday or Saturday night")]
    currency: Annotated[str, Field(examples=["ARS"])]
    min_nights: int


class QuoteLineResponse(BaseModel):
    night: date
    amount: Centavos
    kind: Annotated[str, Field(examples=["weekend"])]
    season: Annotated[str | None, Field(examples=["Verano 2026/2027"])]


class QuoteResponse(BaseModel):
    lines: list[QuoteLineResponse]
    total: Centavos
    deposit: Annotated[int, Field(description="Centavos to pay before the hold runs out")]
    currency: str


class ProblemResponse(BaseModel):
    """An error, as RFC 9457 has it; further members depend on the code."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:alojamientos:problem:dates_taken",
                    "title": "Dates taken",
                    "status": 409,
                    "detail": "Some of these nights are taken; ask for other dates or another"
                    " accommodation.",
                    "code": "dates_taken",
                    "field": "check_in",
                    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                }
            ]
        },
    )
    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    trace_id: str | None = None


class ReasonResponse(BaseModel):
    code: Annotated[str, Field(examples=["too_many_guests"])]
    detail: str
    field: str | None = None


class OfferResponse(BaseModel):
    accommodation: AccommodationResponse
    available: bool
    problem: ReasonResponse | None
    quote: QuoteResponse


class AvailabilityResponse(BaseModel):
    check_in: date
    check_out: date
    nights: int
    guests: int
    offers: list[OfferResponse]


class ReservationResponse(BaseModel):
    """A reservation; `status` pre_reserved means held until `hold_expires_at`."""

    code: Annotated[str, Field(examples=["7K3M-9QXT-A2BD"])]
    status: Annotated[str, Field(examples=["pre_reserved"])]
    accommodation_id: int
    accommodation_name: str
    guest_name: str | None
    check_in: date
    check_out: date
    guests: int
    channel: str
    quote: QuoteResponse
    hold_expires_at: datetime | None
    created_at: datetime


class InvariantResponse(BaseModel):
    name: Annotated[str, Field(examples=["no_overlap"])]
    violations: int
    detail: list[str]


class InvariantsResponse(BaseModel):
    ok: bool
    invariants: list[InvariantResponse]


def accommodation(value: Accommodation) -> AccommodationResponse:
    return AccommodationResponse(
        id=value.id,
        slug=value.slug,
        name=value.name,
        description=value.description,
        capacity=value.capacity,
        nightly_price=value.nightly_price,
        weekend_price=value.weekend_price,
        currency=value.currency,
        min_nights=value.min_nights,
    )


def quote(value: Quote) -> QuoteResponse:
    return QuoteResponse.model_validate(value.to_json())


def availability(offers: list[Offer], *, stay: Stay, guests: int) -> AvailabilityResponse:
    return AvailabilityResponse(
        check_in=stay.check_in,
        check_out=stay.check_out,
        nights=stay.nights,
        guests=guests,
        offers=[
            OfferResponse(
                accommodation=accommodation(offer.accommodation),
                available=offer.available,
                problem=_reason(offer.problem),
                quote=quote(offer.quote),
            )
            for offer in offers
        ],
    )


def _reason(error: AlojamientosError | None) -> ReasonResponse | None:
    if error is None:
        return None
    return ReasonResponse(code=error.code, detail=error.message, field=error.extra.get("field"))


def reservation(view: ReservationView) -> ReservationResponse:
    return ReservationResponse(
        code=view.code,
        status=view.status.value,
        accommodation_id=view.accommodation_id,
        accommodation_name=view.accommodation_name,
        guest_name=view.guest_name,
        check_in=view.check_in,
        check_out=view.check_out,
        guests=view.guests,
        channel=view.channel.value,
        quote=quote(view.quote),
        hold_expires_at=view.hold_expires_at,
        created_at=view.created_at,
    )


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a route answers with."""
    return {
        status: {
            "model": ProblemResponse,
            "description": "A problem",
            "content": {"application/problem+json": {}},
        }
        for status in statuses
    }
