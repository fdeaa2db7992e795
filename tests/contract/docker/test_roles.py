"""The real psql runs the init script against a real PostgreSQL of its own."""

import os
import re
import subprocess

import psycopg
import pytest
import yaml
from tests.conftest import _answers_sql, free_port, running, wait_until
from tests.contract.docker.conftest import MONITORING, ROOT, page

from alojamientos.entrypoints import migrate
from alojamientos.ops.launcher.servers import Postgres, postgres_bin

SCRIPT = ROOT / "deploy/postgres/10-roles.sh"
DATABASE = "alojamientos_db"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server as the image makes it: superuser postgres, an empty database of ours."""
    folder = tmp_path_factory.mktemp("postgres")
    server = Postgres(data=folder / "data", port=free_port(), password="super", user="postgres")
    server.initialise(durable=False)
    with running(server.command(settings={"fsync": "off"}), folder / "log"):
        wait_until(lambda: _answers_sql(server.dsn("postgres")), "PostgreSQL")
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {DATABASE}")
        yield server


def make_roles(server, secrets):
    return subprocess.run(
        ["sh", str(SCRIPT)],
        env=environment(server, secrets),
        capture_output=True,
        text=True,
        check=False,
    )


def environment(server, secrets) -> dict[str, str]:
    """Return what the container has, and how its programs reach the server from here."""
    return {
        "PATH": f"{postgres_bin()}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGPASSWORD": server.password,
        "POSTGRES_USER": server.user,
        "POSTGRES_DB": DATABASE,
        "SECRETS": str(secrets),
    }


def dsn(server, role, password):
    return f"postgresql://{role}:{password}@127.0.0.1:{server.port}/{DATABASE}"


@pytest.fixture
def secrets(tmp_path):
    (tmp_path / "database_password").write_text("ap'p\\x")  # what SQL could stumble over
    (tmp_path / "monitoring_password").write_text("mon")
    return tmp_path


@pytest.fixture
def roles(server, secrets):
    result = make_roles(server, secrets)
    assert result.returncode == 0, result.stderr


def test_the_image_runs_it_as_a_program():
    """What is not executable is sourced into the image's own script, options and all."""
    assert os.access(SCRIPT, os.X_OK)


@pytest.mark.usefixtures("roles")
def test_the_application_s_role_migrates_its_database_and_is_no_superuser(server):
    url = dsn(server, "alojamientos", "ap%27p%5Cx")

    migrate.upgrade(url)

    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, False, False)


@pytest.mark.usefixtures("roles")
def test_the_exporter_s_role_sees_statistics_and_no_guest(server):
    migrate.upgrade(dsn(server, "alojamientos", "ap%27p%5Cx"))

    with psycopg.connect(dsn(server, "monitoring", "mon"), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM pg_stat_database").fetchone()
        member = connection.execute("SELECT pg_has_role('pg_monitor', 'USAGE')").fetchone()
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in tables]
        assert member == (True,)
        assert "reservation" in names
        for name in names:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    psycopg.sql.SQL("SELECT 1 FROM {}").format(psycopg.sql.Identifier(name))
                )
        with pytest.raises(psycopg.Error):
            connection.execute("CREATE TABLE public.mine (x int)")


@pytest.mark.usefixtures("roles")
def test_the_exporter_reads_its_statistics_with_that_role(server, secrets, tool, tmp_path):
    port = free_port()
    file = yaml.safe_load((ROOT / MONITORING).read_text())
    environment = file["services"]["postgres-exporter"]["environment"]
    assert environment["DATA_SOURCE_URI"].startswith(f"postgres:5432/{DATABASE}?")
    variables = {
        **environment,
        "DATA_SOURCE_URI": environment["DATA_SOURCE_URI"].replace(
            "postgres:5432", f"127.0.0.1:{server.port}"
        ),
        "DATA_SOURCE_PASS_FILE": str(secrets / "monitoring_password"),
    }
    command = ["env", *(f"{k}={v}" for k, v in variables.items()), tool("postgres_exporter")]
    command += [f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, tmp_path / "exporter.log"):
        wait_until(lambda: "pg_up 1" in page(port), "pg_up 1", seconds=15)
        found = page(port)

    assert "pg_exporter_last_scrape_error 0" in found
    assert f'pg_database_size_bytes{{datname="{DATABASE}"}}' in found


def test_run_again_it_takes_the_new_passwords(server, secrets):
    make_roles(server, secrets)
    (secrets / "monitoring_password").write_text("new\n")

    result = make_roles(server, secrets)

    assert result.returncode == 0, result.stderr
    assert not _answers_sql(dsn(server, "monitoring", "mon"))
    assert _answers_sql(dsn(server, "monitoring", "new"))


def test_without_a_password_it_makes_no_role(server, secrets):
    (secrets / "monitoring_password").write_text("")

    result = make_roles(server, secrets)

    assert result.returncode == 1
    assert "monitoring_password is missing or empty" in result.stderr


@pytest.mark.usefixtures("roles")
def test_a_backup_is_made_tried_and_brought_back_by_the_how_to_s_commands(
    server, secrets, tmp_path
):
    text = (ROOT / "docs/howto/docker.md").read_text().partition("## Backups")[2]
    make, try_it, bring_back = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    url = dsn(server, "alojamientos", "ap%27p%5Cx")
    migrate.upgrade(url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE marker AS SELECT 42 AS answer")

    def run(script: str) -> str:
        script = script.replace("docker compose exec -T postgres ", "")
        script = script.replace("2027-01-15.dump", "$(date +%F).dump")
        script = script.replace("docker compose up -d --wait", "")
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=environment(server, secrets),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    run(make)
    tried = run(try_it)
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE marker")
    run(bring_back)

    assert "count" in tried
    assert "docker" not in try_it.replace("docker compose exec -T postgres ", "")
    with psycopg.connect(url) as connection:  # as the application's role, which owns it again
        assert connection.execute("SELECT answer FROM marker").fetchone() == (42,)
        connection.execute("DROP TABLE marker")
    assert migrate.current(url) is not None
