"""What a background job is: its name, what it runs and how it is tried again."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from alojamientos.kit.errors import Invalid

Run = Callable[..., Awaitable[Any]]


class RetryLater(Exception):  # noqa: N818 - an instruction to the worker, not an error
    """Run this job again in `seconds`; it has not failed, so no attempt is spent."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        self.seconds = seconds
        self.reason = reason
        super().__init__(reason or f"again in {seconds} s")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a job may fail, and the seconds in between: `first_s`, growing up to `cap_s`."""

    attempts: int = 5
    first_s: float = 1.0
    cap_s: float = 300.0
    factor: float = 2.0

    def delay(self, failures: int, *, jitter: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after the `failures`-th failure, less up to a half of it."""
        step: float = min(self.cap_s, self.first_s * self.factor ** min(failures - 1, 30))
        return step * (1.0 - jitter() / 2)


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of background work.

    `run` is called with the keywords that it was queued with; it must be idempotent, since a
    crash makes it run again. `every` is a cron line (five fields, or six with seconds last); such
    a job is not tried again when it fails: its next turn is.
    """

    name: str
    run: Run
    queue: str = "default"
    retry: Retry = field(default_factory=Retry)
    every: str | None = None
    timeout_s: float = 60.0


def by_name(jobs: list[Job]) -> dict[str, Job]:
    """Return `jobs` by name; raises Invalid when two have the same."""
    table: dict[str, Job] = {}
    for job in jobs:
        if job.name in table:
            raise Invalid(f"Two jobs are called {job.name}; rename one", field="jobs")
        table[job.name] = job
    return table
