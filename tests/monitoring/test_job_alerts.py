"""Every job that runs by the clock is watched, by name."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.monitoring.conftest import ROOT

from alojamientos.monitoring.definitions import alerts_jobs

WATCHED = {
    *alerts_jobs.EVERY_MINUTE,
    *alerts_jobs.EVERY_FIVE_MINUTES,
    *alerts_jobs.EVERY_HOUR,
    *alerts_jobs.WATCHED_ELSEWHERE,
}


def _of_the_clock(path: Path) -> Iterator[str]:
    """Yield the names of the jobs that a module makes with `every`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants: dict[str, str] = {
        target.id: str(node.value.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Job":
            arguments = {keyword.arg: keyword.value for keyword in node.keywords}
            name = arguments.get("name") or node.args[0]
            if "every" in arguments:
                yield constants[name.id] if isinstance(name, ast.Name) else ast.literal_eval(name)


def test_every_job_that_runs_by_the_clock_is_watched():
    found = {
        name for path in (ROOT / "src/alojamientos").rglob("*.py") for name in _of_the_clock(path)
    }

    assert "reservations.expire_holds" in found
    assert found <= WATCHED
    assert WATCHED - set(alerts_jobs.WATCHED_ELSEWHERE) <= found
