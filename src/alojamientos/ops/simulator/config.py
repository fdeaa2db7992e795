"""What the provider simulators need to know; the defaults are those of the settings."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """One fake WhatsApp number and one fake Mercado Pago account in front of one application."""

    public_url: str = "http://127.0.0.1:8100"  # of the simulators, for links and media
    application_url: str = "http://127.0.0.1:8000"
    whatsapp_app_secret: str = "dev-only-meta-app-secret"  # noqa: S105 - development default
    whatsapp_access_token: str = "dev-only-whatsapp-token"  # noqa: S105 - development default
    phone_number_id: str = "1122334455667"
    display_phone_number: str = "5492944400000"
    mercadopago_access_token: str = "dev-only-mp-token"  # noqa: S105 - development default
    mercadopago_webhook_secret: str = "dev-only-mp-webhook-secret"  # noqa: S105 - development default
    collector_id: str = "843382748"
    live_mode: bool = False
    seed: int = 1
    state_file: Path | None = None  # what is remembered over a restart; None: nothing
    pair_burst: int = 45  # messages to one guest at once; then one per pair_seconds
    pair_seconds: float = 6.0
    messages_per_second: float = 80.0  # of the whole number
    media_url_seconds: float = 300.0
    status_delays_s: tuple[float, float, float] = (0.02, 0.05, 0.3)  # sent, delivered, read
    webhook_timeout_s: float = 20.0
    whatsapp_retries_s: tuple[float, ...] = (1, 2, 4, 8, 15, 30, 60, 60, 60, 60, 60, 120, 300)
    mercadopago_retries_s: tuple[float, ...] = (2, 5, 15, 30, 60, 120, 300, 900)  # really minutes

    @property
    def whatsapp_webhook_url(self) -> str:
        return f"{self.application_url}/api/v1/webhooks/whatsapp"

    @property
    def mercadopago_webhook_url(self) -> str:
        return f"{self.application_url}/api/v1/webhooks/mercadopago"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAccount:
    """The mailbox that mails to `address` end in, besides being kept; read over IMAP on `port`."""

    address: str
    password: str
    port: int
