"""Supervisors that leave nothing behind."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from alojamientos.ops.launcher.part import Part, PartStatus
from alojamientos.ops.launcher.supervisor import Supervisor


@pytest.fixture
def changes() -> list[PartStatus]:
    return []


@pytest.fixture
async def supervise(
    tmp_path: Path, changes: list[PartStatus]
) -> AsyncIterator[Callable[..., Supervisor]]:
    """Build supervisors that are stopped at the end whatever happened."""
    all_of_them = []

    def build(*parts: Part) -> Supervisor:
        supervisor = Supervisor(
            parts, folder=tmp_path, redact=lambda text: text, on_change=changes.append
        )
        all_of_them.append(supervisor)
        return supervisor

    yield build
    for supervisor in all_of_them:
        await supervisor.stop()
