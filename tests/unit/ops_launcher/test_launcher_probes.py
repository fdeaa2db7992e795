"""Probes against real servers."""

import http.server
import pwd
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest
from tests.conftest import free_port

from alojamientos.ops.launcher import parts, probes, servers
from alojamientos.ops.launcher.servers import ProgramMissing


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = self.path == "/ready" and self.headers["Authorization"] == "Bearer t"
        self.send_response(200 if ready else 503)
        self.end_headers()

    def log_message(self, format, *arguments: object) -> None:  # noqa: A002 - as the base has it
        """Say nothing."""


@pytest.fixture
def http_port():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_tcp_wants_somebody_who_listens(http_port):
    assert probes.tcp(http_port)() == ""
    unused = free_port()
    assert probes.tcp(unused)() == f"nothing listens on {unused} yet"


def test_http_wants_a_good_answer(http_port):
    token = {"Authorization": "Bearer t"}

    assert probes.http_get(http_port, "/ready", token)() == ""
    assert probes.http_get(http_port, "/ready")() == "/ready answers 503"
    assert probes.http_get(free_port(), "/ready")() == "/ready is not answered yet"


def test_all_of_tells_the_first_problem(http_port):
    probe = probes.all_of(probes.tcp(http_port), probes.http_get(http_port, "/x"))

    assert probe() == "/x answers 503"


def test_sql_wants_to_be_let_in(database_url):
    assert probes.sql(database_url)() == ""
    assert "password authentication failed" in probes.sql(database_url.replace(":test@", ":x@"))()


def test_ping_wants_a_pong(redis_url):
    assert probes.ping(redis_url)() == ""
    assert "refused" in probes.ping(f"redis://127.0.0.1:{free_port()}/0")()


def test_the_exporter_gets_a_role_that_may_only_watch(postgres_server):
    for password in ("first", "second"):
        parts._make_database(postgres_server, password)

    watcher = postgres_server.dsn().replace("alojamientos:test@", "monitoring:second@")
    with psycopg.connect(watcher) as connection:
        row = connection.execute(
            "SELECT pg_has_role('pg_monitor', 'member'), rolsuper FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
    assert row == (True, False)


def test_servers_are_taken_from_the_environment_first(monkeypatch, tmp_path: Path):
    for name in ("initdb", "postgres", "valkey"):
        (tmp_path / name).touch()
    monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))
    monkeypatch.setenv("VALKEY_SERVER", str(tmp_path / "valkey"))

    assert servers.postgres_bin() == tmp_path
    assert servers.valkey_server() == tmp_path / "valkey"


def test_an_initdb_that_fails_says_why(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "something").touch()
    server = servers.Postgres(data=tmp_path / "data", port=1, password="x")

    with pytest.raises(Exception, match=r"initdb failed: .*not empty"):
        server.initialise()

    assert not (tmp_path / "data.pw").exists()


def test_without_user_namespaces_root_is_told_what_to_do(monkeypatch, tmp_path: Path):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ProgramMissing, match="refuses to run as root"):
        servers.as_postgres_user()


def test_an_ordinary_user_needs_no_help(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: pwd.getpwnam("nobody").pw_uid)

    assert servers.as_postgres_user() == []


@pytest.mark.parametrize("number", [0, 123_456_789])
def test_root_and_the_nameless_become_somebody(monkeypatch, number):
    monkeypatch.setattr("os.geteuid", lambda: number)

    prefix = servers.as_postgres_user()

    user = subprocess.run([*prefix, "id", "-un"], capture_output=True, text=True, check=True)
    assert user.stdout.strip() not in ("", "root")
