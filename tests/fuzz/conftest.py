"""How many cases are played, and what they may cost."""

import gc
from collections.abc import Callable, Iterator

import psutil
import pytest

GROWTH = 60 * 2**20  # bytes that the second half of a run may add to the process


@pytest.fixture
def steady() -> Callable[[int], Iterator[int]]:
    """Count to a number of cases, and fail when their second half makes the process grow."""

    def cases(count: int) -> Iterator[int]:
        yield from range(count // 2)
        before = _memory()
        yield from range(count // 2, count)
        grown = _memory() - before
        assert grown < GROWTH, f"{count - count // 2} cases have left {grown / 2**20:.0f} MiB"

    return cases


def _memory() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)
