"""Whose requests are counted: guests' and providers', never those that we make ourselves."""

from alojamientos.monitoring.promql import Where
from alojamientos.telemetry.catalogue import SYNTHETIC_HANDLER

NOT_SYNTHETIC = Where(label="handler", operator="!=", value=SYNTHETIC_HANDLER)
