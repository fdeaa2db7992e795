import pytest
from pydantic import SecretStr

from alojamientos import settings as settings_module
from alojamientos.settings import Settings, SettingsError, load_settings, variable_name

PRODUCTION = {
    "ENVIRONMENT": "production",
    "PUBLIC_BASE_URL": "https://reservas.example",
    "API_TOKEN": "a-real-api-token",
    "DATABASE_URL": "postgresql://u:p@db/alojamientos",
    "REDIS_URL": "redis://cache:6379/0",
    "WHATSAPP_APP_SECRET": "real-1",
    "WHATSAPP_VERIFY_TOKEN": "real-2",
    "WHATSAPP_ACCESS_TOKEN": "real-3",
    "WHATSAPP_PHONE_NUMBER_ID": "555",
    "WHATSAPP_BASE_URL": "https://graph.facebook.com",
    "MERCADOPAGO_ACCESS_TOKEN": "real-4",
    "MERCADOPAGO_WEBHOOK_SECRET": "real-5",
    "MERCADOPAGO_COLLECTOR_ID": "777",
    "MERCADOPAGO_BASE_URL": "https://api.mercadopago.com",
    "MERCADOPAGO_LIVE_MODE": "true",
    "ALERT_WHATSAPP_TO": "5492944123456",
    "ALERT_BRIDGE_TOKEN": "real-6",
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No variable of this machine and no .env reaches a test."""
    for group in Settings.groups.values():
        for field in group.model_fields:
            monkeypatch.delenv(variable_name(group, field), raising=False)
            monkeypatch.delenv(variable_name(group, field) + "_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def set_all(monkeypatch, values):
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_development_starts_without_any_variable():
    settings = load_settings()

    assert not settings.is_production
    assert settings.app.web_port == 8000


def test_every_wrong_variable_is_named_at_once_with_what_it_means(monkeypatch):
    set_all(
        monkeypatch, {"WEB_PORT": "70000", "STACK_PROMETHEUS_PORT": "no", "DEPOSIT_PERCENT": "0"}
    )

    with pytest.raises(SettingsError) as caught:
        load_settings()

    text = caught.value.message
    for name in ("WEB_PORT", "STACK_PROMETHEUS_PORT", "DEPOSIT_PERCENT"):
        assert name in text
    assert "Share of the total asked as deposit" in text


def test_a_secret_is_read_from_the_file_that_its_file_variable_names(monkeypatch, tmp_path):
    (tmp_path / "token").write_text("from-a-file\n")
    monkeypatch.setenv("API_TOKEN_FILE", str(tmp_path / "token"))

    assert load_settings().app.api_token == SecretStr("from-a-file")


def test_an_empty_secret_file_is_a_secret_that_is_still_to_come(monkeypatch, tmp_path):
    (tmp_path / "empty").write_text(" \n")
    monkeypatch.setenv("SMTP_PASSWORD_FILE", str(tmp_path / "empty"))
    monkeypatch.setenv("WHATSAPP_APP_SECRET_FILE", str(tmp_path / "empty"))
    monkeypatch.setenv("ENVIRONMENT", "production")

    with pytest.raises(SettingsError, match="WHATSAPP_APP_SECRET still has its development"):
        load_settings()
    assert load_settings(check_production=False).mail.password is None


def test_a_missing_secret_file_is_named(monkeypatch):
    monkeypatch.setenv("WHATSAPP_APP_SECRET_FILE", "/nonexistent/secret")

    with pytest.raises(SettingsError, match=r"WHATSAPP_APP_SECRET_FILE: cannot read"):
        load_settings()


def test_dotenv_file_is_read_and_the_environment_wins(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("WEB_PORT=8111\nHOLD_MINUTES=45\n")
    monkeypatch.setenv("WEB_PORT", "8222")

    settings = load_settings()

    assert (settings.app.web_port, settings.app.hold_minutes) == (8222, 45)


def test_production_starts_once_everything_is_set(monkeypatch):
    set_all(monkeypatch, PRODUCTION)

    assert load_settings().is_production


@pytest.mark.parametrize("missing", [n for n in PRODUCTION if n != "ENVIRONMENT"])
def test_production_refuses_to_start_without(missing, monkeypatch):
    set_all(monkeypatch, {k: v for k, v in PRODUCTION.items() if k != missing})

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(missing)


def test_production_refuses_public_metrics_without_a_token(monkeypatch):
    set_all(monkeypatch, {**PRODUCTION, "WEB_HOST": "0.0.0.0"})

    with pytest.raises(SettingsError, match="METRICS_TOKEN"):
        load_settings()


MAIL = {
    "MAIL_ENABLED": "true",
    "MAIL_SENDER": "reservas@lago.example",
    "SMTP_HOST": "smtp.lago.example",
    "SMTP_USERNAME": "lago",
    "SMTP_PASSWORD": "real-6",
    "SMTP_REQUIRE_TLS": "true",
    "OWNER_EMAIL": "duenio@lago.example",
}


def test_production_mails_once_everything_is_set(monkeypatch):
    set_all(monkeypatch, PRODUCTION | MAIL)

    assert load_settings().guest_mail.mail_enabled


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        *((name, name) for name in ("MAIL_SENDER", "SMTP_HOST", "SMTP_PASSWORD")),
        ("SMTP_REQUIRE_TLS", "SMTP_REQUIRE_TLS"),
        ("MAIL_ENABLED", "OWNER_EMAIL"),
    ],
)
def test_production_refuses_to_mail_without(missing, named, monkeypatch):
    set_all(monkeypatch, PRODUCTION | {k: v for k, v in MAIL.items() if k != missing})

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert [problem.split()[0] for problem in caught.value.problems] == [named]


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OWNER_EMAIL": "nobody"}, "OWNER_EMAIL"),
        ({"TRANSCRIBER": "command"}, "TRANSCRIBER_COMMAND"),
        ({"TRANSCRIBER_COMMAND": "whisper 'unclosed"}, "TRANSCRIBER_COMMAND"),
        ({"TRANSCRIBER": "magic"}, "TRANSCRIBER"),
        ({"TRANSCRIBER_TIMEOUT_S": "900"}, "TRANSCRIBER_TIMEOUT_S"),
    ],
)
def test_a_transcriber_that_cannot_work_is_refused_at_the_start(variables, named, monkeypatch):
    set_all(monkeypatch, variables)

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [named]


def test_production_refuses_feeds_from_its_own_network(monkeypatch):
    set_all(monkeypatch, {**PRODUCTION, "ICAL_ALLOW_PRIVATE_HOSTS": "true"})

    with pytest.raises(SettingsError, match="ICAL_ALLOW_PRIVATE_HOSTS must be false"):
        load_settings()


def test_production_refuses_a_simulated_clock(monkeypatch, tmp_path):
    set_all(monkeypatch, {**PRODUCTION, "SIMULATED_CLOCK": str(tmp_path / "clock")})

    with pytest.raises(SettingsError, match="SIMULATED_CLOCK must not be set"):
        load_settings()


def test_secrets_do_not_show_in_the_representation_of_settings(monkeypatch):
    set_all(monkeypatch, PRODUCTION)
    settings = load_settings()

    shown = "".join(repr(getattr(settings, name)) for name in Settings.groups)

    for secret in ("a-real-api-token", "real-1", "real-4", "u:p@db"):
        assert secret not in shown


def test_every_setting_says_what_it_is_for():
    for group in Settings.groups.values():
        for field, info in group.model_fields.items():
            assert info.description, variable_name(group, field)


def test_evolving_replaces_only_what_is_named():
    settings = load_settings().evolve(app={"web_port": 9999})

    assert settings.app.web_port == 9999
    assert settings.app.hold_minutes == settings_module.AppSettings().hold_minutes


def test_half_a_telegram_account_is_refused_in_production(monkeypatch):
    set_all(monkeypatch, {**PRODUCTION, "ALERT_TELEGRAM_CHAT_ID": "5"})

    with pytest.raises(SettingsError, match="ALERT_TELEGRAM_BOT_TOKEN and ALERT_TELEGRAM_CHAT_ID"):
        load_settings()


def test_alerts_may_stay_away_from_whatsapp(monkeypatch):
    set_all(monkeypatch, {**PRODUCTION, "ALERT_WHATSAPP_TO": "none"})

    assert not load_settings().alert.reaches_whatsapp


def test_production_refuses_a_mailbox_that_could_not_be_read_or_answered(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMAP_HOST", "imap.lago.example")
    monkeypatch.setenv("IMAP_REQUIRE_TLS", "false")

    problems = " ".join(settings_module.production_problems(load_settings(check_production=False)))

    for name in ("MAIL_ENABLED", "IMAP_USERNAME", "IMAP_PASSWORD", "IMAP_REQUIRE_TLS"):
        assert name in problems
