"""Ports and secrets."""

import os
import socket
import subprocess
import sys

import pytest

from alojamientos.ops.launcher import secrets
from alojamientos.ops.launcher.ports import PortTaken, PortUse, owner, refuse_taken


@pytest.fixture
def listener():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_a_taken_port_names_its_owner_and_the_setting_to_change(listener):
    with pytest.raises(PortTaken) as caught:
        refuse_taken([PortUse(listener, "WEB_PORT", "web")])

    assert f"port {listener} (web) is taken by " in caught.value.message
    assert f"(pid {os.getpid()}, user " in caught.value.message
    assert "set WEB_PORT to a free port" in caught.value.message


def test_a_port_wanted_twice_names_both(listener):
    uses = [PortUse(listener, "WEB_PORT", "web"), PortUse(listener, "SMTP_PORT", "mail")]

    with pytest.raises(PortTaken, match=r"wanted by web \(WEB_PORT\) and mail \(SMTP_PORT\)"):
        refuse_taken(uses)


def test_free_ports_are_fine(listener):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        free = sock.getsockname()[1]

    refuse_taken([PortUse(free, "WEB_PORT", "web")])


def test_an_owner_that_is_gone_is_another_program():
    assert owner(1) == "another program"


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    before = os.umask(0)
    try:
        first = secrets.generated(tmp_path, "api_token")
        second = secrets.generated(tmp_path, "api_token")
    finally:
        os.umask(before)

    assert first == second
    assert len(first) >= 32
    assert secrets.stored(tmp_path, "api_token") == first
    assert secrets.path(tmp_path, "api_token").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_a_secret_from_outside_replaces_the_one_that_was_made(tmp_path):
    secrets.generated(tmp_path, "metrics_token")

    file = secrets.keep(tmp_path, "metrics_token", "given")

    assert file.read_text() == "given"
    assert file.stat().st_mode & 0o777 == 0o600
    assert secrets.generated(tmp_path, "metrics_token") == "given"


def test_an_unknown_secret_is_none(tmp_path):
    assert secrets.stored(tmp_path, "api_token") is None


def test_two_processes_agree_on_a_secret(tmp_path):
    code = (
        "import sys,pathlib\nfrom alojamientos.ops.launcher import secrets\n"
        "secrets.generated(pathlib.Path(sys.argv[1]), 'api_token')"
    )
    first = secrets.generated(tmp_path, "api_token")

    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)

    assert secrets.stored(tmp_path, "api_token") == first
