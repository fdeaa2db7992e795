"""What is done to the application and its providers, with the guests who feel it."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.drill import guests
from alojamientos.ops.drill.model import Application, Hands
from alojamientos.ops.drill.traffic import Traffic, paced

_FAULTS = "/_control/faults"
_TABLE, _HIDDEN = "idempotent_response", "idempotent_response_of_a_drill"
_NO_ACCOMMODATION = 2**31 - 1
_SERVER_ERROR = 500
# How many good events make up for a bad one: twice what the level wants, to be well within it.
_PER_ERROR, _PER_LATE_REPLY = 200, 40


@dataclass(frozen=True, slots=True)
class Frozen:
    """A part's processes live and do nothing."""

    part: str

    def begin(self, hands: Hands) -> None:
        hands.freeze_part(self.part)

    def end(self, hands: Hands) -> None:
        hands.thaw_part(self.part)


@dataclass(slots=True)
class _WithTraffic:
    """A fault that is seen by those who use the application meanwhile."""

    _traffic: Traffic | None = field(default=None, init=False)

    def _bring(self, traffic: Traffic) -> None:
        self._traffic = traffic
        traffic.start()

    def _send_away(self) -> int:
        """Stop the traffic and return how often it came; 0 when that was done before."""
        traffic, self._traffic = self._traffic, None
        if traffic is None:
            return 0
        traffic.stop()
        return traffic.done


@dataclass(slots=True)
class TableGone(_WithTraffic):
    """Bookings through the API fail: a table that they need has another name."""

    at_once: int
    every_s: float

    def begin(self, hands: Hands) -> None:
        application = hands.application
        application.sql(f"ALTER TABLE {_TABLE} RENAME TO {_HIDDEN}")
        self._bring(Traffic(lambda: _book(application), at_once=self.at_once, every_s=self.every_s))

    def end(self, hands: Hands) -> None:
        try:
            came = self._send_away()
        finally:
            hands.application.sql(f"ALTER TABLE IF EXISTS {_HIDDEN} RENAME TO {_TABLE}")
        paced(lambda: hands.application.ask("GET", "/"), times=came * _PER_ERROR, per_s=300)


def _book(application: Application) -> None:
    """Try to book a cabin that there is not: nothing is held, whether the table is there or not."""
    body = {
        "accommodation_id": _NO_ACCOMMODATION,
        "check_in": "2027-01-15",
        "check_out": "2027-01-18",
        "guests": 2,
        "guest": {"name": "Simulacro", "email": "drill@example.com"},
    }
    status = application.ask(
        "POST",
        "/api/v1/reservations",
        content=orjson.dumps(body),
        headers={"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)},
    )
    if status < _SERVER_ERROR:
        raise AlojamientosError(f"a booking that should fail was answered {status}")


@dataclass(slots=True, kw_only=True)
class SlowProvider(_WithTraffic):
    """WhatsApp takes `delay_s` for each call; guests write, or speak if `spoken`."""

    spoken: bool
    delay_s: float
    at_once: int
    every_s: float
    good_per_s: float  # as fast as the application answers in time

    def begin(self, hands: Hands) -> None:
        application = hands.application
        _set(application, mode="slow", delay_s=self.delay_s)
        self._bring(
            Traffic(lambda: self._ask(application), at_once=self.at_once, every_s=self.every_s)
        )

    def end(self, hands: Hands) -> None:
        application = hands.application
        _set(application, mode="none")
        late = self._send_away()
        paced(lambda: self._ask(application), times=late * _PER_LATE_REPLY, per_s=self.good_per_s)

    def _ask(self, application: Application) -> None:
        (guests.speak if self.spoken else guests.write)(application)


@dataclass(slots=True, kw_only=True)
class BrokenProvider(_WithTraffic):
    """WhatsApp answers as `mode` says.

    One guest writes and has to wait. The others only react to what they were told: that wants no
    answer, so none is late, and is acknowledged, so WhatsApp is called.
    """

    mode: str
    every_s: float

    def begin(self, hands: Hands) -> None:
        application = hands.application
        _set(application, mode=self.mode)
        guests.write(application)
        self._bring(Traffic(lambda: guests.react(application), every_s=self.every_s))

    def end(self, hands: Hands) -> None:
        application = hands.application
        _set(application, mode="none")
        # What is measured is the share of bad calls in half an hour: more good ones than bad.
        paced(lambda: guests.react(application), times=round(1.3 * self._send_away()), per_s=10)


def _set(application: Application, **fault: object) -> None:
    application.simulate("PUT", _FAULTS, provider="whatsapp", **fault)


@dataclass(slots=True)
class Forgeries(_WithTraffic):
    """Somebody posts webhooks that are not WhatsApp's."""

    every_s: float

    def begin(self, hands: Hands) -> None:
        self._bring(Traffic(lambda: _forge(hands.application), every_s=self.every_s))

    def end(self, hands: Hands) -> None:  # noqa: ARG002 - nothing of the stack was touched
        self._send_away()


def _forge(application: Application) -> None:
    status = application.ask(
        "POST",
        "/api/v1/webhooks/whatsapp",
        content=b'{"object":"whatsapp_business_account","entry":[]}',
        headers={
            "Content-Type": "application/json",
            "X-Hub-Signature-256": f"sha256={secrets.token_hex(32)}",
        },
    )
    if status != 401:  # noqa: PLR2004 - Unauthorized
        raise AlojamientosError(f"a forged webhook was answered {status}")


@dataclass(slots=True)
class PaymentLost:
    """Money has come in for a reservation that nobody knows.

    Its notification is the late one: the payment says that it was made `minutes` ago, so that the
    drill need not wait for half an hour to pass. At the end it is given back.
    """

    minutes: int
    _payment: str | None = field(default=None, init=False)

    def begin(self, hands: Hands) -> None:
        made = datetime.now(UTC) - timedelta(minutes=self.minutes)
        answer = hands.application.simulate(
            "POST",
            "/_control/mercadopago/pay",
            external_reference=f"drill-{secrets.token_hex(8)}",
            amount=1000,
            overrides={"date_approved": made.isoformat(timespec="milliseconds")},
        )
        self._payment = str(answer["payment"]["id"])

    def end(self, hands: Hands) -> None:
        if self._payment is not None:
            path = f"/_control/mercadopago/payments/{self._payment}"
            hands.application.simulate("POST", path, refund=None)
            self._payment = None
