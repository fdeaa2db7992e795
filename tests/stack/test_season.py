"""A short season in a stack of its own ends clean, with guests, calendars, an owner and faults."""

import json

import pytest
from typer.testing import CliRunner

from alojamientos.cli.simulate import app

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900), pytest.mark.xdist_group("stack")]


def test_three_days_end_clean(tmp_path):
    page = tmp_path / "season.md"

    played = CliRunner().invoke(
        app, ["season", "--days", "3", "--seed", "1", "--json", "--report", str(page)]
    )

    assert played.exit_code == 0, played.output[-8000:]
    report = json.loads(played.stdout)
    assert report["clean"]
    assert report["counts"]["WhatsApp: confirmed"] > 0
    assert report["counts"]["mail: confirmed"] > 0
    assert report["counts"]["mail sent twice"] > 0
    assert report["counts"]["owner: booking moved"] == 1
    assert report["counts"]["worker killed"] == 1
    looked_at = {verdict["name"]: verdict["looked_at"] for verdict in report["audit"]}
    assert looked_at.pop("every stay's days told") >= 0  # nobody comes so soon
    assert min(looked_at.values()) > 0
    assert page.read_text(encoding="utf-8").startswith("# A season of 3 days ended clean")
