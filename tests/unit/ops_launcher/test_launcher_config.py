"""Settings become those of a stack, and parts."""

import signal

import pytest
from pydantic import SecretStr

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import config, parts
from alojamientos.ops.launcher.part import State
from alojamientos.settings import load_settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no .env of the developer's
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "sta te"))
    monkeypatch.setenv("STACK_TOOLS_DIR", str(tmp_path / "tools"))
    monkeypatch.setenv("WEB_PORT", "18000")
    monkeypatch.setenv("STACK_SIMULATOR_PORT", "18100")
    for name in ("DATABASE_URL", "REDIS_URL", "API_TOKEN", "METRICS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return load_settings()


def test_a_stack_gets_secrets_servers_and_addresses_of_its_own(settings):
    made = config.prepared(settings)

    assert made.database.url is not None
    assert made.redis.url is not None
    assert made.app.metrics_token is not None
    assert made.database.url.get_secret_value().endswith("@127.0.0.1:55432/alojamientos_db")
    assert made.redis.url.get_secret_value() == "redis://127.0.0.1:56379/0"
    assert not made.app.api_token.get_secret_value().startswith("dev-only")
    assert made.app.public_base_url == "http://127.0.0.1:18000"
    assert made.whatsapp.base_url == made.mercadopago.base_url == "http://127.0.0.1:18100"
    assert made.app.version.startswith("0.")
    assert config.prepared(settings).app.api_token == made.app.api_token


def test_what_is_set_wins(settings, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@db:5433/x")
    monkeypatch.setenv("REDIS_URL", "redis://:p@cache:6380/1")
    monkeypatch.setenv("API_TOKEN", "mine")
    monkeypatch.setenv("METRICS_TOKEN", "mine too")
    monkeypatch.setenv("WHATSAPP_BASE_URL", "http://other")
    monkeypatch.setenv("VERSION", "1.2")
    monkeypatch.setenv("ALERT_BRIDGE_TOKEN", "mine as well")
    given = load_settings()

    made = config.prepared(given)

    assert config.environment(given, made).keys() == {
        *("PUBLIC_BASE_URL", "MERCADOPAGO_BASE_URL", "TRANSCRIBER", "TRANSCRIBER_COMMAND"),
        *("MAIL_ENABLED", "OWNER_EMAIL", "ICAL_ALLOW_PRIVATE_HOSTS"),
        *("IMAP_HOST", "IMAP_PORT", "IMAP_USERNAME", "IMAP_PASSWORD"),
        *("IMAP_REQUIRE_TLS", "IMAP_POLL_S"),
    }
    assert made.app.version == "1.2"


def test_children_are_told_what_differs(settings):
    told = config.environment(settings, config.prepared(settings))

    assert told["DATABASE_URL"].startswith("postgresql://alojamientos:")
    assert told["API_TOKEN"]
    assert told["WHATSAPP_BASE_URL"] == "http://127.0.0.1:18100"
    assert "WEB_PORT" not in told


def test_simulated_guests_are_listened_to_unless_it_is_said_who_listens(settings, monkeypatch):
    assert config.prepared(settings).speech.transcriber == "command"

    monkeypatch.setenv("TRANSCRIBER", "none")
    assert config.prepared(load_settings()).speech.transcriber == "none"
    monkeypatch.delenv("TRANSCRIBER")
    monkeypatch.setenv("STACK_SIMULATE_PROVIDERS", "false")
    assert config.prepared(load_settings()).speech.transcriber == "none"


def test_guests_and_owner_are_mailed_while_all_mail_ends_in_the_sink(settings, monkeypatch):
    made = config.prepared(settings).guest_mail
    assert (made.mail_enabled, made.owner_email) == (True, "oncall@reservas.com")
    assert config.environment(settings, config.prepared(settings))["MAIL_ENABLED"] == "True"

    monkeypatch.setenv("OWNER_EMAIL", "duenio@lago.example")
    assert config.prepared(load_settings()).guest_mail.owner_email == "duenio@lago.example"
    monkeypatch.setenv("MAIL_ENABLED", "false")
    assert not config.prepared(load_settings()).guest_mail.mail_enabled
    monkeypatch.delenv("MAIL_ENABLED")
    monkeypatch.setenv("SMTP_HOST", "smtp.lago.example")
    assert not config.prepared(load_settings()).guest_mail.mail_enabled


def test_the_sinks_mailbox_is_read_unless_another_is_named(settings, monkeypatch):
    made = config.prepared(settings)
    assert config.own_mailbox(made)
    assert made.mailbox.username == made.guest_mail.mail_sender
    assert made.mailbox.password.get_secret_value()

    monkeypatch.setenv("IMAP_HOST", "imap.lago.example")
    other = config.prepared(load_settings())
    assert not config.own_mailbox(other)
    assert other.mailbox.host == "imap.lago.example"
    monkeypatch.delenv("IMAP_HOST")
    monkeypatch.setenv("MAIL_ENABLED", "false")
    assert config.prepared(load_settings()).mailbox.host is None


def test_before_the_first_start_nothing_is_invented(settings):
    known = config.running(settings)

    assert known.database.url is None
    assert known.app.api_token == settings.app.api_token
    assert not config.state_dir(settings).exists()


def test_only_a_state_folder_is_wiped(settings, tmp_path):
    config.wipe(settings)
    config.prepared(settings)
    config.wipe(settings)
    assert not config.state_dir(settings).exists()

    config.state_dir(settings).mkdir()
    (config.state_dir(settings) / "thesis.txt").touch()
    with pytest.raises(AlojamientosError, match="was not made by this program"):
        config.wipe(settings)


def by_name(settings, **options: str):
    return {part.name: part for part in parts.build(settings, **options)}


def test_the_whole_stack_is_there(settings):
    made = by_name(settings, traffic="1/s")

    assert list(made) == [
        *("postgres", "valkey", "migrate", "simulators", "mail", "web", "worker", "bridge"),
        "traffic",
        *("prometheus", "alertmanager", "node_exporter", "postgres_exporter"),
        *("redis_exporter", "blackbox_exporter"),
    ]
    assert made["postgres"].stop_signal is signal.SIGINT
    assert made["web"].env["DATABASE_URL"].startswith("postgresql://alojamientos:")
    assert {use.setting for part in made.values() for use in part.ports} >= {
        *("STACK_POSTGRES_PORT", "STACK_REDIS_PORT", "WEB_PORT", "WORKER_METRICS_PORT"),
        *("STACK_SIMULATOR_PORT", "SMTP_PORT", "STACK_MAIL_HTTP_PORT"),
    }
    server = config.own_postgres(settings)
    assert server
    assert server.password not in made["postgres"].url


def test_programs_that_are_missing_are_shown_as_absent(settings, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")

    made = by_name(settings)

    assert made["redis_exporter"].shown_as is State.ABSENT
    assert "REDIS_EXPORTER_PROGRAM" in made["redis_exporter"].detail


def test_servers_of_others_are_used_and_not_started(settings, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hidden@db:5433/x?sslmode=require")
    monkeypatch.setenv("REDIS_URL", "redis://u:hidden@cache/1")
    program = "/bin/true"
    monkeypatch.setenv("REDIS_EXPORTER_PROGRAM", program)
    monkeypatch.setenv("POSTGRES_EXPORTER_PROGRAM", program)

    made = by_name(load_settings())

    assert made["postgres"].shown_as is made["valkey"].shown_as is State.OUTSIDE
    assert "hidden" not in made["postgres"].url + made["valkey"].url
    assert made["redis_exporter"].env["REDIS_ADDR"] == "redis://cache:6379"
    assert made["redis_exporter"].env["REDIS_USER"] == "u"
    assert made["redis_exporter"].env["REDIS_PASSWORD"] == "hidden"
    assert made["postgres_exporter"].env["DATA_SOURCE_NAME"] == (
        "postgresql://u:hidden@db:5433/x?sslmode=require"
    )


def test_real_accounts_need_no_simulators(settings, monkeypatch):
    monkeypatch.setenv("STACK_SIMULATE_PROVIDERS", "false")
    monkeypatch.setenv("SMTP_HOST", "smtp.example.com")
    monkeypatch.setenv("SMTP_USERNAME", "me")
    monkeypatch.setenv("SMTP_PASSWORD", "pass")

    made = by_name(load_settings())

    assert not {"simulators", "mail"} & made.keys()
    assert made["web"].env.get("WHATSAPP_BASE_URL") is None
    kept = config.state_dir(settings) / "secrets" / "smtp_password"
    assert kept.read_text() == "pass"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_metrics_token_of_ones_own_reaches_prometheus_as_a_file(settings):
    given = settings.evolve(app={"metrics_token": SecretStr("mine")})

    parts.build(given)

    folder = config.state_dir(settings)
    assert (folder / "secrets" / "metrics_token").read_text() == "mine"
    rendered = (folder / "monitoring" / "prometheus" / "prometheus.yml").read_text()
    assert str(folder / "secrets" / "metrics_token") in rendered
    assert "127.0.0.1:18000" in rendered
