"""Every setting, its default and its meaning; read once, by the composition root only.

A setting NAME comes from the environment variable NAME, from the file named by NAME_FILE (for
secrets), or from `.env` in the working directory, in that order. Development has defaults that
work with the provider simulators; production refuses those.
"""

import os
import shlex
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from alojamientos.kit.errors import AlojamientosError
from alojamientos.reservations.cancellation import CancellationPolicy, InvalidPolicy

Port = Annotated[int, Field(ge=1, le=65535)]
DEV = "dev-only-"  # every default secret starts with this, so that production can refuse them all


class SettingsError(AlojamientosError):
    """The configuration is not usable."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "The configuration is not usable:\n" + "\n".join(f"  - {p}" for p in problems)
        )


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class _FileSource(PydanticBaseSettingsSource):
    """Read NAME from the file that the environment variable NAME_FILE points to."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        prefix = self.config.get("env_prefix", "")
        variable = f"{prefix}{field_name}".upper() + "_FILE"
        path = os.environ.get(variable)
        if not path:
            return None, field_name, False
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError([f"{variable}: cannot read {path}: {error.strerror}"]) from error
        # An empty file is a secret that is still to come, as an empty variable is.
        return text or None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {}
        for name, info in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(info, name)
            if value is not None:
                values[key] = value
        return values


_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _FileSource(settings_cls), dotenv_settings


class AppSettings(_Group):
    """The application itself."""

    environment: Environment = Field(
        Environment.DEVELOPMENT, description="development or production"
    )
    version: str = Field("dev", description="Version or commit shown in app_build_info")
    public_base_url: str = Field(
        "http://127.0.0.1:8000",
        description="Where providers reach this application; https in production",
    )
    api_token: SecretStr = Field(
        SecretStr(DEV + "api-token"),
        description="Bearer token for API calls that write or show a person's data",
    )
    simulated_clock: Path | None = Field(
        None,
        description="File that says how far the clock runs ahead of the real one; `simulate season`"
        " sets it, production refuses it",
    )
    lodging_name: str = Field(
        "Cabañas del Lago", description="How the lodging calls itself to guests"
    )
    time_zone: str = Field("America/Argentina/Buenos_Aires", description="Decides what 'today' is")
    hold_minutes: int = Field(
        60, ge=5, le=7 * 24 * 60, description="How long dates are held for the deposit"
    )
    deposit_percent: int = Field(
        30, ge=1, le=100, description="Share of the total asked as deposit"
    )
    cancellation_policy: str = Field(
        "30:100,15:50",
        description="What goes back of what was paid: DAYS:PERCENT before arrival, with commas",
    )
    max_open_holds_per_guest: int = Field(
        2, ge=1, description="More holds than this at once are refused"
    )
    pause_hours: int = Field(
        12, ge=1, le=168, description="How long the assistant is silent once a person has the word"
    )
    web_host: str = Field("127.0.0.1", description="Address that web listens on")
    web_port: Port = Field(8000, description="Port of web: API, webhooks, /metrics")
    worker_metrics_port: Port = Field(8001, description="Port of the worker's /metrics")
    worker_concurrency: int = Field(
        12, ge=1, le=100, description="Jobs that one worker runs at a time"
    )
    enable_metrics: bool = Field(default=True, description="false removes /metrics")
    owner_token: SecretStr | None = Field(
        None,
        min_length=20,
        description="Bearer token of the owner's API, /api/v1/owner; without it, that is closed",
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="Bearer token that /metrics wants; needed when WEB_HOST is not loopback",
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is written"
    )
    log_format: str = Field(
        "json", pattern="^(json|console)$", description="json for machines, console for people"
    )
    rate_limit_per_minute: int = Field(
        120, ge=1, description="API calls a client may make in a minute"
    )
    trusted_proxies: str = Field(
        "",
        description="Comma-separated addresses whose X-Forwarded-For is believed; none by default",
    )

    @field_validator("cancellation_policy")
    @classmethod
    def _is_a_policy(cls, value: str) -> str:
        try:
            return str(CancellationPolicy.parse(value))
        except InvalidPolicy as error:
            raise ValueError(error.message) from error


class DatabaseSettings(_Group):
    """PostgreSQL."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_")
    url: SecretStr | None = Field(
        None,
        description="postgresql://user:password@host:port/name; without it, a server of our own",
    )
    pool_size: int = Field(16, ge=2, description="Connections that a process may have at most")


class RedisSettings(_Group):
    """Redis or Valkey."""

    model_config = SettingsConfigDict(env_prefix="REDIS_")
    url: SecretStr | None = Field(
        None, description="redis://[:password@]host:port/db; without it, a server of our own"
    )
    lock_ttl_ms: int = Field(5_000, ge=100, description="A booking lock lives at most this long")
    lock_wait_ms: int = Field(
        500, ge=0, description="How long a booking waits for the lock in front"
    )


class WhatsAppSettings(_Group):
    """WhatsApp Business Cloud API."""

    model_config = SettingsConfigDict(env_prefix="WHATSAPP_")
    app_secret: SecretStr = Field(
        SecretStr(DEV + "meta-app-secret"), description="Signs what Meta sends us"
    )
    verify_token: SecretStr = Field(
        SecretStr(DEV + "verify-token"), description="Of the webhook handshake"
    )
    access_token: SecretStr = Field(
        SecretStr(DEV + "whatsapp-token"), description="Bearer token for the Graph API"
    )
    phone_number_id: str = Field("1122334455667", description="The number that sends")
    base_url: str = Field(
        "http://127.0.0.1:8100", description="https://graph.facebook.com in production"
    )
    api_version: str = Field("v25.0", pattern=r"^v\d+\.\d+$", description="Graph API version")
    timeout_s: float = Field(10.0, gt=0, description="Deadline of one call, seconds")
    notice_template: str = Field(
        "",
        pattern=r"^[a-z0-9_]{0,512}$",
        description="Approved template, es_AR, one parameter: what there is to say to a guest who"
        " wrote over 24 hours ago; without one they get a mail, or you are told",
    )


class MercadoPagoSettings(_Group):
    """Mercado Pago."""

    model_config = SettingsConfigDict(env_prefix="MERCADOPAGO_")
    access_token: SecretStr = Field(
        SecretStr(DEV + "mp-token"), description="Bearer token of the account"
    )
    webhook_secret: SecretStr = Field(
        SecretStr(DEV + "mp-webhook-secret"), description="Signs what they send us"
    )
    collector_id: str = Field(
        "843382748", description="Our account's number: payments to others are refused"
    )
    base_url: str = Field(
        "http://127.0.0.1:8100", description="https://api.mercadopago.com in production"
    )
    live_mode: bool = Field(default=False, description="true with production credentials")
    accept_unsigned_ipn: bool = Field(
        default=False, description="true to take legacy IPN as a mere hint"
    )
    timeout_s: float = Field(10.0, gt=0, description="Deadline of one call, seconds")


class SpeechSettings(_Group):
    """Voice notes."""

    transcriber: str = Field(
        "none",
        pattern="^(none|command|whisper)$",
        description="Who listens to voice notes: none (guests are asked to write), command, or"
        " whisper (needs the extra: pip install 'alojamientos[asr]')",
    )
    transcriber_command: str = Field(
        "",
        validate_default=True,
        description="Program for TRANSCRIBER=command: it reads an audio file and prints its words;"
        " {file} in it, or its end, is the file; of the environment it gets PATH, HOME and LANG",
    )
    transcriber_model: Path | None = Field(
        None,
        validate_default=True,
        description="Folder with a multilingual Whisper in CTranslate2's format, for"
        " TRANSCRIBER=whisper",
    )
    transcriber_min_confidence: float = Field(
        0.55,
        ge=0,
        le=1,
        description="Below it guests are asked to write what they said; only whisper tells it",
    )
    transcriber_timeout_s: float = Field(
        20.0, gt=0, le=60, description="Deadline of listening to one voice note, seconds"
    )

    @field_validator("transcriber_command")
    @classmethod
    def _runs(cls, command: str, info: ValidationInfo) -> str:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ValueError(f"cannot be split into words: {error}") from error
        if info.data.get("transcriber") == "command" and not words:
            raise ValueError("is missing: TRANSCRIBER=command runs it")
        return command

    @field_validator("transcriber_model")
    @classmethod
    def _is_a_model(cls, model: Path | None, info: ValidationInfo) -> Path | None:
        if info.data.get("transcriber") != "whisper":
            return model
        if model is None:
            raise ValueError("is missing: TRANSCRIBER=whisper listens with it")
        if not (model / "model.bin").is_file():
            raise ValueError(f"{model} holds no model.bin; it must be in CTranslate2's format")
        if find_spec("faster_whisper") is None:
            raise ValueError("needs faster-whisper: pip install 'alojamientos[asr]'")
        return model


class ICalSettings(_Group):
    """Calendar feeds of Airbnb, Booking.com and others."""

    model_config = SettingsConfigDict(env_prefix="ICAL_")
    timeout_s: float = Field(
        20.0, gt=0, le=60, description="Deadline for fetching one feed, seconds"
    )
    allow_private_hosts: bool = Field(
        default=False,
        description="true lets feeds be on this machine or network, as the simulators' are",
    )


class MailSettings(_Group):
    """The mail server, and who gets alerts."""

    model_config = SettingsConfigDict(env_prefix="SMTP_")
    host: str = Field("127.0.0.1", description="Mail server")
    port: Port = Field(8025, description="Its port; 587 for most providers")
    username: str | None = Field(None, description="Account, if the server wants one")
    password: SecretStr | None = Field(None, description="Its password")
    sender: str = Field("alertas@reservas.com", description="From address")
    require_tls: bool = Field(default=False, description="true for every real server")
    oncall: str = Field(
        "oncall@reservas.com", description="Who gets critical alerts, comma-separated"
    )
    devops: str = Field("devops@reservas.com", description="Who gets the others")


class GuestMailSettings(_Group):
    """Mail to guests and to the owner, through the server of SMTP_HOST."""

    mail_enabled: bool = Field(
        default=False, description="true to send confirmations and hand-overs by mail"
    )
    mail_sender: str = Field("reservas@reservas.com", description="From address of these mails")
    mail_timeout_s: float = Field(
        20.0, gt=0, le=60, description="Deadline of handing one mail to the server, seconds"
    )
    owner_email: str | None = Field(
        None,
        pattern=r"^[^@\s]+@[^@\s]+$",
        description="Who is told when a guest needs a person, and gets guests' answers; optional",
    )


class StaySettings(_Group):
    """What guests have to know to arrive: told in the confirmation and the day before."""

    model_config = SettingsConfigDict(env_prefix="STAY_")
    check_in_from: str = Field(
        "15:00", pattern=_CLOCK, description="From when a cabin can be entered, HH:MM"
    )
    check_out_until: str = Field(
        "10:00", pattern=_CLOCK, description="Until when it is left, HH:MM"
    )
    address: str = Field("", description="Where the lodging is, as guests should read it")
    directions: str = Field("", description="How to get there")
    map_url: str = Field(
        "", pattern=r"^(https://\S+)?$", description="Link to a map that shows the place"
    )
    notes: str = Field(
        "", description="What only who comes should read, the day before: gate code, Wi-Fi"
    )
    reminder_days: int = Field(
        1, ge=1, le=7, description="Days before the arrival that the reminder is sent"
    )


class MailboxSettings(_Group):
    """The mailbox that guests write to: the one of MAIL_SENDER, read over IMAP."""

    model_config = SettingsConfigDict(env_prefix="IMAP_")
    host: str | None = Field(
        None, description="Its server; without it nobody reads guests' mails, answers included"
    )
    port: Port = Field(993, description="993 speaks TLS from the start, 143 after STARTTLS")
    username: str = Field("", description="Account")
    password: SecretStr = Field(SecretStr(""), description="Its password, or one for programs")
    folder: str = Field("INBOX", description="Folder that is read")
    done_folder: str | None = Field(
        None,
        description="Folder that stored mails are moved to; without it they are marked as read",
    )
    require_tls: bool = Field(default=True, description="true for every real server")
    poll_s: int = Field(10, ge=1, le=59, description="Seconds between two looks into it")
    timeout_s: float = Field(20.0, gt=0, le=60, description="Deadline of one call, seconds")
    authenticator: str | None = Field(
        None,
        description="Name in the Authentication-Results of its server, such as mx.google.com: with"
        " it, mails that it knows to be forged are not answered",
    )


class AlertSettings(_Group):
    """How alerts leave, beside mail (SMTP_ONCALL, SMTP_DEVOPS)."""

    model_config = SettingsConfigDict(env_prefix="ALERT_")
    heartbeat_url: SecretStr | None = Field(
        None,
        description="Address outside that expects a call a minute, and tells you when none comes",
    )
    webhook_url: SecretStr | None = Field(
        None, description="Address that gets critical alerts as Alertmanager's JSON"
    )
    telegram_bot_token: SecretStr | None = Field(
        None, description="Of the bot that sends critical alerts; with ALERT_TELEGRAM_CHAT_ID"
    )
    telegram_chat_id: int | None = Field(None, description="The chat that the bot writes to")
    whatsapp_to: str = Field(
        "5492944000001",
        pattern=r"^(none|\d{8,15})$",
        description="The owner's number for critical alerts, digits only; or none",
    )
    whatsapp_template: str = Field(
        "alerta",
        description="Approved template, es_AR, three parameters: state, what it means, alert",
    )
    bridge_host: str = Field("127.0.0.1", description="Address that the bridge listens on")
    bridge_port: Port = Field(8002, description="Port of the bridge from alerts to WhatsApp")
    bridge_token: SecretStr = Field(
        SecretStr(DEV + "bridge-token"), description="Bearer token between Alertmanager and it"
    )
    dashboards_url: str = Field(
        "", description="Where Grafana is, so that alerts can link to it: http://localhost:3000"
    )

    @property
    def reaches_whatsapp(self) -> bool:
        return self.whatsapp_to != "none"


class JourneySettings(_Group):
    """The booking that the worker rehearses once a minute, to see that booking works."""

    model_config = SettingsConfigDict(env_prefix="JOURNEY_")
    enabled: bool = Field(
        default=True, description="false stops it: an outage at night, unwritten to, goes unseen"
    )
    web_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+)?$",
        description="Where the worker reaches web; without it, at WEB_HOST and WEB_PORT",
    )


class BackupSettings(_Group):
    """Backups of the database by `alojamientos backup`."""

    model_config = SettingsConfigDict(env_prefix="BACKUP_")
    folder: Path = Field(Path("backups"), description="Where they are written; private")
    metrics_file: Path | None = Field(
        None,
        description="File of the node exporter's textfile collector that tells of the last good"
        " one, such as /var/lib/node_exporter/backup.prom; without it nobody is told",
    )


class StackSettings(_Group):
    """The native stack of `make up`: ports (all on 127.0.0.1) and folders."""

    model_config = SettingsConfigDict(env_prefix="STACK_")
    state_dir: Path = Field(Path(".state"), description="Data, logs, sockets and process ids")
    tools_dir: Path = Field(
        Path(".tools"), description="Monitoring programs extracted from Debian packages"
    )
    postgres_port: Port = Field(55432, description="PostgreSQL")
    redis_port: Port = Field(56379, description="Valkey")
    prometheus_port: Port = Field(9090, description="Prometheus")
    alertmanager_port: Port = Field(9093, description="Alertmanager")
    node_exporter_port: Port = Field(9100, description="Host metrics")
    postgres_exporter_port: Port = Field(9187, description="PostgreSQL metrics")
    redis_exporter_port: Port = Field(9121, description="Valkey metrics")
    blackbox_exporter_port: Port = Field(9115, description="Probes")
    simulator_port: Port = Field(8100, description="Fake WhatsApp and Mercado Pago")
    mail_http_port: Port = Field(
        8026, description="Page of the mail sink; its SMTP port is SMTP_PORT"
    )
    imap_port: Port = Field(8143, description="Simulated mailbox that the mail sink fills")
    simulate_providers: bool = Field(
        default=True, description="false once the real accounts are configured"
    )


class Settings:
    """All groups together; build it with `load_settings`."""

    groups: ClassVar[dict[str, type[_Group]]] = {
        "app": AppSettings,
        "database": DatabaseSettings,
        "redis": RedisSettings,
        "whatsapp": WhatsAppSettings,
        "mercadopago": MercadoPagoSettings,
        "speech": SpeechSettings,
        "ical": ICalSettings,
        "mail": MailSettings,
        "guest_mail": GuestMailSettings,
        "mailbox": MailboxSettings,
        "stay": StaySettings,
        "alert": AlertSettings,
        "journey": JourneySettings,
        "backup": BackupSettings,
        "stack": StackSettings,
    }
    app: AppSettings
    database: DatabaseSettings
    redis: RedisSettings
    whatsapp: WhatsAppSettings
    mercadopago: MercadoPagoSettings
    speech: SpeechSettings
    ical: ICalSettings
    mail: MailSettings
    guest_mail: GuestMailSettings
    mailbox: MailboxSettings
    stay: StaySettings
    alert: AlertSettings
    journey: JourneySettings
    backup: BackupSettings
    stack: StackSettings

    def __init__(self, **values: _Group) -> None:
        for name, group in values.items():
            setattr(self, name, group)

    def evolve(self, **groups: dict[str, Any]) -> Self:
        """Return a copy with some values of some groups replaced."""
        values = {
            name: getattr(self, name).model_copy(update=groups.get(name, {}))
            for name in self.groups
        }
        return type(self)(**values)

    @property
    def calendar_domain(self) -> str:
        """Return what the names of our events end with in the calendars that we give out."""
        return urlsplit(self.app.public_base_url).hostname or "localhost"

    @property
    def is_production(self) -> bool:
        return self.app.environment is Environment.PRODUCTION


def variable_name(group: type[_Group], field_name: str) -> str:
    """Return the environment variable that sets `field_name` of `group`."""
    return f"{group.model_config.get('env_prefix', '')}{field_name}".upper()


def load_settings(*, check_production: bool = True, with_servers: bool = True) -> Settings:
    """Read every setting, or raise SettingsError naming each variable that is wrong and its fix.

    `with_servers` is False for a process that needs neither database nor Redis.
    """
    problems: list[str] = []
    values: dict[str, _Group] = {}
    for name, group in Settings.groups.items():
        try:
            values[name] = group()
        except ValidationError as error:
            for detail in error.errors():
                field = str(detail["loc"][0]) if detail["loc"] else "?"
                hint = group.model_fields[field].description if field in group.model_fields else ""
                problems.append(f"{variable_name(group, field)}: {detail['msg']} ({hint})")
        except SettingsError as error:
            problems.extend(error.problems)
    if problems:
        raise SettingsError(problems)
    settings = Settings(**values)
    if check_production and settings.is_production:
        problems = production_problems(settings, with_servers=with_servers)
        if problems:
            raise SettingsError(problems)
    return settings


def production_problems(settings: Settings, *, with_servers: bool = True) -> list[str]:
    """List what production refuses: default secrets, missing servers, plain-HTTP addresses."""
    return [
        *_default_secrets(settings),
        *(_missing_servers(settings) if with_servers else ()),
        *_development_addresses(settings),
        *_development_accounts(settings),
        *_mail_problems(settings),
        *_mailbox_problems(settings),
    ]


def _default_secrets(settings: Settings) -> list[str]:
    problems = []
    for name, group in Settings.groups.items():
        for field in group.model_fields:
            value = getattr(getattr(settings, name), field)
            if isinstance(value, SecretStr) and value.get_secret_value().startswith(DEV):
                variable = variable_name(group, field)
                problems.append(
                    f"{variable} still has its development default;"
                    f" set it, or {variable}_FILE, to the real value"
                )
    return problems


def _missing_servers(settings: Settings) -> list[str]:
    return [
        f"{variable_name(type(group), 'url')} is missing; set it to the server's address"
        for group in (settings.database, settings.redis)
        if group.url is None
    ]


def _development_addresses(settings: Settings) -> list[str]:
    problems = []
    if not settings.app.public_base_url.startswith("https://"):
        problems.append("PUBLIC_BASE_URL must start with https://; providers refuse anything else")
    for group, real in (
        (settings.whatsapp, "https://graph.facebook.com"),
        (settings.mercadopago, "https://api.mercadopago.com"),
    ):
        if not group.base_url.startswith("https://"):
            variable = variable_name(type(group), "base_url")
            problems.append(f"{variable} points to a simulator; set it to {real}")
    on_loopback = settings.app.web_host in ("127.0.0.1", "localhost", "::1")
    if not on_loopback and settings.app.metrics_token is None:
        problems.append("METRICS_TOKEN is missing: /metrics would be public on WEB_HOST; set it")
    return problems


def _development_accounts(settings: Settings) -> list[str]:
    problems = []
    for group, field in (
        (settings.whatsapp, "phone_number_id"),
        (settings.mercadopago, "collector_id"),
        (settings.alert, "whatsapp_to"),
    ):
        if getattr(group, field) == type(group).model_fields[field].default:
            problems.append(
                f"{variable_name(type(group), field)} still has its development default;"
                " set it to your account's"
            )
    if (settings.alert.telegram_bot_token is None) != (settings.alert.telegram_chat_id is None):
        problems.append("ALERT_TELEGRAM_BOT_TOKEN and ALERT_TELEGRAM_CHAT_ID need each other")
    if settings.ical.allow_private_hosts:
        problems.append("ICAL_ALLOW_PRIVATE_HOSTS must be false in production")
    if settings.app.simulated_clock is not None:
        problems.append("SIMULATED_CLOCK must not be set in production: bookings need real time")
    if not settings.mercadopago.live_mode:
        problems.append("MERCADOPAGO_LIVE_MODE must be true in production")
    return problems


def _mailbox_problems(settings: Settings) -> list[str]:
    """List what is missing for reading guests' mails, if a mailbox is named."""
    mailbox = settings.mailbox
    if mailbox.host is None:
        return []
    problems = []
    if not settings.guest_mail.mail_enabled:
        problems.append("IMAP_HOST is set, but nothing answers; set MAIL_ENABLED to true as well")
    if not mailbox.username:
        problems.append("IMAP_USERNAME is missing; set it to the mailbox's account")
    if not mailbox.password.get_secret_value():
        problems.append("IMAP_PASSWORD is missing; set it, or IMAP_PASSWORD_FILE")
    if not mailbox.require_tls:
        problems.append("IMAP_REQUIRE_TLS must be true: IMAP_PASSWORD would travel in the open")
    return problems


def _mail_problems(settings: Settings) -> list[str]:
    """List what is missing for mail to guests and the owner, if it is switched on."""
    server, guests = settings.mail, settings.guest_mail
    if not guests.mail_enabled:
        wanted = "OWNER_EMAIL is set, but nothing is mailed; set MAIL_ENABLED to true as well"
        return [wanted] if guests.owner_email else []
    defaults = {
        "SMTP_HOST": (server.host, MailSettings.model_fields["host"].default),
        "MAIL_SENDER": (
            guests.mail_sender,
            GuestMailSettings.model_fields["mail_sender"].default,
        ),
    }
    problems = [
        f"{name} still has its development default; set it, or MAIL_ENABLED to false"
        for name, (value, default) in defaults.items()
        if value == default
    ]
    if server.username is not None and server.password is None:
        problems.append("SMTP_PASSWORD is missing; set it, or SMTP_PASSWORD_FILE")
    if server.username is not None and not server.require_tls:
        problems.append("SMTP_REQUIRE_TLS must be true: SMTP_PASSWORD would travel in the open")
    return problems
