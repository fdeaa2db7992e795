"""`verify` searches a stack that has had traffic, and finds what is planted into its logs."""

import json
import shutil
import time
from datetime import UTC, datetime, timedelta

import httpx2
import psycopg
import pytest

from alojamientos.ops.verify import leaks
from alojamientos.ops.verify.clients import Addresses
from alojamientos.ops.verify.clients import Stack as Eyes
from alojamientos.ops.verify.item import State

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.xdist_group("stack")]


@pytest.fixture(scope="module")
def busy(stack):
    """The stack, after half a minute's worth of guests in a few seconds."""
    stack.cli("simulate", "booking", "--json")
    stack.cli("simulate", "email", "--json")
    stack.cli("simulate", "traffic", "--json", "--rate", "4/s", "--minutes", "0.1")
    return stack


@pytest.fixture
def search(busy):
    """Search the stack as verify does, its logs in a folder of the test's choice."""

    def search(logs):
        addresses = Addresses(
            web=busy.web,
            worker=busy.worker,
            prometheus=busy.prometheus,
            alertmanager=busy.alertmanager,
            api_token=busy.api_token,
            metrics_token=busy.metrics_token,
        )
        with Eyes(addresses) as eyes:
            found = leaks.Leaks(busy.settings, logs).search(eyes)
            return found.state is State.OK, found.evidence

    return search


def a_guests_phone(stack):
    with psycopg.connect(stack.database_url) as connection:
        # Other tests have guests with stranger identities.
        row = connection.execute(
            r"SELECT value FROM guest_identity WHERE kind = 'wa_id' AND value ~ '^549\d{10}$'"
        ).fetchone()
    assert row is not None
    return row[0]


def test_nothing_private_leaks_from_a_stack_with_traffic(busy):
    said = busy.cli("verify", "--json", "--wait", "0", check=False).stdout

    [item] = [check for check in json.loads(said)["items"] if check["name"] == leaks.NAME]
    assert item["state"] == "ok", item["evidence"]
    assert "4 expositions, 8 error bodies (401, 404, 409, 422)" in item["evidence"]
    assert "none found" in item["evidence"]


def test_wrong_requests_of_verify_change_nothing(busy, search):
    counted = """SELECT (SELECT count(*) FROM guest), (SELECT count(*) FROM guest_identity),
        (SELECT count(*) FROM reservation), (SELECT count(*) FROM idempotent_response)"""
    with psycopg.connect(busy.database_url, autocommit=True) as connection:
        before = connection.execute(counted).fetchone()
        search(busy.logs)
        assert connection.execute(counted).fetchone() == before


def test_what_is_planted_is_found_with_file_line_and_kind_and_not_repeated(busy, search, tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(busy.logs, logs)
    phone = a_guests_phone(busy)
    grouped = f"+{phone[:2]} {phone[2]} {phone[3:7]} {phone[7:9]}-{phone[9:]}"
    lines = len((logs / "web.log").read_text().splitlines())
    with (logs / "web.log").open("a") as file:
        file.write(json.dumps({"event": "x", "message": f"hold for {grouped}"}) + "\n")
    (logs / "worker.log.1").write_text(f'{{"a":1}}\n{{"h":"{busy.api_token}"}}\n')
    (logs / "mail.log").write_text('{"to":"stranger@example.org"}\n')

    ok, evidence = search(logs)

    assert not ok
    assert evidence.split("; ") == [
        "worker.log.1:2 API_TOKEN",
        "mail.log:1 an e-mail address",
        f"web.log:{lines + 1} guest's phone number",
    ]


def test_refusal_without_a_database_says_nothing_of_the_guest_and_neither_do_the_logs(busy, search):
    phone = f"+{a_guests_phone(busy)}"
    booking = {
        "accommodation_id": 1,
        "check_in": (today() + timedelta(days=30)).isoformat(),
        "check_out": (today() + timedelta(days=32)).isoformat(),
        "guests": 1,
        "guest": {"name": "Ana", "email": "ana@example.com", "phone": phone},
    }
    busy.control.stop_part("postgres", kill=True)
    try:
        refused = httpx2.post(
            f"{busy.web}/api/v1/reservations",
            json=booking,
            headers={"Authorization": f"Bearer {busy.api_token}"},
            timeout=20,
            trust_env=False,
        )
    finally:
        busy.control.start_part("postgres")
    until(lambda: httpx2.get(f"{busy.web}/api/v1/readyz", trust_env=False).is_success)

    assert refused.status_code == 503
    assert phone[-6:] not in refused.text
    assert "ana@" not in refused.text
    ok, evidence = search(busy.logs)
    assert ok, evidence


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def today():
    return datetime.now(UTC).date()
