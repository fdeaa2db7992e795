"""The booking API under /api/v1. Refusals leave as exceptions; the edge makes them problems."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Header, Query, Response

from alojamientos.kit import codes, idempotency
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.locks import UnitLocks
from alojamientos.reservations import invariants, operations, queries, schemas
from alojamientos.reservations.domain import NoSuchReservation, Policy, Stay
from alojamientos.reservations.events import Channel, HoldRequested, LockAcquired
from alojamientos.reservations.invariants import INVARIANTS, Invariant
from alojamientos.reservations.schemas import problems
from alojamientos.reservations.views import ReservationView

PREFIX = "/api/v1"
_SCOPE = f"POST {PREFIX}/reservations"
_CREATED = 201

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="A repeat with the same key and body gets the first one's answer for a day",
        examples=["2b5e7b1c-6b0e-4a0e-9a55-0d5f6d7c1f11"],
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The dependencies that stand before the routes: who may, and how often."""

    token: Callable[..., Awaitable[None]]
    rate_limit: Callable[..., Awaitable[None]]


def create_router(
    *,
    database: Database,
    locks: UnitLocks,
    policy: Policy,
    guards: Guards,
    now: Callable[[], datetime],
    checks: Sequence[Invariant] = INVARIANTS,
) -> APIRouter:
    """Return the routes; whatever writes or shows a person's data wants the token."""
    router = APIRouter(
        prefix=PREFIX,
        tags=["reservations"],
        dependencies=[Depends(guards.rate_limit)],
        responses=problems(429, 503),
    )
    desk = _Desk(database=database, locks=locks, policy=policy, clock=now, checks=checks)
    with_token = [Depends(guards.token)]

    router.get("/accommodations", summary="What can be booked")(desk.accommodations)
    router.get("/availability", summary="What is free, and what it costs", responses=problems(422))(
        desk.availability
    )
    router.post(
        "/reservations",
        summary="Hold a stay until its deposit is paid",
        status_code=_CREATED,
        response_model=schemas.ReservationResponse,
        responses=problems(401, 404, 409, 422),
        dependencies=with_token,
    )(desk.reserve)
    router.get(
        "/reservations/{code}",
        summary="One reservation",
        responses=problems(401, 404),
        dependencies=with_token,
    )(desk.reservation)
    router.post(
        "/reservations/{code}/cancel",
        summary="Cancel a hold or a stay; a repeat changes nothing",
        responses=problems(401, 404, 409, 422),
        dependencies=with_token,
    )(desk.cancel)
    router.get(
        "/invariants",
        summary="Check now that the bookings are sound",
        responses=problems(401),
        dependencies=with_token,
    )(desk.invariants)
    return router


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """The routes' functions, with what they need."""

    database: Database
    locks: UnitLocks
    policy: Policy
    clock: Callable[[], datetime]
    checks: Sequence[Invariant]

    async def accommodations(self) -> list[schemas.AccommodationResponse]:
        async with self.database.read() as conn:
            return [schemas.accommodation(found) for found in await queries.accommodations(conn)]

    async def availability(
        self,
        check_in: Annotated[schemas.Day, Query(examples=["2027-01-15"])],
        check_out: Annotated[schemas.Day, Query(examples=["2027-01-18"])],
        guests: Annotated[schemas.Guests, Query(examples=[4])],
    ) -> schemas.AvailabilityResponse:
        stay = Stay(check_in, check_out)
        stay.check_bookable(today=today_in(self.policy.time_zone, self.clock()))
        async with self.database.read() as conn:
            offers = await queries.offers(conn, stay=stay, guests=guests, policy=self.policy)
        return schemas.availability(offers, stay=stay, guests=guests)

    async def reserve(
        self, request: schemas.ReservationRequest, key: IdempotencyKey = None
    ) -> Response:
        self.database.bus.publish(HoldRequested(channel=Channel.API))

        async def work(tx: Transaction) -> Response:
            if key is None:
                return _created(_body(await self._hold(tx, request)))
            payload = request.model_dump_json().encode()
            before = await idempotency.claim(tx, scope=_SCOPE, key=key, request=payload)
            if before is not None:
                return _created(before.body, replayed=True)
            body = _body(await self._hold(tx, request))
            answer = idempotency.Answer(status=_CREATED, body=body)
            await idempotency.keep(tx, scope=_SCOPE, key=key, answer=answer)
            return _created(body)

        return await self.database.run(work)

    async def _hold(self, tx: Transaction, request: schemas.ReservationRequest) -> ReservationView:
        try:
            stay = Stay(request.check_in, request.check_out)
            guest = request.guest
            guest_id = await operations.identify_guest(
                tx, kind="email", value=guest.email, name=guest.name, phone=guest.phone
            )
            return await operations.hold(
                tx,
                accommodation_id=request.accommodation_id,
                stay=stay,
                guests=request.guests,
                guest_id=guest_id,
                channel=Channel.API,
                policy=self.policy,
                locks=self.locks,
                today=today_in(self.policy.time_zone, self.clock()),
            )
        except AlojamientosError as refusal:
            # A refusal rolls everything back, also the guest; that the lock was had stays true.
            refusal.extra.setdefault("channel", Channel.API)
            self.database.bus.publish_all(
                fact for fact in tx.facts if isinstance(fact, LockAcquired)
            )
            raise

    async def reservation(self, code: str) -> schemas.ReservationResponse:
        async with self.database.read() as conn:
            return schemas.reservation(await queries.by_code(conn, _canonical(code)))

    async def cancel(
        self,
        code: str,
        request: Annotated[schemas.CancelRequest | None, Body()] = None,
    ) -> schemas.ReservationResponse:
        reason = (request or schemas.CancelRequest()).reason

        async def work(tx: Transaction) -> ReservationView:
            view = await queries.by_code(tx.conn, _canonical(code))
            return await operations.cancel(tx, reservation_id=view.id, reason=reason)

        return schemas.reservation(await self.database.run(work))

    async def invariants(self) -> schemas.InvariantsResponse:
        async with self.database.read() as conn:
            findings = await invariants.check_all(conn, checks=self.checks)
        return schemas.InvariantsResponse(
            ok=not any(finding.violations for finding in findings),
            invariants=[
                schemas.InvariantResponse(
                    name=finding.name,
                    violations=len(finding.violations),
                    detail=list(finding.violations),
                )
                for finding in findings
            ],
        )


def _canonical(code: str) -> str:
    """Return the code as it is stored; raises NoSuchReservation when it can be none."""
    canonical = codes.canonical(code)
    if canonical is None:
        raise NoSuchReservation(field="code")
    return canonical


def _body(view: ReservationView) -> dict[str, Any]:
    return schemas.reservation(view).model_dump(mode="json")


def _created(body: dict[str, Any], *, replayed: bool = False) -> Response:
    headers = {"Location": f"{PREFIX}/reservations/{body['code']}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(
        orjson.dumps(body), status_code=_CREATED, headers=headers, media_type="application/json"
    )
