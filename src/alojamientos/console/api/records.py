"""The day's board, CSV files, what failed, who did what."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from alojamientos.console import board, exports, failures
from alojamientos.console.api.room import ACTOR, Id, Limit, Room
from alojamientos.console.board import Board
from alojamientos.console.failures import FailedJob, FailedMessage
from alojamientos.kit import audit
from alojamientos.kit.audit import Entry
from alojamientos.reservations.listing import Filter
from alojamientos.reservations.schemas import Day

_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "CSV that Excel opens"}
}
Since = Annotated[Day | None, Query()]
Text = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class _Records:
    room: Room

    async def today(self, date: Annotated[Day | None, Query()] = None) -> Board:
        day = date or self.room.today
        return await self.room.read(lambda conn: board.board(conn, day=day))

    async def bookings(self, since: Since = None, until: Since = None) -> Response:
        wanted = Filter(since=since, until=until)
        text = await self.room.read(
            lambda conn: exports.bookings_csv(conn, wanted, zone=self.room.zone)
        )
        return _file("bookings.csv", text)

    async def money(self, since: Since = None, until: Since = None) -> Response:
        text = await self.room.read(
            lambda conn: exports.money_csv(conn, since=since, until=until, zone=self.room.zone)
        )
        return _file("money.csv", text)

    async def failed_messages(self, limit: Limit = 50) -> list[FailedMessage]:
        return await self.room.read(lambda conn: failures.messages(conn, limit=limit))

    async def resend(self, message_id: Id) -> FailedMessage:
        return await self.room.write(
            lambda tx: failures.resend(tx, message_id=message_id, actor=ACTOR)
        )

    async def failed_jobs(self, limit: Limit = 50) -> list[FailedJob]:
        return await self.room.read(lambda conn: failures.jobs(conn, limit=limit))

    async def retry(self, job_id: Id) -> FailedJob:
        return await self.room.write(lambda tx: failures.retry(tx, job_id=job_id, actor=ACTOR))

    async def audit(
        self,
        actor: Text = None,
        action: Text = None,
        subject: Text = None,
        before: Annotated[int | None, Query(ge=1, description="Older than this id")] = None,
        limit: Limit = 50,
    ) -> list[Entry]:
        return await self.room.read(
            lambda conn: audit.entries(
                conn, limit=limit, actor=actor, action=action, subject=subject, before=before
            )
        )


def _file(name: str, text: str) -> Response:
    return Response(
        text.encode(),
        media_type=exports.MEDIA_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def add_routes(router: APIRouter, room: Room) -> None:
    records = _Records(room)
    router.get("/today", summary="Arrivals, departures, cleaning, balances")(records.today)
    router.get("/exports/bookings.csv", summary="Bookings for Excel", responses=_CSV)(
        records.bookings
    )
    router.get("/exports/money.csv", summary="The ledger for Excel", responses=_CSV)(records.money)
    router.get("/messages/failed", summary="Messages that failed")(records.failed_messages)
    router.post("/messages/{message_id}/resend", summary="Send one again")(records.resend)
    router.get("/jobs/failed", summary="Jobs that were given up")(records.failed_jobs)
    router.post("/jobs/{job_id}/retry", summary="Run one again")(records.retry)
    router.get("/audit", summary="Who did what, newest first")(records.audit)
