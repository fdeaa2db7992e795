"""The secrets that scripts/secrets makes are the ones that the containers read."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.contract.docker.conftest import APPLICATION, MONITORING, ROOT
from typer.testing import CliRunner

from alojamientos.cli.app import app
from alojamientos.monitoring.definitions.compose_shared import SECRETS
from alojamientos.settings import Settings, load_settings, production_problems, variable_name

GIVEN = [secret.name for secret in SECRETS if not secret.made]


def make(folder):
    return subprocess.run(
        [str(ROOT / "scripts/secrets"), str(folder)], check=True, capture_output=True, text=True
    ).stdout


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_exactly_the_declared_secrets_are_made_and_only_a_person_s_are_empty(tmp_path):
    make(tmp_path / "secrets")

    found = contents(tmp_path / "secrets")
    assert set(found) == {secret.name for secret in SECRETS}
    assert {name for name, text in found.items() if not text} == set(GIVEN)


def test_each_secret_has_256_random_bits_of_its_own(tmp_path):
    make(tmp_path / "one")
    make(tmp_path / "two")

    found = [*contents(tmp_path / "one").values(), *contents(tmp_path / "two").values()]
    random = {part for text in found for part in re.findall(r"[0-9a-f]{64}", text)}
    assert len(random) == 2 * 10


def test_no_other_user_of_the_machine_gets_to_them_and_every_container_does(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)

    make(folder)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


def test_they_are_not_shown(tmp_path):
    told = make(tmp_path / "secrets")

    assert not re.search(r"[0-9a-f]{32}", told)
    for name in GIVEN:
        assert name in told


def test_run_again_it_keeps_what_is_there_and_renews_what_follows_from_it(tmp_path):
    folder = tmp_path / "secrets"
    make(folder)
    (folder / "smtp_password").write_text("by hand")
    (folder / "database_password").write_text("rotated")
    before = contents(folder)

    told = make(folder)

    after = contents(folder)
    assert {name for name in after if after[name] != before[name]} == {"database_url"}
    assert after["database_url"] == (
        "postgresql://alojamientos:rotated@postgres:5432/alojamientos_db"
    )
    assert "smtp_password" not in told


def test_the_three_forms_of_the_cache_s_password_agree(tmp_path):
    make(tmp_path / "secrets")

    found = contents(tmp_path / "secrets")
    password = found["redis_conf"].removeprefix("requirepass ").strip()
    assert found["redis_url"] == f"redis://:{password}@redis:6379/0"
    assert json.loads(found["redis_passwords_json"]) == {"redis://redis:6379": password}


def test_git_and_the_image_never_take_them():
    assert "/secrets/" in (ROOT / ".gitignore").read_text().split()
    ignored = (ROOT / ".dockerignore").read_text().split("\n")
    assert "*" in ignored
    assert not any("secret" in line or ".env" in line for line in ignored if line[:1] == "!")


@pytest.fixture
def in_container(clone, monkeypatch):
    """Let this process have the environment of the container `backend`."""
    for group in Settings.groups.values():
        for field in group.model_fields:
            monkeypatch.delenv(variable_name(group, field), raising=False)
            monkeypatch.delenv(variable_name(group, field) + "_FILE", raising=False)
    monkeypatch.chdir(clone)  # its .env stands for env_file
    environment = yaml.safe_load((ROOT / APPLICATION).read_text())["services"]["backend"][
        "environment"
    ]
    for name, value in environment.items():
        text = str(value).replace("/run/secrets", str(clone / "secrets"))
        text = text.replace("${SITE_DOMAIN:?set SITE_DOMAIN in .env}", "reservas.example.com")
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return clone


def test_production_starts_with_them_once_a_person_s_are_filled_in(in_container):
    missing = production_problems(load_settings(check_production=False))
    for name in GIVEN:
        (in_container / "secrets" / name).write_text(f"real {name}\n")

    settings = load_settings()

    assert [problem.partition(" ")[0].lower() for problem in missing] == [
        name for name in GIVEN if name.startswith(("whatsapp", "mercadopago"))
    ]
    assert settings.is_production
    assert settings.app.public_base_url == "https://reservas.example.com"
    assert settings.whatsapp.app_secret.get_secret_value() == "real whatsapp_app_secret"
    for name in GIVEN:
        (in_container / "secrets" / name).write_text("")


def test_alertmanager_s_configuration_is_made_for_the_operator_s_mail_account(
    in_container, tmp_path, tool
):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "smtp_password").write_text("app password")
    (secrets / "heartbeat_url").write_text("")
    out = tmp_path / "config"

    code = (
        "import sys; from pathlib import Path; from alojamientos.cli import render as r;"
        "from alojamientos.settings import load_settings as l;"
        "r.configure_alertmanager(Path(sys.argv[1]), l(check_production=False),"
        " secrets=Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, str(out), str(secrets)], check=True)

    config = yaml.safe_load((out / "alertmanager.yml").read_text())
    assert config["global"]["smtp_smarthost"] == "smtp.example.com:587"
    assert config["global"]["smtp_auth_username"] == "alertas"
    assert config["global"]["smtp_auth_password_file"] == str(secrets / "smtp_password")
    assert config["global"]["smtp_require_tls"] is True
    assert "url_file" not in str(config)
    assert "owner@example.com" in str(config["receivers"])
    subprocess.run([tool("amtool"), "check-config", str(out / "alertmanager.yml")], check=True)


def test_the_heartbeat_s_address_is_used_when_there_is_one(tmp_path):
    from alojamientos.cli.render import configure_alertmanager

    (tmp_path / "heartbeat_url").write_text("https://hc.example.com/x\n")

    configure_alertmanager(tmp_path, load_settings(check_production=False), secrets=tmp_path)

    config = yaml.safe_load((tmp_path / "alertmanager.yml").read_text())
    assert f"'url_file': '{tmp_path / 'heartbeat_url'}'" in str(config)
    assert "smtp_auth_password_file" not in config["global"]


def test_the_files_of_the_image_s_user_can_be_read_by_others(tmp_path):
    """Alertmanager runs as nobody and reads what the application's user has rendered."""
    from alojamientos.cli.render import configure_alertmanager

    umask = os.umask(0o022)
    try:
        configure_alertmanager(tmp_path / "c", load_settings(check_production=False))
    finally:
        os.umask(umask)

    modes = {path.stat().st_mode & 0o444 for path in (tmp_path / "c").rglob("*.*")}
    assert modes == {0o444}


def test_the_command_of_the_container_writes_what_alertmanager_mounts(tmp_path):
    services = yaml.safe_load((ROOT / MONITORING).read_text())["services"]
    *verb, folder = services["alertmanager-config"]["command"]
    (mounted,) = [m for m in services["alertmanager-config"]["volumes"] if m["target"] == folder]
    (read,) = [m for m in services["alertmanager"]["volumes"] if m["source"] == mounted["source"]]

    result = CliRunner().invoke(app, [*verb, str(tmp_path)])

    assert result.exit_code == 0, result.output
    (flag,) = [c for c in services["alertmanager"]["command"] if c.startswith("--config.file=")]
    inside = Path(flag.partition("=")[2]).relative_to(read["target"])
    assert (tmp_path / inside).is_file()
    assert list((tmp_path / "templates").glob("*.tmpl"))
