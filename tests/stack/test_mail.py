"""A guest books by mail against the whole stack, over its own SMTP and IMAP."""

import json

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.xdist_group("stack")]


def test_a_booking_by_mail_is_confirmed_and_its_audit_is_clean(stack):
    result = stack.cli("simulate", "email", "--json", "--seed", "1", check=False)

    report = json.loads(result.stdout)
    assert result.returncode == 0, result.stderr
    assert report["outcome"] == "confirmed"
    assert len(report["audit"]) == 7
    assert all(report["audit"].values())
