from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alojamientos.kit.clock import AHEAD, ahead_by, utc_now


def ahead(now: Callable[[], datetime]) -> timedelta:
    return now() - utc_now()


def test_a_clock_runs_ahead_by_what_its_file_says_at_the_time(tmp_path):
    path = tmp_path / "clock"
    path.write_bytes(AHEAD.pack(0))
    now = ahead_by(path)
    assert abs(ahead(now)) < timedelta(minutes=1)

    with path.open("r+b") as file:
        file.write(AHEAD.pack(3 * 86_400 * 1_000_000))

    assert abs(ahead(now) - timedelta(days=3)) < timedelta(minutes=1)
    assert now().tzinfo is UTC


def test_a_clock_without_its_file_is_refused(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        ahead_by(tmp_path / "clock")


def test_a_clock_whose_file_is_too_short_is_refused(tmp_path):
    (tmp_path / "clock").write_bytes(b"1")

    with pytest.raises(ValueError, match="mmap"):
        ahead_by(tmp_path / "clock")
