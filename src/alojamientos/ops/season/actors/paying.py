"""What guests' payments go through at Mercado Pago, whichever way they booked."""

from datetime import timedelta
from typing import Any

from alojamientos.ops.season.plan import Paying
from alojamientos.ops.season.season import Season

_NOTIFIED_LATE = timedelta(hours=3)


async def pay(season: Season, preference: str, *, pays: Paying) -> None:
    """Pay a link as `pays` says; what comes of it days later goes on by itself."""
    season.counts[f"payment {pays}"] += 1
    await _Payer(season, pays).pay(preference)


class _Payer:
    def __init__(self, season: Season, pays: Paying) -> None:
        self._season = season
        self._pays = pays

    async def pay(self, preference: str) -> None:
        season, pays = self._season, self._pays
        pay: dict[str, Any] = {"preference_id": preference, "late": True}
        if pays is Paying.LOST:
            await self._do(**pay, notify=False)
        elif pays is Paying.DELAYED:
            payment = await self._do(**pay, notify=False)
            season.agenda.spawn(self._notify_later(payment))
        elif pays is Paying.DOUBLED:
            await self._do(**pay, duplicates=3)
        elif pays is Paying.SHUFFLED:
            payment = await self._do(**pay, status="in_process", notify=False)
            await season.sleep(timedelta(minutes=1))
            await self._change(payment, status="approved")
            await self._notify(payment)
        elif pays is Paying.REJECTED:
            await self._do(**pay, status="rejected")
            await season.sleep(timedelta(minutes=2))
            await self._do(**pay)
        elif pays is Paying.TWICE:
            await self._do(**pay)
            await self._do(**pay)
        else:
            payment = await self._do(**pay)
            if pays in (Paying.REFUNDED, Paying.CHARGED_BACK):
                season.agenda.spawn(self._take_back(payment))

    async def _do(self, **body: Any) -> str:
        answer = await self._season.hands.control("POST", "/_control/mercadopago/pay", **body)
        return str(answer["payment"]["id"])

    async def _change(self, payment: str, **body: Any) -> None:
        await self._season.hands.control(
            "POST", f"/_control/mercadopago/payments/{payment}", **body
        )

    async def _notify(self, payment: str) -> None:
        await self._season.hands.control(
            "POST", f"/_control/mercadopago/payments/{payment}/notify", notify=True
        )

    async def _notify_later(self, payment: str) -> None:
        await self._season.sleep(_NOTIFIED_LATE)
        await self._notify(payment)

    async def _take_back(self, payment: str) -> None:
        season = self._season
        await season.sleep(timedelta(days=1))
        known = (await season.hands.control("GET", "/_control/mercadopago"))["payments"]
        if known[payment]["status"] != "approved":  # the booking was cancelled meanwhile
            season.counts["payment given back before it was taken back"] += 1
            return
        if self._pays is Paying.REFUNDED:
            await self._change(payment, refund=None)
        else:
            await self._change(payment, status="charged_back")
