"""The row about mail: whether the mailbox is read, what is in it, what comes back."""

from alojamientos.monitoring.arithmetic import since
from alojamientos.monitoring.board import Panel, Query, Row
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.promql import highest, increase, series, total
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import MAILBOX_LAST_READ, MAILS_TAKEN, MAILS_UNDELIVERED

MAIL = Row(
    title="Mail",
    panels=(
        Panel(
            title="Mailbox read",
            description="How long ago all of the mailbox was last seen; at 10 minutes it is told.",
            kind="value",
            unit="seconds",
            queries=(Query(expr=since(highest(series(MAILBOX_LAST_READ))), legend="ago"),),
            scale=thresholds.worse_above(120, 600),
            may_be_empty="No mailbox is read: IMAP_HOST is not set",
            logs=(log_events.MAILBOX_FAILED,),
            width=4,
        ),
        Panel(
            title="Mails by nature",
            description="What the mailbox brought in the last day; only a guest's are answered.",
            kind="ranking",
            unit="count",
            queries=(
                Query(expr=total(increase(MAILS_TAKEN, window="1d"), "nature"), legend="{nature}"),
            ),
            logs=(log_events.MAIL_TAKEN, log_events.MAIL_SET_ASIDE),
            width=4,
        ),
        Panel(
            title="Mails that did not arrive",
            description="Our mails that came back or were refused for good in the last day.",
            kind="ranking",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(MAILS_UNDELIVERED, window="1d"), "reason"),
                    legend="{reason}",
                ),
            ),
            logs=(log_events.MAIL_UNDELIVERED,),
            width=4,
        ),
    ),
)
