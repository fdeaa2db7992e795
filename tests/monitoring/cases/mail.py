"""The mailbox, and mails that come back."""

from tests.monitoring.cases.case import FIRES, QUIET, Case
from tests.monitoring.cases.shapes import failing, waiting

_READ = 'mailbox_last_read_timestamp_seconds{job="backend",instance="a"}'
_BOUNCED = 'mails_undelivered_total{job="worker",reason="bounced"}'
_REFUSED = 'mails_undelivered_total{job="worker",reason="refused"}'

CASES = [
    *waiting("MailboxNotRead", _READ, 600, 300),
    Case(
        alert="MailboxNotRead",
        kind="absent",
        name="no mailbox is read",
        series={},
        expect={"1h": QUIET},
    ),
    Case(
        alert="MailboxNotRead",
        kind="quiet",
        name="one web process was asked a moment later than the other",
        series={_READ: "0x300", _READ.replace('"a"', '"b"'): "0+10x300"},
        expect={"40m": QUIET},
    ),
    *failing("MailsBouncing", _BOUNCED, 3, 3600, 60, interval=60),
    Case(
        alert="MailsBouncing",
        kind="quiet",
        name="our own server refused them, which is told of elsewhere",
        series={_REFUSED: "0x60 9x60"},
        expect={"70m": QUIET},
        interval="1m",
    ),
    Case(
        alert="MailsBouncing",
        kind="firing",
        name="two workers with a part each",
        series={
            _BOUNCED.replace("{", '{instance="a",'): "0x60 1x60",
            _BOUNCED.replace("{", '{instance="b",'): "0x60 2x60",
        },
        expect={"70m": FIRES},
        interval="1m",
    ),
]
