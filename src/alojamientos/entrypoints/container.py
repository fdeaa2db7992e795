"""The concrete things that a process is made of, built once from the settings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from structlog.typing import FilteringBoundLogger

from alojamientos.conversation.stay_facts import StayFacts
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.entrypoints import consequences, dependencies, subscribers
from alojamientos.entrypoints.dependencies import Dependency
from alojamientos.kit import clock, db
from alojamientos.kit import redis as redis_client
from alojamientos.kit.http import HttpCall, HttpClient
from alojamientos.kit.imap import ImapClient
from alojamientos.kit.locks import UnitLocks
from alojamientos.kit.redis import Circuit, Redis
from alojamientos.kit.smtp import SmtpClient
from alojamientos.reservations import pictures_api
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.domain import Policy
from alojamientos.settings import Settings, SettingsError
from alojamientos.telemetry import context, logs, looplag
from alojamientos.telemetry.instruments import Instruments
from alojamientos.telemetry.recorder import Recorder

Process = Literal["web", "worker"]
_NO_DATABASE = (
    "DATABASE_URL is missing; set it to postgresql://user:password@host:port/name,"
    " or start the whole stack with `make up`, which has a server of its own"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Everything that the routes and jobs of one process are given."""

    settings: Settings
    process: Process
    dsn: str
    log: FilteringBoundLogger
    recorder: Recorder
    database: db.Database
    redis: Redis | None
    circuit: Circuit
    locks: UnitLocks
    booking_policy: Policy
    conversation_policy: ConversationPolicy
    now: Callable[[], datetime]
    needed: tuple[Dependency, ...]

    def http_client(
        self, provider: str, *, base_url: str, token: str, timeout_s: float
    ) -> HttpClient:
        """Build the client for a provider; its calls are counted, timed and carry the trace on."""
        return HttpClient(
            provider=provider,
            base_url=base_url,
            timeout_s=timeout_s,
            headers={"Authorization": f"Bearer {token}"},
            trace_headers=context.trace_headers,
            on_call=self._called,
        )

    def smtp_client(self) -> SmtpClient:
        """Build the client for the mail server; its deliveries are counted and timed."""
        server = self.settings.mail
        return SmtpClient(
            host=server.host,
            port=server.port,
            timeout_s=self.settings.guest_mail.mail_timeout_s,
            username=server.username,
            password=None if server.password is None else server.password.get_secret_value(),
            require_tls=server.require_tls,
            on_call=self._called,
        )

    def imap_client(self) -> ImapClient | None:
        """Build the client for the mailbox; None when none is read, or nothing could answer it."""
        mailbox = self.settings.mailbox
        if mailbox.host is None or not self.settings.guest_mail.mail_enabled:
            return None
        return ImapClient(
            host=mailbox.host,
            port=mailbox.port,
            username=mailbox.username,
            password=mailbox.password.get_secret_value(),
            folder=mailbox.folder,
            done_folder=mailbox.done_folder,
            timeout_s=mailbox.timeout_s,
            require_tls=mailbox.require_tls,
            on_call=self._called,
        )

    def _called(self, call: HttpCall) -> None:
        self.recorder.outbound_call(
            provider=call.provider,
            operation=call.operation,
            outcome=call.outcome,
            seconds=call.seconds,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch the event loop; let go of every connection at the end."""
        watch = asyncio.create_task(
            looplag.watch(lambda seconds: self.recorder.event_loop_lag(seconds=seconds))
        )
        try:
            yield
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            if self.redis is not None:
                await self.redis.aclose()
            await self.database.close()


def build(settings: Settings, *, process: Process) -> Container:
    """Build a process's container; nothing connects yet.

    Raises SettingsError when there is no database.
    """
    recorder = Recorder(Instruments(process=process))
    logs.configure(
        process=process,
        level=settings.app.log_level,
        format=settings.app.log_format,
        on_line=lambda level: recorder.log_event(level=level),
    )
    log = logs.get_logger()
    if settings.database.url is None:
        raise SettingsError([_NO_DATABASE])
    dsn = settings.database.url.get_secret_value()
    database = db.Database(
        db.create_engine(
            dsn,
            pool_size=settings.database.pool_size,
            application_name=f"alojamientos-{process}",
        ),
        subscribers.create_bus(recorder=recorder, log=log),
        consequences_of(settings),
    )
    redis = (
        None
        if settings.redis.url is None
        else redis_client.create_client(settings.redis.url.get_secret_value())
    )
    circuit = Circuit()
    return Container(
        settings=settings,
        process=process,
        dsn=dsn,
        log=log,
        recorder=recorder,
        database=database,
        redis=redis,
        circuit=circuit,
        locks=UnitLocks(
            redis,
            ttl_ms=settings.redis.lock_ttl_ms,
            wait_ms=settings.redis.lock_wait_ms,
            circuit=circuit,
        ),
        booking_policy=booking_policy(settings),
        conversation_policy=_conversation_policy(settings),
        now=clock_of(settings),
        needed=(dependencies.postgres(database, log), dependencies.redis(redis, log)),
    )


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """Return the clock that every decision goes by; raises SettingsError."""
    path = settings.app.simulated_clock
    if path is None:
        return clock.utc_now
    try:
        return clock.ahead_by(path)
    except (OSError, ValueError) as error:
        raise SettingsError([f"SIMULATED_CLOCK: {path} cannot be used: {error}"]) from error


def booking_policy(settings: Settings) -> Policy:
    """Return the lodging's rules for bookings."""
    return Policy(
        time_zone=settings.app.time_zone,
        hold=timedelta(minutes=settings.app.hold_minutes),
        deposit_percent=settings.app.deposit_percent,
        max_open_holds=settings.app.max_open_holds_per_guest,
        cancellation=CancellationPolicy.parse(settings.app.cancellation_policy),
    )


def consequences_of(settings: Settings) -> Mapping[type, db.Consequence]:
    """Return what is written because of what happens, whoever makes it happen."""
    return consequences.create_consequences(
        policy=_conversation_policy(settings),
        now=clock_of(settings),
        mail=settings.guest_mail.mail_enabled,
        owner=settings.guest_mail.owner_email,
    )


def _conversation_policy(settings: Settings) -> ConversationPolicy:
    return ConversationPolicy(
        lodging_name=settings.app.lodging_name,
        time_zone=settings.app.time_zone,
        pause=timedelta(hours=settings.app.pause_hours),
        pictures_url=settings.app.public_base_url.rstrip("/") + pictures_api.PATH,
        stay=StayFacts(
            mail=settings.guest_mail.mail_sender,
            **settings.stay.model_dump(exclude={"reminder_days"}),
        ),
    )
