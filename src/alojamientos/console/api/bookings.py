"""Bookings: looked up, by hand, moved, cancelled."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from alojamientos.console import bookings, shapes
from alojamientos.console.api.room import ACTOR, Body, Centavos, DryRun, Room
from alojamientos.console.shapes import (
    BookingShape,
    CancelledShape,
    MovedShape,
    WholeBookingShape,
)
from alojamientos.kit.db import Transaction
from alojamientos.payments import queries as payments
from alojamientos.reservations import by_hand, listing, moving, stays
from alojamientos.reservations.by_hand import Deposit, Person
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.events import Channel, HoldRequested, Status
from alojamientos.reservations.listing import Filter
from alojamientos.reservations.schemas import Day, Guests
from alojamientos.reservations.stays import Note


class BookingRequest(Body):
    cabin: Annotated[str, Field(max_length=40, examples=["coihue"])]
    check_in: Day
    check_out: Day
    guests: Guests
    name: Annotated[str, Field(max_length=200, examples=["Ana Pérez"])]
    phone: Annotated[str | None, Field(max_length=16, examples=["+5492944123456"])] = None
    email: Annotated[str | None, Field(max_length=200)] = None
    deposit: Annotated[
        Deposit, Field(description="waived confirms at once; asked holds until it is paid")
    ] = Deposit.WAIVED
    hold_hours: Annotated[int, Field(ge=1, le=336, strict=True)] = 24
    total: Annotated[Centavos | None, Field(description="Agreed for the whole stay")] = None
    any_length: Annotated[bool, Field(strict=True)] = False
    note: Annotated[str, Field(max_length=2000)] = ""


class MoveRequest(Body):
    """What is left out stays; with a new check_in alone, so does the number of nights."""

    check_in: Day | None = None
    check_out: Day | None = None
    cabin: Annotated[str | None, Field(max_length=40)] = None
    guests: Guests | None = None
    reprice: Annotated[bool, Field(strict=True, description="Charge today's prices")] = False
    any_length: Annotated[bool, Field(strict=True)] = False


class CancelRequest(Body):
    reason: Annotated[str, Field(max_length=200)] = ""
    refund: Annotated[bool, Field(strict=True, description="Give back all that was paid")] = False


class NoteRequest(Body):
    text: Annotated[str, Field(min_length=1, max_length=2000)]


@dataclass(frozen=True, slots=True)
class _Bookings:
    room: Room

    async def search(
        self,
        since: Annotated[Day | None, Query(description="With a night from this day on")] = None,
        until: Annotated[Day | None, Query(description="Arriving before this day")] = None,
        cabin: Annotated[str | None, Query()] = None,
        status: Annotated[list[Status] | None, Query()] = None,
        channel: Annotated[Channel | None, Query()] = None,
        guest: Annotated[
            str | None, Query(max_length=200, description="Part of name, address, phone or code")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=listing.MOST)] = 100,
    ) -> list[BookingShape]:
        wanted = Filter(
            since=since,
            until=until,
            cabin=cabin,
            statuses=tuple(status) if status else None,
            channel=channel,
            words=guest,
        )
        async with self.room.database.read() as conn:
            found = await listing.search(conn, wanted, limit=limit)
            due = await bookings.balances(conn, [view.id for view in found])
        return [shapes.booking(view, due=due[view.id]) for view in found]

    async def show(self, code: str) -> WholeBookingShape:
        return shapes.whole(await self.room.read(lambda conn: bookings.booking(conn, code)))

    async def add(self, request: BookingRequest, *, dry_run: DryRun = False) -> BookingShape:
        stay = Stay(request.check_in, request.check_out)
        if not dry_run:
            self.room.database.bus.publish(HoldRequested(channel=Channel.MANUAL))
        view = await self.room.write(
            lambda tx: by_hand.book(
                tx,
                cabin=request.cabin,
                stay=stay,
                guests=request.guests,
                person=Person(name=request.name, phone=request.phone, email=request.email),
                deposit=request.deposit,
                hold=timedelta(hours=request.hold_hours),
                policy=self.room.policy,
                locks=self.room.locks,
                today=self.room.today,
                actor=ACTOR,
                total=request.total,
                any_length=request.any_length,
                note=request.note,
            ),
            dry_run=dry_run,
        )
        return shapes.booking(view, due=view.total)

    async def move(self, code: str, request: MoveRequest, *, dry_run: DryRun = False) -> MovedShape:
        async def work(tx: Transaction) -> MovedShape:
            view = await bookings.find(tx.conn, code)
            paid = (await payments.balance(tx.conn, reservation_id=view.id)).paid
            moved = await moving.move(
                tx,
                reservation_id=view.id,
                today=self.room.today,
                policy=self.room.policy,
                actor=ACTOR,
                **request.model_dump(),
            )
            return shapes.moved(moved, paid=paid, dry_run=dry_run)

        return await self.room.write(work, dry_run=dry_run)

    async def cancel(
        self, code: str, request: CancelRequest, *, dry_run: DryRun = False
    ) -> CancelledShape:
        done = await self.room.write(
            lambda tx: bookings.cancel(
                tx,
                code=code,
                reason=request.reason,
                give_back=request.refund,
                actor=ACTOR,
                now=self.room.clock(),
            ),
            dry_run=dry_run,
        )
        return shapes.cancelled(done, dry_run=dry_run)

    async def no_show(self, code: str) -> BookingShape:
        async def work(tx: Transaction) -> BookingShape:
            view = await bookings.find(tx.conn, code)
            after = await stays.no_show(
                tx, reservation_id=view.id, today=self.room.today, actor=ACTOR
            )
            due = await bookings.balances(tx.conn, [view.id])
            return shapes.booking(after, due=due[view.id])

        return await self.room.write(work)

    async def note(self, code: str, request: NoteRequest) -> Note:
        async def work(tx: Transaction) -> Note:
            view = await bookings.find(tx.conn, code)
            return await stays.add_note(tx, reservation_id=view.id, text=request.text, actor=ACTOR)

        return await self.room.write(work)


def add_routes(router: APIRouter, room: Room) -> None:
    desk = _Bookings(room)
    router.get("/bookings", summary="Look up bookings")(desk.search)
    router.post("/bookings", summary="Write down a booking", status_code=201)(desk.add)
    router.get("/bookings/{code}", summary="One booking: price, money, notes")(desk.show)
    router.post("/bookings/{code}/move", summary="Other dates, cabin or party")(desk.move)
    router.post("/bookings/{code}/cancel", summary="Cancel a booking")(desk.cancel)
    router.post("/bookings/{code}/no-show", summary="Nobody came")(desk.no_show)
    router.post("/bookings/{code}/notes", summary="Note something", status_code=201)(desk.note)
