import signal

import pytest
from tests.conftest import free_port
from typer import Typer
from typer.testing import CliRunner

from alojamientos.cli import drill
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.drill import faults

APP = Typer()
APP.command()(drill.drill)


@pytest.fixture
def without_stack(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    for name in ("PROMETHEUS", "ALERTMANAGER", "MAIL_HTTP"):
        monkeypatch.setenv(f"STACK_{name}_PORT", str(free_port()))


@pytest.mark.usefixtures("without_stack")
def test_without_a_stack_it_says_so_and_fails():
    result = CliRunner().invoke(APP, ["backend-down"])

    assert isinstance(result.exception, AlojamientosError)
    assert result.exception.message == "The stack is not running; start it with: make up."


@pytest.mark.usefixtures("without_stack")
def test_sigterm_interrupts_it_as_ctrl_c_does():
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        drill._interrupt(signal.SIGTERM, None)
    CliRunner().invoke(APP, ["backend-down"])

    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("arguments", [["moon"], []])
def test_what_can_be_played_is_named_when_nothing_or_nonsense_is_asked(arguments):
    result = CliRunner().invoke(APP, arguments)

    assert result.exit_code == 2
    assert "backend-down" in result.output


def test_the_list_shows_every_fault():
    result = CliRunner(env={"COLUMNS": "200"}).invoke(APP, ["--list"])

    assert result.exit_code == 0
    assert all(fault.name in result.output for fault in faults.ALL)
