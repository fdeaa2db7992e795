"""`alojamientos feeds`, as a program of its own against a real database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def feeds(calendars, tmp_path):
    """Run the verb and return what it printed and its exit code."""

    def run(*args: str, stdin: str = "", private: bool = True, code: int = 0) -> str:
        environment = {
            **os.environ,
            "DATABASE_URL": calendars.desk.dsn,
            "STACK_STATE_DIR": str(tmp_path / "state"),
            "STACK_SIMULATE_PROVIDERS": "false",
            "ICAL_ALLOW_PRIVATE_HOSTS": str(private).lower(),
            "COLUMNS": "200",
        }
        done = subprocess.run(
            [str(Path(sys.executable).with_name("alojamientos")), "feeds", *args],
            capture_output=True,
            text=True,
            input=stdin,
            env=environment,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == code, output
        assert "Traceback" not in output
        return output

    return run


def test_a_feed_is_added_listed_and_removed_without_showing_its_secret(calendars, feeds):
    url = calendars.hosts.listing("a")
    secret = url.rpartition("=")[2]

    added = feeds("add", "-", "--cabin", "arrayan", "--source", "airbnb", stdin=f"{url}\n")
    listed = feeds("list")
    as_json = feeds("list", "--json")
    again = feeds("add", url, "--cabin", "arrayan", code=2)
    removed = feeds("remove", "1", "--yes")

    assert "feed 1 added: 127.0.0.1/1 (airbnb) for Cabaña Arrayán" in added
    assert "waiting" in listed
    assert json.loads(as_json)["feeds"][0]["feed"] == "127.0.0.1/1"
    assert "has this feed already" in again
    assert "feed 1 removed" in removed
    assert secret not in added + listed + as_json + again + removed
    assert [
        (action, subject)
        for action, subject in calendars.desk.sql(
            "SELECT action, subject FROM audit_entry WHERE starts_with(actor, 'cli:') ORDER BY id"
        )
    ] == [("feed.added", "feed:1"), ("feed.removed", "feed:1")]
    details = calendars.desk.sql("SELECT detail::text FROM audit_entry")
    assert secret not in str(details)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("add", "https://a.example/x", "--cabin", "nube"), "there are: arrayan, coihue, lenga"),
        (("add", "ftp://a.example/x", "--cabin", "arrayan"), "must start with https://"),
        (("add", "https://a.example:81/x", "--cabin", "arrayan"), "port"),
        (("add", "", "--cabin", "arrayan"), "address is missing"),
        (("remove", "9", "--yes"), "There is no feed 9"),
        (("sync", "9"), "There is no feed 9"),
        (("add", "https://a.example/x"), "--cabin"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(feeds, args, words):
    assert words in feeds(*args, private=False, code=2)


def test_removing_asks_first_and_frees_nothing_on_a_no(calendars, feeds):
    feeds("add", calendars.hosts.listing("a"), "--cabin", "arrayan")

    feeds("export", "--cabin", "arrayan", "--for", "other", "--feed", "1")
    asked = feeds("remove", "1", stdin="n\n", code=1)

    assert "and export 1 of" in asked

    assert calendars.desk.sql("SELECT count(*) FROM calendar_feed") == [(1,)]


def test_no_worker_is_said_to_be_the_reason(calendars, feeds):
    feeds("add", calendars.hosts.listing("a"), "--cabin", "arrayan")

    assert "Is the worker running?" in feeds("sync", "--deadline", "1", code=2)
    assert calendars.desk.sql(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'ical.sync_feed'"
    ) == [(1,)]


def test_help_teaches_where_the_address_is_found(feeds):
    assert "Export calendar" in feeds("add", "--help")
    assert "no feeds yet" in feeds("list")


def test_a_calendar_is_given_out_rotated_listed_and_taken_back(calendars, feeds):
    made = feeds("export", "--cabin", "arrayan", "--for", "airbnb")
    address = next(line for line in made.splitlines() if line.startswith("http"))
    again = feeds("export", "--cabin", "arrayan", "--for", "airbnb", code=2)
    listed = feeds("list")
    as_json = json.loads(feeds("list", "--json"))
    rotated = feeds("rotate", "1", "--yes")
    refused = feeds("unexport", "1", stdin="n\n", code=1)
    feeds("unexport", "1", "--yes")

    assert address.startswith("http://127.0.0.1:8000/ical/")
    assert address.endswith("/arrayan.ics")
    assert "Import calendar" in made
    assert "rotate" in again
    assert "never" in listed
    assert as_json["exports"][0]["export"] == "arrayan/airbnb/1"
    assert address not in rotated
    assert "new address" in rotated
    assert "may then sell nights" in refused
    assert address.split("/")[-2] not in again + listed + str(as_json) + refused
    assert "no exports yet" in feeds("list")
    assert "There is no export 1" in feeds("rotate", "1", "--yes", code=2)
