"""Which fault does what around the application."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from tests.conftest import free_port

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.drill import disk, faults
from alojamientos.ops.drill.calendar import DrillCalendar
from alojamientos.ops.drill.wire import PrometheusWire

EXPOSITION = """\
# HELP node_filesystem_avail_bytes Filesystem space available to non-root users in bytes.
# TYPE node_filesystem_avail_bytes gauge
node_filesystem_avail_bytes{device="/dev/vda",fstype="ext4",mountpoint="/"} 7.8e+10
# TYPE node_filesystem_readonly gauge
node_filesystem_readonly{device="/dev/vda",fstype="ext4",mountpoint="/"} 0
# TYPE node_filesystem_size_bytes gauge
node_filesystem_size_bytes{device="/dev/vda",fstype="ext4",mountpoint="/"} 2.7e+11
# TYPE node_load1 gauge
node_load1 0.5
"""


class Recorded:
    """Remember what it is told to do."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda **values: self.calls.append(" ".join((name, *map(str, values.values()))))


@pytest.mark.parametrize(
    ("name", "begun", "ended"),
    [
        ("feed-dead", ["add", "fall_silent 45"], ["remove"]),
        ("feed-conflict", ["add", "sell_a_sold_night"], ["remove"]),
        ("disk-nearly-full", ["seem_full"], ["be_itself"]),
        ("mailbox-shut", ["shut 15"], ["open"]),
        ("alerting-cut", ["cut"], ["mend"]),
    ],
)
def test_what_a_fault_does_around_the_application_and_undoes(name, begun, ended):
    thing = Recorded()
    outside = SimpleNamespace(calendar=thing, disk=thing, guest_mail=thing, wire=thing)
    hands = SimpleNamespace(outside=outside)
    trouble = faults.BY_NAME[name].trouble

    trouble.begin(hands)
    assert thing.calls == begun
    trouble.end(hands)
    assert thing.calls == begun + ended


def test_a_full_disk_is_added_and_nothing_else_is_changed():
    told = disk.with_full_disk(EXPOSITION).splitlines()
    added = [line for line in told if "/drill" in line]

    assert [line for line in told if line not in added] == EXPOSITION.splitlines()
    assert {line.partition("{")[0]: float(line.split()[-1]) for line in added} == {
        "node_filesystem_size_bytes": 100e9,
        "node_filesystem_avail_bytes": 3e9,
        "node_filesystem_readonly": 0,
    }
    assert told.index(added[0]) == told.index("# TYPE node_filesystem_avail_bytes gauge") + 1


def test_an_exporter_that_tells_of_no_disks_is_refused():
    with pytest.raises(AlojamientosError, match="no node_filesystem_size_bytes: nothing to fill"):
        disk.with_full_disk("# TYPE node_load1 gauge\nnode_load1 0.5\n")


def test_a_prometheus_that_does_not_answer_is_named_and_its_file_put_back(tmp_path):
    file = tmp_path / "prometheus.yml"
    file.write_text("alerting:\n  alertmanagers:\n    - static_configs: []\n")
    before = file.read_text()
    wire = PrometheusWire(file=file, prometheus=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(AlojamientosError, match="Prometheus did not read its file anew"):
        wire.cut()
    assert "127.0.0.1:9" in file.read_text()
    with pytest.raises(AlojamientosError, match="Prometheus did not read its file anew"):
        wire.mend()
    assert file.read_text() == before
    assert (tmp_path / "prometheus.yml.before-drill").exists()  # for whoever tries again


def test_without_simulators_there_is_no_calendar_to_break():
    nobody = f"http://127.0.0.1:{free_port()}"
    calendar = DrillCalendar(database="", simulators=nobody, web=nobody, api_token="t")

    with pytest.raises(AlojamientosError, match=r"the simulators at .* does not answer"):
        calendar.add()
