"""Whether what a process needs answers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from alojamientos.health import checks
from alojamientos.health.checks import Check, Status

Probe = Callable[[], Awaitable[None]]


async def up() -> None:
    return


async def down() -> None:
    raise ConnectionError("postgresql://app:secret@db/app refused")


async def silent() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("probes", "status"),
    [
        ([], Status.HEALTHY),
        ([("postgres", True, up), ("redis", False, up)], Status.HEALTHY),
        ([("postgres", True, up), ("redis", False, down)], Status.DEGRADED),
        ([("postgres", True, down), ("redis", False, up)], Status.UNHEALTHY),
        ([("postgres", True, down), ("redis", False, down)], Status.UNHEALTHY),
    ],
)
async def test_what_is_critical_decides(probes: list[tuple[str, bool, Probe]], status: Status):
    found = await checks.run(
        [Check(name=name, critical=critical, probe=probe) for name, critical, probe in probes]
    )

    assert found.status is status


async def test_a_component_that_does_not_answer_is_down_at_its_deadline():
    found = await asyncio.wait_for(
        checks.run([Check(name="redis", critical=False, probe=silent, deadline_s=0.05)]), 5
    )

    (component,) = found.components
    assert not component.ok
    assert 40 < component.latency_ms < 5_000


async def test_components_are_asked_side_by_side():
    both = asyncio.Barrier(2)

    found = await checks.run(
        [
            Check(name="a", critical=True, probe=both.wait),
            Check(name="b", critical=True, probe=both.wait),
        ]
    )

    assert found.status is Status.HEALTHY


async def test_why_a_component_failed_is_told_to_whoever_logs_it():
    failures: list[tuple[str, Exception]] = []

    await checks.run(
        [Check(name="postgres", critical=True, probe=down)],
        on_failure=lambda name, error: failures.append((name, error)),
    )

    assert [(name, type(error)) for name, error in failures] == [("postgres", ConnectionError)]
