"""State for /metrics, read from its source when Prometheus asks."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from alojamientos.channels import queries as messages
from alojamientos.channels.email import queries as mails
from alojamientos.channels.ical import jobs as feed_jobs
from alojamientos.channels.ical import queries as calendars
from alojamientos.entrypoints.dependencies import Dependency
from alojamientos.jobs import queries as jobs
from alojamientos.kit.db import Database
from alojamientos.payments import owner_list
from alojamientos.payments import queries as payments
from alojamientos.reservations import queries as reservations
from alojamientos.telemetry import catalogue
from alojamientos.telemetry.catalogue import Metric
from alojamientos.telemetry.sampler import Collector, Sample

_INVARIANTS = sa.text("SELECT name, violations FROM invariant_result ORDER BY name")
_SECONDS_IN_MINUTE = 60


def of_process(
    database: Database, dependencies: Sequence[Dependency], *, version: str, commit: str
) -> list[Collector]:
    """Return what every process tells of itself."""

    async def dependencies_up() -> Iterable[Sample]:
        return [
            _sample(catalogue.APP_DEPENDENCY_UP, await _answers(dependency), dependency.name)
            for dependency in dependencies
        ]

    async def process() -> Iterable[Sample]:
        samples = [_sample(catalogue.APP_BUILD_INFO, 1, version, commit)]
        pool = database.engine.pool
        if isinstance(pool, QueuePool):
            samples += [
                _sample(catalogue.DB_POOL_SIZE, pool.size()),
                _sample(catalogue.DB_POOL_CHECKED_OUT, pool.checkedout()),
            ]
        return samples

    return [
        Collector(name="dependencies", read=dependencies_up),
        Collector(name="process", read=process),
    ]


def of_database(database: Database, *, now: Callable[[], datetime]) -> list[Collector]:
    """Return what the database knows; for one kind of process only, so that it counts once."""

    async def bookings() -> Iterable[Sample]:
        async with database.read() as conn:
            active = await reservations.active_by_status(conn)
            return [
                *(
                    _sample(catalogue.RESERVATIONS_ACTIVE, count, status)
                    for status, count in active.items()
                ),
                _sample(
                    catalogue.RESERVATIONS_DOUBLE_BOOKED, await reservations.double_booked(conn)
                ),
                _sample(catalogue.RESERVATION_HOLDS_DUE, await reservations.holds_due(conn)),
            ]

    async def doors() -> Iterable[Sample]:
        async with database.read() as conn:
            inbox = await messages.inbox_open(conn)
            outbox = await messages.outbox_open(conn)
        return [
            _sample(catalogue.INBOX_OPEN, inbox.count),
            *_instant(catalogue.INBOX_OLDEST, inbox.oldest_at),
            _sample(catalogue.OUTBOX_OPEN, outbox.count),
            *_instant(catalogue.OUTBOX_OLDEST, outbox.oldest_at),
        ]

    async def money() -> Iterable[Sample]:
        async with database.read() as conn:
            count, oldest_at = await payments.unreconciled(conn)
            tasks, waits_since = await owner_list.waiting(conn)
        return [
            _sample(catalogue.PAYMENTS_UNRECONCILED, count),
            *_instant(catalogue.PAYMENTS_UNRECONCILED_OLDEST, oldest_at),
            _sample(catalogue.OWNER_MONEY_TASKS, tasks),
            *_instant(catalogue.OWNER_MONEY_TASKS_OLDEST, waits_since),
        ]

    async def queue() -> Iterable[Sample]:
        async with database.read() as conn:
            due = await jobs.queued(conn)
            stalled = await jobs.stalled(conn)
            beats = await jobs.heartbeats(conn)
        return [
            _sample(catalogue.JOBS_QUEUED, due.count),
            _sample(catalogue.JOBS_STALLED, stalled),
            *(
                sample
                for beat in beats
                for sample in _instant(catalogue.JOB_LAST_SUCCESS, beat.last_success_at, beat.job)
            ),
        ]

    async def invariants() -> Iterable[Sample]:
        async with database.read() as conn:
            rows = (await conn.execute(_INVARIANTS)).all()
        return [_sample(catalogue.INVARIANT_VIOLATIONS, row.violations, row.name) for row in rows]

    async def feeds() -> Iterable[Sample]:
        async with database.read() as conn:
            all_feeds = await calendars.feeds(conn, active_only=True)
            conflicts = await calendars.open_conflicts(conn)
            exports = await calendars.exports(conn)
            beats = {beat.job: beat.last_run_at for beat in await jobs.heartbeats(conn)}
        samples = [_sample(catalogue.ICAL_CONFLICTS_OPEN, conflicts)]
        samples += _instant(catalogue.ICAL_SYNC_LAST_RUN, beats.get(feed_jobs.SYNC))
        for feed in all_feeds:
            age = (now() - feed.read_at).total_seconds() / _SECONDS_IN_MINUTE
            samples.append(_sample(catalogue.ICAL_LAST_SYNC_AGE, age, feed.label))
            samples += _instant(
                catalogue.ICAL_LAST_SUCCESS, feed.read_at, feed.label, feed.source.value
            )
        for export in exports:
            samples += _instant(
                catalogue.ICAL_EXPORT_LAST_FETCHED,
                export.awaited_since,
                export.label,
                export.source.value,
            )
        return samples

    return [
        Collector(name="reservations", read=bookings),
        Collector(name="messages", read=doors),
        Collector(name="payments", read=money),
        Collector(name="jobs", read=queue),
        Collector(name="invariants", read=invariants),
        Collector(name="feeds", read=feeds),
    ]


def of_mailbox(database: Database) -> list[Collector]:
    """Return how recently guests' mails were read; for a process that knows of a mailbox."""

    async def mailbox() -> Iterable[Sample]:
        async with database.read() as conn:
            return _instant(catalogue.MAILBOX_LAST_READ, await mails.last_read_at(conn))

    return [Collector(name="mailbox", read=mailbox)]


async def _answers(dependency: Dependency) -> int:
    try:
        await dependency.probe()
    except Exception:  # noqa: BLE001 - whatever it is, the server does not answer
        return 0
    return 1


def _sample(metric: Metric, value: float, *labels: str) -> Sample:
    return Sample(metric=metric, value=value, labels=labels)


def _instant(metric: Metric, at: datetime | None, *labels: str) -> list[Sample]:
    """Return the instant as Unix time; nothing when there is none."""
    return [] if at is None else [_sample(metric, at.timestamp(), *labels)]
