"""Whether anything private got where it must not be: logs, metrics, bodies of errors."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from alojamientos.ops.verify.clients import Stack
from alojamientos.ops.verify.item import Finding, failed, passed

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
_SHORTEST = 6  # shorter values are found in anything
_NATIONAL = 10  # digits of an Argentine number without 54 and 9
# Sent in requests that must be refused, to see whether they come back.
_PHONE, _EMAIL = "5492944009988", "nobody.verify@example.com"

Needles = Mapping[str, str]  # what must not be found, and what kind of secret it is


def needles(
    *, phones: Iterable[str], emails: Iterable[str], secrets: Iterable[str], urls: Iterable[str]
) -> Needles:
    """Return every form in which these would show; phones also without country code."""
    found = {_PHONE: "phone", _EMAIL: "e-mail", _PHONE[-_NATIONAL:]: "phone"}
    for phone in phones:
        found[phone] = "phone"
        if len(phone) > _NATIONAL and phone.isdigit():
            found[phone[-_NATIONAL:]] = "phone"
    found |= dict.fromkeys(emails, "e-mail")
    found |= dict.fromkeys(secrets, "secret")
    found |= dict.fromkeys(urls, "feed URL")
    return {value: kind for value, kind in found.items() if len(value) >= _SHORTEST}


def search(stack: Stack, logs: Path | None, wanted: Needles) -> Finding:
    """Search them all; a hit is told by its place and kind, never by what it is."""
    pattern = re.compile("|".join(map(re.escape, sorted(wanted, key=len, reverse=True))))
    bodies = list(_error_bodies(stack))  # first, so that the lines that they cause are read too
    pages = list(_metrics(stack))
    count, hits = 0, []
    for place, text in (*bodies, *pages, *_lines(logs)):
        count += 1
        if match := pattern.search(text):
            hits.append(f"{place}: {wanted[match.group()]}")
    if hits:
        return failed(f"{len(hits)} found: {'; '.join(hits[:3])}")
    return passed(
        f"{count - len(bodies) - len(pages)} lines, {len(pages)} pages of metrics and"
        f" {len(bodies)} error bodies searched for {len(wanted)} values: none found"
    )


def _lines(folder: Path | None) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.log")) if folder else ():
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, start=1):
                yield f"{path.name} line {number}", line


def _metrics(stack: Stack) -> Iterator[tuple[str, str]]:
    for name, base in (("web", stack.addresses.web), ("worker", stack.addresses.worker)):
        for kind, accept in (("text", "text/plain"), ("OpenMetrics", OPENMETRICS)):
            yield f"metrics of {name} ({kind})", stack.metrics(base, accept=accept)


def _error_bodies(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield the answers to requests that are wrong and hold somebody's data."""
    booking = {
        "accommodation_id": 999_999,
        "check_in": "2031-05-01",
        "check_out": "2031-05-04",
        "guests": 2,
        "guest": {"name": "Nobody", "email": _EMAIL, "phone": f"+{_PHONE}"},
    }
    asked: list[tuple[str, object, bool]] = [
        ("/api/v1/reservations", booking, False),
        ("/api/v1/reservations", booking, True),
        ("/api/v1/reservations", {**booking, "guests": _PHONE}, True),
        ("/api/v1/reservations", {**booking, "check_out": _EMAIL}, True),
        (f"/api/v1/reservations/{_EMAIL}/cancel", {"reason": _PHONE}, True),
        ("/api/v1/webhooks/whatsapp", {"entry": [{"from": _PHONE}]}, False),
        (f"/api/v1/nothing/{_PHONE}", {}, True),
    ]
    for path, body, with_token in asked:
        response = stack.post(path, body, with_token=with_token)
        place = f"answer {response.status_code} to {path.replace(_PHONE, '*').replace(_EMAIL, '*')}"
        yield place, response.text
