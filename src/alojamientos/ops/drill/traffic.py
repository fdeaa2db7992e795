"""Traffic of a drill's own: what a fault breaks is seen only while somebody uses it."""

import itertools
import threading
import time
from collections.abc import Callable

from alojamientos.kit.errors import AlojamientosError

_AT_ONCE_S = 0.1  # between two that come at once


class Traffic:
    """Do `once` in a thread until it is stopped: `at_once` times first, then every `every_s`."""

    def __init__(self, once: Callable[[], object], *, at_once: int = 1, every_s: float) -> None:
        self._once = once
        self._at_once = at_once
        self._every_s = every_s
        self._stop = threading.Event()
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name="drill-traffic", daemon=True)
        self.done = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop it and wait for what is under way; raises AlojamientosError if nothing got through.

        It may be stopped again.
        """
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._failure and not self.done:
            raise AlojamientosError(f"the drill's own traffic did not get through: {self._failure}")

    def _run(self) -> None:
        due = time.monotonic()
        for number in itertools.count(1):
            try:
                self._once()
                self.done += 1
            except AlojamientosError as error:
                self._failure = error.message
            due += self._every_s if number >= self._at_once else _AT_ONCE_S
            if self._stop.wait(max(0.0, due - time.monotonic())):
                return


def paced(once: Callable[[], object], *, times: int, per_s: float) -> None:
    """Do `once` so many times, no faster than `per_s` a second."""
    start = time.monotonic()
    for number in range(times):
        time.sleep(max(0.0, start + number / per_s - time.monotonic()))
        once()
