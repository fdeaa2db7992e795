"""What reservations need done from time to time."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from structlog.typing import FilteringBoundLogger

from alojamientos.jobs.registry import Job
from alojamientos.kit import idempotency
from alojamientos.kit.db import Database
from alojamientos.reservations import invariants, operations, stays
from alojamientos.reservations.invariants import INVARIANTS, Invariant
from alojamientos.telemetry import log_events

_BATCH = 50  # holds ended in one transaction: each may write a message to its guest
_KEEP_ANSWERS = timedelta(hours=24)


def create_jobs(
    *,
    database: Database,
    log: FilteringBoundLogger,
    now: Callable[[], datetime],
    remind_within: timedelta = timedelta(minutes=15),
    checks: Sequence[Invariant] = INVARIANTS,
) -> list[Job]:
    """Return the jobs of this room; a guest is reminded `remind_within` of the deadline."""

    async def expire_holds() -> None:
        total = 0
        while True:
            async with database.begin() as tx:
                count = await operations.expire_due_holds(tx, limit=_BATCH)
            total += count
            if count < _BATCH:
                break
        if total:
            log.info(log_events.HOLDS_EXPIRED, count=total)

    async def remind_holds() -> None:
        async with database.begin() as tx:
            await operations.remind_due_holds(tx, within=remind_within)

    async def check_invariants() -> None:
        async with database.begin() as tx:
            findings = await invariants.check_all(tx.conn, checks=checks)
            await invariants.record(tx, findings)
        violated = [finding for finding in findings if finding.violations]
        for finding in violated:
            log.error(
                log_events.INVARIANT_VIOLATED,
                invariant=finding.name,
                violations=len(finding.violations),
                detail=finding.violations[:3],
            )
        log.info(log_events.INVARIANTS_CHECKED, checks=len(findings), violated=len(violated))

    async def forget_answers() -> None:
        async with database.begin() as tx:
            await idempotency.forget(tx, older_than=_KEEP_ANSWERS)

    return [
        Job(name="reservations.expire_holds", run=expire_holds, every="* * * * *"),
        Job(name="reservations.remind_holds", run=remind_holds, every="* * * * *"),
        # Every hour, so that a worker that slept at midnight makes up for it soon.
        Job(
            name="reservations.complete_stays",
            run=_completing(database, log, now),
            every="3 * * * *",
        ),
        Job(name="reservations.check_invariants", run=check_invariants, every="*/5 * * * *"),
        Job(name="reservations.forget_answers", run=forget_answers, every="17 * * * *"),
    ]


def _completing(
    database: Database, log: FilteringBoundLogger, clock: Callable[[], datetime]
) -> Callable[[], Awaitable[None]]:
    async def complete_stays() -> None:
        total = 0
        while True:
            async with database.begin() as tx:
                count = await stays.complete_ended(tx, now=clock(), limit=_BATCH)
            total += count
            if count < _BATCH:
                break
        if total:
            log.info(log_events.STAYS_COMPLETED, count=total)

    return complete_stays
