"""How a case is written, and the series that many cases need.

Times are in the notation of promtool, counted from the first sample; samples and evaluations are
`interval` apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

Labels = Mapping[str, str]
QUIET: tuple[Labels, ...] = ()
FIRES: tuple[Labels, ...] = ({},)
Kind = Literal["firing", "quiet", "boundary", "absent", "restart", "low traffic"]


@dataclass(frozen=True, kw_only=True)
class Case:
    alert: str
    kind: Kind
    name: str
    series: Mapping[str, str]
    expect: Mapping[str, tuple[Labels, ...]]
    annotations: Mapping[str, str] = field(default_factory=dict)
    interval: str = "10s"


def counter(*increments: tuple[int, int]) -> str:
    """Return a counter that grows by `by` for each of `times` samples: (by, times), …

    It starts at 0, a sample before.
    """
    text = ["0"]
    value = 0
    for by, times in increments:
        if times:
            text.append(f"{value + by}+{by}x{times - 1}")
        value += by * times
    return " ".join(text)


def summed(*counters: Iterable[tuple[int, int]]) -> str:
    """Return the sum of counters that are written as for `counter` and equally long."""
    columns = [[by for by, times in steps for _ in range(times)] for steps in counters]
    assert len({len(column) for column in columns}) == 1, "they are not equally long"
    steps = [sum(row) for row in zip(*columns, strict=True)]
    return " ".join(str(value) for value in (0, *accumulate(steps)))
