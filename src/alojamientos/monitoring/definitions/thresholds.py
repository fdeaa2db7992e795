"""Where a number on a dashboard turns yellow and red: the figures that the alerts fire at.

The specification's, by its sections; one constant where an alert and a picture mean the same.
"""

from alojamientos.monitoring.board import Scale

# §6.1, seconds within which 95 of 100 are answered: what is aimed at, warned of, critical.
TEXT_REPLY_SECONDS = (3, 4, 6)
AUDIO_REPLY_SECONDS = (15, 20, 30)
PRERESERVATION_SECONDS = (3, 4, 6)
WITHIN_TARGET_SHARE = 0.95
# §6.1, minutes since a calendar was read.
ICAL_AGE_MINUTES = (20, 30, 40)
# §4.1, share of requests that failed.
ERROR_SHARE = (0.01, 0.05)
# §3, corrected to a cabin's traffic.
OVERLAPS_PER_HOUR = 3
LOCK_FAILED_SHARE = 0.2
SIGNATURES_INVALID = 10
CPU_SHARE = 0.8
MEMORY_SHARE = 0.85
DISK_FREE_SHARE = (0.15, 0.05)
CONNECTIONS_SHARE = 0.8
POOL_SHARE = 0.9
LOAD_PER_CORE = 2
# §6.2, §6.3: the budget, and how fast it may burn.
BUDGET_LOW = 0.2
BURN_FACTORS = (1, 3, 6, 14.4)
# Ages of what waits, seconds.
REPLY_WAITING_SECONDS = (60, 300)
PAYMENT_UNRECONCILED_SECONDS = 1800


def percent(share: float) -> str:
    """Return the share as PromQL compares percents with it."""
    return f"{100 * share:g}"


MUST_BE_ZERO = Scale(steps=((1, "critical"),))
SHOULD_BE_ZERO = Scale(steps=((1, "warning"),))


def worse_above(warning: float, critical: float) -> Scale:
    """Return the scale of a number that is bad when it is high."""
    return Scale(steps=((warning, "warning"), (critical, "critical")))


def warns_above(warning: float) -> Scale:
    """Return the scale of a number that is noteworthy when it is high."""
    return Scale(steps=((warning, "warning"),))
