"""A fake Mercado Pago: one account's preferences, payments, refunds and notifications."""

import secrets
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson

from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.mercadopago_rules import (
    STATUS_DETAILS,
    MercadoPagoError,
    check_preference,
    check_update,
    number,
    refund_amount,
    total,
)
from alojamientos.ops.simulator.signing import mercadopago_signature
from alojamientos.ops.simulator.webhooks import Attempt, Webhook, Webhooks

_MAX_KEPT = 20_000
_ARGENTINA = timezone(timedelta(hours=-3))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """What a payer does: the preference's amount unless `amount` (pesos) says otherwise."""

    status: str = "approved"
    amount: float | None = None
    overrides: dict[str, Any] | None = None  # fields of the payment to falsify


class MercadoPago:
    """The state behind the fake API of one account."""

    def __init__(
        self, *, config: SimulatorConfig, webhooks: Webhooks, clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._webhooks = webhooks
        self._clock = clock
        self.preferences: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.payments: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._answers: OrderedDict[str, dict[str, Any]] = OrderedDict()  # by idempotency key,
        self._asked: OrderedDict[str, dict[str, Any]] = OrderedDict()  # and what they answered
        self._last_id = 0
        self.counts: Counter[str] = Counter()

    # what the seller may call

    def create_preference(self, body: dict[str, Any], *, key: str | None) -> dict[str, Any]:
        """Answer `POST /checkout/preferences`; the same key gives the same preference."""
        return self._once(f"preference:{key}" if key else None, body, self._create_preference)

    def update_preference(self, preference_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer `PUT /checkout/preferences/{id}`: its term may end at once."""
        preference = self.preferences.get(preference_id)
        if preference is None:
            raise MercadoPagoError(404, "preference not found")
        check_update(body)
        preference.update(body)
        self.counts["preference_update"] += 1
        return preference

    def payment(self, payment_id: str) -> dict[str, Any]:
        payment = self.payments.get(payment_id)
        if payment is None:
            raise MercadoPagoError(404, "Payment not found", cause=2000)
        return payment

    def refund(self, payment_id: str, body: dict[str, Any], *, key: str | None) -> dict[str, Any]:
        """Answer `POST /v1/payments/{id}/refunds`; without a key it is refused."""
        if not key:
            raise MercadoPagoError(400, "Header X-Idempotency-Key can't be null", cause=4292)
        self.payment(payment_id)
        return self._once(f"refund:{payment_id}:{key}", body, lambda b: self._refund(payment_id, b))

    def change(self, payment_id: str, *, status: str) -> dict[str, Any]:
        """Bring a payment to `status`, as cancelling, a charge-back or a dispute does."""
        payment = self.payment(payment_id)
        payment["status"] = status
        payment["status_detail"] = STATUS_DETAILS[status]
        if status == "approved":
            payment["date_approved"] = self._iso()
        if status == "refunded":
            payment["transaction_amount_refunded"] = payment["transaction_amount"]
        payment["date_last_updated"] = self._iso()
        return payment

    # what a payer does

    def pay(
        self, preference_id: str | None, reference: str | None, new: NewPayment
    ) -> dict[str, Any]:
        """Make a payment; for a reference without a preference it is an orphan."""
        preference = self.preference_of(preference_id, reference)
        if preference is None and new.amount is None:
            raise MercadoPagoError(404, "There is no such preference; give an amount for an orphan")
        now = self._iso()
        amount = new.amount if new.amount is not None else total(preference or {})
        payment = {
            **self._blank_payment(status=new.status, amount=amount, now=now),
            "metadata": (preference or {}).get("metadata", {}),
            "external_reference": (preference or {}).get("external_reference", reference),
            "binary_mode": bool((preference or {}).get("binary_mode")),
            **(new.overrides or {}),
        }
        self._keep(self.payments, str(payment["id"]), payment)
        url = (preference or {}).get("notification_url")
        payment["notification_url"] = url or self._config.mercadopago_webhook_url
        self.counts[f"payment_{new.status}"] += 1
        return payment

    def preference_of(
        self, preference_id: str | None, reference: str | None
    ) -> dict[str, Any] | None:
        """Return a preference by its id, or the newest with an external reference."""
        if preference_id:
            return self.preferences.get(preference_id)
        found = (
            p for p in reversed(self.preferences.values()) if p["external_reference"] == reference
        )
        return next(found, None)

    def is_closed(self, preference: dict[str, Any]) -> bool:
        """Tell whether a preference's link is past its `expiration_date_to`."""
        end = preference.get("expiration_date_to")
        if not preference.get("expires") or not end:
            return False
        return datetime.fromisoformat(end).timestamp() <= self._clock()

    async def notify(
        self, payment: dict[str, Any], *, action: str, traceparent: str, topic: str = "payment"
    ) -> list[Attempt]:
        """Send one signed notification of `payment`; neither status nor amount is in it.

        Any other `topic` has a number of its own in `data.id`, which is what is signed, and names
        the payment in its body.
        """
        about = str(payment["id"]) if topic == "payment" else str(self._new_id())
        data: dict[str, Any] = {"id": about}
        if topic != "payment":
            data |= {"payment_id": payment["id"]}
        body = {
            "id": secrets.randbelow(10**11),
            "live_mode": payment["live_mode"],
            "type": topic,
            "date_created": self._iso(),
            "user_id": number(self._config.collector_id),
            "api_version": "v1",
            "action": action,
            "data": data,
        }
        url = payment["notification_url"]
        return await self._webhooks.send(
            Webhook(
                provider="mercadopago",
                kind=action,
                url=f"{url}{'&' if '?' in url else '?'}data.id={about}&type={topic}",
                body=orjson.dumps(body),
                headers=self._signed(about),
                traceparent=traceparent,
                retries_s=self._config.mercadopago_retries_s,
            )
        )

    def _signed(self, data_id: str) -> dict[str, str]:
        request_id, ts = str(uuid.uuid4()), str(int(self._clock() * 1000))
        return {
            "x-request-id": request_id,
            "x-signature": mercadopago_signature(
                data_id=data_id,
                request_id=request_id,
                ts=ts,
                secret=self._config.mercadopago_webhook_secret,
            ),
        }

    def reset(self) -> None:
        for kept in (self.preferences, self.payments, self._answers, self._asked):
            kept.clear()
        self.counts.clear()

    def to_json(self) -> dict[str, Any]:
        return {
            "preferences": self.preferences,
            "payments": self.payments,
            "answers": self._answers,
            "asked": self._asked,
        }

    def load(self, data: dict[str, Any]) -> None:
        self.preferences = OrderedDict(data["preferences"])
        self.payments = OrderedDict(data["payments"])
        self._answers = OrderedDict(data["answers"])
        self._asked = OrderedDict(data.get("asked", {}))

    # inside

    def _create_preference(self, body: dict[str, Any]) -> dict[str, Any]:
        check_preference(body, now=self._clock())
        preference_id = f"{self._config.collector_id}-{uuid.uuid4()}"
        link = f"{self._config.public_url}/checkout/v1/redirect?pref_id={preference_id}"
        preference = {
            **body,
            "id": preference_id,
            "collector_id": number(self._config.collector_id),
            "client_id": "6295877106812064",
            "date_created": self._iso(),
            "external_reference": body.get("external_reference", ""),
            "init_point": link,
            "sandbox_init_point": link,
        }
        self._keep(self.preferences, preference_id, preference)
        self.counts["preference"] += 1
        return preference

    def _blank_payment(self, *, status: str, amount: float, now: str) -> dict[str, Any]:
        done = now if status == "approved" else None
        return {
            "id": self._new_id(),
            "date_created": now,
            "date_approved": done,
            "date_last_updated": now,
            "date_of_expiration": None,
            "money_release_date": done,
            "operation_type": "regular_payment",
            "payment_method_id": "account_money",
            "payment_type_id": "account_money",
            "status": status,
            "status_detail": STATUS_DETAILS[status],
            "currency_id": "ARS",
            "live_mode": self._config.live_mode,
            "collector_id": number(self._config.collector_id),
            "payer": {"id": "1111", "email": "test_user_1@testuser.com", "type": "guest"},
            "transaction_amount": round(amount, 2),
            "transaction_amount_refunded": 0,
            "captured": status != "authorized",
            "installments": 1,
            "refunds": [],
            "fee_details": [],
            "order": {"id": str(self._new_id()), "type": "mercadopago"},
            "transaction_details": {
                "total_paid_amount": round(amount, 2),
                "net_received_amount": round(amount * 0.94, 2),
                "overpaid_amount": 0,
                "installment_amount": 0,
            },
        }

    def _refund(self, payment_id: str, body: dict[str, Any]) -> dict[str, Any]:
        payment = self.payment(payment_id)
        amount = refund_amount(payment, body, now=self._clock())
        left = round(payment["transaction_amount"] - payment["transaction_amount_refunded"], 2)
        refund = {
            "id": self._new_id(),
            "payment_id": payment["id"],
            "amount": round(amount, 2),
            "status": "approved",
            "refund_mode": "standard",
            "date_created": self._iso(),
            "source": {"id": self._config.collector_id, "name": "Simulador", "type": "collector"},
        }
        payment["refunds"].append(refund)
        payment["transaction_amount_refunded"] = round(
            payment["transaction_amount_refunded"] + amount, 2
        )
        whole = round(amount, 2) == left
        payment["status"] = "refunded" if whole else "approved"
        payment["status_detail"] = "refunded" if whole else "partially_refunded"
        payment["date_last_updated"] = self._iso()
        self.counts["refund"] += 1
        return refund

    def _once(
        self,
        key: str | None,
        body: dict[str, Any],
        make: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> dict[str, Any]:
        """Return what was answered to `key` before, or make the answer and remember it."""
        if key is None:
            return make(body)
        if known := self._answers.get(key):
            if self._asked.get(key, body) != body:
                raise MercadoPagoError(409, "The key was used with a different body")
            return dict(known)
        answer = make(body)
        self._keep(self._answers, key, answer)
        self._keep(self._asked, key, body)
        return dict(answer)

    @staticmethod
    def _keep(kept: OrderedDict[str, dict[str, Any]], key: str, value: dict[str, Any]) -> None:
        kept[key] = value
        if len(kept) > _MAX_KEPT:
            kept.popitem(last=False)

    def _new_id(self) -> int:
        """Return a fresh id; they grow with time, so that a restart never gives one again."""
        self._last_id = max(self._last_id + 1, int(self._clock() * 1000))
        return self._last_id

    def _iso(self) -> str:
        now = datetime.fromtimestamp(self._clock(), UTC).astimezone(_ARGENTINA)
        return now.isoformat(timespec="milliseconds")
