"""What each error of the Cloud API means for a message: one table.

https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes: the code decides,
neither the title nor the HTTP status.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alojamientos.channels.base import Verdict
from alojamientos.jobs.registry import Retry

_ELSEWHERE = Verdict(another_way=True)
_OPERATOR_S = 60.0  # a person has to act: once a minute is often enough to see that they have


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What to do about a class of errors. Without `again` and `wait_s` the message is given up.

    `again` is the back-off, `wait_s` a fixed number of seconds, `most` how often at most.
    `closes_s`: for so long no message goes out at all. `other_form`: once more to the number
    written without, or with, Argentina's mobile 9. `verdict`: what follows when it is given up.
    """

    codes: tuple[int, ...]
    again: Retry | None = None
    wait_s: float | None = None
    most: int | None = None
    closes_s: float = 0.0
    other_form: bool = False
    verdict: Verdict = _ELSEWHERE

    @property
    def is_final(self) -> bool:
        return self.again is None and self.wait_s is None


TREATMENTS: Mapping[str, Treatment] = {
    "temporary": Treatment(
        codes=(1, 2, 131000, 131016, 131057, 133016), again=Retry(first_s=1, cap_s=300)
    ),
    "throughput": Treatment(codes=(4, 80007, 130429), again=Retry(first_s=2, cap_s=300)),
    # One message per 6 s to the same guest once their burst is used up: 4^n seconds, as Meta asks.
    # A conversation's messages go out one after the other, so this slows down nobody else.
    "pair_rate": Treatment(codes=(131056,), again=Retry(first_s=4, cap_s=1024, factor=4)),
    "taken_for_spam": Treatment(codes=(131048, 131064), wait_s=_OPERATOR_S, closes_s=_OPERATOR_S),
    "account": Treatment(
        codes=(0, 3, 10, 190, *range(200, 300), 368, 131005, 131031, 131037, 131042, 131045),
        wait_s=_OPERATOR_S,
        closes_s=5,
    ),
    "window_closed": Treatment(codes=(131047,), verdict=Verdict(template=True, another_way=True)),
    "recipient": Treatment(codes=(130472, 130497, 131021, 131026, 131049, 131050, 131051, 131062)),
    "not_allowed": Treatment(codes=(131030,), other_form=True),
    "media": Treatment(
        codes=(131052, 131053),
        again=Retry(first_s=2, cap_s=10),
        most=2,
        verdict=Verdict(without_media=True, another_way=True),
    ),
    "identity": Treatment(codes=(137000,), verdict=Verdict(another_way=True, tell_owner=True)),
    "our_mistake": Treatment(
        codes=(
            *(100, 131008, 131009, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016),
            *(132068, 132069, 135000),
        ),
        verdict=Verdict(another_way=True, tell_owner=True),
    ),
}
UNKNOWN = Treatment(codes=(), verdict=Verdict(another_way=True, tell_owner=True))
_BY_CODE = {code: row for row in TREATMENTS.values() for code in row.codes}


def treatment(code: object) -> Treatment:
    """Return the row for an error's code; what is not in the table will not get better."""
    return _BY_CODE.get(code, UNKNOWN) if isinstance(code, int) else UNKNOWN


def is_known(code: object) -> bool:
    return isinstance(code, int) and code in _BY_CODE
