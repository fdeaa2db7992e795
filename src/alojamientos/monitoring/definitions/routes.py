"""Who is told what, how soon and how often; and what is not said because something bigger is."""

from alojamientos.monitoring.conventions import BURN, MEASURE, OF_A_MEASURE, SLO, dependent_on
from alojamientos.monitoring.model import Inhibition, Receiver, Route, TimeInterval

RECEIVERS = (
    Receiver(name="default", mail_to="devops"),
    Receiver(name="critical-team", mail_to="oncall", is_urgent=True),
    Receiver(name="warning-team", mail_to="devops"),
    Receiver(name="heartbeat", is_heartbeat=True),
)

# Nobody is woken by a warning: what begins at night is sent in the morning, if it still holds.
WAKING_HOURS = TimeInterval(
    name="waking-hours", start="08:00", end="22:00", location="America/Argentina/Buenos_Aires"
)
TIME_INTERVALS = (WAKING_HOURS,)

ROOT = Route(
    receiver="default",
    group_by=("alertname", "service", "env"),
    group_wait="10s",
    group_interval="5m",
    repeat_interval="4h",
    routes=(
        Route(
            receiver="heartbeat",
            matchers=('alertname="Watchdog"',),
            group_wait="10s",
            group_interval="1m",
            repeat_interval="1m",
        ),
        Route(
            receiver="critical-team",
            matchers=('severity="critical"',),
            # Not 0: what inhibits an alert must have the time to arrive.
            group_wait="10s",
            # A recovery waits for the group's next turn; 5 minutes would be long to worry.
            group_interval="30s",
            repeat_interval="4h",
        ),
        Route(
            receiver="warning-team",
            matchers=('severity="warning"',),
            group_wait="30s",
            group_interval="10m",
            repeat_interval="12h",
            active=(WAKING_HOURS.name,),
        ),
        Route(
            receiver="warning-team",
            matchers=('severity="info"',),
            group_wait="5m",
            group_interval="1h",
            repeat_interval="24h",
            active=(WAKING_HOURS.name,),
        ),
    ),
)


def _missed(*paces: str) -> str:
    """Return the matcher of the alerts on service levels that are missed so."""
    return f'{BURN}=~"{"|".join(paces)}"'


INHIBITIONS = (
    # Of the same measure, not of the same service: a payment that nobody accounts for must not
    # silence a refund that failed. The disk or feed must be the same as well, where there is one.
    Inhibition(
        source=('severity="critical"', OF_A_MEASURE),
        target=('severity="warning"', OF_A_MEASURE),
        equal=(MEASURE, "instance", "mountpoint", "feed", "env"),
    ),
    # An outage burns the budget at every pace there is: one thing went wrong, and is said once.
    Inhibition(
        source=(_missed("outage"),), target=(_missed("fast", "slow", "ticket"),), equal=(SLO, "env")
    ),
    Inhibition(source=(_missed("fast"),), target=(_missed("slow", "ticket"),), equal=(SLO, "env")),
    Inhibition(source=(_missed("slow"),), target=(_missed("ticket"),), equal=(SLO, "env")),
    Inhibition(
        source=('alertname="AlertmanagerDown"',),
        target=('alertname="PrometheusNotificationsFailing"',),
        equal=("env",),
    ),
    Inhibition(
        source=('alertname="ServiceDown"',),
        target=(dependent_on("backend"),),
        equal=("env",),
    ),
    Inhibition(
        source=('alertname="WorkerDown"',),
        target=(dependent_on("worker"),),
        equal=("env",),
    ),
    Inhibition(
        source=('alertname="DatabaseDown"',),
        target=(dependent_on("database"),),
        equal=("env",),
    ),
    Inhibition(
        source=('alertname="RedisDown"',),
        target=(dependent_on("redis"),),
        equal=("env",),
    ),
)
