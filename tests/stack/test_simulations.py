"""Every way to play guests ends well on a stack of real processes."""

import json

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.xdist_group("stack")]


def test_voice_notes_end_well(stack):
    played = json.loads(stack.cli("simulate", "voice", "--json", "--seed", "1").stdout)

    assert set(played["episodes"].values()) == {"well"}
    assert len(played["episodes"]) == 5
    assert played["broken_invariants"] == []


def test_notes_without_sound_are_not_played_to_a_real_transcriber(stack):
    stack.env["TRANSCRIBER"], stack.env["TRANSCRIBER_COMMAND"] = "command", "true"
    try:
        refused = stack.cli("simulate", "voice", check=False)
    finally:
        del stack.env["TRANSCRIBER"], stack.env["TRANSCRIBER_COMMAND"]

    assert refused.returncode != 0
    assert "TRANSCRIBER" in refused.stderr
