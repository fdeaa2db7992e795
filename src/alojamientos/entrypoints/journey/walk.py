"""One journey: its steps in order, each with a deadline; the first that fails ends it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy.exc import DBAPIError
from structlog.typing import FilteringBoundLogger

from alojamientos.channels.whatsapp import signature, webhook
from alojamientos.entrypoints.journey import rehearsal
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Database, sqlstate
from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.http import HttpClient, HttpResponse
from alojamientos.kit.locks import UnitLocks
from alojamientos.reservations import api as reservations
from alojamientos.reservations.domain import Policy, Stay
from alojamientos.telemetry import context, log_events
from alojamientos.telemetry.recorder import Recorder

STEP_DEADLINE_S = 5.0
_AVAILABILITY = f"{reservations.PREFIX}/availability"
_NOTHING_NEW = orjson.dumps({"object": "whatsapp_business_account", "entry": []})
_OK = 200


class WrongAnswer(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """Web did not answer as it does when all is well."""


class _StepError(Exception):
    """A step has failed as a guest's would; the journey is over."""

    def __init__(self, step: str, error: Exception) -> None:
        self.step = step
        self.error = error
        super().__init__(step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What a journey needs. `web` marks its requests as synthetic."""

    web: HttpClient
    database: Database
    locks: UnitLocks
    policy: Policy
    app_secret: str
    recorder: Recorder
    log: FilteringBoundLogger
    now: Callable[[], datetime]
    step_deadline_s: float = STEP_DEADLINE_S

    async def run(self) -> None:
        """Walk the journey and tell how it went; raises what no outage explains, counted too."""
        start = time.perf_counter()
        with context.bound(synthetic=True):
            try:
                await self._walk()
            except _StepError as failed:
                self.recorder.journey_finished(outcome="failure")
                self.log.warning(
                    log_events.JOURNEY_FAILED,
                    outcome="failure",
                    step=failed.step,
                    duration_ms=_ms_since(start),
                    error=type(failed.error).__name__,
                    detail=_detail(failed.error),
                )
            except Exception:
                # Ours or the application's: either way nobody knows that booking works.
                self.recorder.journey_finished(outcome="failure")
                raise
            else:
                self.recorder.journey_finished(outcome="success")
                self.log.info(
                    log_events.JOURNEY_FINISHED, outcome="success", duration_ms=_ms_since(start)
                )

    async def _walk(self) -> None:
        today = today_in(self.policy.time_zone, self.now())
        async with self._step("availability"):
            await self._look(rehearsal.stay_from(today))
        async with AsyncExitStack() as stage:
            async with self._step("hold"):
                tx = await stage.enter_async_context(self.database.rehearse())
                held = await rehearsal.hold(tx, policy=self.policy, locks=self.locks, today=today)
            async with self._step("cancel"):
                await rehearsal.cancel(tx, held)
                await stage.aclose()
        async with self._step("webhook"):
            await self._knock()

    @asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        """Measure a step; raises _StepError for what an outage looks like."""
        start = time.perf_counter()
        outcome = "failure"
        try:
            async with asyncio.timeout(self.step_deadline_s):
                yield
            outcome = "success"
        except (AlojamientosError, DBAPIError, TimeoutError) as error:
            raise _StepError(name, error) from error
        except asyncio.CancelledError:
            outcome = ""  # the worker is stopping: that says nothing about booking
            raise
        finally:
            if outcome:
                self.recorder.journey_step(
                    step=name, outcome=outcome, seconds=time.perf_counter() - start
                )

    async def _look(self, stay: Stay) -> None:
        """Ask web what is free, as the calendar of a site would."""
        response = await self.web.request(
            "GET",
            _AVAILABILITY,
            operation="availability",
            params={
                "check_in": stay.check_in.isoformat(),
                "check_out": stay.check_out.isoformat(),
                "guests": str(rehearsal.GUESTS),
            },
        )
        _must_be_ok(response)
        try:
            answer = response.json()
            asked = (answer["check_in"], answer["check_out"])
            is_about_stay = asked == (stay.check_in.isoformat(), stay.check_out.isoformat())
            is_readable = is_about_stay and isinstance(answer["offers"], list)
        except (ValueError, KeyError, TypeError) as error:
            raise WrongAnswer("It answered 200 with something else") from error
        if not is_readable:
            raise WrongAnswer("It answered 200 about something else")

    async def _knock(self) -> None:
        """Hand web a webhook that Meta could have signed and that carries nothing."""
        response = await self.web.request(
            "POST",
            webhook.PATH,
            operation="webhook",
            content=_NOTHING_NEW,
            headers={
                "Content-Type": "application/json",
                signature.HEADER: signature.sign(secret=self.app_secret, body=_NOTHING_NEW),
            },
        )
        _must_be_ok(response)


def _must_be_ok(response: HttpResponse) -> None:
    if response.status != _OK:
        raise WrongAnswer(f"It answered {response.status} instead of 200")


def _detail(error: Exception) -> str:
    """Return what is known of a failure: our own errors hold no secret, a driver's might."""
    if isinstance(error, AlojamientosError):
        return error.message
    state = sqlstate(error)
    return f"SQLSTATE {state}" if state else ""


def _ms_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 2)
