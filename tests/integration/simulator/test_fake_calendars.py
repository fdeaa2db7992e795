"""The calendars of the fake Airbnb and Booking.com."""

import httpx2
import pytest
from tests.conftest import free_port
from tests.simulators.running import running_app

from alojamientos.ops.simulator.calendars import demo_addresses
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.server import create_app

NIGHTS = {"starts_on": "2027-01-15", "ends_on": "2027-01-18"}


def listing(providers, name: str = "a", source: str = "airbnb") -> str:
    url: str = providers.control("PUT", f"calendars/{name}", {"source": source})["url"]
    return url.removeprefix(providers.config.public_url)


def test_airbnb_sends_what_airbnb_sends(providers):
    path = listing(providers)
    providers.control("POST", "calendars/a/events", NIGHTS, status=201)
    response = providers.http.get(path)
    text = response.text

    assert response.headers["content-type"].startswith("text/calendar")
    assert text.startswith("BEGIN:VCALENDAR\r\nPRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN\r\n")
    assert "DTSTART;VALUE=DATE:20270115\r\nDTEND;VALUE=DATE:20270118\r\n" in text
    assert "SUMMARY:Reserved\r\n" in text
    assert "\r\n " in text  # the long description is folded
    assert max(len(line) for line in text.split("\r\n")) <= 75


def test_booking_sends_its_visitors_to_another_door(providers):
    path = listing(providers, source="booking")
    providers.control("POST", "calendars/a/events", NIGHTS, status=201)
    door = providers.http.get(path)
    text = providers.http.get(door.headers["location"]).text

    assert door.status_code == 302
    assert "SUMMARY:CLOSED - Not available\r\n" in text
    assert r"PRODID:-//admin.booking.com\\\, b.v.//NONSGML v1.0//EN" in text


@pytest.mark.parametrize("path", ["/calendar/ical/a.ics?s=wrong", "/v1/export?t=wrong"])
def test_a_wrong_secret_finds_nothing(providers, path):
    listing(providers)

    assert providers.http.get(path).status_code == 404


def test_what_has_not_changed_is_not_sent_again(providers):
    path = listing(providers)
    etag = providers.http.get(path).headers["etag"]
    again = providers.http.get(path, headers={"If-None-Match": etag})
    providers.control("POST", "calendars/a/events", NIGHTS, status=201)
    changed = providers.http.get(path, headers={"If-None-Match": etag})

    assert (again.status_code, changed.status_code) == (304, 200)


@pytest.mark.parametrize(
    ("mode", "status", "content"),
    [
        ("404", 404, "404"),
        ("429", 429, "429"),
        ("500", 500, "500"),
        ("garbage", 200, "<!doctype html>"),
        ("blank", 200, ""),
        ("empty", 200, "BEGIN:VCALENDAR"),
        ("truncated", 200, "BEGIN:VCALENDAR"),
    ],
)
def test_a_host_answers_as_it_is_told(providers, mode, status, content):
    path = listing(providers)
    providers.control("POST", "calendars/a/events", NIGHTS, status=201)
    providers.control("PUT", "calendars/a/answer", {"mode": mode})
    response = providers.http.get(path)

    assert response.status_code == status
    assert content in response.text
    assert ("END:VCALENDAR" in response.text) is (mode == "empty")
    assert "20270115" not in response.text or mode == "truncated"


def test_events_move_and_go(providers):
    path = listing(providers)
    uid = providers.control("POST", "calendars/a/events", NIGHTS, status=201)["uid"]
    providers.control(
        "PUT", f"calendars/a/events/{uid}", {"starts_on": "2027-02-01", "ends_on": "2027-02-02"}
    )
    moved = providers.http.get(path).text
    providers.control("DELETE", f"calendars/a/events/{uid}")

    assert "20270201" in moved
    assert uid not in providers.http.get(path).text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "calendars/none", None, 404),
        ("PUT", "calendars/a", {"source": "hotel"}, 422),
        ("PUT", "calendars/a/answer", {"mode": "odd"}, 422),
        ("PUT", "calendars/a/answer", {"moed": "ok"}, 422),
        ("POST", "calendars/a/events", {"starts_on": "soon"}, 422),
        ("DELETE", "calendars/a/events/none", None, 404),
    ],
)
def test_a_mistake_is_answered_in_words(providers, method, path, body, status):
    listing(providers)

    assert providers.control(method, path, body, status=status)["detail"]


def test_a_fault_of_all_hosts_can_be_had(providers):
    path = listing(providers)
    providers.control("PUT", "faults", {"provider": "ical", "mode": "500"})

    assert providers.http.get(path).status_code == 500


def test_calendars_outlive_a_restart_and_the_demos_are_where_they_are_said_to_be(tmp_path):
    config = SimulatorConfig(state_file=tmp_path / "state.json")
    paths = {source: path for _, source, path in demo_addresses(seed=config.seed)}
    with running_app(create_app(config), port=free_port()) as url:
        first = httpx2.get(url + paths["airbnb"])
        httpx2.post(f"{url}/_control/calendars/arrayan/events", json=NIGHTS)
    with running_app(create_app(config), port=free_port()) as url:
        second = httpx2.get(url + paths["airbnb"])

    assert first.text.count("BEGIN:VEVENT") == 1
    assert second.text.count("BEGIN:VEVENT") == 2


def test_a_calendar_that_is_taken_away_finds_nothing_any_more(providers):
    path = listing(providers)
    providers.control("DELETE", "calendars/a")

    assert providers.http.get(path).status_code == 404
    providers.control("DELETE", "calendars/a", status=404)
