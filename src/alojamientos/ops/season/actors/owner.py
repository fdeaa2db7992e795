"""The owner: blocks nights, books by hand, takes money, moves, cancels, takes the word.

Over the owner's API, and with the command line where it is about money. What is refused because a
guest was quicker is no fault; every act that was done is kept for the audit.
"""

from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Any

import orjson

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.season.evidence import Taken
from alojamientos.ops.season.hands import Refused
from alojamientos.ops.season.owner_acts import Act, OwnerAct, owner_acts
from alojamientos.ops.season.season import WIND_DOWN, Season
from alojamientos.ops.simulator.client import NotReachable

_CONFLICT = 409
_CENTAVOS = 100
_SETTLES_AT = timedelta(hours=21)  # on every day: what is to be given back by hand
_HOLD_HOURS = 72
_HAS_MAIL = 0.7


def actors(season: Season) -> None:
    """Send the owner on every errand of the season."""
    for act in owner_acts(seed=season.seed, days=season.days):
        season.agenda.spawn(_Errand(season, act).do())
    season.agenda.spawn(_settle_daily(season))


class _Errand:
    def __init__(self, season: Season, plan: OwnerAct) -> None:
        self._season = season
        self._plan = plan

    async def do(self) -> None:
        season, plan = self._season, self._plan
        acts: dict[Act, Callable[[], Coroutine[Any, Any, bool]]] = {
            Act.BLOCK: self._block,
            Act.BOOK: self._book_at_once,
            Act.HOLD: self._hold,
            Act.CASH: self._cash,
            Act.MOVE: self._move,
            Act.CANCEL: self._cancel,
            Act.PAUSE: self._pause,
            Act.NO_SHOW: self._no_show,
        }
        await season.agenda.until(season.at(plan.at))
        try:
            done = await acts[plan.act]()
        except Refused as refusal:
            season.counts[f"owner: {plan.act}, refused"] += 1
            if refusal.answer != _CONFLICT:  # a guest was quicker
                season.note(f"owner, {plan.act}: {refusal.message}")
        except NotReachable:
            season.counts[f"owner: {plan.act}, not reached"] += 1
        else:
            how = plan.act if done else f"{plan.act}, none there"
            season.counts[f"owner: {how}"] += 1

    async def _block(self) -> bool:
        season = self._season
        cabin = self._chosen(await self._get("/cabins"), key="cabin")
        if cabin is None:
            return False
        first, last = self._nights()
        made = await self._post(
            "/blocks",
            cabin=cabin["cabin"],
            starts_on=first.isoformat(),
            ends_on=last.isoformat(),
            note="arreglos",
        )
        season.did("block.added")
        if self._plan.undone_after is not None:
            await season.sleep(self._plan.undone_after)
            await season.hands.owner("DELETE", f"/blocks/{made['block']['id']}")
            season.did("block.removed")
        return True

    async def _book_at_once(self) -> bool:
        return await self._book(deposit="waived") is not None

    async def _book(self, *, deposit: str) -> dict[str, Any] | None:
        cabin = self._chosen(await self._get("/cabins"), key="cabin")
        if cabin is None:
            return None
        plan = self._plan
        first, last = self._nights()
        booked: dict[str, Any] = await self._post(
            "/bookings",
            cabin=cabin["cabin"],
            check_in=first.isoformat(),
            check_out=last.isoformat(),
            guests=min(plan.guests, cabin["sleeps"]),
            name=f"Mano {plan.number}",
            # Some have no address: they are told by the owner, and by nobody else.
            email=f"hand-{self._season.seed}-{plan.number}@example.com"
            if plan.luck < _HAS_MAIL
            else None,
            deposit=deposit,
            hold_hours=_HOLD_HOURS,
            any_length=True,
        )
        self._season.did("booking.added")
        return booked

    async def _hold(self) -> bool:
        booked = await self._book(deposit="asked")
        if booked is None:
            return False
        await self._season.sleep(self._plan.undone_after or timedelta(hours=1))
        await self._take(booked["code"], booked["deposit"], method="transfer")
        return True

    async def _cash(self) -> bool:
        owing = [one for one in await self._confirmed() if one["due"] > 0]
        booking = self._chosen(owing)
        if booking is None:
            return False
        await self._take(booking["code"], booking["due"], method="cash")
        return True

    async def _take(self, code: str, centavos: int, *, method: str) -> None:
        pesos = f"{centavos // _CENTAVOS},{centavos % _CENTAVOS:02d}"
        taken = await self._command("record", code, pesos, "--method", method, "--json")
        self._season.did("payment.recorded")
        self._season.cash_box.append(
            Taken(
                id=f"hand:{taken['entry']}",
                status="approved",
                reference=f"hand:{code}",
                amount=centavos,
                given_back=0,
            )
        )

    async def _move(self) -> bool:
        tomorrow = self._season.today() + timedelta(days=1)
        ahead = [one for one in await self._confirmed() if one["check_in"] > tomorrow.isoformat()]
        booking = self._chosen(ahead)
        if booking is None:
            return False
        wanted = date.fromisoformat(booking["check_in"]) + timedelta(days=self._plan.by_days)
        await self._post(
            f"/bookings/{booking['code']}/move",
            check_in=max(wanted, tomorrow).isoformat(),
            any_length=True,
        )
        self._season.did("booking.moved")
        return True

    async def _cancel(self) -> bool:
        """Cancel with what the policy gives back."""
        today = self._season.today().isoformat()
        booking = self._chosen([o for o in await self._confirmed() if o["check_in"] > today])
        if booking is None:
            return False
        self._season.ended_by_owner.add(booking["code"])
        await self._command("refund", booking["code"], "--cancel", "--yes", "--json")
        self._season.did("booking.cancelled")
        return True

    async def _pause(self) -> bool:
        season = self._season
        found = self._chosen(await self._get("/conversations?limit=200"), key="id")
        if found is None:
            return False
        season.left_to_owner.add(found["address"])
        await self._post(f"/conversations/{found['id']}/pause", hours=_HOLD_HOURS)
        season.did("conversation.paused")
        await season.sleep(self._plan.undone_after or timedelta(hours=1))
        await self._post(f"/conversations/{found['id']}/resume")
        season.did("conversation.resumed")
        return True

    async def _no_show(self) -> bool:
        today = self._season.today().isoformat()
        here = [o for o in await self._confirmed() if o["check_in"] <= today <= o["check_out"]]
        booking = self._chosen(here)
        if booking is None:
            return False
        self._season.ended_by_owner.add(booking["code"])
        await self._post(f"/bookings/{booking['code']}/no-show")
        self._season.did("booking.no_show")
        return True

    def _nights(self) -> tuple[date, date]:
        first = self._season.today() + timedelta(days=self._plan.days_ahead)
        return first, first + timedelta(days=self._plan.nights)

    def _chosen(self, among: list[dict[str, Any]], *, key: str = "check_in") -> Any:
        """Return one of `among`, by luck; None when there is none.

        In an order that does not hang on codes, which no seed draws.
        """
        ordered = sorted(among, key=lambda one: (one[key], one.get("created_at", "")))
        return ordered[int(self._plan.luck * len(ordered))] if ordered else None

    async def _confirmed(self) -> list[dict[str, Any]]:
        return await self._get("/bookings?status=confirmed&limit=500")

    async def _get(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._season.hands.owner("GET", path)
        return found

    async def _post(self, path: str, **body: Any) -> Any:
        return await self._season.hands.owner("POST", path, **body)

    async def _command(self, *arguments: str) -> Any:
        return await _payments(self._season, *arguments)


async def _settle_daily(season: Season) -> None:
    """Give back by hand what waits for that, every evening, to the end."""
    evening = season.at(_SETTLES_AT)
    while evening < season.ends_at + WIND_DOWN:
        await season.agenda.until(evening, quietly=True)
        evening += timedelta(days=1)
        try:
            await _settle(season)
        except AlojamientosError as error:
            season.note(f"owner, money to give back: {error.message}")


async def _settle(season: Season) -> None:
    if not season.cash_box:
        return
    for todo in (await _payments(season, "list", "--todo", "--json"))["todo"]:
        if todo["task"] == "refund by hand":
            await season.stack.command("payments", "done", todo["number"], "--yes")
            season.did("refund.made_by_hand")
            season.counts["owner: money given back by hand"] += 1
            _give_back(season, todo["code"], todo["amount"])


def _give_back(season: Season, code: str, amount: int) -> None:
    """Note in the cash box what was given back; newest first, as it is said to be done."""
    for number in reversed(range(len(season.cash_box))):
        taken = season.cash_box[number]
        if taken.reference == f"hand:{code}" and (some := min(amount, taken.kept)):
            season.cash_box[number] = taken.less(some)
            amount -= some


async def _payments(season: Season, *arguments: str) -> Any:
    """Run a verb about money and return what it tells; raises Refused."""
    try:
        return orjson.loads(await season.stack.command("payments", *arguments))
    except AlojamientosError as error:
        raise Refused(error.message, answer=None) from error
