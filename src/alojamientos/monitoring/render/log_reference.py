"""The reference page of the log events."""

from alojamientos.monitoring.conventions import HEADER
from alojamientos.telemetry.log_events import ALL, LogEvent

_HEAD = f"""<!-- {HEADER} -->
# Log events

One JSON object per line. Every line has `timestamp`, `level`, `event` and `process`; those of a
request, a message or a job also `trace_id` and `span_id`, and a job's `job` and `job_id`.
Fields are ids, counts and closed sets: nothing personal. `docs/howto/logs.md` has the queries.

| event | when | fields |
|---|---|---|
"""


def page() -> str:
    """Return docs/reference/logs.md."""
    return _HEAD + "".join(_row(ALL[name]) for name in sorted(ALL))


def _row(event: LogEvent) -> str:
    return f"| `{event.name}` | {event.help} | {', '.join(f'`{f}`' for f in event.fields)} |\n"
