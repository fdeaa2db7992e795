"""How fast a provider lets itself be called."""

from collections import OrderedDict

_MAX_BUCKETS = 10_000


class Buckets:
    """Token buckets by key: `burst` at once, then one per `seconds`."""

    def __init__(self, *, burst: float, seconds: float) -> None:
        self._burst = burst
        self._seconds = seconds
        self._state: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, *, now: float) -> bool:
        """Take one token of `key` and tell whether there was one."""
        tokens, at = self._state.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + max(0.0, now - at) / self._seconds)
        taken = tokens >= 1
        self._state[key] = (tokens - 1 if taken else tokens, now)
        if len(self._state) > _MAX_BUCKETS:
            self._state.popitem(last=False)
        return taken

    def clear(self) -> None:
        self._state.clear()
