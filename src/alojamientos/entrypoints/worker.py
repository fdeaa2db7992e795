"""The worker process: every job of every room, and its own /metrics."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from alojamientos.channels import another_way, echoes, pipeline
from alojamientos.channels.base import Sender
from alojamientos.channels.email import jobs as mailbox
from alojamientos.channels.email.client import EmailClient
from alojamientos.channels.email.payloads import Own
from alojamientos.channels.email.threads import StoredMails
from alojamientos.channels.ical import jobs as calendars
from alojamientos.channels.ical.client import FeedClient
from alojamientos.channels.listening import Listener
from alojamientos.channels.mercadopago.client import MercadoPago, notification_url
from alojamientos.channels.whatsapp.client import WhatsAppClient
from alojamientos.channels.whatsapp.media import WhatsAppMedia
from alojamientos.conversation.handler import Handler
from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import errors, invariants, metrics, serving
from alojamientos.entrypoints import journey as journeys
from alojamientos.entrypoints.container import Container
from alojamientos.health import api as health
from alojamientos.jobs.registry import Job
from alojamientos.jobs.worker import Worker
from alojamientos.kit.http import HttpClient
from alojamientos.nlu.holidays import Argentina
from alojamientos.payments import jobs as payments
from alojamientos.payments.domain import Account
from alojamientos.reservations import jobs as reservations
from alojamientos.reservations import reminders
from alojamientos.settings import Settings
from alojamientos.telemetry import http, log_events
from alojamientos.transcription.base import Transcriber
from alojamientos.transcription.command import Command
from alojamientos.transcription.none import Nobody
from alojamientos.transcription.whisper import Whisper


def create_jobs(
    container: Container, *, whatsapp: HttpClient, mercadopago: HttpClient, web: HttpClient
) -> list[Job]:
    """Return every job of the application."""
    settings = container.settings
    handler = Handler(
        database=container.database,
        policy=container.conversation_policy,
        booking_policy=container.booking_policy,
        locks=container.locks,
        holidays=Argentina(),
    )
    sender = WhatsAppClient(
        http=whatsapp,
        api_version=settings.whatsapp.api_version,
        phone_number_id=settings.whatsapp.phone_number_id,
        notice_template=settings.whatsapp.notice_template,
    )
    return [
        *pipeline.create_jobs(
            database=container.database,
            handler=handler,
            listener=Listener(
                media={
                    "whatsapp": WhatsAppMedia(
                        http=whatsapp,
                        base_url=settings.whatsapp.base_url,
                        api_version=settings.whatsapp.api_version,
                    )
                },
                transcriber=_transcriber(settings),
                recorder=container.recorder,
                log=container.log,
                min_confidence=settings.speech.transcriber_min_confidence,
            ),
            senders={"whatsapp": sender, **_mail(container)},
            recorder=container.recorder,
            log=container.log,
            now=container.now,
        ),
        another_way.create_job(
            database=container.database,
            readers={"whatsapp": sender},
            mail=settings.guest_mail.mail_enabled,
            now=container.now,
        ),
        echoes.create_job(
            database=container.database,
            pause=container.conversation_policy.pause,
            now=container.now,
        ),
        *payments.create_jobs(
            database=container.database,
            provider=MercadoPago(
                http=mercadopago, notification_url=notification_url(settings.app.public_base_url)
            ),
            account=Account(
                collector_id=settings.mercadopago.collector_id,
                live_mode=settings.mercadopago.live_mode,
            ),
            recorder=container.recorder,
            log=container.log,
            now=container.now,
        ),
        *calendars.create_jobs(
            database=container.database,
            client=FeedClient(
                timeout_s=settings.ical.timeout_s,
                allow_private=settings.ical.allow_private_hosts,
            ),
            recorder=container.recorder,
            now=container.now,
            domain=settings.calendar_domain,
        ),
        *reservations.create_jobs(
            database=container.database,
            log=container.log,
            now=container.now,
            checks=invariants.ALL,
        ),
        *_mailbox(container),
        reminders.create_job(
            database=container.database, days=settings.stay.reminder_days, now=container.now
        ),
        journeys.create_job(container, web=web),
    ]


def _mail(container: Container) -> dict[str, Sender]:
    settings = container.settings
    if not settings.guest_mail.mail_enabled:
        return {}
    # Answers of people go to the mailbox that we read, or to the owner where we read none.
    reply_to = None if settings.mailbox.host else settings.guest_mail.owner_email
    client = EmailClient(
        smtp=container.smtp_client(),
        sender=settings.guest_mail.mail_sender,
        lodging=settings.app.lodging_name,
        now=container.now,
        reply_to=reply_to,
        mails=StoredMails(container.database),
    )
    return {"email": client}


def _mailbox(container: Container) -> list[Job]:
    client = container.imap_client()
    if client is None:
        return []
    settings = container.settings
    reader = mailbox.Reader(
        database=container.database,
        client=client,
        own=Own(
            address=settings.guest_mail.mail_sender, authenticator=settings.mailbox.authenticator
        ),
        log=container.log,
        now=container.now,
    )
    return mailbox.create_jobs(reader=reader, poll_s=settings.mailbox.poll_s)


def _transcriber(settings: Settings) -> Transcriber:
    speech = settings.speech
    if speech.transcriber == "command":
        return Command(command=speech.transcriber_command, deadline_s=speech.transcriber_timeout_s)
    if speech.transcriber_model is not None:
        return Whisper(model=speech.transcriber_model, deadline_s=speech.transcriber_timeout_s)
    return Nobody()


def create_app(container: Container) -> FastAPI:
    """Build the worker's own small application: metrics and health."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with container.running():
            yield

    app = FastAPI(title="Alojamientos worker", openapi_url=None, lifespan=lifespan)
    errors.install(app, bus=container.database.bus)
    app.include_router(metrics.create_router(container))
    checks = [dependency.check for dependency in container.needed]
    app.include_router(health.create_router(health=checks, ready=checks[:1]), prefix="/api/v1")
    http.instrument(
        app, instruments=container.recorder.instruments, log=container.log, enabled=False
    )
    return app


def run(settings: Settings) -> None:
    """Run jobs until SIGTERM or SIGINT."""
    container = containers.build(settings, process="worker")
    serving.run(_serve(container))


def schedule(settings: Settings) -> dict[str, str | None]:
    """Return every job's name with its cron line, None where it runs only when it is queued."""
    jobs = asyncio.run(_listed(containers.build(settings, process="worker")))
    return {job.name: job.every for job in jobs}


async def _listed(container: Container) -> list[Job]:
    async with AsyncExitStack() as stack:
        return await _jobs(container, stack)


async def _serve(container: Container) -> None:
    async with AsyncExitStack() as stack:
        jobs = await _jobs(container, stack)
        container.recorder.expect_jobs(job.name for job in jobs)
        worker = Worker(
            container.dsn,
            jobs,
            recorder=container.recorder,
            log=container.log,
            concurrency=container.settings.app.worker_concurrency,
        )
        await _work(container, worker)


async def _jobs(container: Container, stack: AsyncExitStack) -> list[Job]:
    """Return the jobs with the clients that they need, which live as long as `stack`."""
    settings = container.settings
    whatsapp = await stack.enter_async_context(
        container.http_client(
            "whatsapp",
            base_url=settings.whatsapp.base_url,
            token=settings.whatsapp.access_token.get_secret_value(),
            timeout_s=settings.whatsapp.timeout_s,
        )
    )
    mercadopago = await stack.enter_async_context(
        container.http_client(
            "mercadopago",
            base_url=settings.mercadopago.base_url,
            token=settings.mercadopago.access_token.get_secret_value(),
            timeout_s=settings.mercadopago.timeout_s,
        )
    )
    web = await stack.enter_async_context(journeys.web_client(settings))
    return create_jobs(container, whatsapp=whatsapp, mercadopago=mercadopago, web=web)


async def _work(container: Container, worker: Worker) -> None:
    """Serve metrics beside the jobs: the jobs end first, so that their last counts are seen."""
    app = container.settings.app
    server = serving.create_server(
        create_app(container), host=app.web_host, port=app.worker_metrics_port
    )
    stopped = serving.until_signalled()
    stopped.add_done_callback(lambda _future: worker.stop())
    serving_task = asyncio.create_task(server.serve())
    container.log.info(
        log_events.PROCESS_STARTED,
        version=app.version,
        host=app.web_host,
        port=app.worker_metrics_port,
        pid=os.getpid(),
    )
    jobs_task = asyncio.create_task(worker.run())
    try:
        # Either one ending by itself ends the process: whoever watches it starts a fresh one.
        await asyncio.wait({jobs_task, serving_task}, return_when=asyncio.FIRST_COMPLETED)
        worker.stop()
        await jobs_task
    finally:
        server.should_exit = True
        await serving_task
    container.log.info(
        log_events.PROCESS_STOPPED, reason=stopped.result() if stopped.done() else "ended"
    )
