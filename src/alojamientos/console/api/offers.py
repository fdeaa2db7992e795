"""Cabins, prices and blocks."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query

from alojamientos.console import occasions, shapes
from alojamientos.console.api.offers_asked import (
    BlockRequest,
    CabinChange,
    CabinRequest,
    Rates,
    SeasonRequest,
)
from alojamientos.console.api.room import ACTOR, DryRun, Id, Room
from alojamientos.console.occasions import Occasion
from alojamientos.console.shapes import CabinShape, PricesShape
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.reservations import blocks, cabins, prices, pricing
from alojamientos.reservations.blocks import Block, BookedThere
from alojamientos.reservations.domain import RuleKind, Stay
from alojamientos.reservations.prices import StoredRule, Wanted
from alojamientos.reservations.schemas import Day

_MOST_NIGHTS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedShape:
    block: Block
    over: list[BookedThere]


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayShape:
    name: str
    starts_on: Day
    ends_on: Day


@dataclass(frozen=True, slots=True)
class _Offers:
    room: Room

    async def cabins(self) -> list[CabinShape]:
        found = await self.room.read(lambda conn: cabins.cabins(conn, today=self.room.today))
        return [shapes.cabin(each) for each in found]

    async def cabin(self, cabin: str) -> CabinShape:
        return shapes.cabin(
            await self.room.read(lambda conn: cabins.cabin(conn, cabin, today=self.room.today))
        )

    async def add_cabin(self, request: CabinRequest) -> CabinShape:
        values = request.model_dump(exclude={"cabin", "sleeps"})
        return shapes.cabin(
            await self.room.write(
                lambda tx: cabins.add(
                    tx,
                    slug=request.cabin,
                    capacity=request.sleeps,
                    time_zone=self.room.zone,
                    today=self.room.today,
                    actor=ACTOR,
                    **values,
                )
            )
        )

    async def edit_cabin(self, cabin: str, request: CabinChange) -> CabinShape:
        values = request.model_dump(exclude={"sleeps"})
        _, after = await self.room.write(
            lambda tx: cabins.edit(
                tx,
                slug=cabin,
                today=self.room.today,
                actor=ACTOR,
                capacity=request.sleeps,
                **values,
            )
        )
        return shapes.cabin(after)

    async def retire(
        self, cabin: str, *, keep_bookings: Annotated[bool, Query()] = False
    ) -> CabinShape:
        return await self._set_active(cabin, active=False, despite=keep_bookings)

    async def put_back(self, cabin: str) -> CabinShape:
        return await self._set_active(cabin, active=True, despite=False)

    async def _set_active(self, cabin: str, *, active: bool, despite: bool) -> CabinShape:
        return shapes.cabin(
            await self.room.write(
                lambda tx: cabins.set_active(
                    tx,
                    slug=cabin,
                    active=active,
                    today=self.room.today,
                    actor=ACTOR,
                    despite=despite,
                )
            )
        )

    async def explained(
        self,
        cabin: str,
        check_in: Annotated[Day, Query(examples=["2027-01-15"])],
        check_out: Annotated[Day, Query(examples=["2027-01-18"])],
    ) -> PricesShape:
        stay = Stay(check_in, check_out)
        if stay.nights > _MOST_NIGHTS:
            raise Invalid(f"at most {_MOST_NIGHTS} nights at a time", field="check_out")
        found = await self.room.read(lambda conn: cabins.cabin(conn, cabin, today=self.room.today))
        return shapes.prices(cabin, pricing.explain(found.accommodation, stay))

    async def rules(
        self,
        cabin: Annotated[str | None, Query()] = None,
        *,
        past: Annotated[bool, Query()] = False,
    ) -> list[StoredRule]:
        since = None if past else self.room.today
        return await self.room.read(lambda conn: prices.rules(conn, cabin=cabin, since=since))

    async def add_season(self, cabin: str, request: SeasonRequest) -> StoredRule:
        async def work(tx: Transaction) -> StoredRule:
            found = await cabins.cabin(tx.conn, cabin, today=self.room.today)
            return await prices.add(
                tx,
                accommodation_id=found.accommodation.id,
                kind=RuleKind.SEASON,
                wanted=Wanted(**request.model_dump()),
                actor=ACTOR,
            )

        return await self.room.write(work)

    async def holidays(self) -> list[HolidayShape]:
        return [_holiday(each) for each in occasions.upcoming(today=self.room.today)]

    async def put_holiday(
        self, cabin: str, holiday: str, request: Rates, *, dry_run: DryRun = False
    ) -> list[StoredRule]:
        wanted = [
            Wanted(
                name=each.name,
                starts_on=each.starts_on,
                ends_on=each.ends_on,
                **request.model_dump(),
            )
            for each in occasions.named(holiday, today=self.room.today)
        ]

        async def work(tx: Transaction) -> list[StoredRule]:
            found = await cabins.cabin(tx.conn, cabin, today=self.room.today)
            return await prices.put_holidays(
                tx, accommodation_id=found.accommodation.id, wanted=wanted, actor=ACTOR
            )

        return await self.room.write(work, dry_run=dry_run)

    async def remove_rule(self, rule_id: Id) -> StoredRule:
        return await self.room.write(lambda tx: prices.remove(tx, rule_id=rule_id, actor=ACTOR))

    async def blocks(
        self,
        cabin: Annotated[str | None, Query()] = None,
        *,
        past: Annotated[bool, Query()] = False,
    ) -> list[Block]:
        since = None if past else self.room.today
        return await self.room.read(lambda conn: blocks.blocks(conn, cabin=cabin, since=since))

    async def add_block(self, request: BlockRequest, *, dry_run: DryRun = False) -> BlockedShape:
        stay = Stay(request.starts_on, request.ends_on)
        block, over = await self.room.write(
            lambda tx: blocks.add(
                tx,
                cabin=request.cabin,
                stay=stay,
                note=request.note,
                today=self.room.today,
                actor=ACTOR,
                despite=request.force,
            ),
            dry_run=dry_run,
        )
        return BlockedShape(block=block, over=over)

    async def remove_block(self, block_id: Id) -> Block:
        return await self.room.write(lambda tx: blocks.remove(tx, block_id=block_id, actor=ACTOR))


def _holiday(occasion: Occasion) -> HolidayShape:
    return HolidayShape(name=occasion.name, starts_on=occasion.starts_on, ends_on=occasion.ends_on)


def add_routes(router: APIRouter, room: Room) -> None:
    offers = _Offers(room)
    router.get("/cabins", summary="Every cabin, retired ones too")(offers.cabins)
    router.post("/cabins", summary="Add a cabin", status_code=201)(offers.add_cabin)
    router.get("/cabins/{cabin}", summary="One cabin")(offers.cabin)
    router.patch("/cabins/{cabin}", summary="Change a cabin")(offers.edit_cabin)
    router.post("/cabins/{cabin}/retire", summary="Take a cabin off sale")(offers.retire)
    router.post("/cabins/{cabin}/restore", summary="Put a cabin back on sale")(offers.put_back)
    router.get("/cabins/{cabin}/prices", summary="What each night costs, and why")(offers.explained)
    router.post("/cabins/{cabin}/seasons", summary="Add a season", status_code=201)(
        offers.add_season
    )
    router.put("/cabins/{cabin}/holidays/{holiday}", summary="Price a holiday by its name")(
        offers.put_holiday
    )
    router.get("/holidays", summary="The coming holidays and their nights")(offers.holidays)
    router.get("/prices", summary="Seasons and holidays with prices of their own")(offers.rules)
    router.delete("/prices/{rule_id}", summary="Remove a season or a holiday's price")(
        offers.remove_rule
    )
    router.get("/blocks", summary="Nights that the owner keeps")(offers.blocks)
    router.post("/blocks", summary="Keep nights", status_code=201)(offers.add_block)
    router.delete("/blocks/{block_id}", summary="Sell kept nights again")(offers.remove_block)
