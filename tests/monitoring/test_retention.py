"""The native Prometheus keeps what objectives look back on."""

from tests.monitoring.conftest import TOOLS

from alojamientos.monitoring.definitions import targets
from alojamientos.ops.launcher import monitors
from alojamientos.settings import load_settings


def test_the_native_prometheus_keeps_what_the_definitions_say(tool, tmp_path, monkeypatch):
    assert tool("prometheus")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("STACK_TOOLS_DIR", str(TOOLS))

    parts = monitors.build(
        load_settings(check_production=False),
        database_url="postgresql://127.0.0.1/a",
        redis_url="redis://127.0.0.1",
        before_prometheus=(),
        before_alertmanager=(),
    )

    command = next(part.command for part in parts if part.name == monitors.PROMETHEUS)
    assert f"--storage.tsdb.retention.time={targets.RETENTION_TIME}" in command
    assert f"--storage.tsdb.retention.size={targets.RETENTION_SIZE}" in command
