"""What the owner asks for about cabins, prices and blocks."""

from typing import Annotated

from pydantic import Field

from alojamientos.console.api.room import Body, Centavos
from alojamientos.reservations.schemas import Day

Count = Annotated[int, Field(ge=1, le=100, strict=True)]


class CabinRequest(Body):
    cabin: Annotated[str, Field(max_length=40, description="Short name", examples=["coihue"])]
    name: Annotated[str, Field(max_length=80, examples=["Cabaña Coihue"])]
    description: Annotated[str, Field(max_length=1000)] = ""
    sleeps: Count
    nightly_price: Centavos
    weekend_price: Centavos
    min_nights: Count = 1


class CabinChange(Body):
    """What is left out stays as it is."""

    name: Annotated[str | None, Field(max_length=80)] = None
    description: Annotated[str | None, Field(max_length=1000)] = None
    sleeps: Count | None = None
    nightly_price: Centavos | None = None
    weekend_price: Centavos | None = None
    min_nights: Count | None = None


class Rates(Body):
    """What is left out stays the cabin's own."""

    nightly_price: Centavos | None = None
    weekend_price: Centavos | None = None
    min_nights: Count | None = None


class SeasonRequest(Rates):
    name: Annotated[str, Field(max_length=80, examples=["Verano 2027"])]
    starts_on: Annotated[Day, Field(description="Its first night")]
    ends_on: Annotated[Day, Field(description="The morning after its last night")]


class BlockRequest(Body):
    cabin: Annotated[str, Field(max_length=40)]
    starts_on: Annotated[Day, Field(description="The first night that is not sold")]
    ends_on: Annotated[Day, Field(description="The morning after the last one")]
    note: Annotated[str, Field(max_length=200)] = ""
    force: Annotated[
        bool, Field(strict=True, description="Although guests are booked there, who stay booked")
    ] = False
