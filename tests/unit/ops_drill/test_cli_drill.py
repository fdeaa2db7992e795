import json
import signal

import pytest
from tests.conftest import free_port
from typer.testing import CliRunner

from alojamientos.cli import drill


@pytest.fixture
def without_stack(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    for name in ("PROMETHEUS", "ALERTMANAGER", "MAIL_HTTP"):
        monkeypatch.setenv(f"STACK_{name}_PORT", str(free_port()))


@pytest.mark.usefixtures("without_stack")
def test_without_a_stack_it_says_so_and_fails():
    result = CliRunner().invoke(drill.app, ["backend-down"])

    assert result.exit_code == 1
    assert "The stack is not running; start it with: make up." in result.output


@pytest.mark.usefixtures("without_stack")
def test_json_is_for_programs():
    result = CliRunner().invoke(drill.app, ["backend-down", "--target", "worker", "--json"])

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "target": "worker",
        "alert": "WorkerDown",
        "ok": False,
        "problem": "The stack is not running; start it with: make up.",
        "steps": [],
    }


@pytest.mark.usefixtures("without_stack")
def test_sigterm_interrupts_it_as_ctrl_c_does():
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        drill._interrupt(signal.SIGTERM, None)
    CliRunner().invoke(drill.app, ["backend-down"])

    assert signal.getsignal(signal.SIGTERM) is before


def test_an_unknown_target_is_refused():
    result = CliRunner().invoke(drill.app, ["backend-down", "--target", "moon"])

    assert result.exit_code == 2
