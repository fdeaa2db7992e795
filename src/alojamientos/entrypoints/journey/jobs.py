"""The job that walks a journey, and the client that it walks with."""

from alojamientos.entrypoints.container import Container
from alojamientos.entrypoints.journey.walk import STEP_DEADLINE_S, Journey
from alojamientos.jobs.registry import Job
from alojamientos.kit.http import HttpClient
from alojamientos.settings import AppSettings, Settings
from alojamientos.telemetry import context, synthetic

JOB = "journey.run"
# Beside the full minute, when every other job begins.
_EVERY_MINUTE = "* * * * * 20"
_EVERYWHERE = ("0.0.0.0", "::")


def web_client(settings: Settings) -> HttpClient:
    """Build the client that asks web of our own; its requests are marked as synthetic."""
    return HttpClient(
        provider="web",
        base_url=settings.journey.web_url or _own_address(settings.app),
        timeout_s=STEP_DEADLINE_S,
        headers={synthetic.HEADER: synthetic.mark(settings.app.api_token.get_secret_value())},
        trace_headers=context.trace_headers,
        max_connections=1,
    )


def create_job(container: Container, *, web: HttpClient) -> Job:
    """Return the job.

    Switched off it runs all the same and does nothing: a job that no longer ran would look dead.
    """
    settings = container.settings
    journey = Journey(
        web=web,
        database=container.database,
        locks=container.locks,
        policy=container.booking_policy,
        app_secret=settings.whatsapp.app_secret.get_secret_value(),
        recorder=container.recorder,
        log=container.log,
        now=container.now,
    )

    async def run() -> None:
        if settings.journey.enabled:
            await journey.run()

    return Job(name=JOB, run=run, every=_EVERY_MINUTE, timeout_s=30)


def _own_address(app: AppSettings) -> str:
    host = "127.0.0.1" if app.web_host in _EVERYWHERE else app.web_host
    return f"http://{f'[{host}]' if ':' in host else host}:{app.web_port}"
