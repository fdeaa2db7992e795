"""What explains other alerts, also for a while after it is mended."""

from alojamientos.monitoring.arithmetic import over
from alojamientos.monitoring.definitions.recorded import ALERTS
from alojamientos.monitoring.promql import Expr, equals, one_of


def lately_down(*alerts: str, window: str) -> Expr:
    """Return a sample while one of `alerts` fires and for `window` afterwards.

    Alertmanager holds back what follows from a cause only until the cause is over. What is measured
    more slowly still looks bad then, and would wake somebody to what is mended.
    """
    return over(
        "max_over_time",
        ALERTS,
        one_of("alertname", alerts),
        equals("alertstate", "firing"),
        window=window,
    )
