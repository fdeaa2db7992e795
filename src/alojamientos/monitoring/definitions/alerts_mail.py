"""Mail: a mailbox that nobody reads is silent, and so are mails that do not arrive."""

from alojamientos.monitoring.arithmetic import since
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import compare, equals, highest, increase, series, total
from alojamientos.telemetry.catalogue import MAILBOX_LAST_READ, MAILS_UNDELIVERED

MAILBOX_NOT_READ = AlertRule(
    name="MailboxNotRead",
    # Without a mailbox there is no series; one that was never read has the year 1970.
    expr=compare(since(highest(series(MAILBOX_LAST_READ))), ">", "600"),
    hold="5m",
    severity="critical",
    service="channels",
    depends_on=("backend", "worker", "database"),
    summary="Guests' mails are not being read",
    description="All of the mailbox was last seen {{ $value | humanizeDuration }} ago.",
    owner_es=(
        "Hace más de diez minutos que el asistente no lee la casilla de mail. Los mails no se"
        " pierden: entrá a la casilla y contestá vos lo urgente, y llamá a quien mantiene el"
        " sistema."
    ),
    dashboard="webhooks",
)

MAILS_BOUNCING = AlertRule(
    name="MailsBouncing",
    expr=compare(
        total(increase(MAILS_UNDELIVERED, equals("reason", "bounced"), window="1h")), ">=", "3"
    ),
    hold="1m",
    severity="warning",
    service="channels",
    depends_on=("worker",),
    summary="Our mails come back",
    description='{{ printf "%.0f" $value }} mails to guests came back in 1 h.',
    owner_es=(
        "Algunos mails a huéspedes volvieron sin llegar. Fijate en los avisos que te mandó el"
        " asistente a quiénes, y escribiles por otro medio."
    ),
    dashboard="webhooks",
)

MAIL_ALERTS = RuleGroup(
    name="mail_alerts",
    file="domain.yml",
    interval="30s",
    alerts=(MAILBOX_NOT_READ, MAILS_BOUNCING),
)
