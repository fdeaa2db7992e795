"""What goes wrong at a provider, on request and by seeded randomness."""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from alojamientos.kit.errors import Invalid

PROVIDERS = ("whatsapp", "mercadopago", "ical")
CALL_MODES = ("slow", "down", "401", "429", "500", "timeout_after_accept")
WEBHOOK_MODES = ("duplicate_webhooks", "reorder_webhooks", "lose_webhooks")
_DEFAULT_DELAY_S = {"slow": 3.0, "timeout_after_accept": 30.0, "reorder_webhooks": 2.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong with `share` of the calls or webhooks until the instant `until`."""

    provider: str
    mode: str
    share: float = 1.0
    delay_s: float = 0.0
    until: float | None = None  # epoch seconds; None: until it is changed


class Faults:
    """The faults in force; at most one of each mode per provider."""

    def __init__(self, *, seed: int, clock: Callable[[], float]) -> None:
        self._seed = seed
        self._clock = clock
        self._faults: dict[tuple[str, str], Fault] = {}
        self._random = random.Random(seed)

    def set(
        self,
        *,
        provider: str,
        mode: str,
        share: float = 1.0,
        seconds: float | None = None,
        delay_s: float | None = None,
    ) -> None:
        """Start a fault for `seconds` (None: until changed); mode `none` ends the provider's."""
        if provider not in PROVIDERS:
            raise Invalid(f"provider must be one of {', '.join(PROVIDERS)}", field="provider")
        known = ("none", *CALL_MODES, *WEBHOOK_MODES)
        if mode not in known:
            raise Invalid(f"mode must be one of {', '.join(known)}", field="mode")
        if not 0 <= share <= 1:
            raise Invalid("share must be between 0 and 1", field="share")
        if mode == "none":
            self._faults = {key: f for key, f in self._faults.items() if key[0] != provider}
            return
        self._faults[provider, mode] = Fault(
            provider=provider,
            mode=mode,
            share=share,
            delay_s=_DEFAULT_DELAY_S.get(mode, 0.0) if delay_s is None else delay_s,
            until=None if seconds is None else self._clock() + seconds,
        )

    def call(self, provider: str) -> Fault | None:
        """Draw what happens to a call to `provider`; None: nothing."""
        return self._draw(provider, CALL_MODES)

    def webhook(self, provider: str) -> Fault | None:
        """Draw what happens to a webhook from `provider`; None: nothing."""
        return self._draw(provider, WEBHOOK_MODES)

    def delay(self, fault: Fault) -> float:
        """Draw how long a fault holds its webhook back, seconds."""
        return self._random.uniform(0, fault.delay_s)

    def clear(self) -> None:
        """End every fault and start the randomness afresh."""
        self._faults.clear()
        self._random = random.Random(self._seed)

    def to_json(self) -> list[dict[str, Any]]:
        self._forget_the_past()
        return [asdict(fault) for fault in self._faults.values()]

    def _draw(self, provider: str, modes: tuple[str, ...]) -> Fault | None:
        self._forget_the_past()
        for mode in modes:
            fault = self._faults.get((provider, mode))
            if fault and self._random.random() < fault.share:
                return fault
        return None

    def _forget_the_past(self) -> None:
        now = self._clock()
        self._faults = {
            key: fault
            for key, fault in self._faults.items()
            if fault.until is None or fault.until > now
        }
