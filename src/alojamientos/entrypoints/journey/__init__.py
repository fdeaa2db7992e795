"""The synthetic booking journey: once a minute the worker walks a guest's way through booking.

So an outage is seen at night too, when nobody writes. A journey is a measurement: that it fails is
counted and told of, never raised.
"""

from alojamientos.entrypoints.journey.jobs import JOB, create_job, web_client

__all__ = ["JOB", "create_job", "web_client"]
