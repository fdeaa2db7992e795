"""The verbs that run the provider simulators and the mail sink."""

import asyncio
from typing import Any

import typer

from alojamientos.kit.clock import ahead_by, utc_now
from alojamientos.ops.launcher import config
from alojamientos.ops.simulator.config import MailAccount, SimulatorConfig
from alojamientos.ops.simulator.mail import MOST_KEPT
from alojamientos.ops.simulator.serving import serve_mail, serve_providers
from alojamientos.settings import Settings, load_settings
from alojamientos.telemetry import logs

_HOST = "127.0.0.1"
# While months are played in minutes, waiting for what is still under way must not take long. Nor
# may anything be given up, in days of the season, while a killed process is starting again.
_HURRIED: dict[str, Any] = {
    "status_delays_s": (0.0, 0.005, 0.01),
    "whatsapp_retries_s": (0.5,) * 400,
    "mercadopago_retries_s": (0.5,) * 400,
}
_MOST_OF_A_SEASON = 100_000  # all of them are looked at in the end

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def providers() -> None:
    """Run the fake WhatsApp, Mercado Pago and calendars, with a phone to play a guest on."""
    settings = load_settings(check_production=False)
    _log_as("simulators", settings)
    clock = settings.app.simulated_clock
    asyncio.run(
        serve_providers(
            simulator_config(settings),
            host=_HOST,
            port=settings.stack.simulator_port,
            now=utc_now if clock is None else ahead_by(clock),
        )
    )


@app.command()
def mail() -> None:
    """Run the mail sink: SMTP that passes nothing on, the lodging's mailbox, and a page of both."""
    settings = load_settings(check_production=False)
    _log_as("mail", settings)
    asyncio.run(
        serve_mail(
            folder=settings.stack.state_dir / "mail",
            host=_HOST,
            smtp_port=settings.mail.port,
            http_port=settings.stack.mail_http_port,
            account=MailAccount(
                address=settings.guest_mail.mail_sender,
                password=settings.mailbox.password.get_secret_value(),
                port=settings.stack.imap_port,
            )
            if config.own_mailbox(settings)
            else None,
            most=MOST_KEPT if settings.app.simulated_clock is None else _MOST_OF_A_SEASON,
        )
    )


def simulator_config(settings: Settings) -> SimulatorConfig:
    """Build what the simulators need from the application's settings."""
    whatsapp, mercadopago = settings.whatsapp, settings.mercadopago
    return SimulatorConfig(
        public_url=f"http://{_HOST}:{settings.stack.simulator_port}",
        application_url=f"http://{_HOST}:{settings.app.web_port}",
        whatsapp_app_secret=whatsapp.app_secret.get_secret_value(),
        whatsapp_access_token=whatsapp.access_token.get_secret_value(),
        phone_number_id=whatsapp.phone_number_id,
        mercadopago_access_token=mercadopago.access_token.get_secret_value(),
        mercadopago_webhook_secret=mercadopago.webhook_secret.get_secret_value(),
        collector_id=mercadopago.collector_id,
        live_mode=mercadopago.live_mode,
        state_file=settings.stack.state_dir / "simulators" / "state.json",
        **(_HURRIED if settings.app.simulated_clock else {}),
    )


def _log_as(process: str, settings: Settings) -> None:
    logs.configure(process=process, level=settings.app.log_level, format=settings.app.log_format)
