"""What drills do around the application is done, is felt, and is gone afterwards."""

import re
import time

import httpx2
import psycopg
import pytest

from alojamientos.ops.drill import outside_hands
from alojamientos.ops.launcher.part import State

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.xdist_group("stack")]


@pytest.fixture
def outside(stack):
    """What is around the stack, whole again after the test."""
    found = outside_hands.of_stack(stack.settings, stack.control)
    yield found
    found.calendar.remove()
    found.disk.be_itself()
    found.guest_mail.open()
    found.wire.mend()


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        time.sleep(0.1)
    return found


def rows(stack, query):
    with psycopg.connect(stack.database_url) as connection:
        return connection.execute(query).fetchall()


def counted(stack):
    return rows(
        stack,
        "SELECT (SELECT count(*) FROM calendar_feed), (SELECT count(*) FROM calendar_event),"
        " (SELECT count(*) FROM calendar_conflict WHERE resolved_at IS NULL),"
        " (SELECT count(*) FROM reservation WHERE status IN ('pre_reserved', 'confirmed'))",
    )


def metric(stack, name):
    headers = {"Authorization": f"Bearer {stack.metrics_token}"}
    text = httpx2.get(f"{stack.web}/metrics", headers=headers, trust_env=False).text
    return [float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)]


def published(stack):
    shown = httpx2.get(f"{stack.simulator}/_control/calendars", trust_env=False).json()
    return {listing["id"] for listing in shown}


def test_a_silent_calendar_is_old_is_not_read_and_goes_away(stack, outside):
    before, calendars = counted(stack), published(stack)

    outside.calendar.add()
    outside.calendar.fall_silent(since_minutes=45)
    oldest = min(metric(stack, "ical_last_success_timestamp_seconds"))
    failed = "SELECT id FROM calendar_feed WHERE last_error = 'timeout' AND failures > 0"
    until(lambda: rows(stack, failed), seconds=120)
    outside.calendar.remove()

    assert 2600 < time.time() - oldest < 2800
    assert (counted(stack), published(stack)) == (before, calendars)


def test_a_night_sold_twice_is_a_conflict_and_is_given_back(stack, outside):
    before, calendars = counted(stack), published(stack)

    outside.calendar.add()
    outside.calendar.sell_a_sold_night()
    conflicts = metric(stack, "ical_conflicts_open")
    outside.calendar.remove()
    outside.calendar.remove()

    assert conflicts == [1]
    assert metric(stack, "ical_conflicts_open") == [0]
    assert (counted(stack), published(stack)) == (before, calendars)


def test_a_full_disk_is_told_of_beside_the_real_ones_and_only_for_a_time(stack, outside):
    url = f"http://127.0.0.1:{stack.ports['STACK_NODE_EXPORTER_PORT']}/metrics"
    outside.disk.seem_full()
    during = httpx2.get(url, trust_env=False).text
    outside.disk.be_itself()
    after = httpx2.get(url, trust_env=False).text

    sizes = re.findall(r"^node_filesystem_size_bytes\{.*", during, re.MULTILINE)
    assert sum('mountpoint="/drill"' in size for size in sizes) == 1
    assert "node_cpu_seconds_total" in during
    assert "/drill" not in after
    assert stack.control.status().part("node_exporter").state is State.READY
    assert not (stack.state_dir / "run" / "drill_node_exporter.pid").exists()


def test_a_mailbox_that_is_shut_is_not_read_until_it_opens(stack, outside):
    failed = "SELECT failures FROM mailbox WHERE failures > 0"
    age = "SELECT extract(epoch FROM now() - read_at) FROM mailbox"
    until(lambda: rows(stack, age))  # read for the first time
    outside.guest_mail.shut(since_minutes=15)
    until(lambda: rows(stack, failed))
    oldest = float(rows(stack, age)[0][0])
    outside.guest_mail.open()
    until(lambda: float(rows(stack, age)[0][0]) < 60)

    assert oldest > 15 * 60
    assert rows(stack, failed) == []


def test_a_cut_wire_leads_to_nobody_and_is_whole_again(stack, outside):
    file = stack.state_dir / "monitoring" / "prometheus" / "prometheus.yml"
    before = file.read_text()

    def reached() -> str:
        answer = httpx2.get(f"{stack.prometheus}/api/v1/alertmanagers", trust_env=False).json()
        return " ".join(one["url"] for one in answer["data"]["activeAlertmanagers"])

    outside.wire.cut()
    outside.wire.cut()
    until(lambda: "127.0.0.1:9/" in reached())
    outside.wire.mend()
    outside.wire.mend()
    until(lambda: stack.alertmanager in reached())

    assert file.read_text() == before
    assert [path.name for path in file.parent.glob("prometheus.yml*")] == ["prometheus.yml"]
