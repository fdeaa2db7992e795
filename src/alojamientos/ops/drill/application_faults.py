"""Faults of what the application does, and of the providers that it talks to.

Processes live, machines answer, and yet guests are not served. That is seen only while there are
guests, so these drills bring their own. What they cost the service levels they make good when the
fault is over: an alert on the errors of three days would hold for hours, and the next drill could
not begin.
"""

from alojamientos.ops.drill.application_troubles import (
    BrokenProvider,
    Forgeries,
    Frozen,
    PaymentLost,
    SlowProvider,
    TableGone,
)
from alojamientos.ops.drill.model import Fault

# They hold while the worst does, and are mailed after it if the level is still missed. So is a
# warning of the same measure: on its way down that comes through the warning's range.
_BUDGET_ALERTS = ("ErrorBudgetTicket",)
# Of four bad events they speak, SloOutage of five only: they may be a moment earlier, and mailed.
_EARLIER = ("ErrorBudgetBurnFast", "ErrorBudgetBurnSlow")

# In this order, one after the other: where an alert judges by a share of requests or of calls,
# what the drills before have left of good ones in its window would hide the bad ones.
FAULTS: tuple[Fault, ...] = (
    Fault(
        name="worker-stuck",
        summary="stop the worker's clock: it lives and does nothing",
        expected=("WorkerDown",),
        held=("CollectorFailing", "JobsStalled"),
        within_s=120,
        trouble=Frozen("worker"),
    ),
    Fault(
        name="payment-lost",
        summary="a payment made 35 minutes ago is told of only now, and no reservation knows it",
        expected=("PaymentsUnreconciled",),
        within_s=180,
        trouble=PaymentLost(minutes=35),
    ),
    Fault(
        name="error-storm",
        summary=(
            "rename a table that bookings through the API need, and book; afterwards 200 good"
            " requests for each that failed"
        ),
        expected=("HighErrorRate", "SloOutage"),
        aftermath=("ElevatedErrorRate", *_BUDGET_ALERTS),
        allowed=_EARLIER,
        within_s=480,
        trouble=TableGone(at_once=8, every_s=20),
    ),
    Fault(
        name="credential-expired",
        summary="WhatsApp refuses our token (401, code 190) while guests write and react",
        expected=("ProviderRefusing",),
        within_s=300,
        trouble=BrokenProvider(mode="401", every_s=3),
    ),
    Fault(
        name="provider-down",
        summary="WhatsApp answers 503 while guests write and react",
        expected=("ProviderFailing",),
        within_s=420,
        trouble=BrokenProvider(mode="down", every_s=1),
    ),
    Fault(
        name="slow-audio",
        # A voice note takes three calls, and the worker does 12 things at a time: some wait.
        summary=(
            "WhatsApp takes 7 s for each call while 20 guests speak at once; afterwards 40 who are"
            " answered at once for each who was not"
        ),
        expected=("HighAudioReplyLatencyP95", "SloOutage"),
        aftermath=("ElevatedAudioReplyLatencyP95", *_BUDGET_ALERTS),
        allowed=_EARLIER,
        within_s=420,
        trouble=SlowProvider(spoken=True, delay_s=7, at_once=20, every_s=120, good_per_s=5),
    ),
    Fault(
        name="slow-replies",
        summary=(
            "WhatsApp takes 7 s for each call while guests write; afterwards 40 who are answered"
            " at once for each who was not"
        ),
        expected=("HighTextReplyLatencyP95", "SloOutage"),
        aftermath=("ElevatedTextReplyLatencyP95", *_BUDGET_ALERTS),
        allowed=(*_EARLIER, "ProviderFailing"),  # we give up on half of its calls
        within_s=420,
        trouble=SlowProvider(spoken=False, delay_s=7, at_once=12, every_s=20, good_per_s=8),
    ),
    Fault(
        name="signature-flood",
        summary="post webhooks with forged signatures",
        expected=("WebhookSignatureSpike",),
        within_s=300,
        # The refusals of 15 minutes are counted, and a warning's group has its turn every 10.
        recovery_s=1800,
        trouble=Forgeries(every_s=2),
    ),
)
